// SPDX-License-Identifier: MIT
/*
 * Logs of real processes say the same inside every wrapper as alone, also where the wrapper cuts
 * their lines into pieces; and files as collectors write them say what they hold.
 */
#include "collectors/gclog/stream.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define LOG_MAX     ((size_t)1024 * 1024)
#define WRAPPED_MAX (8 * LOG_MAX)
#define PIECE_SIZE  ((size_t)100) /* so that many lines are cut */
#define STAMP       "2026-11-22T04:00:00.25"

/* What a log says, in its order. */
struct said {
	struct stream_counts counts;
	unsigned incidents;
	unsigned repeats;
	uint64_t sum;
	uint64_t wall_ns; /* of all records; 0: none or several */
};

static void add(void *context, enum gclog_result result, const struct gclog_record *record,
                const struct stream_line *line)
{
	struct said *said = context;

	said->wall_ns = said->sum == 0 || said->wall_ns == line->wall_ns ? line->wall_ns : 0;
	said->sum = said->sum * 31 + (uint64_t)result + 1;
	said->incidents += result == GCLOG_INCIDENT;
	said->repeats += result == GCLOG_REPEAT;
	if (result == GCLOG_GC || result == GCLOG_INCIDENT)
		said->sum = said->sum * 31 + record->event.uptime_ns + record->event.isolate +
		            record->event.used_after_bytes + (uint64_t)record->pid;
}

static struct said say(const char *text, size_t length)
{
	struct stream stream = {.unwrap.reference = {UINT64_C(1795320060) * NS_PER_SECOND, 0}};
	struct said said = {.sum = 0};
	const struct stream_sink sink = {add, &said, &said.counts};

	stream_feed(&stream, text, length, &sink);
	stream_finish(&stream, &sink);
	stream_done(&stream);
	return said;
}

/* ---- wrappers ---- */

/* As Go's encoder does for Docker: HTML is escaped, and what is no UTF-8 becomes U+FFFD. */
static void append_escaped(struct buf *out, const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte == '"' || byte == '\\')
			buf_printf(out, "\\%c", byte);
		else if (byte == '\r')
			buf_printf(out, "\\r");
		else if (byte < ' ' || strchr("<>&", byte) != NULL)
			buf_printf(out, "\\u%04x", byte);
		else if (byte >= 0x80)
			buf_printf(out, "\\ufffd");
		else
			buf_append(out, text + i, 1);
	}
}

static void docker_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	buf_printf(out, "{\"log\":\"");
	append_escaped(out, text, length);
	buf_printf(out, "%s\",\"stream\":\"stdout\",\"time\":\"" STAMP "Z\"}\n",
	           is_last ? "\\n" : "");
}

static void cri_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	buf_printf(out, STAMP "Z stdout %c ", is_last ? 'F' : 'P');
	buf_append(out, text, length);
	buf_printf(out, "\n");
}

static void prefixed(struct buf *out, const char *prefix, const char *text, size_t length)
{
	buf_printf(out, "%s", prefix);
	buf_append(out, text, length);
	buf_printf(out, "\n");
}

static void syslog_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	(void)is_last;
	prefixed(out, "Nov 22 04:00:00.25 host1 node[123]: ", text, length);
}

static void stamped_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	(void)is_last;
	prefixed(out, "0|app  | " STAMP ": ", text, length);
}

/* Every value by its length, as for those with control characters. */
static void export_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	unsigned char size[8];
	size_t i;

	(void)is_last;
	for (i = 0; i < 8; i++)
		size[i] = (unsigned char)(length >> 8 * i);
	buf_printf(out, "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795320000250000\nMESSAGE\n");
	buf_append(out, size, sizeof(size));
	prefixed(out, "", text, length);
	buf_printf(out, "_PID=1\n\n");
}

static void journal_piece(struct buf *out, const char *text, size_t length, bool is_last)
{
	(void)is_last;
	buf_printf(out, "{\"__REALTIME_TIMESTAMP\":\"1795320000250000\",\"MESSAGE\":\"");
	append_escaped(out, text, length);
	buf_printf(out, "\",\"_PID\":\"1\"}\n");
}

static const struct wrapping {
	const char *name;
	void (*piece)(struct buf *out, const char *text, size_t length, bool is_last);
	size_t piece_size; /* lines are cut into pieces of that size */
} wrappings[] = {
    {"docker", docker_piece, LOG_MAX},
    {"docker in pieces", docker_piece, PIECE_SIZE},
    {"CRI", cri_piece, LOG_MAX},
    {"CRI in pieces", cri_piece, PIECE_SIZE},
    {"syslog", syslog_piece, LOG_MAX},
    {"PM2", stamped_piece, LOG_MAX},
    {"journal export", export_piece, LOG_MAX},
    {"journal JSON", journal_piece, LOG_MAX},
};

static void wrap(const struct wrapping *wrapping, const char *text, size_t length, struct buf *out)
{
	const char *end = text + length;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		for (; (size_t)(stop - text) > wrapping->piece_size; text += wrapping->piece_size)
			wrapping->piece(out, text, wrapping->piece_size, false);
		wrapping->piece(out, text, (size_t)(stop - text), true);
		text = newline != NULL ? newline + 1 : end;
	}
}

/* ---- logs ---- */

static void path_of(char *out, size_t size, const char *directory, const char *name)
{
	(void)snprintf(out, size, "%s/tests/fixtures/%s/%s", getenv("top_srcdir"), directory, name);
}

static size_t read_fixture(const char *directory, const char *name, char *out)
{
	char path[4096];
	FILE *file;
	size_t length;

	path_of(path, sizeof(path), directory, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	length = fread(out, 1, LOG_MAX, file);
	ck_assert_uint_lt(length, LOG_MAX);
	(void)fclose(file);
	return length;
}

static void check_wrapping(const struct wrapping *wrapping, const char *name, const char *text,
                           size_t length)
{
	struct buf wrapped = BUF_INIT(WRAPPED_MAX);
	struct said plain = say(text, length);
	struct said inside;

	wrap(wrapping, text, length, &wrapped);
	ck_assert(!buf_failed(&wrapped));
	inside = say(wrapped.data, wrapped.length);
	ck_assert_msg(plain.counts.gc == inside.counts.gc &&
	                  plain.counts.torn == inside.counts.torn &&
	                  plain.counts.other == inside.counts.other,
	              "%s in %s: %llu, %llu and %llu lines", name, wrapping->name,
	              (unsigned long long)inside.counts.gc, (unsigned long long)inside.counts.torn,
	              (unsigned long long)inside.counts.other);
	ck_assert_msg(plain.sum == inside.sum, "%s in %s", name, wrapping->name);
	if (plain.sum != 0)
		ck_assert_uint_eq(inside.wall_ns, UINT64_C(1795320000250) * NS_PER_MS);
	buf_done(&wrapped);
}

START_TEST(test_logs_say_the_same_inside_every_wrapper)
{
	static char text[LOG_MAX];
	struct dirent **entries = NULL;
	char directory[4096];
	unsigned logs = 0;
	int count, i;
	size_t w;

	path_of(directory, sizeof(directory), "gclog", "");
	count = scandir(directory, &entries, NULL, alphasort);
	for (i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;

		if (strstr(name, ".log") != NULL) {
			size_t length = read_fixture("gclog", name, text);

			logs++;
			for (w = 0; w < sizeof(wrappings) / sizeof(wrappings[0]); w++)
				check_wrapping(&wrappings[w], name, text, length);
		}
		free(entries[i]);
	}
	free(entries);
	ck_assert_uint_ge(logs, 10);
}
END_TEST

START_TEST(test_files_say_what_they_hold)
{
	/* five collections; then an application that dies */
	static const struct {
		const char *name;
		uint64_t gc, torn, other;
		unsigned repeats, incidents;
	} rows[] = {
	    {"docker.json", 6, 0, 13, 2, 1},    {"docker-torn.json", 4, 1, 4, 0, 0},
	    {"cri.log", 6, 0, 13, 2, 1},        {"syslog.log", 5, 0, 12, 2, 1},
	    {"rfc5424.log", 5, 0, 12, 2, 1},    {"iso.log", 5, 0, 12, 2, 1},
	    {"short-full.log", 5, 0, 12, 2, 1}, {"names.log", 5, 0, 12, 2, 1},
	    {"pm2.json", 5, 0, 12, 2, 1},       {"journal.json", 5, 0, 12, 2, 1},
	    {"journal.export", 7, 0, 12, 2, 1},
	};
	static char text[LOG_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct said said = say(text, read_fixture("unwrap", rows[i].name, text));

		ck_assert_msg(
		    said.counts.gc == rows[i].gc && said.counts.torn == rows[i].torn &&
		        said.counts.other == rows[i].other && said.repeats == rows[i].repeats &&
		        said.incidents == rows[i].incidents,
		    "%s: %llu, %llu and %llu lines, %u, %u", rows[i].name,
		    (unsigned long long)said.counts.gc, (unsigned long long)said.counts.torn,
		    (unsigned long long)said.counts.other, said.repeats, said.incidents);
	}
}
END_TEST

UNIT_MAIN("gclog_wrapped", test_logs_say_the_same_inside_every_wrapper,
          test_files_say_what_they_hold)
