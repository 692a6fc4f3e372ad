// SPDX-License-Identifier: MIT
/*
 * The head of a line, read forwards and found backwards.
 */
#include "collectors/gclog/gchead.h"

#define HEAD_LENGTH_MAX 48 /* "[4194304:0x7f6708000f00:12345]" and blanks */

/* Behind the bracket that opens: "4711:0x2b00:1]". */
static enum gchead read_head(struct cursor *cursor, uint64_t *pid, uint64_t *isolate)
{
	enum gchead head = GCHEAD_PID;
	uint64_t group = 0;

	if (cursor_take_digits(cursor, pid) == 0 || *pid == 0 || *pid > INT32_MAX)
		return GCHEAD_NONE;
	if (cursor_take(cursor, LITERAL(":"))) {
		if (!cursor_take_hex(cursor, isolate))
			return GCHEAD_NONE;
		head = GCHEAD_ISOLATE;
		if (cursor_take(cursor, LITERAL(":")) && cursor_take_digits(cursor, &group) == 0)
			return GCHEAD_NONE;
	}
	return cursor_take(cursor, LITERAL("]")) ? head : GCHEAD_NONE;
}

enum gchead gchead_read(struct cursor *cursor, pid_t *ret_pid, uint64_t *ret_isolate)
{
	const char *start = cursor->at;
	enum gchead head;
	uint64_t pid = 0;
	uint64_t isolate = 0;

	if (!cursor_take(cursor, LITERAL("[")))
		return GCHEAD_NONE;
	head = read_head(cursor, &pid, &isolate);
	if (head == GCHEAD_NONE) {
		cursor->at = start;
		return head;
	}
	*ret_pid = (pid_t)pid;
	*ret_isolate = isolate;
	return head;
}

const char *gchead_find(const char *from, const char *at)
{
	const char *limit;

	if (at == NULL)
		return NULL;
	limit = at - from > HEAD_LENGTH_MAX ? at - HEAD_LENGTH_MAX : from;
	while (at > limit && at[-1] == ' ')
		at--;
	if (at == limit || at[-1] != ']')
		return NULL;
	while (at > limit && at[-1] != '[')
		at--;
	return at > limit ? at - 1 : NULL;
}

const char *gchead_find_start(const char *from, const char *anchor)
{
	const char *at = anchor;
	const char *head;

	while (at > from && at[-1] == ' ')
		at--;
	while (at > from && at[-1] >= '0' && at[-1] <= '9')
		at--;
	head = gchead_find(from, at);
	if (head != NULL && head[1] == 'I') /* nvp of Node 4: "[pid:0xISO] [I:0xISO] MS ms: " */
		head = gchead_find(from, head);
	return head != NULL ? head : at;
}
