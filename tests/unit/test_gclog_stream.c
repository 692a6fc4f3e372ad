// SPDX-License-Identifier: MIT
/*
 * A stream turns bytes, however they are cut into chunks, into the same records with the numbers of
 * their lines, and counts every line.
 */
#include "collectors/gclog/stream.h"

#include <string.h>

#include "lib/clock.h"
#include "tests/unit/unit.h"

#define GC(pid, ms)                                                               \
	"[" pid ":0x5b5fcf0]     " ms " ms: Scavenge 4.1 (4.2) -> 3.4 (5.2) MB, " \
	"0.58 / 0.00 ms  (average mu = 1.000, current mu = 1.000) allocation failure; "

#define CRI(stream, tag, text) "2026-11-22T04:00:00.25Z " stream " " tag " " text "\n"

#define SEEN_MAX 16

struct seen {
	struct stream_counts counts;
	size_t count;
	struct {
		enum gclog_result result;
		struct gclog_record record;
		struct stream_line line;
	} records[SEEN_MAX];
};

static void see(void *context, enum gclog_result result, const struct gclog_record *record,
                const struct stream_line *line)
{
	struct seen *seen = context;

	ck_assert_uint_lt(seen->count, SEEN_MAX);
	seen->records[seen->count].result = result;
	if (result != GCLOG_TORN)
		seen->records[seen->count].record = *record;
	seen->records[seen->count].line = *line;
	seen->count++;
}

static void feed_in_chunks(struct stream *stream, const char *text, size_t chunk, struct seen *seen)
{
	const struct stream_sink sink = {see, seen, &seen->counts};
	size_t length = strlen(text);
	size_t at;

	for (at = 0; at < length; at += chunk)
		stream_feed(stream, text + at, at + chunk < length ? chunk : length - at, &sink);
}

static void finish(struct stream *stream, struct seen *seen)
{
	const struct stream_sink sink = {see, seen, &seen->counts};

	stream_finish(stream, &sink);
	stream_done(stream);
}

static void read_in_chunks(const char *text, size_t chunk, struct seen *seen)
{
	struct stream stream = {.line_number = 0};

	feed_in_chunks(&stream, text, chunk, seen);
	finish(&stream, seen);
}

/* One stream reads up to the cut, another goes on where the first had an unfinished line. */
static void read_cut(const char *text, size_t length, size_t cut, struct seen *seen)
{
	const struct stream_sink sink = {see, seen, &seen->counts};
	struct stream first = {.line_number = 0};
	struct stream second = {.line_number = 0};
	size_t next;

	stream_feed(&first, text, cut, &sink);
	ck_assert_uint_le(stream_unfinished_bytes(&first), cut);
	next = cut - (size_t)stream_unfinished_bytes(&first);
	stream_done(&first);
	stream_feed(&second, text + next, length - next, &sink);
	finish(&second, seen);
}

START_TEST(test_records_are_the_same_for_every_chunk_size)
{
	static const char text[] = "hello\n" GC("7", "100") "\n\n" GC("7", "200")
	    GC("8", "300") "\n[7:0x5b5fcf0]   400 ms: Scavenge 4.1 (4.2) -> 3.\n" GC("7", "500");
	size_t chunk;

	for (chunk = 1; chunk <= sizeof(text); chunk++) {
		struct seen seen = {.count = 0};

		read_in_chunks(text, chunk, &seen);
		ck_assert_uint_eq(seen.counts.gc, 4);
		ck_assert_uint_eq(seen.counts.torn, 1);
		ck_assert_uint_eq(seen.counts.other, 2);
		ck_assert_uint_eq(seen.count, 5);
		ck_assert_uint_eq(seen.records[0].line.number, 2);
		ck_assert_uint_eq(seen.records[0].record.event.uptime_ns, 100 * NS_PER_MS);
		ck_assert_uint_eq(seen.records[1].line.number, 4);
		ck_assert_uint_eq(seen.records[2].line.number, 4);
		ck_assert_int_eq(seen.records[2].record.pid, 8);
		ck_assert_int_eq(seen.records[3].result, GCLOG_TORN);
		ck_assert_uint_eq(seen.records[4].line.number, 6);
	}
}
END_TEST

/* What is in front of the next of V8's words is passed over; that may not take other lines along.
 */
START_TEST(test_lines_between_plain_ones_are_seen_for_every_chunk_size)
{
	static const char text[] =
	    "plain\n\nplain, and longer than the widest step of a search, which is 64 bytes\n" CRI("stdout", "P", "[7:0x5b5fcf0]     100 ms: Scav") "plain ----------------\n" CRI(
	        "stdout", "F",
	        "enge 4.1 (4.2) -> 3.4 (5.2) MB, 0.58 / 0.00 ms") "plain\n" GC("7",
	                                                                       "200") "\nplain\nms:"
	                                                                              " FAT KB rki "
	                                                                              "<--\n"
	                                                                              "<--- Last "
	                                                                              "few GCs "
	                                                                              "--->\n" GC("7", "100") "\nplain\n" GC(
	                                                                                  "7",
	                                                                                  "200") "\n"
	                                                                                         "<"
	                                                                                         "-"
	                                                                                         "-"
	                                                                                         "-"
	                                                                                         " "
	                                                                                         "J"
	                                                                                         "S"
	                                                                                         " "
	                                                                                         "s"
	                                                                                         "t"
	                                                                                         "a"
	                                                                                         "c"
	                                                                                         "k"
	                                                                                         "t"
	                                                                                         "r"
	                                                                                         "a"
	                                                                                         "c"
	                                                                                         "e"
	                                                                                         " "
	                                                                                         "-"
	                                                                                         "-"
	                                                                                         "-"
	                                                                                         ">"
	                                                                                         "\nplain\nplain " GC(
	                                                                                             "7",
	                                                                                             "300") "\nplain\n";
	size_t chunk;

	for (chunk = 1; chunk <= sizeof(text); chunk++) {
		struct seen seen = {.count = 0};

		read_in_chunks(text, chunk, &seen);
		ck_assert_uint_eq(seen.counts.gc, 3);
		ck_assert_uint_eq(seen.counts.torn, 0);
		ck_assert_uint_eq(seen.count, 5);
		ck_assert_uint_eq(seen.records[0].record.event.uptime_ns, 100 * NS_PER_MS);
		ck_assert_uint_eq(seen.records[0].line.number, 6);
		ck_assert_uint_eq(seen.records[1].line.number, 8);
		ck_assert_int_eq(seen.records[2].result, GCLOG_REPEAT);
		ck_assert_uint_eq(seen.records[2].line.number, 12);
		ck_assert_int_eq(seen.records[3].result, GCLOG_REPEAT);
		ck_assert_uint_eq(seen.records[4].line.number, 17);
	}
}
END_TEST

START_TEST(test_a_new_stream_goes_on_where_an_old_one_had_an_unfinished_line)
{
	static const char text[] = GC("7", "100") "\n" GC("7", "200") "\n";
	size_t cut;

	for (cut = 0; cut < sizeof(text); cut++) {
		struct seen seen = {.count = 0};

		read_cut(text, sizeof(text) - 1, cut, &seen);
		ck_assert_uint_eq(seen.counts.gc, 2);
		ck_assert_uint_eq(seen.counts.torn, 0);
	}
}
END_TEST

START_TEST(test_a_dropped_line_leaves_the_next_one_whole)
{
	struct stream stream = {.line_number = 0};
	struct seen seen = {.count = 0};

	feed_in_chunks(&stream, "half of a l", 100, &seen);
	ck_assert_uint_eq(stream_drop(&stream), 11);
	ck_assert_uint_eq(stream_unfinished_bytes(&stream), 0);
	feed_in_chunks(&stream, GC("7", "100") "\n", 100, &seen);
	finish(&stream, &seen);
	ck_assert_uint_eq(seen.counts.gc, 1);
	ck_assert_uint_eq(seen.counts.other, 0);
}
END_TEST

START_TEST(test_last_gcs_are_repeats_and_the_fatal_error_is_seen)
{
	static const char text[] = GC("7", "100") "\n\n<--- Last few GCs --->\n\n" GC(
	    "7", "100") "\n\n<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation "
	                "failed - "
	                "JavaScript heap out of memory\n";
	struct seen seen = {.count = 0};

	read_in_chunks(text, 7, &seen);
	ck_assert_uint_eq(seen.counts.gc, 1);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_int_eq(seen.records[1].result, GCLOG_REPEAT);
	ck_assert_int_eq(seen.records[2].result, GCLOG_INCIDENT);
	ck_assert_int_eq(seen.records[2].record.pid, 7);
}
END_TEST

#define DOCKER(text, stream) \
	"{\"log\":\"" text "\",\"stream\":\"" stream "\",\"time\":\"2026-11-22T04:00:00.25Z\"}\n"
/* The front and the end of a GC line, cut somewhere in the figures. */
#define GC_FRONT "[7:0x5b5fcf0]      100 ms: Scavenge 4.1 (4.2) -> 3."
#define GC_END   "4 (5.2) MB, 0.58 / 0.00 ms  (average mu = 1.000, current mu = 1.000) task; "

START_TEST(test_pieces_are_joined_each_on_its_channel)
{
	static const char *const texts[] = {
	    DOCKER(GC_FRONT, "stdout") DOCKER("<--- La", "stderr") DOCKER(GC_END "\\n", "stdout")
	        DOCKER("st few GCs --->\\n", "stderr") DOCKER(GC("7", "200") "\\n", "stdout")
	            DOCKER(GC("7", "200") "\\n", "stderr"),
	    CRI("stdout", "P", GC_FRONT) CRI("stderr", "P", "<--- La") CRI("stdout", "F", GC_END)
	        CRI("stderr", "F", "st few GCs --->") CRI("stdout", "F", GC("7", "200"))
	            CRI("stderr", "F", GC("7", "200")),
	};
	size_t i, chunk;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (chunk = 1; chunk < 1000; chunk += 7) {
			struct seen seen = {.count = 0};

			read_in_chunks(texts[i], chunk, &seen);
			ck_assert_uint_eq(seen.counts.gc, 2);
			ck_assert_uint_eq(seen.counts.torn, 0);
			ck_assert_uint_eq(seen.count, 3);
			ck_assert_uint_eq(seen.records[0].line.number, 3);
			ck_assert_uint_eq(seen.records[0].line.wall_ns,
			                  UINT64_C(1795320000250) * NS_PER_MS);
			ck_assert_int_eq(seen.records[2].result, GCLOG_REPEAT);
		}
}
END_TEST

START_TEST(test_a_death_on_stderr_is_of_who_collected_on_stdout)
{
	static const char text[] = DOCKER(GC("7", "100") "\\n", "stdout")
	    DOCKER("FATAL ERROR: CALL_AND_RETRY_LAST Allocation failed - "
	           "JavaScript heap out of memory\\n",
	           "stderr");
	struct seen seen = {.count = 0};

	read_in_chunks(text, sizeof(text), &seen);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_int_eq(seen.records[1].result, GCLOG_INCIDENT);
	ck_assert_int_eq(seen.records[1].record.pid, 7);
}
END_TEST

START_TEST(test_a_new_stream_goes_on_in_the_middle_of_pieces)
{
	static const char text[] = CRI("stdout", "F", GC("7", "50")) CRI("stdout", "P", GC_FRONT)
	    CRI("stderr", "F", "x") CRI("stdout", "F", GC_END) CRI("stdout", "F", GC("7", "200"));
	size_t cut;

	for (cut = 0; cut < sizeof(text); cut++) {
		struct seen seen = {.count = 0};

		read_cut(text, sizeof(text) - 1, cut, &seen);
		ck_assert_uint_eq(seen.counts.gc, 3);
		ck_assert_uint_eq(seen.counts.torn, 0);
	}
}
END_TEST

/* An entry of systemd's export format: fields, the message with its length in front. */
static size_t put_export_entry(char *out, const char *message)
{
	static const char head[] =
	    "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1795320000250000\n_PID=7\nMESSAGE\n";
	static const char tail[] = "\n_TRANSPORT=stdout\n\n";
	size_t length = strlen(message);
	char *at = out;

	at = mempcpy(at, head, sizeof(head) - 1);
	memset(at, 0, 8);
	*at = (char)length;
	at = mempcpy(at + 8, message, length);
	at = mempcpy(at, tail, sizeof(tail) - 1);
	return (size_t)(at - out);
}

START_TEST(test_a_new_stream_goes_on_in_the_middle_of_an_entry)
{
	char text[1024];
	size_t size = put_export_entry(text, GC("7", "100"));
	size_t cut;

	size += put_export_entry(text + size, GC("7", "200"));
	for (cut = 0; cut <= size; cut++) {
		struct seen seen = {.count = 0};

		read_cut(text, size, cut, &seen);
		ck_assert_msg(seen.counts.gc == 2 && seen.counts.torn == 0, "cut at %zu", cut);
	}
}
END_TEST

START_TEST(test_what_waits_at_the_end_is_a_line)
{
	struct stream stream = {.line_number = 0};
	struct seen seen = {.count = 0};

	feed_in_chunks(&stream, CRI("stderr", "P", "x") CRI("stdout", "P", GC("7", "100")), 100,
	               &seen);
	ck_assert_uint_eq(seen.counts.gc, 0);
	ck_assert_uint_gt(stream_unfinished_bytes(&stream), 0);
	finish(&stream, &seen);
	ck_assert_uint_eq(seen.counts.gc, 1);
	ck_assert_uint_eq(seen.counts.other, 1);
}
END_TEST

static void count(void *context, enum gclog_result result, const struct gclog_record *record,
                  const struct stream_line *line)
{
	unsigned *records = context;

	(void)record;
	(void)line;
	*records += result == GCLOG_GC;
}

START_TEST(test_endless_pieces_are_bounded)
{
	static const char piece[] = CRI("stdout", "P", GC("7", "100") "and so on and on ");
	struct stream_counts counts = {0, 0, 0};
	struct stream stream = {.line_number = 0};
	unsigned records = 0;
	const struct stream_sink sink = {count, &records, &counts};
	int i;

	for (i = 0; i < 4000; i++)
		stream_feed(&stream, piece, sizeof(piece) - 1, &sink);
	ck_assert_uint_le(stream.channels[UNWRAP_STDOUT].lines.carry_capacity, LINES_CARRY_MAX);
	stream_finish(&stream, &sink);
	stream_done(&stream);
	ck_assert_uint_eq(records, counts.gc);
	ck_assert_uint_ge(counts.gc + counts.torn, 4000); /* where it was cut, one may be torn */
	ck_assert_uint_ge(counts.gc, 3950);
}
END_TEST

UNIT_MAIN("gclog_stream", test_records_are_the_same_for_every_chunk_size,
          test_lines_between_plain_ones_are_seen_for_every_chunk_size,
          test_a_new_stream_goes_on_where_an_old_one_had_an_unfinished_line,
          test_a_dropped_line_leaves_the_next_one_whole,
          test_last_gcs_are_repeats_and_the_fatal_error_is_seen,
          test_pieces_are_joined_each_on_its_channel,
          test_a_death_on_stderr_is_of_who_collected_on_stdout,
          test_a_new_stream_goes_on_in_the_middle_of_pieces,
          test_a_new_stream_goes_on_in_the_middle_of_an_entry, test_what_waits_at_the_end_is_a_line,
          test_endless_pieces_are_bounded)
