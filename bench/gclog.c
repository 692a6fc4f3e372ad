// SPDX-License-Identifier: MIT
/*
 * What a line of a GC log costs, step by step: reading, cutting into lines, the whole way to a
 * record, and into the model; beside them the floor, a parser written by hand for exactly one shape
 * of line, with no state and no check. CPU time of this process per line, best of nine runs, the
 * steps in turn, so that other work on the machine slows all of them alike.
 *
 *	bench/gclog FILE
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/gclog/stream.h"
#include "daemon/model/model.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

#define RUNS      9
#define READ_SIZE ((size_t)64 * 1024)

DEFINE_CLEANUP(struct model, model_free)

struct sums {
	uint64_t line_count;
	uint64_t gc_count;
	uint64_t full_count;
	uint64_t pause; /* in whatever unit the step has it */
	uint64_t used;
};

struct run {
	struct sums sums;
	struct lines lines;
	struct stream stream;
	struct stream_counts counts;
	struct model *model; /* NULL: records are only summed up */
	struct process_key key;
};

/* ---- the steps ---- */

static void only_read(struct run *run, const char *bytes, size_t length)
{
	run->sums.used += (uint64_t)(unsigned char)bytes[length / 2];
}

static void count_line(void *context, const char *line, size_t length)
{
	struct run *run = context;

	(void)line;
	(void)length;
	run->sums.line_count++;
}

static void cut_lines(struct run *run, const char *bytes, size_t length)
{
	lines_feed(&run->lines, bytes, length, count_line, run);
}

/* "2.1" as 21. */
static uint64_t tenths_by_hand(const char **at)
{
	uint64_t number = 0;

	for (; (**at >= '0' && **at <= '9') || **at == '.'; (*at)++)
		if (**at != '.')
			number = number * 10 + (uint64_t)(**at - '0');
	return number;
}

/* [pid:0xISO]  MS ms: KIND a (b) -> c (d) MB, T1 / T2 ms: the pid, the clock, the first letter of
 * the kind, four sizes and the pause. */
static void parse_by_hand(void *context, const char *line, size_t length)
{
	struct run *run = context;
	const char *end = line + length;
	const char *at = line + 1;
	uint64_t numbers[7];
	int i;

	run->sums.line_count++;
	if (length < 8 || line[0] != '[')
		return;
	numbers[0] = tenths_by_hand(&at);
	at = memchr(at, ']', (size_t)(end - at));
	if (at == NULL)
		return;
	for (i = 1; i < 7; i++) {
		while (at < end && (*at < '0' || *at > '9'))
			at++;
		if (at == end)
			return;
		numbers[i] = tenths_by_hand(&at);
		if (i == 1 && end - at > 5)
			run->sums.full_count += at[5] == 'M';
	}
	run->sums.gc_count++;
	run->sums.used +=
	    numbers[0] + numbers[1] + numbers[2] + numbers[3] + numbers[4] + numbers[5];
	run->sums.pause += numbers[6];
}

static void by_hand(struct run *run, const char *bytes, size_t length)
{
	lines_feed(&run->lines, bytes, length, parse_by_hand, run);
}

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct run *run = context;

	if (result != GCLOG_GC)
		return;
	run->sums.gc_count++;
	run->sums.pause += record->event.pause_ns;
	if (run->model != NULL)
		model_gc(run->model, &run->key, NS_PER_DAY + line->number * NS_PER_MS,
		         &record->event);
}

static void whole_way(struct run *run, const char *bytes, size_t length)
{
	const struct stream_sink sink = {on_record, run, &run->counts};

	stream_feed(&run->stream, bytes, length, &sink);
}

/* ---- a run ---- */

static struct model *make_model(struct process_key *ret_key)
{
	const struct model_options options = {.processes_max = 1, .apps_max = 1, .time_scale = 1};
	const struct process_facts facts = {.key = {.pid = 1},
	                                    .start_ns = NS_PER_DAY,
	                                    .app = "bench",
	                                    .script = "",
	                                    .node_version = "",
	                                    .container_id = "",
	                                    .pod_uid = "",
	                                    .container_name = "",
	                                    .unit = ""};
	struct model *model = model_new(&options);

	if (model == NULL || model_process_found(model, NS_PER_DAY, &facts) < 0)
		return model_free(model);
	*ret_key = facts.key;
	return model;
}

static const struct step {
	const char *name;
	void (*take)(struct run *run, const char *bytes, size_t length);
	bool has_model;
} steps[] = {
    {"read", only_read, false},         {"read, lines", cut_lines, false},
    {"parser by hand", by_hand, false}, {"to a record", whole_way, false},
    {"to the model", whole_way, true},
};

#define STEP_COUNT (sizeof(steps) / sizeof(steps[0]))

static uint64_t measure(int fd, const struct step *step, struct sums *ret_sums)
{
	static char buffer[READ_SIZE];
	struct run run = {.model = NULL};
	_cleanup_(model_freep) struct model *model = step->has_model ? make_model(&run.key) : NULL;
	uint64_t start_ns = clock_process_cpu_ns();
	uint64_t offset = 0;
	ssize_t length;

	run.model = model;
	while ((length = pread(fd, buffer, sizeof(buffer), (off_t)offset)) > 0) {
		offset += (uint64_t)length;
		step->take(&run, buffer, (size_t)length);
	}
	start_ns = clock_process_cpu_ns() - start_ns;
	lines_done(&run.lines);
	stream_done(&run.stream);
	*ret_sums = run.sums;
	return start_ns;
}

int main(int argc, char **argv)
{
	_cleanup_(closep) int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	uint64_t best_ns[STEP_COUNT];
	struct sums sums[STEP_COUNT];
	uint64_t line_count;
	size_t i;
	int run;

	if (size < 0) {
		(void)fprintf(stderr, "usage: gclog FILE (%s)\n", strerror(errno));
		return 2;
	}
	memset(best_ns, 0xff, sizeof(best_ns));
	for (run = 0; run < RUNS; run++)
		for (i = 0; i < STEP_COUNT; i++) {
			uint64_t run_ns = measure(fd, &steps[i], &sums[i]);

			best_ns[i] = run_ns < best_ns[i] ? run_ns : best_ns[i];
		}
	line_count = sums[1].line_count > 0 ? sums[1].line_count : 1;
	for (i = 0; i < STEP_COUNT; i++)
		printf("%-16s %8.1f ns/line %8.0f MB/s %10llu collections\n", steps[i].name,
		       (double)best_ns[i] / (double)line_count,
		       (double)size * 1e3 / (double)best_ns[i],
		       (unsigned long long)sums[i].gc_count);
	return 0;
}
