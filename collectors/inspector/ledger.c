// SPDX-License-Identifier: MIT
#include "collectors/inspector/ledger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/numbers.h"

#define FILE_MAX ((size_t)16 * 1024)

static const char *const state_names[] = {
    [LEDGER_ASKED] = "asked",
    [LEDGER_SILENT] = "silent",
    [LEDGER_OPEN] = "open",
    [LEDGER_CLOSED] = "closed",
};

_Static_assert(sizeof(state_names) / sizeof(state_names[0]) == LEDGER_STATE_COUNT, "a name each");

static int parse_state(const char *text, size_t length, enum ledger_state *ret_state)
{
	size_t i;

	for (i = 0; i < LEDGER_STATE_COUNT; i++) {
		if (strlen(state_names[i]) != length || memcmp(state_names[i], text, length) != 0)
			continue;
		*ret_state = (enum ledger_state)i;
		return 0;
	}
	return -EBADMSG;
}

/* STATE PID START-TICKS PORT */
static int parse_line(const char *line, size_t length, struct ledger_entry *ret_entry)
{
	const char *words[4];
	size_t lengths[4];
	const char *end = line + length;
	struct ledger_entry entry = {.port = 0};
	uint64_t pid, port;
	size_t i;

	for (i = 0; i < 4; i++) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));

		words[i] = line;
		lengths[i] = (size_t)((blank != NULL ? blank : end) - line);
		line += lengths[i] + (blank != NULL);
	}
	if (parse_state(words[0], lengths[0], &entry.state) < 0 ||
	    number_parse_u64(words[1], lengths[1], &pid) < 0 || pid == 0 || pid > INT32_MAX ||
	    number_parse_u64(words[2], lengths[2], &entry.key.start_ticks) < 0 ||
	    number_parse_u64(words[3], lengths[3], &port) < 0 || port > UINT16_MAX)
		return -EBADMSG;
	entry.key.pid = (pid_t)pid;
	entry.port = (uint16_t)port;
	*ret_entry = entry;
	return 0;
}

static void parse(struct ledger *ledger, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end && ledger->count < LEDGER_ENTRIES_MAX) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		size_t line_length = next != NULL ? (size_t)(next - text) : (size_t)(end - text);

		if (parse_line(text, line_length, &ledger->entries[ledger->count]) == 0)
			ledger->count++;
		text = next != NULL ? next + 1 : end;
	}
}

int ledger_open(const char *path, struct ledger *ret_ledger)
{
	char text[FILE_MAX];
	size_t length = 0;
	int r =
	    path[0] != '\0' ? file_read_text_at(AT_FDCWD, path, text, sizeof(text), &length) : 0;

	if (r < 0 && r != -ENOENT)
		return r;
	if (strlen(path) >= sizeof(ret_ledger->path))
		return -ENAMETOOLONG;
	*ret_ledger = (struct ledger){.count = 0};
	memcpy(ret_ledger->path, path, strlen(path) + 1);
	if (r == 0)
		parse(ret_ledger, text, length);
	return 0;
}

static struct ledger_entry *find(struct ledger *ledger, const struct process_key *key)
{
	size_t i;

	for (i = 0; i < ledger->count; i++)
		if (process_key_equal(&ledger->entries[i].key, key))
			return &ledger->entries[i];
	return NULL;
}

const struct ledger_entry *ledger_find(const struct ledger *ledger, const struct process_key *key)
{
	size_t i;

	for (i = 0; i < ledger->count; i++)
		if (process_key_equal(&ledger->entries[i].key, key))
			return &ledger->entries[i];
	return NULL;
}

static int write_file(const struct ledger *ledger)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(FILE_MAX);
	size_t i;

	if (ledger->path[0] == '\0')
		return 0;
	for (i = 0; i < ledger->count; i++)
		buf_printf(&text, "%s %d %" PRIu64 " %u\n", state_names[ledger->entries[i].state],
		           ledger->entries[i].key.pid, ledger->entries[i].key.start_ticks,
		           ledger->entries[i].port);
	return buf_failed(&text) ? -ENOMEM
	                         : file_replace(ledger->path, buf_string(&text), text.length);
}

int ledger_put(struct ledger *ledger, const struct ledger_entry *entry)
{
	struct ledger_entry *place = find(ledger, &entry->key);
	struct ledger_entry former;
	size_t count = ledger->count;
	int r;

	assert(entry->state < LEDGER_STATE_COUNT);
	if (place == NULL && count == LEDGER_ENTRIES_MAX)
		return -ENOSPC;
	if (place == NULL)
		place = &ledger->entries[ledger->count++];
	former = *place;
	*place = *entry;
	r = write_file(ledger);
	if (r < 0) {
		*place = former;
		ledger->count = count;
	}
	return r;
}

bool ledger_is_settled(const struct ledger *ledger)
{
	size_t i;

	for (i = 0; i < ledger->count; i++)
		if (ledger->entries[i].state != LEDGER_CLOSED)
			return false;
	return true;
}

void ledger_prune(struct ledger *ledger,
                  bool (*is_alive)(void *context, const struct process_key *key), void *context)
{
	size_t kept = 0, i;

	for (i = 0; i < ledger->count; i++)
		if (is_alive(context, &ledger->entries[i].key))
			ledger->entries[kept++] = ledger->entries[i];
	ledger->count = kept;
}
