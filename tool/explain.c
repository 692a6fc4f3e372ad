// SPDX-License-Identifier: MIT
/*
 * heapwatch explain: samples what a process allocates through its inspector, and names what stays.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/explain.h"
#include "collectors/inspector/find.h"
#include "collectors/inspector/subject.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/options.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/explain_report.h"
#include "tool/terminal.h"

#define REPORT_MAX      ((size_t)64 * 1024 * 1024)
#define DURATION_MIN_NS (2 * NS_PER_SECOND)
#define DURATION_MAX_NS NS_PER_HOUR

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_FOLDED, FORMAT_HEAPPROFILE, FORMAT_COUNT };

static const char *const format_names[] = {"text", "json", "folded", "heapprofile"};

_Static_assert(sizeof(format_names) / sizeof(format_names[0]) == FORMAT_COUNT, "a name each");

struct explain_arguments {
	bool help;
	const char *duration;
	const char *format;
	const char *inspector;
};

static const struct option_row explain_rows[] = {
    {"duration", "DURATION", "30s", "How long to sample.", OPTION_STRING,
     offsetof(struct explain_arguments, duration)},
    {"format", "FORMAT", "text",
     "text; json; folded, for flame graphs; heapprofile, for Chrome's DevTools.", OPTION_STRING,
     offsetof(struct explain_arguments, format)},
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct explain_arguments, help)},
    {"inspector", "MODE", "attach", "attach to an inspector that is open.", OPTION_STRING,
     offsetof(struct explain_arguments, inspector)},
};

static const struct option_table explain_table = {
    .program = "heapwatch explain",
    .synopsis = "[OPTION]... PID",
    .purpose = "Names the code of a running Node.js process that holds the growth of its heap.",
    .rows = explain_rows,
    .count = sizeof(explain_rows) / sizeof(explain_rows[0]),
};

struct request {
	pid_t pid;
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

/* Its own listeners, until one of them is its inspector. */
static int explain_candidates(const struct request *request, const struct subject *subject,
                              const struct find_result *found, struct explain_result *ret_result,
                              char reterr_message[EXPLAIN_MESSAGE_SIZE])
{
	struct explain_options options = {
	    .pid = request->pid,
	    .inner_pid = subject->inner_pid,
	    .duration_ns = request->duration_ns,
	    .cancel_fd = -1,
	    .context = (void *)(uintptr_t)request,
	    .progress = on_progress,
	};
	int r = -ECONNREFUSED;
	size_t i;

	(void)snprintf(reterr_message, EXPLAIN_MESSAGE_SIZE,
	               "no inspector is open on loopback; start it with --inspect");
	for (i = 0; i < found->candidate_count && r == -ECONNREFUSED; i++) {
		options.address = found->candidates[i].address;
		options.address.network_fd = subject->network_fd;
		r = explain_run(&options, ret_result, reterr_message);
	}
	return r;
}

static int explain_pid(const struct request *request)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	_cleanup_(closep) int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char message[EXPLAIN_MESSAGE_SIZE] = "";
	struct explain_result result;
	struct find_result found;
	int status;
	int r = proc_fd < 0 ? -errno : subject_open("/proc", request->pid, &subject);

	if (r < 0)
		return complain(request->pid, r == -ESRCH ? "no such process" : strerror(-r));
	find_candidates(proc_fd, request->pid, &found);
	if (found.error < 0)
		return complain(request->pid, strerror(-found.error));
	r = explain_candidates(request, &subject, &found, &result, message);
	end_progress(request);
	if (r < 0)
		return complain(request->pid, message);
	status = print(request, &result);
	explain_result_done(&result);
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
	    .duration = "30s", .format = "text", .inspector = "attach"};
	struct request request = {.terminal = terminal_of(STDERR_FILENO)};
	char message[EXPLAIN_MESSAGE_SIZE];
	uint64_t pid = 0;
	int first = options_parse(&explain_table, argc, argv, &arguments, message, sizeof(message));

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
	if (strcmp(arguments.inspector, "attach") != 0)
		return usage_error("--inspector: expected attach, not ", arguments.inspector);
	if (argc - first != 1)
		return usage_error("exactly one process is needed", "");
	if (number_parse_u64(argv[first], strlen(argv[first]), &pid) < 0 || pid == 0 ||
	    pid > INT32_MAX)
		return usage_error("expected a pid, not ", argv[first]);
	request.pid = (pid_t)pid;
	return explain_pid(&request);
}
