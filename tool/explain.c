// SPDX-License-Identifier: MIT
/*
 * heapwatch explain: samples what a process allocates through its inspector, and names what stays.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/explain.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/options.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/explain_report.h"
#include "tool/inspect.h"
#include "tool/process_name.h"
#include "tool/terminal.h"

#define REPORT_MAX      ((size_t)64 * 1024 * 1024)
#define DURATION_MIN_NS (2 * NS_PER_SECOND)
#define DURATION_MAX_NS NS_PER_HOUR

_Static_assert(EXPLAIN_MESSAGE_SIZE <= ACCESS_MESSAGE_SIZE, "its messages fit");

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_FOLDED, FORMAT_HEAPPROFILE, FORMAT_COUNT };

static const char *const format_names[] = {"text", "json", "folded", "heapprofile"};

_Static_assert(sizeof(format_names) / sizeof(format_names[0]) == FORMAT_COUNT, "a name each");

struct explain_arguments {
	bool help;
	const char *duration;
	const char *format;
	const char *inspector;
	const char *url;
};

static const struct option_row explain_rows[] = {
    {"duration", "DURATION", "30s", "How long to sample.", OPTION_STRING,
     offsetof(struct explain_arguments, duration)},
    {"format", "FORMAT", "text",
     "text; json; folded, for flame graphs; heapprofile, for Chrome's DevTools.", OPTION_STRING,
     offsetof(struct explain_arguments, format)},
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct explain_arguments, help)},
    {"inspector", "MODE", "attach",
     "attach to an inspector that is open; signal: else open one by SIGUSR1.", OPTION_STRING,
     offsetof(struct explain_arguments, inspector)},
    {"url", "URL", PROCESS_NAME_URL, "The heapwatchd of this host that knows APP/SLOT.",
     OPTION_STRING, offsetof(struct explain_arguments, url)},
};

static const struct option_table explain_table = {
    .program = "heapwatch explain",
    .synopsis = "[OPTION]... PID|APP/SLOT",
    .purpose = "Names the code of a running Node.js process that holds the growth of its heap.",
    .rows = explain_rows,
    .count = sizeof(explain_rows) / sizeof(explain_rows[0]),
};

struct request {
	pid_t pid;
	bool may_signal;
	uint64_t duration_ns;
	enum format format;
	struct terminal terminal; /* of stderr, for the progress */
};

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch explain: %s%s; see heapwatch help explain\n", message,
	              detail);
	return STATUS_USAGE;
}

static int complain(pid_t pid, const char *message)
{
	(void)fprintf(stderr, "heapwatch: pid %d: %s\n", pid, message);
	return STATUS_FAILURE;
}

/* ---- progress ---- */

static void on_progress(void *context, const struct explain_progress *progress)
{
	const struct request *request = context;
	char heap[UNIT_TEXT_SIZE], external[UNIT_TEXT_SIZE];

	if (!request->terminal.is_tty)
		return;
	(void)fprintf(stderr, "\rsampling %3.0f of %.0f s, heap %s, outside %s \033[K",
	              ns_to_seconds(progress->elapsed_ns), ns_to_seconds(progress->duration_ns),
	              size_format(heap, (double)progress->heap_used_bytes),
	              size_format(external, (double)progress->external_bytes));
}

static void end_progress(const struct request *request)
{
	if (request->terminal.is_tty)
		(void)fputs("\r\033[K", stderr);
}

/* ---- the report ---- */

static int print(const struct request *request, const struct explain_result *result)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(REPORT_MAX);
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	switch (request->format) {
	case FORMAT_JSON:
		explain_report_json(&out, &result->explanation);
		break;
	case FORMAT_FOLDED:
		explain_report_folded(&out, result->tree);
		break;
	case FORMAT_HEAPPROFILE:
		explain_report_heapprofile(&out, result->tree);
		break;
	default:
		explain_report_text(&out, &terminal, &result->explanation);
		break;
	}
	if (buf_failed(&out)) {
		(void)fputs("heapwatch: no memory for the report\n", stderr);
		return STATUS_FAILURE;
	}
	(void)fputs(buf_string(&out), stdout); /* an error is seen at the flush of stdout */
	return STATUS_OK;
}

/* ---- the inspector ---- */

struct run {
	const struct request *request;
	struct explain_result result;
};

static int sample(void *context, const struct access *access,
                  char reterr_message[ACCESS_MESSAGE_SIZE])
{
	struct run *run = context;
	struct request request = *run->request;
	const struct explain_options options = {
	    .pid = access->pid,
	    .address = access->address,
	    .inner_pid = access->inner_pid,
	    .duration_ns = request.duration_ns,
	    .cancel_fd = access->cancel_fd,
	    .context = &request,
	    .progress = on_progress,
	};
	int r = explain_run(&options, &run->result, reterr_message);

	end_progress(&request);
	return r;
}

static int explain_pid(const struct request *request)
{
	struct run run = {.request = request};
	const struct inspect_request inspection = {
	    .pid = request->pid, .may_signal = request->may_signal, .context = &run, .run = sample};
	char message[ACCESS_MESSAGE_SIZE] = "";
	int status;

	if (inspect_process(&inspection, message) < 0)
		return complain(request->pid, message);
	status = print(request, &run.result);
	explain_result_done(&run.result);
	return status;
}

/* ---- the command ---- */

static int read_format(const char *text, enum format *ret_format)
{
	size_t i;

	for (i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(text, format_names[i]) != 0)
			continue;
		*ret_format = (enum format)i;
		return 0;
	}
	return -EINVAL;
}

int command_explain(int argc, char **argv)
{
	struct explain_arguments arguments = {
	    .duration = "30s", .format = "text", .inspector = "attach", .url = PROCESS_NAME_URL};
	struct request request = {.terminal = terminal_of(STDERR_FILENO)};
	char message[EXPLAIN_MESSAGE_SIZE];
	int first = options_parse(&explain_table, argc, argv, &arguments, message, sizeof(message));
	int r;

	if (first < 0)
		return usage_error(message, "");
	if (arguments.help) {
		options_print_help(&explain_table, stdout);
		return STATUS_OK;
	}
	if (duration_parse(arguments.duration, &request.duration_ns) < 0 ||
	    request.duration_ns < DURATION_MIN_NS || request.duration_ns > DURATION_MAX_NS)
		return usage_error("--duration: expected 2s to 1h, not ", arguments.duration);
	if (read_format(arguments.format, &request.format) < 0)
		return usage_error("unknown format ", arguments.format);
	request.may_signal = strcmp(arguments.inspector, "signal") == 0;
	if (!request.may_signal && strcmp(arguments.inspector, "attach") != 0)
		return usage_error("--inspector: expected attach or signal, not ",
		                   arguments.inspector);
	if (argc - first != 1)
		return usage_error("exactly one process is needed", "");
	r = process_name_resolve(argv[first], arguments.url, &request.pid, message);
	if (r < 0) {
		(void)fprintf(stderr, "heapwatch: %s: %s\n", argv[first], message);
		return r == -EINVAL ? STATUS_USAGE : STATUS_FAILURE;
	}
	return explain_pid(&request);
}
