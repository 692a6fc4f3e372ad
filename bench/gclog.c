// SPDX-License-Identifier: MIT
/*
 * What a line of a GC log costs, step by step: reading, cutting into lines, the whole way to a
 * record, and into the model; beside them the floor, a parser written by hand for exactly one shape
 * of line, with no state and no check. CPU time of this process. Within a round the steps take
 * turns at slices of the file, each step going on where it stopped, so that whatever slows the
 * machine for a moment slows all of them alike; figures are the median of the rounds, and of each
 * round's own ratio to the parser by hand.
 *
 *	bench/gclog FILE [ROUNDS]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/gclog/stream.h"
#include "daemon/model/model.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define ROUNDS     7
#define ROUNDS_MAX 99
#define READ_SIZE  ((size_t)64 * 1024)
#define SLICE_SIZE ((uint64_t)8 * 1024 * 1024) /* some 20 ms of a step */

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
#define STEP_LINES 1
#define STEP_FLOOR 2

static uint64_t take_slice(int fd, uint64_t offset, const struct step *step, struct run *run)
{
	static char buffer[READ_SIZE];
	const uint64_t start_ns = clock_process_cpu_ns();
	const uint64_t end = offset + SLICE_SIZE;
	ssize_t length;

	while (offset < end && (length = pread(fd, buffer, sizeof(buffer), (off_t)offset)) > 0) {
		offset += (uint64_t)length;
		step->take(run, buffer, (size_t)length);
	}
	return clock_process_cpu_ns() - start_ns;
}

static int begin_runs(struct run runs[STEP_COUNT])
{
	size_t i;

	for (i = 0; i < STEP_COUNT; i++) {
		runs[i] = (struct run){.model = NULL};
		if (!steps[i].has_model)
			continue;
		runs[i].model = make_model(&runs[i].key);
		if (runs[i].model == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* All steps over the whole file; each slice begins with another one. */
static int measure_round(int fd, uint64_t size, double ret_ns[STEP_COUNT],
                         struct sums ret_sums[STEP_COUNT])
{
	struct run runs[STEP_COUNT];
	uint64_t offset;
	size_t i;

	if (begin_runs(runs) < 0)
		return -ENOMEM;
	for (i = 0; i < STEP_COUNT; i++)
		ret_ns[i] = 0;
	for (offset = 0; offset < size; offset += SLICE_SIZE)
		for (i = 0; i < STEP_COUNT; i++) {
			size_t turn = (i + offset / SLICE_SIZE) % STEP_COUNT;

			ret_ns[turn] += (double)take_slice(fd, offset, &steps[turn], &runs[turn]);
		}
	for (i = 0; i < STEP_COUNT; i++) {
		lines_done(&runs[i].lines);
		stream_done(&runs[i].stream);
		(void)model_free(runs[i].model);
		ret_sums[i] = runs[i].sums;
	}
	return 0;
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a;
	double second = *(const double *)b;

	return (first > second) - (first < second);
}

/* Of one step's figure over all rounds; with divisor its ratio to that step's, round by round. */
static double median(double (*rounds)[STEP_COUNT], size_t count, size_t step, const size_t *divisor)
{
	double values[ROUNDS_MAX];
	size_t i;

	for (i = 0; i < count; i++)
		values[i] = rounds[i][step] / (divisor != NULL ? rounds[i][*divisor] : 1);
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	static double rounds[ROUNDS_MAX][STEP_COUNT];
	static const size_t floor_step = STEP_FLOOR;
	_cleanup_(closep) int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	struct sums sums[STEP_COUNT];
	uint64_t round_count = ROUNDS;
	double line_count;
	size_t i;

	if (size < 0 ||
	    (argc > 2 && number_parse_u64(argv[2], strlen(argv[2]), &round_count) < 0) ||
	    round_count == 0 || round_count > ROUNDS_MAX) {
		(void)fprintf(stderr, "usage: gclog FILE [ROUNDS]\n");
		return 2;
	}
	for (i = 0; i < round_count; i++)
		if (measure_round(fd, (uint64_t)size, rounds[i], sums) < 0)
			return 1;
	line_count = (double)sums[STEP_LINES].line_count;
	for (i = 0; i < STEP_COUNT; i++) {
		double step_ns = median(rounds, round_count, i, NULL);

		printf("%-16s %8.1f ns/line %8.0f MB/s %6.2f by hand %10llu collections\n",
		       steps[i].name, step_ns / line_count, (double)size * 1e3 / step_ns,
		       median(rounds, round_count, i, &floor_step),
		       (unsigned long long)sums[i].gc_count);
	}
	return 0;
}
