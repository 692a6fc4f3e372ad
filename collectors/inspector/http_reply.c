// SPDX-License-Identifier: MIT
/*
 * The head is searched for its end each time more has come: it is short, and its length bounded.
 */
#include "collectors/inspector/http_reply.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "lib/numbers.h"

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at;
}

int http_reply_header(const struct http_reply *reply, const char *name, const char **ret_value,
                      size_t *ret_length)
{
	const char *end = reply->head + reply->head_length;
	const char *line = memchr(reply->head, '\n', reply->head_length);
	size_t name_length = strlen(name);
	const char *found = NULL;
	const char *stop = NULL;

	while (line != NULL && ++line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));

		if (next != NULL && (size_t)(next - line) > name_length &&
		    line[name_length] == ':' && strncasecmp(line, name, name_length) == 0) {
			if (found != NULL)
				return -EBADMSG;
			found = skip_blanks(line + name_length + 1, next);
			stop = next;
		}
		line = next;
	}
	if (found == NULL)
		return -ENOENT;
	while (stop > found && (stop[-1] == ' ' || stop[-1] == '\t' || stop[-1] == '\r'))
		stop--;
	*ret_value = found;
	*ret_length = (size_t)(stop - found);
	return 0;
}

/* "HTTP/1.0 200 OK": the three digits, and a blank or the end of the line behind them. */
static int parse_status(const char *text, size_t length, unsigned *ret_status)
{
	uint64_t status;

	if (length < sizeof("HTTP/1.1 200\r") - 1 || memcmp(text, "HTTP/1.", 7) != 0 ||
	    (text[7] != '0' && text[7] != '1') || text[8] != ' ' ||
	    (text[12] != ' ' && text[12] != '\r'))
		return -EBADMSG;
	if (number_parse_u64(text + 9, 3, &status) < 0)
		return -EBADMSG;
	*ret_status = (unsigned)status;
	return 0;
}

static int body_length(const struct http_reply *reply, size_t *ret_length)
{
	const char *value;
	size_t length;
	uint64_t bytes;
	int r = http_reply_header(reply, "Content-Length", &value, &length);

	if (r == -ENOENT) {
		*ret_length = 0;
		return 0;
	}
	if (r < 0 || number_parse_u64(value, length, &bytes) < 0)
		return -EBADMSG;
	if (bytes > HTTP_REPLY_BODY_MAX)
		return -EMSGSIZE;
	*ret_length = (size_t)bytes;
	return 0;
}

/* A server of another protocol shows itself by its first bytes. */
static int judge_unfinished_head(const char *text, size_t length)
{
	static const char start[] = "HTTP/1.";
	size_t known = length < sizeof(start) - 1 ? length : sizeof(start) - 1;

	if (memcmp(text, start, known) != 0)
		return -EBADMSG;
	return length > HTTP_REPLY_HEAD_MAX ? -EMSGSIZE : -EAGAIN;
}

int http_reply_parse(const char *text, size_t length, struct http_reply *ret_reply)
{
	struct http_reply reply = {.head = text};
	const char *end;
	int r;

	if (length == 0)
		return -EAGAIN;
	end = memmem(text, length, "\r\n\r\n", 4);
	if (end == NULL)
		return judge_unfinished_head(text, length);
	reply.head_length = (size_t)(end + 4 - text);
	if (reply.head_length > HTTP_REPLY_HEAD_MAX)
		return -EMSGSIZE;
	r = parse_status(text, reply.head_length, &reply.status);
	if (r < 0)
		return r;
	r = body_length(&reply, &reply.body_length);
	if (r < 0)
		return r;
	if (length - reply.head_length < reply.body_length)
		return -EAGAIN;
	reply.body = text + reply.head_length;
	*ret_reply = reply;
	return 0;
}
