// SPDX-License-Identifier: MIT
/*
 * The check whether GC lines appear in a file, without reading all of it.
 */
#include "collectors/gclog/probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/gclog/stream.h"
#include "collectors/gclog/tail.h"

#define PROBE_PASSES 12 /* between two looks: a minute */

int probes_add(struct probes *probes, const struct process_facts *facts)
{
	struct probe *probe;

	HASH_FIND(hh, probes->table, &facts->stdout_file, sizeof(facts->stdout_file), probe);
	if (probe != NULL) {
		probe->key = facts->key;
		return 0;
	}
	if (HASH_COUNT(probes->table) >= PROBES_MAX)
		return -EMFILE;
	probe = calloc(1, sizeof(*probe));
	if (probe == NULL)
		return -ENOMEM;
	probe->identity = facts->stdout_file;
	probe->key = facts->key;
	probe->path = strdup(facts->stdout_path);
	if (probe->path != NULL)
		HASH_ADD(hh, probes->table, identity, sizeof(probe->identity), probe);
	if (HASH_IS_LEFT_OUT(probe, hh)) {
		free(probe->path);
		free(probe);
		return -ENOMEM;
	}
	return 0;
}

struct probe *probes_next(struct probes *probes)
{
	struct probe *probe;

	for (probe = probes->table; probe != NULL; probe = probe->hh.next)
		if (probe->passes_left == 0) {
			probe->passes_left = PROBE_PASSES;
			return probe;
		}
	return NULL;
}

void probes_pass(struct probes *probes)
{
	struct probe *probe;

	for (probe = probes->table; probe != NULL; probe = probe->hh.next)
		if (probe->passes_left > 0)
			probe->passes_left--;
}

static void find_gc(void *context, enum gclog_result result, const struct gclog_record *record,
                    const struct stream_line *line)
{
	bool *is_found = context;

	(void)record;
	(void)line;
	*is_found = *is_found || result == GCLOG_GC;
}

/* One buffer from offset on. */
static int look_at(struct tail *tail, uint64_t offset, char *buffer, size_t size)
{
	struct tail_counters uncounted = {0, 0, 0};
	struct stream_counts uncounted_lines = {0, 0, 0};
	bool is_found = false;
	const struct stream_sink sink = {find_gc, &is_found, &uncounted_lines};
	struct stream stream = {.line_number = 0};
	int length;

	tail->offset = offset;
	length = tail_read(tail, buffer, size, &uncounted);
	if (length < 0)
		return length;
	stream_feed(&stream, buffer, (size_t)length, &sink);
	stream_done(&stream);
	return is_found;
}

int probe_look(struct probe *probe, char *buffer, size_t size)
{
	struct tail tail;
	int result = tail_open(&tail, probe->path);

	if (result < 0)
		return result;
	if (memcmp(&tail.identity, &probe->identity, sizeof(tail.identity)) != 0) {
		result = -ESTALE;
	} else if (tail.size_bytes != probe->size_bytes) {
		probe->size_bytes = tail.size_bytes;
		result = look_at(&tail, 0, buffer, size);
		if (result == 0 && tail.size_bytes > size)
			result = look_at(&tail, tail.size_bytes - size, buffer, size);
	}
	tail_done(&tail);
	return result;
}

void probes_remove(struct probes *probes, struct probe *probe)
{
	HASH_DEL(probes->table, probe);
	free(probe->path);
	free(probe);
}

void probes_done(struct probes *probes)
{
	while (probes->table != NULL)
		probes_remove(probes, probes->table);
}
