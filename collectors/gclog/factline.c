// SPDX-License-Identifier: MIT
/*
 * Tables of the words; sources: Heap::PrintShortHeapStatistics in V8's heap.cc and
 * incremental-marking.cc.
 */
#include "collectors/gclog/factline.h"

#include <stdbool.h>

#include "collectors/gclog/gchead.h"

#define LABEL_MAX 80 /* from the bracket of the head to the first " KB" */

void factline_set_incident(struct gclog_record *record, enum heap_incident incident, pid_t pid,
                           uint64_t isolate)
{
	*record = (struct gclog_record){.pid = pid,
	                                .event.isolate = isolate,
	                                .reason = "",
	                                .collector = "",
	                                .incident = incident};
}

/* Reads the "[pid:0xISO] " that ends at at. */
static bool read_head_before(const char *from, const char *at, pid_t *ret_pid,
                             uint64_t *ret_isolate)
{
	struct cursor head = {gchead_find(from, at), at};

	return head.at != NULL && gchead_read(&head, ret_pid, ret_isolate) != GCHEAD_NONE;
}

/* ---- marking ---- */

/* "[pid] Speed up marking because of low space left" */
static bool is_sped_up(const char *from, const struct cursor *cursor, size_t *ret_length)
{
	static const struct {
		const char *words;
		size_t length;
	} beginnings[] = {{LITERAL("Speed up ma")}, {LITERAL("Increasing ma")}};
	size_t i;

	for (i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		size_t length = beginnings[i].length;

		if ((size_t)(cursor->at - from) < length ||
		    memcmp(cursor->at - length, beginnings[i].words, length) != 0)
			continue;
		*ret_length = length;
		return true;
	}
	return false;
}

/* "[IncrementalMarking] Start (…", which up to Node 3 is the whole line. */
static bool is_start(struct cursor words)
{
	return cursor_take(&words, LITERAL("Start")) &&
	       (words.at == words.end || *words.at == '\r' || cursor_take(&words, LITERAL(" (")));
}

/*
 * Node 7 and later print "Stopping" for each marking, with or without "Complete" before it; earlier
 * ones "Complete (…)", and "Stopping" or "Aborting" also for what was given up.
 */
static bool is_end(struct cursor words, bool is_stamped)
{
	return is_stamped ? cursor_take(&words, LITERAL("Stopping"))
	                  : cursor_take(&words, LITERAL("Complete ("));
}

static enum gclog_result read_incremental(const char *from, const char *start, struct cursor words,
                                          struct gclog_record *record)
{
	bool is_stamped = start - from >= 5 && memcmp(start - 5, " ms: ", 5) == 0;
	const char *stamp = start;
	uint64_t isolate = 0;
	pid_t pid = 0;

	if (is_stamped) {
		for (stamp = start - 5; stamp > from && stamp[-1] >= '0' && stamp[-1] <= '9';)
			stamp--;
		if (!read_head_before(from, stamp, &pid, &isolate))
			return GCLOG_OTHER;
	}
	if (is_start(words))
		factline_set_incident(record, HEAP_INCIDENT_MARKING_STARTED, pid, isolate);
	else if (is_end(words, is_stamped))
		factline_set_incident(record, HEAP_INCIDENT_MARKING_FINALIZED, pid, isolate);
	else
		return GCLOG_OTHER;
	return GCLOG_INCIDENT;
}

enum gclog_result factline_marking(const char *from, struct cursor *cursor,
                                   struct gclog_record *record)
{
	static const char prefix[] = "[IncrementalMa";
	const size_t prefix_length = sizeof(prefix) - 1;
	struct cursor words = *cursor;
	enum gclog_result result;
	uint64_t isolate;
	size_t length;
	pid_t pid;

	if (cursor_take(&words, LITERAL("rking] ")) &&
	    (size_t)(cursor->at - from) >= prefix_length &&
	    memcmp(cursor->at - prefix_length, prefix, prefix_length) == 0) {
		result = read_incremental(from, cursor->at - prefix_length, words, record);
	} else if (is_sped_up(from, cursor, &length) &&
	           (cursor_take(&words, LITERAL("rking because ")) ||
	            cursor_take(&words, LITERAL("rking speed "))) &&
	           read_head_before(from, cursor->at - length, &pid, &isolate)) {
		factline_set_incident(record, HEAP_INCIDENT_MARKING_SPED_UP, pid, isolate);
		result = GCLOG_INCIDENT;
	} else {
		return GCLOG_OTHER;
	}
	if (result == GCLOG_INCIDENT)
		cursor->at = cursor->end;
	return result;
}

/* ---- parts of the heap ---- */

/* With the character that ends a label, so that none is the beginning of another. */
static const struct label {
	const char *text;
	size_t length;
	enum heap_part part;
} labels[] = {
    {LITERAL("New space,"), HEAP_PART_NEW},
    {LITERAL("Old space,"), HEAP_PART_OLD},
    {LITERAL("Code space,"), HEAP_PART_CODE},
    {LITERAL("Map space,"), HEAP_PART_MAP},
    {LITERAL("Large object space,"), HEAP_PART_LARGE_OBJECT},
    {LITERAL("External memory reported:"), HEAP_PART_EXTERNAL_REPORTED},
    {LITERAL("Backing store memory:"), HEAP_PART_BACKING_STORE},
    {LITERAL("Read-only space,"), HEAP_PART_READ_ONLY},
    {LITERAL("New large object space,"), HEAP_PART_NEW_LARGE_OBJECT},
    {LITERAL("Code large object space,"), HEAP_PART_CODE_LARGE_OBJECT},
    {LITERAL("Trusted space,"), HEAP_PART_TRUSTED},
    {LITERAL("Trusted large object space,"), HEAP_PART_TRUSTED_LARGE_OBJECT},
    {LITERAL("Shared space,"), HEAP_PART_SHARED},
    {LITERAL("Shared large object space,"), HEAP_PART_SHARED_LARGE_OBJECT},
    {LITERAL("Shared trusted space,"), HEAP_PART_SHARED_TRUSTED},
    {LITERAL("Shared trusted large object space,"), HEAP_PART_SHARED_TRUSTED_LARGE_OBJECT},
    {LITERAL("Old pointers,"), HEAP_PART_OLD_POINTER}, /* Node 0.x */
    {LITERAL("Old data space,"), HEAP_PART_OLD_DATA},
    {LITERAL("Cell space,"), HEAP_PART_CELL},
    {LITERAL("PropertyCell space,"), HEAP_PART_PROPERTY_CELL},
};

static const struct label *take_label(struct cursor *cursor)
{
	size_t i;

	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (cursor_take(cursor, labels[i].text, labels[i].length))
			return &labels[i];
	return NULL;
}

/* "   613 KB" */
static bool take_kilobytes(struct cursor *cursor, uint64_t *ret_bytes)
{
	uint64_t kilobytes = 0;

	cursor_skip_blanks(cursor);
	(void)cursor_take(cursor, LITERAL("*")); /* Node 26 marks what it only estimates */
	cursor_skip_blanks(cursor);
	if (cursor_take_digits(cursor, &kilobytes) == 0)
		return false;
	cursor_skip_blanks(cursor);
	if (!cursor_take(cursor, LITERAL("KB")))
		return false;
	*ret_bytes = kilobytes * KIB;
	return true;
}

/* "   used: 613 KB, available: 409 KB, committed: 1024 KB" */
static bool take_space(struct cursor *cursor, struct heap_sample *sample)
{
	uint64_t available_bytes;

	cursor_skip_blanks(cursor);
	if (!cursor_take(cursor, LITERAL("used:")) || !take_kilobytes(cursor, &sample->used_bytes))
		return false;
	if (!cursor_take(cursor, LITERAL(", available:")) ||
	    !take_kilobytes(cursor, &available_bytes) ||
	    !cursor_take(cursor, LITERAL(", committed:")) ||
	    !take_kilobytes(cursor, &sample->committed_bytes))
		sample->committed_bytes = 0; /* torn behind what matters */
	return true;
}

/* Behind the head, whose bracket is the last before at; NULL: there is none. */
static const char *find_label(const char *from, const char *at)
{
	const char *limit = at - from > LABEL_MAX ? at - LABEL_MAX : from;

	while (at > limit && at[-1] != ']')
		at--;
	return at > limit ? at : NULL;
}

enum gclog_result factline_part(const char *from, struct cursor *cursor,
                                struct gclog_record *record)
{
	const char *start = find_label(from, cursor->at);
	struct heap_sample sample = {.used_bytes = 0};
	struct cursor words = {start, cursor->end};
	const struct label *label;
	pid_t pid;

	if (start == NULL)
		return GCLOG_OTHER;
	cursor_skip_blanks(&words);
	label = take_label(&words);
	if (label == NULL || !read_head_before(from, start, &pid, &sample.isolate))
		return GCLOG_OTHER;
	if (label->part < HEAP_PART_SPACE_COUNT ? !take_space(&words, &sample)
	                                        : !take_kilobytes(&words, &sample.used_bytes))
		return GCLOG_OTHER;
	cursor->at = cursor->end;
	if (gchead_find(from, gchead_find(from, start)) != NULL)
		return GCLOG_TORN; /* head and words are two writes */
	sample.part = label->part;
	*record = (struct gclog_record){.pid = pid, .reason = "", .collector = "", .part = sample};
	record->event.isolate = sample.isolate;
	return GCLOG_HEAP;
}
