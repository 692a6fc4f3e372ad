// SPDX-License-Identifier: MIT
/*
 * Node's inspector answers in HTTP/1.0 and closes. The Host header is always 127.0.0.1: names are
 * refused (against DNS rebinding), and Node 14 and 16 refuse [::1] as well.
 */
#include "collectors/inspector/attach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cjson/cJSON.h>

#include "collectors/inspector/cdp.h"
#include "collectors/inspector/http_reply.h"

#define REQUEST_MAX     512
#define REPLY_MAX       (HTTP_REPLY_HEAD_MAX + HTTP_REPLY_BODY_MAX)
#define HOST_TEXT_SIZE  sizeof("127.0.0.1:65535")
#define PRODUCT         "node.js/v"
#define HOST_FORMAT     "127.0.0.1:%u"
#define PIECE_BYTES     4096
#define VERSION_LETTERS "0123456789."
#define ID_LETTERS      "0123456789abcdefABCDEF-"

static int write_upgrade(struct attach *attach, const char *host)
{
	char path[ATTACH_ID_SIZE + 1];
	uint8_t nonce[HANDSHAKE_NONCE_SIZE];

	if (getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce) ||
	    handshake_key(nonce, attach->key) < 0)
		return -EIO;
	(void)snprintf(path, sizeof(path), "/%s", attach->id);
	handshake_request(&attach->request, path, host, attach->key);
	return 0;
}

static enum session_result begin_step(struct attach *attach, enum attach_step step)
{
	char host[HOST_TEXT_SIZE];
	int r = 0;

	attach->step = step;
	attach->is_connected = false;
	attach->sent = 0;
	buf_clear(&attach->request);
	buf_clear(&attach->reply);
	(void)snprintf(host, sizeof(host), HOST_FORMAT, (unsigned)attach->address.port);
	if (step == ATTACH_UPGRADE)
		r = write_upgrade(attach, host);
	else
		buf_printf(&attach->request, "GET /json/%s HTTP/1.1\r\nHost: %s\r\n\r\n",
		           step == ATTACH_VERSION ? "version" : "list", host);
	if (r < 0 || buf_failed(&attach->request))
		return SESSION_RESOURCES;
	r = wire_connect(attach->wire, &attach->address);
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM || r == -ENOBUFS)
		return SESSION_RESOURCES;
	return r < 0 ? SESSION_UNREACHABLE : SESSION_OK;
}

enum session_result attach_start(struct attach *attach, struct wire *wire,
                                 const struct inspector_address *address)
{
	*attach = (struct attach){.wire = wire, .address = *address};
	buf_init(&attach->request, REQUEST_MAX);
	buf_init(&attach->reply, REPLY_MAX);
	return begin_step(attach, ATTACH_VERSION);
}

void attach_done(struct attach *attach)
{
	buf_done(&attach->request);
	buf_done(&attach->reply);
}

/* ---- what the documents say ---- */

static enum session_result copy_letters(const char *text, const char *letters, char *out,
                                        size_t size)
{
	size_t length = strlen(text);

	if (length == 0 || length >= size || strspn(text, letters) != length)
		return SESSION_NOT_INSPECTOR;
	memcpy(out, text, length + 1);
	return SESSION_OK;
}

/* {"Browser":"node.js/v20.20.2","Protocol-Version":"1.1"} */
enum session_result attach_read_version(const char *text, size_t length,
                                        char ret_version[ATTACH_VERSION_SIZE])
{
	enum session_result result = SESSION_NOT_INSPECTOR;
	const char *browser;
	cJSON *document;
	int error;

	document = cdp_parse_document(text, length, &error);
	browser = cdp_string(document, "Browser");
	if (strncmp(browser, PRODUCT, sizeof(PRODUCT) - 1) == 0) {
		char version[ATTACH_VERSION_SIZE];

		/* Builds of one's own: "v20.20.2-nightly…", "-pre" */
		(void)snprintf(version, sizeof(version), "%.*s",
		               (int)strcspn(browser + sizeof(PRODUCT) - 1, "-+"),
		               browser + sizeof(PRODUCT) - 1);
		result = copy_letters(version, VERSION_LETTERS, ret_version, ATTACH_VERSION_SIZE);
	}
	cJSON_Delete(document);
	return result;
}

/* [{"id":"…","type":"node","webSocketDebuggerUrl":"ws://…",…}]; Node 8 leaves the last out while
 * another debugger is attached. */
enum session_result attach_read_list(const char *text, size_t length, char ret_id[ATTACH_ID_SIZE])
{
	enum session_result result = SESSION_NOT_INSPECTOR;
	const cJSON *target;
	cJSON *document;
	int error;

	document = cdp_parse_document(text, length, &error);
	target = cJSON_IsArray(document) ? cJSON_GetArrayItem(document, 0) : NULL;
	if (strcmp(cdp_string(target, "type"), "node") == 0)
		result = copy_letters(cdp_string(target, "id"), ID_LETTERS, ret_id, ATTACH_ID_SIZE);
	if (result == SESSION_OK && cdp_string(target, "webSocketDebuggerUrl")[0] == '\0')
		result = SESSION_BUSY;
	cJSON_Delete(document);
	return result;
}

/* ---- steps ---- */

static enum session_result send_request(struct attach *attach)
{
	const char *text = buf_string(&attach->request);

	while (attach->sent < attach->request.length) {
		ssize_t sent = send(attach->wire->fd, text + attach->sent,
		                    attach->request.length - attach->sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN ? SESSION_OK : SESSION_UNREACHABLE;
		attach->sent += (size_t)sent;
	}
	wire_watch_writes(attach->wire, false);
	return SESSION_OK;
}

static enum session_result take_reply(struct attach *attach, const struct http_reply *reply)
{
	enum session_result result;

	if (attach->step == ATTACH_UPGRADE) {
		if (handshake_check(reply, attach->key) < 0)
			return SESSION_PROTOCOL;
		attach->early_at = reply->head_length;
		attach->step = ATTACH_DONE;
		return SESSION_OK;
	}
	if (reply->status != 200)
		return SESSION_NOT_INSPECTOR;
	result = attach->step == ATTACH_VERSION
	             ? attach_read_version(reply->body, reply->body_length, attach->version)
	             : attach_read_list(reply->body, reply->body_length, attach->id);
	if (result != SESSION_OK)
		return result;
	return begin_step(attach, attach->step == ATTACH_VERSION ? ATTACH_LIST : ATTACH_UPGRADE);
}

/* Once a turn: the wire is ready again while more is there. */
static enum session_result receive_reply(struct attach *attach)
{
	struct http_reply reply;
	char piece[PIECE_BYTES];
	ssize_t length = recv(attach->wire->fd, piece, sizeof(piece), 0);
	int r;

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return SESSION_OK;
	if (length <= 0)
		return attach->reply.length == 0 ? SESSION_UNREACHABLE : SESSION_NOT_INSPECTOR;
	buf_append(&attach->reply, piece, (size_t)length);
	if (buf_failed(&attach->reply))
		return SESSION_NOT_INSPECTOR;
	r = http_reply_parse(buf_string(&attach->reply), attach->reply.length, &reply);
	if (r == -EAGAIN)
		return SESSION_OK;
	return r < 0 ? SESSION_NOT_INSPECTOR : take_reply(attach, &reply);
}

enum session_result attach_turn(struct attach *attach)
{
	int r;

	if (!attach->is_connected) {
		r = wire_connected(attach->wire);
		if (r == -EINPROGRESS)
			return SESSION_OK;
		if (r < 0)
			return SESSION_UNREACHABLE;
		attach->is_connected = true;
	}
	if (attach->sent < attach->request.length)
		return send_request(attach);
	return receive_reply(attach);
}
