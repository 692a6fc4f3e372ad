// SPDX-License-Identifier: MIT
/*
 * All constructors as JSON; those that changed most as a table.
 */
#include "tool/diff_report.h"

#include <inttypes.h>
#include <math.h>

#include "lib/buf.h"
#include "lib/units.h"
#include "tool/output.h"
#include "tool/snapshot_report.h"

#define JSON_MAX       ((size_t)1024 * 1024 * 1024)
#define TEXT_ROWS_MAX  40
#define TEXT_TYPE_SIZE 20
#define DELTA_SIZE     (UNIT_TEXT_SIZE + 1)

static const struct diff_amount *last_of(const struct diff *diff, const struct diff_row *row)
{
	return &row->at[diff->snapshot_count - 1];
}

/* ---- notes ---- */

const char *diff_note(const struct diff *diff, size_t snapshot, char out[DIFF_NOTE_SIZE])
{
	const struct diff_totals *totals = &diff->totals[snapshot];

	if (diff_is_of_one_process(diff, snapshot))
		return NULL;
	(void)snprintf(out, DIFF_NOTE_SIZE,
	               "A and %c are not of one process, or an inspector session ended between "
	               "them: %.0f %% of the ids in both are of objects of another type or name. "
	               "What is new, deleted or held means nothing; counts and sizes do. "
	               "heapwatch snapshot watch takes snapshots that can be compared.",
	               (char)('A' + snapshot),
	               ceil(100 * (double)totals->mistaken_count / (double)totals->shared_count));
	return out;
}

void diff_add_notes(struct json *json, const struct diff *diff, const char *hint)
{
	char note[DIFF_NOTE_SIZE];
	size_t i;

	json_begin_array(json, "notes");
	for (i = 1; i < diff->snapshot_count; i++)
		if (diff_note(diff, i, note) != NULL)
			json_string(json, NULL, note);
	if (hint != NULL)
		json_string(json, NULL, hint);
	json_end_array(json);
}

/* ---- JSON ---- */

static void add_delta(struct json *json, const char *key, uint64_t last, uint64_t first)
{
	json_number(json, key, (double)diff_delta(last, first));
}

static void add_retained(struct json *json, const struct diff *diff, const struct diff_row *row)
{
	const struct diff_amount *last = last_of(diff, row);

	if (!diff->has_retained) {
		json_number(json, "retained_bytes", (double)NAN);
		json_number(json, "delta_retained_bytes", (double)NAN);
		json_number(json, "new_retained_bytes", (double)NAN);
		return;
	}
	json_u64(json, "retained_bytes", last->retained_bytes);
	add_delta(json, "delta_retained_bytes", last->retained_bytes, row->at[0].retained_bytes);
	json_u64(json, "new_retained_bytes", row->new.retained_bytes);
}

static void add_row(struct json *json, const struct diff *diff, const struct diff_row *row)
{
	const struct diff_amount *last = last_of(diff, row);
	size_t i;

	json_begin_object(json, NULL);
	json_string(json, "name", row->name);
	json_string(json, "type", row->type);
	json_u64(json, "count", last->count);
	json_u64(json, "self_bytes", last->self_bytes);
	add_delta(json, "delta_count", last->count, row->at[0].count);
	add_delta(json, "delta_bytes", last->self_bytes, row->at[0].self_bytes);
	json_u64(json, "new_count", row->new.count);
	json_u64(json, "new_bytes", row->new.self_bytes);
	json_u64(json, "deleted_count", row->deleted.count);
	json_u64(json, "deleted_bytes", row->deleted.self_bytes);
	add_retained(json, diff, row);
	json_begin_array(json, "counts");
	for (i = 0; i < diff->snapshot_count; i++)
		json_u64(json, NULL, row->at[i].count);
	json_end_array(json);
	json_end_object(json);
}

static void add_totals(struct json *json, const struct diff *diff)
{
	const struct diff_totals *last = &diff->totals[diff->snapshot_count - 1];
	size_t i;

	json_begin_object(json, "totals");
	json_u64(json, "count", last->node_count);
	json_u64(json, "self_bytes", last->self_bytes);
	json_u64(json, "edges", last->edge_count);
	add_delta(json, "delta_count", last->node_count, diff->totals[0].node_count);
	add_delta(json, "delta_bytes", last->self_bytes, diff->totals[0].self_bytes);
	json_begin_array(json, "snapshots");
	for (i = 0; i < diff->snapshot_count; i++) {
		json_begin_object(json, NULL);
		json_u64(json, "count", diff->totals[i].node_count);
		json_u64(json, "self_bytes", diff->totals[i].self_bytes);
		json_end_object(json);
	}
	json_end_array(json);
	diff_add_notes(json, diff, NULL);
	json_end_object(json);
}

int diff_report_json(const struct diff *diff, FILE *out)
{
	struct buf text = BUF_INIT(JSON_MAX);
	struct json json = {.out = &text};
	size_t i;

	json_begin_object(&json, NULL);
	json_begin_array(&json, "rows");
	for (i = 0; i < diff->row_count; i++)
		add_row(&json, diff, &diff->rows[i]);
	json_end_array(&json);
	add_totals(&json, diff);
	json_end_object(&json);
	buf_append_char(&text, '\n');
	return output_print(&text, out);
}

/* ---- text ---- */

static const char *format_delta(char out[DELTA_SIZE], uint64_t last, uint64_t first)
{
	int64_t delta = diff_delta(last, first);

	out[0] = delta < 0 ? '-' : '+';
	(void)size_format(out + 1, fabs((double)delta));
	return out;
}

static bool has_changed(const struct diff *diff, const struct diff_row *row)
{
	return row->new.count > 0 || row->deleted.count > 0 ||
	       row->at[0].count != last_of(diff, row)->count;
}

static void print_row(const struct diff *diff, const struct diff_row *row, FILE *out)
{
	const struct diff_amount *last = last_of(diff, row);
	char delta[DELTA_SIZE], held[UNIT_TEXT_SIZE] = "-", retained[DELTA_SIZE] = "-";

	if (diff->has_retained) {
		(void)size_format(held, (double)row->new.retained_bytes);
		(void)format_delta(retained, last->retained_bytes, row->at[0].retained_bytes);
	}
	(void)fprintf(out, "%9" PRIu64 " %9" PRIu64 " %+10" PRId64 "  %11s  %11s  %11s  %-*s ",
	              row->new.count, row->deleted.count, diff_delta(last->count, row->at[0].count),
	              format_delta(delta, last->self_bytes, row->at[0].self_bytes), held, retained,
	              TEXT_TYPE_SIZE, row->type);
	snapshot_print_name(row->name, out);
}

static void print_totals(const struct diff *diff, FILE *out)
{
	char size[UNIT_TEXT_SIZE];
	size_t i;

	for (i = 0; i < diff->snapshot_count; i++)
		(void)fprintf(out, "%c: %" PRIu64 " nodes, %s\n", (char)('A' + i),
		              diff->totals[i].node_count,
		              size_format(size, (double)diff->totals[i].self_bytes));
	(void)fprintf(out, "\n");
	if (diff->snapshot_count == DIFF_SNAPSHOTS_MAX)
		(void)fprintf(out, "new: not in A, in B, and still in C\n");
}

void diff_report_text(const struct diff *diff, FILE *out)
{
	size_t changed = 0, i;

	print_totals(diff, out);
	(void)fprintf(out, "%9s %9s %10s  %11s  %11s  %11s  %-*s constructor\n", "new", "deleted",
	              "delta", "self", "new hold", "retained", TEXT_TYPE_SIZE, "type");
	for (i = 0; i < diff->row_count; i++) {
		if (!has_changed(diff, &diff->rows[i]))
			continue;
		if (changed++ < TEXT_ROWS_MAX)
			print_row(diff, &diff->rows[i], out);
	}
	if (changed > TEXT_ROWS_MAX)
		(void)fprintf(out, "%zu more constructors changed; --format=json has them all\n",
		              changed - TEXT_ROWS_MAX);
}
