// SPDX-License-Identifier: MIT
/*
 * All rows as JSON; those that grew most with their paths for people.
 */
#include "tool/retainer_report.h"

#include <inttypes.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/units.h"
#include "snapshot/locations.h"
#include "snapshot/names.h"
#include "snapshot/shapes.h"
#include "tool/diff_report.h"
#include "tool/output.h"

#define JSON_MAX      ((size_t)1024 * 1024 * 1024)
#define JSON_ROWS_MAX 10000
#define TEXT_MAX      ((size_t)1024 * 1024)
#define TEXT_ROWS_MAX 20
#define NAME_MAX_TEXT ((size_t)4096)
#define HINT_PERCENT  10 /* of the growth, from which anonymous objects are worth a word */

/* ---- parts ---- */

size_t retainer_steps(const struct retainers *retainers, uint32_t trail,
                      uint32_t ret_steps[RETAINER_STEPS_MAX])
{
	size_t count = 0, i;

	for (; trail != 0 && count < RETAINER_STEPS_MAX; trail = retainers->trails[trail].parent)
		ret_steps[count++] = trail;
	for (i = 0; i < count / 2; i++) {
		uint32_t other = ret_steps[i];

		ret_steps[i] = ret_steps[count - 1 - i];
		ret_steps[count - 1 - i] = other;
	}
	return count;
}

static const char *type_of(const struct retainer_report *report, const struct trail *trail)
{
	return report->heap->layout.node_types.names[trail->type];
}

static const char *class_name(const struct retainer_report *report, const struct trail *trail)
{
	const struct heap *heap = report->heap;

	return heap->classes[heap->node_classes[trail->example]].name;
}

/* What the node itself is called, where that says more than its class. */
static const char *plain_name(const struct retainer_report *report, const struct trail *trail)
{
	const char *name = trail->name != UINT32_MAX ? names_text(report->heap, trail->name) : "";

	return *name != '\0' ? name : class_name(report, trail);
}

void retainer_append_name(struct buf *out, const struct retainer_report *report,
                          const struct trail *trail)
{
	const char *name = plain_name(report, trail);

	if (strcmp(type_of(report, trail), "closure") != 0)
		buf_append_string(out, name);
	else if (name == class_name(report, trail))
		buf_append_string(out, "(anonymous function)");
	else
		buf_printf(out, "%s()", name);
	if (trail->shape != 0) {
		buf_append_char(out, ' ');
		shape_append(out, report->heap, trail->example);
	}
}

static const char *label_of(const struct retainer_report *report, const struct trail *trail)
{
	if (trail->label == RETAINERS_NO_LABEL)
		return NULL;
	return trail->label == RETAINERS_ANY_LABEL ? "*" : names_text(report->heap, trail->label);
}

/* "leaks (Array)"; what no name of the program holds goes by its own. */
static void append_step(struct buf *out, const struct retainer_report *report,
                        const struct trail *trail)
{
	const char *label = label_of(report, trail);
	bool is_named = label != NULL &&
	                (trail->kind == EDGE_KIND_PROPERTY || trail->kind == EDGE_KIND_CONTEXT);

	if (is_named)
		buf_printf(out, "%s (", label);
	retainer_append_name(out, report, trail);
	if (is_named)
		buf_append_char(out, ')');
	if (trail->repeats)
		buf_append_string(out, " ...");
}

void retainer_append_path(struct buf *out, const struct retainer_report *report, uint32_t trail,
                          const char *arrow)
{
	uint32_t steps[RETAINER_STEPS_MAX];
	size_t count = retainer_steps(report->retainers, trail, steps);
	bool is_first = true;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct trail *step = &report->retainers->trails[steps[i]];

		if (i < count - 1 && retainers_is_internal(report->heap, step->example) &&
		    strcmp(type_of(report, step), "synthetic") != 0)
			continue;
		if (!is_first)
			buf_append_string(out, arrow);
		is_first = false;
		append_step(out, report, step);
	}
}

void retainer_append_place(struct buf *out, const struct heap *heap, uint32_t node)
{
	const struct location *location = locations_of(heap, node);
	const char *script;

	if (location == NULL)
		return;
	script = locations_script(heap, location->script);
	if (*script != '\0')
		buf_printf(out, "%s:%" PRIu32 ":%" PRIu32, script, location->line,
		           location->column);
}

const char *retainer_hint(const struct retainer_report *report)
{
	const struct retainers *retainers = report->retainers;
	uint64_t anonymous_bytes = 0;
	size_t i;

	for (i = 0; i < retainers->row_count; i++) {
		const struct trail *trail = &retainers->trails[retainers->rows[i]];

		if (strcmp(class_name(report, trail), "Object") == 0)
			anonymous_bytes += trail->growth_bytes;
	}
	if (anonymous_bytes < retainers->growth_bytes / 100 * HINT_PERCENT || anonymous_bytes == 0)
		return NULL;
	return "Anonymous objects ({...}) are told apart by their properties only: objects of a "
	       "named class (class Session { ... }) show by its name, with the place of its "
	       "constructor.";
}

/* ---- JSON ---- */

static void add_place(struct json *json, const struct heap *heap, uint32_t node)
{
	const struct location *location = locations_of(heap, node);

	if (location == NULL)
		return;
	json_string(json, "script", locations_script(heap, location->script));
	json_u64(json, "line", location->line);
	json_u64(json, "column", location->column);
}

static void add_step(struct json *json, const struct retainer_report *report,
                     const struct trail *trail)
{
	static const char *const kinds[] = {
	    [EDGE_KIND_INTERNAL] = "internal", [EDGE_KIND_ELEMENT] = "element",
	    [EDGE_KIND_PROPERTY] = "property", [EDGE_KIND_CONTEXT] = "context",
	    [EDGE_KIND_HIDDEN] = "hidden",     [EDGE_KIND_SHORTCUT] = "shortcut",
	    [EDGE_KIND_WEAK] = "weak"};
	const char *label = label_of(report, trail);

	json_begin_object(json, NULL);
	json_string(json, "edge", label != NULL ? label : "[]");
	json_string(json, "edge_type", kinds[trail->kind]);
	json_string(json, "name", plain_name(report, trail));
	json_string(json, "type", type_of(report, trail));
	json_bool(json, "repeats", trail->repeats);
	add_place(json, report->heap, trail->example);
	json_end_object(json);
}

static void add_shape(struct json *json, const struct retainer_report *report,
                      const struct trail *trail)
{
	struct buf shape = BUF_INIT(NAME_MAX_TEXT);

	if (trail->shape != 0) {
		shape_append(&shape, report->heap, trail->example);
		json_string(json, "shape", buf_string(&shape));
	}
	buf_done(&shape);
}

static void add_path(struct json *json, const struct retainer_report *report, uint32_t trail)
{
	struct buf path = BUF_INIT(TEXT_MAX);
	uint32_t steps[RETAINER_STEPS_MAX];
	size_t count = retainer_steps(report->retainers, trail, steps);
	size_t i;

	retainer_append_path(&path, report, trail, " → ");
	json_string(json, "path_text", buf_string(&path));
	buf_done(&path);
	json_begin_array(json, "path");
	for (i = 0; i < count; i++)
		add_step(json, report, &report->retainers->trails[steps[i]]);
	json_end_array(json);
}

static void add_row(struct json *json, const struct retainer_report *report, uint32_t index)
{
	const struct trail *trail = &report->retainers->trails[index];

	json_begin_object(json, NULL);
	json_string(json, "name", plain_name(report, trail));
	json_string(json, "type", type_of(report, trail));
	add_shape(json, report, trail);
	json_u64(json, "count", trail->count);
	json_u64(json, "self_bytes", trail->self_bytes);
	json_u64(json, "retained_bytes", trail->retained_bytes);
	json_u64(json, "new_bytes", trail->growth_bytes);
	json_u64(json, "heads", trail->head_count);
	add_place(json, report->heap, trail->example);
	add_path(json, report, index);
	json_end_object(json);
}

static void add_totals(struct json *json, const struct retainer_report *report)
{
	const struct retainers *retainers = report->retainers;

	json_begin_object(json, "totals");
	json_u64(json, "rows", retainers->row_count);
	json_u64(json, "new_bytes", retainers->growth_bytes);
	json_u64(json, "unheld_count", retainers->unheld_count);
	json_u64(json, "unheld_bytes", retainers->unheld_bytes);
	diff_add_notes(json, report->diff, retainer_hint(report));
	json_end_object(json);
}

int retainer_report_json(const struct retainer_report *report, FILE *out)
{
	struct buf text = BUF_INIT(JSON_MAX);
	struct json json = {.out = &text};
	size_t i;

	json_begin_object(&json, NULL);
	json_begin_array(&json, "rows");
	for (i = 0; i < report->retainers->row_count && i < JSON_ROWS_MAX; i++)
		add_row(&json, report, report->retainers->rows[i]);
	json_end_array(&json);
	add_totals(&json, report);
	json_end_object(&json);
	buf_append_char(&text, '\n');
	return output_print(&text, out);
}

/* ---- text ---- */

static void append_head(struct buf *out, const struct retainer_report *report,
                        const struct terminal *terminal, const struct trail *trail)
{
	char growth[UNIT_TEXT_SIZE], retained[UNIT_TEXT_SIZE];
	struct buf name = BUF_INIT(NAME_MAX_TEXT), clean = BUF_INIT(NAME_MAX_TEXT);

	retainer_append_name(&name, report, trail);
	terminal_append_clean(&clean, buf_string(&name), NAME_MAX_TEXT);
	terminal_append(out, terminal, TONE_BOLD, buf_string(&clean));
	buf_done(&name);
	buf_done(&clean);
	buf_printf(out, " %s%" PRIu64 "  +%s, retains %s\n", terminal->is_utf8 ? "×" : "x",
	           trail->count, size_format(growth, (double)trail->growth_bytes),
	           size_format(retained, (double)trail->retained_bytes));
}

static void append_row(struct buf *out, const struct retainer_report *report,
                       const struct terminal *terminal, uint32_t index)
{
	const struct trail *trail = &report->retainers->trails[index];
	struct buf line = BUF_INIT(TEXT_MAX);

	append_head(out, report, terminal, trail);
	retainer_append_path(&line, report, index, terminal->is_utf8 ? " → " : " -> ");
	terminal_wrap(out, terminal, "    ", buf_string(&line));
	buf_clear(&line);
	retainer_append_place(&line, report->heap, trail->example);
	if (line.length > 0)
		terminal_wrap(out, terminal, "    at ", buf_string(&line));
	buf_done(&line);
}

static void append_summary(struct buf *out, const struct retainer_report *report)
{
	const struct retainers *retainers = report->retainers;
	char size[UNIT_TEXT_SIZE];

	buf_printf(out, "+%s in %zu rows of new objects, by what holds them\n\n",
	           size_format(size, (double)retainers->growth_bytes), retainers->row_count);
}

static void append_rest(struct buf *out, const struct retainer_report *report,
                        const struct terminal *terminal)
{
	const struct retainers *retainers = report->retainers;
	const char *hint = retainer_hint(report);
	char size[UNIT_TEXT_SIZE];

	if (retainers->row_count > TEXT_ROWS_MAX)
		buf_printf(out, "\n%zu more rows; --format=json has them\n",
		           retainers->row_count - TEXT_ROWS_MAX);
	if (retainers->unheld_count > 0)
		buf_printf(out, "\n%" PRIu64 " new objects (%s) are held weakly or not at all\n",
		           retainers->unheld_count,
		           size_format(size, (double)retainers->unheld_bytes));
	if (hint != NULL) {
		buf_append_char(out, '\n');
		terminal_wrap(out, terminal, "", hint);
	}
}

int retainer_report_text(const struct retainer_report *report, const struct terminal *terminal,
                         FILE *out)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	size_t i;

	append_summary(&text, report);
	for (i = 0; i < report->retainers->row_count && i < TEXT_ROWS_MAX; i++)
		append_row(&text, report, terminal, report->retainers->rows[i]);
	append_rest(&text, report, terminal);
	return output_print(&text, out);
}
