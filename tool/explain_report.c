// SPDX-License-Identifier: MIT
/*
 * Names of functions and scripts come from the observed process: on a terminal they must not act,
 * in folded stacks they must not look like separators.
 */
#include "tool/explain_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "collectors/inspector/explanation.h"
#include "daemon/exposition/json.h"
#include "daemon/exposition/sites.h"
#include "lib/utf8.h"
#include "tool/terminal.h"

/* A replaced byte takes three. */
#define CLEAN_SIZE ((size_t)3 * EXPLANATION_FRAME_SIZE + 1)

/* ---- text ---- */

static void append_stack(struct buf *out, const struct terminal *terminal,
                         const struct explanation_site *site)
{
	char clean[CLEAN_SIZE];
	size_t i;

	for (i = 1; i < site->stack_count; i++) {
		utf8_clean(clean, sizeof(clean), site->stack[i]);
		buf_printf(out, "%*s", (int)(18 + 2 * i), "");
		buf_append_string(out, terminal->is_utf8 ? "└ " : "< ");
		terminal_append(out, terminal, TONE_DIM, clean);
		buf_append_char(out, '\n');
	}
}

static void append_site(struct buf *out, const struct terminal *terminal,
                        const struct explanation_site *site)
{
	char clean[CLEAN_SIZE];

	utf8_clean(clean, sizeof(clean), site->stack_count > 0 ? site->stack[0] : site->function);
	buf_printf(out, "%5.1f %% %8llu  ", 100 * site->share, (unsigned long long)site->samples);
	terminal_append(out, terminal, TONE_BOLD, clean);
	buf_append_char(out, '\n');
	append_stack(out, terminal, site);
}

void explain_report_text(struct buf *out, const struct terminal *terminal,
                         const struct explanation *explanation)
{
	size_t i;

	if (explanation->thread != 0)
		buf_printf(out, "worker thread %u\n", explanation->thread);
	if (explanation->site_count > 0)
		buf_append_string(out, "growth   samples  allocated by\n");
	for (i = 0; i < explanation->site_count; i++)
		append_site(out, terminal, &explanation->sites[i]);
	if (explanation->site_count > 0)
		buf_printf(out, "\nconfidence %.2f\n", explanation->confidence);
	for (i = 0; i < explanation->note_count; i++)
		terminal_wrap(out, terminal, "  - ", explanation->notes[i]);
}

void explain_report_json(struct buf *out, const struct explanation *explanation)
{
	struct json json = {.out = out};

	json_begin_object(&json, NULL);
	sites_write(&json, explanation);
	json_end_object(&json);
	buf_append_char(out, '\n');
}

/* ---- folded ---- */

static void append_folded_frame(struct buf *out, const struct call_frame *frame)
{
	char text[CLEAN_SIZE], clean[CLEAN_SIZE];
	char *at;

	(void)snprintf(text, sizeof(text), frame->script[0] != '\0' ? "%s (%s:%u)" : "%s",
	               frame->function, frame->script, frame->line);
	utf8_clean(clean, sizeof(clean), text);
	for (at = clean; *at != '\0'; at++)
		if (*at == ';')
			*at = ':';
	buf_append_string(out, clean);
}

static void append_folded_path(struct buf *out, const struct call_tree *tree, uint32_t index)
{
	uint32_t path[CALL_TREE_DEPTH_MAX];
	size_t depth = 0;

	for (; index != CALL_TREE_ROOT && depth < CALL_TREE_DEPTH_MAX;
	     index = call_tree_node(tree, index)->parent)
		path[depth++] = call_tree_node(tree, index)->frame;
	while (depth > 0) {
		struct call_frame frame = call_tree_frame(tree, path[--depth]);

		append_folded_frame(out, &frame);
		if (depth > 0)
			buf_append_char(out, ';');
	}
}

void explain_report_folded(struct buf *out, const struct call_tree *tree)
{
	uint32_t i;

	for (i = 1; i < call_tree_node_count(tree); i++) {
		double samples = call_node_growth_samples(tree, call_tree_node(tree, i));

		if (samples < 1)
			continue;
		append_folded_path(out, tree, i);
		buf_printf(out, " %.0f\n", samples);
	}
}

/* ---- heapprofile ---- */

static void begin_node(struct json *json, const struct call_tree *tree, uint32_t index)
{
	const struct call_node *node = call_tree_node(tree, index);
	struct call_frame frame = call_tree_frame(tree, node->frame);
	double bytes = call_node_growth_bytes(tree, node);

	json_begin_object(json, NULL);
	json_begin_object(json, "callFrame");
	/* DevTools names it itself. */
	json_string(json, "functionName",
	            strcmp(frame.function, "(anonymous)") == 0 ? "" : frame.function);
	json_string(json, "scriptId", "0");
	json_string(json, "url", frame.script);
	json_number(json, "lineNumber", (double)frame.line - 1);
	json_number(json, "columnNumber", (double)frame.column - 1);
	json_end_object(json);
	json_number(json, "selfSize", fmax(0, bytes));
	json_u64(json, "id", (uint64_t)index + 1);
	json_begin_array(json, "children");
}

static void end_node(struct json *json)
{
	json_end_array(json);
	json_end_object(json);
}

/* The node after a whole subtree: its sibling, or that of who is above. */
static uint32_t leave(struct json *json, const struct call_tree *tree, uint32_t index)
{
	while (index != CALL_TREE_ROOT) {
		const struct call_node *node = call_tree_node(tree, index);

		end_node(json);
		if (node->next_sibling != 0)
			return node->next_sibling;
		index = node->parent;
	}
	return CALL_TREE_ROOT;
}

static void write_tree(struct json *json, const struct call_tree *tree)
{
	uint32_t index = call_tree_node(tree, CALL_TREE_ROOT)->first_child;

	begin_node(json, tree, CALL_TREE_ROOT);
	while (index != CALL_TREE_ROOT) {
		const struct call_node *node = call_tree_node(tree, index);

		begin_node(json, tree, index);
		index = node->first_child != 0 ? node->first_child : leave(json, tree, index);
	}
	end_node(json);
}

void explain_report_heapprofile(struct buf *out, const struct call_tree *tree)
{
	struct buf root = BUF_INIT(out->maximum);
	struct json json = {.out = &root};

	write_tree(&json, tree);
	buf_append_string(out, "{\"head\":");
	buf_append(out, buf_string(&root), root.length);
	buf_append_string(out, ",\"samples\":[]}\n");
	out->has_failed |= buf_failed(&root);
	buf_done(&root);
}
