// SPDX-License-Identifier: MIT
#include "collectors/inspector/signal_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lib/numbers.h"

/* What stands behind "KEY" at the start of a line; NULL when there is no such line. */
static const char *find_line(const char *text, size_t length, const char *key, size_t *ret_length)
{
	const char *end = text + length;
	size_t key_length = strlen(key);

	while (text < end) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		size_t line_length = next != NULL ? (size_t)(next - text) : (size_t)(end - text);

		if (line_length > key_length && memcmp(text, key, key_length) == 0) {
			*ret_length = line_length - key_length;
			return text + key_length;
		}
		text = next != NULL ? next + 1 : end;
	}
	return NULL;
}

/* A mask of signals in hexadecimal digits, signal 1 being the lowest bit. */
static int read_mask(const char *text, size_t length, const char *key, bool *ret_has_signal)
{
	size_t line_length = 0;
	const char *line = find_line(text, length, key, &line_length);
	uint64_t mask;

	while (line != NULL && line_length > 0 && (*line == '\t' || *line == ' ')) {
		line++;
		line_length--;
	}
	if (line == NULL || number_parse_hex(line, line_length, &mask) < 0)
		return -EBADMSG;
	*ret_has_signal = (mask >> (SIGUSR1 - 1) & 1) != 0;
	return 0;
}

/* Real, effective, saved and file system id; *ret_same: there is only one. */
static int read_ids(const char *text, size_t length, const char *key, uint64_t *ret_id,
                    bool *ret_same)
{
	size_t line_length = 0;
	const char *line = find_line(text, length, key, &line_length);
	const char *end;
	uint64_t ids[4];
	size_t i;

	if (line == NULL)
		return -EBADMSG;
	end = line + line_length;
	for (i = 0; i < 4; i++) {
		const char *word = line;

		while (word < end && (*word == '\t' || *word == ' '))
			word++;
		line = word;
		while (line < end && *line >= '0' && *line <= '9')
			line++;
		if (number_parse_u64(word, (size_t)(line - word), &ids[i]) < 0)
			return -EBADMSG;
	}
	*ret_id = ids[1];
	*ret_same = ids[0] == ids[1] && ids[1] == ids[2] && ids[2] == ids[3];
	return 0;
}

int signal_state_parse(const char *text, size_t length, struct signal_state *ret_state)
{
	struct signal_state state = {.state = '?'};
	bool is_one_user = false, is_one_group = false;
	uint64_t uid = 0, gid = 0;
	size_t line_length = 0;
	const char *line = find_line(text, length, "State:\t", &line_length);

	if (line == NULL || read_ids(text, length, "Uid:", &uid, &is_one_user) < 0 ||
	    read_ids(text, length, "Gid:", &gid, &is_one_group) < 0 ||
	    read_mask(text, length, "SigCgt:", &state.is_caught) < 0 ||
	    read_mask(text, length, "SigBlk:", &state.is_blocked) < 0 ||
	    read_mask(text, length, "SigIgn:", &state.is_ignored) < 0)
		return -EBADMSG;
	state.state = *line;
	state.uid = (uid_t)uid;
	state.is_one_user = is_one_user && is_one_group;
	*ret_state = state;
	return 0;
}
