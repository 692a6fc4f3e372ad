// SPDX-License-Identifier: MIT
/*
 * Options and output formats of heapwatch analyze; replay.c does the work, report.c the words.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/gclog/trace_events.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/numbers.h"
#include "lib/options.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/replay.h"
#include "tool/report.h"

#define MESSAGE_SIZE 512

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_TIMELINE, FORMAT_SVG, FORMAT_COUNT };

static const char *const format_names[FORMAT_COUNT] = {
    [FORMAT_TEXT] = "text",
    [FORMAT_JSON] = "json",
    [FORMAT_TIMELINE] = "timeline",
    [FORMAT_SVG] = "svg",
};

struct analyze_options {
	bool help;
	const char *proc;
	const char *times;
	const char *time_scale;
	const char *format;
	const char *heap_limit;
	const char *memory_limit;
	const char *fail_on;
};

#define ROW(name_, argument_, fallback_, member_, help_)                                    \
	{                                                                                   \
		.name = (name_), .argument = (argument_), .fallback = (fallback_),          \
		.help = (help_), .kind = (argument_) == NULL ? OPTION_FLAG : OPTION_STRING, \
		.offset = offsetof(struct analyze_options, member_)                         \
	}

static const struct option_row rows[] = {
    ROW("proc", "FILE", NULL, proc, "CSV of /proc samples of the process that wrote the log."),
    ROW("times", "FILE", NULL, times, "CSV with the time of arrival of each line of the log."),
    ROW("time-scale", "NUMBER", "1", time_scale, "Seconds that a second of the log stands for."),
    ROW("format", "FORMAT", "text", format, "What to print: text, json, timeline or svg."),
    ROW("heap-limit", "SIZE", "0", heap_limit, "Limit of the old space; 0: unknown."),
    ROW("memory-limit", "SIZE", "0", memory_limit, "Limit of the process's memory; 0: unknown."),
    ROW("fail-on", "STATE", NULL, fail_on, "Exit with 3 when the verdict is this: leak."),
    ROW("help", NULL, NULL, help, "Show this help."),
};

static const struct option_table table = {
    .program = "heapwatch analyze",
    .synopsis = "[OPTION]... FILE...|-",
    .purpose = "Judges the heaps of a GC log, in every format that node --trace-gc prints.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
};

struct settings {
	struct replay_options replay;
	enum format format;
	bool fails_on_leak;
};

static int parse_format(const char *text, enum format *ret_format)
{
	size_t i;

	for (i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(text, format_names[i]) == 0) {
			*ret_format = (enum format)i;
			return 0;
		}
	}
	return -EINVAL;
}

static bool is_time_scale(const char *text, double *ret_scale)
{
	return number_parse_double(text, strlen(text), ret_scale) == 0 && *ret_scale > 0 &&
	       *ret_scale <= 1e6;
}

/* NULL, or what is wrong with them. */
static const char *read_settings(const struct analyze_options *options,
                                 struct settings *ret_settings)
{
	struct settings settings = {
	    .replay = {.proc_path = options->proc, .times_path = options->times},
	    .fails_on_leak = options->fail_on != NULL,
	};

	if (parse_format(options->format, &settings.format) < 0)
		return "--format: expected text, json, timeline or svg";
	if (!is_time_scale(options->time_scale, &settings.replay.time_scale))
		return "--time-scale: expected a number above 0";
	if (size_parse(options->heap_limit, &settings.replay.heap_limit_bytes) < 0)
		return "--heap-limit: expected a size such as 512MiB";
	if (size_parse(options->memory_limit, &settings.replay.memory_limit_bytes) < 0)
		return "--memory-limit: expected a size such as 1GiB";
	if (settings.fails_on_leak && strcmp(options->fail_on, "leak") != 0)
		return "--fail-on: expected leak";
	*ret_settings = settings;
	return NULL;
}

/* What the callbacks of a replay need. */
struct analysis {
	uint64_t progress_ns; /* when it was shown last */
};

static void print_evaluation(void *context, uint64_t at_ms, const struct process *process)
{
	(void)context;
	report_timeline(stdout, at_ms, &process->verdict);
}

/* Files of which one does not see that they are being read. */
#define PROGRESS_SIZE_MIN  (64 * MIB)
#define PROGRESS_PERIOD_NS (NS_PER_SECOND / 5)

/* On a terminal only; the line is erased at the end. */
static void show_progress(void *context, const char *path, uint64_t read_bytes, uint64_t size_bytes)
{
	struct analysis *analysis = context;
	uint64_t now_ns;

	if (size_bytes < PROGRESS_SIZE_MIN)
		return;
	now_ns = clock_boottime_ns();
	if (read_bytes >= size_bytes)
		(void)fputs("\r\033[K", stderr);
	else if (now_ns - analysis->progress_ns >= PROGRESS_PERIOD_NS)
		(void)fprintf(stderr, "\r\033[K%s: %.0f %% ", path,
		              100 * (double)read_bytes / (double)size_bytes);
	else
		return;
	analysis->progress_ns = now_ns;
}

static bool is_leak(const struct replay *replay)
{
	const struct process *process = replay_process(replay);

	return process != NULL && process->verdict.score >= REPORT_LEAK_SCORE;
}

static int fail(const char *message)
{
	(void)fprintf(stderr, "heapwatch analyze: %s\n", message);
	return STATUS_FAILURE;
}

static int print_report(const struct report *report, enum format format)
{
	const struct terminal terminal = terminal_of(STDOUT_FILENO);
	int result = 0;

	if (format == FORMAT_JSON)
		result = report_json(stdout, report);
	else if (format == FORMAT_SVG)
		result = report_svg(stdout, report);
	else if (format == FORMAT_TEXT)
		result = report_text(stdout, report, &terminal);
	if (result < 0)
		return fail(strerror(-result));
	if (fflush(stdout) != 0)
		return fail(strerror(errno));
	return STATUS_OK;
}

static int report(const struct replay *replay, const struct settings *settings)
{
	struct report report;
	int status;

	if (report_init(&report, replay, settings->replay.time_scale) < 0)
		status = fail(strerror(ENOMEM));
	else
		status = print_report(&report, settings->format);
	report_done(&report);
	return status;
}

DEFINE_CLEANUP(struct replay, replay_free)

static bool is_of_trace_events(const char *path)
{
	char head[sizeof(TRACE_EVENTS_HEAD)];
	struct stat status;
	size_t length;

	/* a FIFO's writer must not see a reader come and go */
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       file_read_text_at(AT_FDCWD, path, head, sizeof(head), &length) == 0 &&
	       strcmp(head, TRACE_EVENTS_HEAD) == 0;
}

/* Trace events go last: of a process that also printed its trace they tell nothing new. */
static int replay_files(struct replay *replay, char **files, int count, char *reterr_message)
{
	int turn;

	for (turn = 0; turn < 2 * count; turn++) {
		const char *path = files[turn % count];
		int result;

		if (count > 1 ? is_of_trace_events(path) != (turn >= count) : turn > 0)
			continue;
		result = replay_file(replay, path, reterr_message, MESSAGE_SIZE);
		if (result < 0)
			return result;
		if (result > 0)
			(void)fprintf(stderr, "heapwatch analyze: warning: %s\n", reterr_message);
	}
	return 0;
}

static int analyze(const struct settings *settings, char **files, int count)
{
	_cleanup_(replay_freep) struct replay *replay = replay_new(&settings->replay);
	char message[MESSAGE_SIZE];
	uint64_t missing_count;
	int status;

	if (replay == NULL)
		return fail(strerror(ENOMEM));
	if (replay_files(replay, files, count, message) < 0)
		return fail(message);
	if (replay_finish(replay, message, sizeof(message)) < 0)
		return fail(message);
	missing_count = heap_table_missing(replay_heaps(replay));
	if (missing_count > 0)
		(void)fprintf(stderr,
		              "heapwatch analyze: warning: %" PRIu64
		              " heaps or collections are beyond bounds or memory and left out\n",
		              missing_count);
	status = report(replay, settings);
	if (status == STATUS_OK && settings->fails_on_leak && is_leak(replay))
		return STATUS_LEAK;
	return status;
}

int command_analyze(int argc, char **argv)
{
	struct analyze_options options = {
	    .time_scale = "1",
	    .format = "text",
	    .heap_limit = "0",
	    .memory_limit = "0",
	};
	struct analysis analysis = {.progress_ns = 0};
	struct settings settings;
	char message[MESSAGE_SIZE];
	const char *problem;
	int first = options_parse(&table, argc, argv, &options, message, sizeof(message));

	if (first >= 0 && options.help) {
		options_print_help(&table, stdout);
		return STATUS_OK;
	}
	problem = first < 0 ? message : read_settings(&options, &settings);
	if (problem == NULL && first == argc)
		problem = "expected at least one FILE, or - for the standard input";
	if (problem != NULL) {
		(void)fprintf(stderr, "heapwatch analyze: %s\n", problem);
		return STATUS_USAGE;
	}
	settings.replay.context = &analysis;
	if (isatty(STDERR_FILENO) == 1)
		settings.replay.progress = show_progress;
	if (settings.format == FORMAT_TIMELINE)
		settings.replay.evaluated = print_evaluation;
	return analyze(&settings, argv + first, argc - first);
}
