// SPDX-License-Identifier: MIT
/*
 * Any bytes as what heapwatch shows in a terminal: a daemon's answer and the texts in it (top), the
 * names of functions and scripts in a profile (explain), a log (analyze). What is printed is text:
 * it does not act on the terminal.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/explanation.h"
#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/terminal_check.h"
#include "tool/explain_report.h"
#include "tool/report.h"
#include "tool/top_screen.h"

#define OUT_MAX        ((size_t)64 << 20)
#define TEXT_SIZE      512
#define PROFILE_SIZE   1024 /* bytes a sample stands for */
#define NOW_SECONDS    1700007200
#define MESSAGE_SIZE   512
#define SCREEN_LINES   24
#define SCREEN_COLUMNS 100

static const struct terminal terminals[] = {
    {.width = 80, .is_utf8 = true, .is_tty = true, .has_colour = true},
    {.width = 60},
};
#define TERMINAL_COUNT (sizeof(terminals) / sizeof(terminals[0]))

/* ---- top ---- */

static void check_screens(const struct top_list *list, const char *document,
                          const struct terminal *terminal)
{
	struct top_view view = {.terminal = terminal,
	                        .width = SCREEN_COLUMNS,
	                        .height = SCREEN_LINES,
	                        .list = list,
	                        .order = &top_orders[0],
	                        .source = "http://localhost:10765",
	                        .trouble = ""};
	struct buf out = BUF_INIT(OUT_MAX);

	top_draw_table(&out, &view);
	check_terminal(buf_string(&out), true); /* the selected row is reversed */
	for (view.selected = 0; view.selected < list->count; view.selected++) {
		const struct top_row *row = &list->rows[view.selected];

		buf_clear(&out);
		top_draw_detail(&out, &view, document + row->at, row->length, NOW_SECONDS);
		check_terminal(buf_string(&out), terminal->has_colour);
	}
	buf_clear(&out);
	view.height = 0;
	top_draw_table(&out, &view);
	check_terminal(buf_string(&out), terminal->has_colour);
	buf_done(&out);
}

static void check_top(const char *document, size_t length)
{
	struct top_list list;
	size_t i;

	if (top_list_read(document, length, &list) < 0)
		return;
	for (i = 0; i < TERMINAL_COUNT; i++)
		check_screens(&list, document, &terminals[i]);
	top_list_done(&list);
}

/* Every text of the API is the input. */
static void check_answer(const char *text)
{
	static const char *const members[] = {"app",          "script",  "unit",          "pod_uid",
	                                      "node_version", "sources", "container_name"};
	_cleanup_(json_deletep) cJSON *answer = cJSON_CreateObject();
	cJSON *process = cJSON_CreateObject();
	cJSON *leak = cJSON_AddObjectToObject(process, "leak");
	cJSON *isolate = cJSON_CreateObject();
	cJSON *fact = cJSON_CreateObject();
	_cleanup_(freep) char *document = NULL;
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		(void)cJSON_AddStringToObject(process, members[i], text);
	(void)cJSON_AddStringToObject(leak, "state", text);
	(void)cJSON_AddStringToObject(leak, "kind", text);
	(void)cJSON_AddItemToArray(cJSON_AddArrayToObject(leak, "evidence"),
	                           cJSON_CreateString(text));
	(void)cJSON_AddStringToObject(isolate, "isolate", text);
	(void)cJSON_AddItemToArray(cJSON_AddArrayToObject(process, "isolates"), isolate);
	(void)cJSON_AddStringToObject(fact, "fact", text);
	(void)cJSON_AddStringToObject(fact, "needs", text);
	(void)cJSON_AddItemToArray(cJSON_AddArrayToObject(process, "unreadable"), fact);
	(void)cJSON_AddItemToArray(cJSON_AddArrayToObject(answer, "processes"), process);
	document = cJSON_PrintUnformatted(answer);
	assert(document != NULL);
	check_top(document, strlen(document));
}

/* ---- explain ---- */

static cJSON *make_node(const char *text, int id, double size)
{
	cJSON *node = cJSON_CreateObject();
	cJSON *frame = cJSON_AddObjectToObject(node, "callFrame");

	(void)cJSON_AddStringToObject(frame, "functionName", text);
	(void)cJSON_AddStringToObject(frame, "scriptId", "1");
	(void)cJSON_AddStringToObject(frame, "url", text);
	(void)cJSON_AddNumberToObject(frame, "lineNumber", id);
	(void)cJSON_AddNumberToObject(frame, "columnNumber", 0);
	(void)cJSON_AddNumberToObject(node, "selfSize", size);
	(void)cJSON_AddNumberToObject(node, "id", id);
	(void)cJSON_AddArrayToObject(node, "children");
	return node;
}

/* One path of three frames, whose last one allocated. */
static cJSON *make_profile(const char *text)
{
	cJSON *profile = cJSON_CreateObject();
	cJSON *head = make_node("(root)", 1, 0);
	cJSON *caller = make_node(text, 2, 0);

	(void)cJSON_AddItemToObject(profile, "head", head);
	(void)cJSON_AddItemToArray(cJSON_GetObjectItem(head, "children"), caller);
	(void)cJSON_AddItemToArray(cJSON_GetObjectItem(caller, "children"),
	                           make_node(text, 3, 2.0 * SITE_SAMPLES_MIN * PROFILE_SIZE));
	return profile;
}

static void check_explanation(const struct call_tree *tree)
{
	static const struct explanation_facts facts = {0};
	struct buf out = BUF_INIT(OUT_MAX);
	struct explanation explanation;
	size_t i;

	assert(explanation_make(tree, &facts, &explanation) == 0);
	for (i = 0; i < TERMINAL_COUNT; i++) {
		buf_clear(&out);
		explain_report_text(&out, &terminals[i], &explanation);
		check_terminal(buf_string(&out), terminals[i].has_colour);
	}
	buf_clear(&out);
	explain_report_json(&out, &explanation);
	check_terminal(buf_string(&out), false);
	buf_clear(&out);
	explain_report_folded(&out, tree);
	check_terminal(buf_string(&out), false);
	explanation_done(&explanation);
	buf_done(&out);
}

static void check_explain(const char *text)
{
	_cleanup_(json_deletep) cJSON *profile = make_profile(text);
	struct call_tree *tree = call_tree_new(PROFILE_SIZE);

	assert(tree != NULL && call_tree_add(tree, profile) == 0);
	check_explanation(tree);
	(void)call_tree_free(tree);
}

/* ---- analyze ---- */

static void check_report(const struct report *report)
{
	size_t i;

	for (i = 0; i <= TERMINAL_COUNT; i++) {
		bool is_text = i < TERMINAL_COUNT;
		char *text = NULL;
		size_t length;
		FILE *out = open_memstream(&text, &length);

		assert(out != NULL);
		assert((is_text ? report_text(out, report, &terminals[i])
		                : report_json(out, report)) == 0);
		assert(fclose(out) == 0);
		check_terminal(text, is_text && terminals[i].has_colour);
		free(text);
	}
}

static void check_analyze(const uint8_t *data, size_t size)
{
	const struct replay_options options = {.time_scale = 1};
	struct replay *replay = replay_new(&options);
	int file = memfd_create("log", MFD_CLOEXEC);
	struct report report;
	char path[64], message[MESSAGE_SIZE];

	assert(replay != NULL && file >= 0 && write(file, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (replay_file(replay, path, message, sizeof(message)) >= 0 &&
	    replay_finish(replay, message, sizeof(message)) >= 0) {
		assert(report_init(&report, replay, options.time_scale) == 0);
		check_report(&report);
		report_done(&report);
	}
	(void)replay_free(replay);
	(void)close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char text[TEXT_SIZE];
	size_t length = size < sizeof(text) ? size : sizeof(text) - 1;

	memcpy(text, data, length);
	text[length] = '\0';
	check_top((const char *)data, size);
	check_answer(text);
	check_explain(text);
	if (memmem(data, size, " ms: ", 5) != NULL) /* else there is nothing to tell, slowly */
		check_analyze(data, size);
	return 0;
}
