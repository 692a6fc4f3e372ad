// SPDX-License-Identifier: MIT
/*
 * From an address to an open WebSocket: GET /json/version, GET /json/list, upgrade, a connection
 * each. The session's own; nothing is believed but the id of the one target, and that only as far
 * as it is made of the letters of ids.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_ATTACH_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_ATTACH_H

#include "collectors/inspector/handshake.h"
#include "collectors/inspector/session.h"
#include "collectors/inspector/wire.h"
#include "lib/buf.h"

enum attach_step { ATTACH_VERSION, ATTACH_LIST, ATTACH_UPGRADE, ATTACH_DONE };

#define ATTACH_ID_SIZE      64
#define ATTACH_VERSION_SIZE 32

struct attach {
	struct wire *wire; /* borrowed */
	struct inspector_address address;
	enum attach_step step;
	struct buf request; /* what is left to be sent of it begins at sent */
	size_t sent;
	struct buf reply;
	bool is_connected;
	char key[HANDSHAKE_KEY_SIZE];
	char id[ATTACH_ID_SIZE];
	char version[ATTACH_VERSION_SIZE]; /* "20.20.2" */
	size_t early_at;                   /* in reply: where the first frames begin */
};

/* Begins; SESSION_OK or why it cannot. */
enum session_result attach_start(struct attach *attach, struct wire *wire,
                                 const struct inspector_address *address)
    __attribute__((warn_unused_result));
void attach_done(struct attach *attach);
/* When the wire is ready: SESSION_OK, and step is ATTACH_DONE once the WebSocket is open. */
enum session_result attach_turn(struct attach *attach) __attribute__((warn_unused_result));

/*
 * What the two documents must say. SESSION_OK, SESSION_NOT_INSPECTOR or SESSION_BUSY. Pure.
 */
enum session_result attach_read_version(const char *text, size_t length,
                                        char ret_version[ATTACH_VERSION_SIZE]);
enum session_result attach_read_list(const char *text, size_t length, char ret_id[ATTACH_ID_SIZE]);

#endif
