// SPDX-License-Identifier: MIT
/*
 * One process, from its object in the API: verdict and reasons first.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/cjson.h"
#include "lib/cleanup.h"
#include "lib/units.h"
#include "lib/utf8.h"
#include "tool/chart.h"
#include "tool/top_screen.h"
#include "tool/top_text.h"

#define BODY_MAX     ((size_t)256 * 1024)
#define TEXT_SIZE    1024
#define NUMBER_SIZE  40
#define CHART_ROWS   6
#define CHART_INDENT 2

struct detail {
	struct buf *out;
	const struct terminal *terminal; /* as wide as the screen */
	const cJSON *process;
	double now_unix_seconds;
};

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double number(const cJSON *object, const char *key)
{
	const cJSON *item = member(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

/* Safe for the terminal, also one that shows ASCII alone. */
static void append_clean(struct buf *out, const struct terminal *terminal, const char *text)
{
	char clean[TEXT_SIZE];

	utf8_clean(clean, sizeof(clean), text);
	top_append_toned(out, terminal, TONE_PLAIN, clean, TEXT_SIZE);
}

static void append_title(const struct detail *detail, const char *title)
{
	buf_append_char(detail->out, '\n');
	terminal_append(detail->out, detail->terminal, TONE_BOLD, title);
	buf_append_char(detail->out, '\n');
}

static void append_paragraph(const struct detail *detail, const char *first, const char *text)
{
	terminal_wrap(detail->out, detail->terminal, first, text);
}

/* ---- the verdict ---- */

static void append_since(const struct detail *detail, struct buf *text, double onset)
{
	time_t seconds;
	struct tm utc;
	char date[NUMBER_SIZE];
	char age[NUMBER_SIZE];

	if (!(onset > 0 && onset < 1e11))
		return;
	seconds = (time_t)onset;
	if (gmtime_r(&seconds, &utc) == NULL ||
	    strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc) == 0)
		return;
	top_duration(age, sizeof(age), floor(detail->now_unix_seconds - onset));
	buf_printf(text, "Since %s (%s ago). ", date, age);
}

static void append_growth(struct buf *text, const cJSON *leak)
{
	char growth[NUMBER_SIZE];
	char lower[NUMBER_SIZE];
	char upper[NUMBER_SIZE];

	top_growth(growth, sizeof(growth), number(leak, "growth_bytes_per_second"));
	top_growth(lower, sizeof(lower), number(leak, "growth_lower_bytes_per_second"));
	top_growth(upper, sizeof(upper), number(leak, "growth_upper_bytes_per_second"));
	buf_printf(text, "Growth %s (90 %%: %s to %s). ", growth, lower, upper);
}

static void append_forecast(struct buf *text, const cJSON *leak)
{
	const cJSON *left = member(leak, "time_to_exhaustion_seconds");
	char p10[NUMBER_SIZE];
	char p50[NUMBER_SIZE];
	char p90[NUMBER_SIZE];

	if (!isfinite(number(left, "p50")))
		return;
	top_duration(p10, sizeof(p10), number(left, "p10"));
	top_duration(p50, sizeof(p50), number(left, "p50"));
	top_duration(p90, sizeof(p90), number(left, "p90"));
	buf_printf(text, "Out of memory in about %s (%s to %s).", p50, p10,
	           isfinite(number(left, "p90")) ? p90 : "never");
}

static void append_verdict(const struct detail *detail, const struct top_row *row)
{
	static const enum tone tones[] = {TONE_PLAIN, TONE_GOOD, TONE_WARNING, TONE_BAD};
	const cJSON *leak = member(detail->process, "leak");
	struct buf text = BUF_INIT(BODY_MAX);

	append_clean(detail->out, detail->terminal, row->name);
	buf_append_string(detail->out, "  ");
	terminal_append(detail->out, detail->terminal, tones[top_state_rank(row->state)],
	                row->state);
	buf_printf(detail->out, "  score %.2f  confidence %.2f  kind %s\n", row->score,
	           row->confidence, row->kind);
	append_since(detail, &text, number(leak, "onset_time"));
	append_growth(&text, leak);
	append_forecast(&text, leak);
	append_paragraph(detail, "", buf_string(&text));
	buf_done(&text);
}

static void append_evidence(const struct detail *detail)
{
	const cJSON *evidence = member(member(detail->process, "leak"), "evidence");
	const cJSON *item;

	if (cJSON_GetArraySize(evidence) > 0)
		append_title(detail, "Why");
	cJSON_ArrayForEach(item, evidence)
	{
		struct buf text = BUF_INIT(BODY_MAX);

		append_clean(&text, detail->terminal,
		             cJSON_IsString(item) ? item->valuestring : "");
		append_paragraph(detail, "  - ", buf_string(&text));
		buf_done(&text);
	}
}

/* ---- the floor over time ---- */

/* That of the largest heap, else of the memory outside of heaps. */
static const cJSON *floor_series(const cJSON *process, const char **ret_name)
{
	const cJSON *series = member(process, "series");
	const cJSON *found = member(series, "outside_heap_bytes");
	const cJSON *item;
	double largest = -1;

	*ret_name = "memory outside of heaps";
	cJSON_ArrayForEach(item, member(series, "live_bytes"))
	{
		int count = cJSON_GetArraySize(item);
		const cJSON *last = cJSON_GetArrayItem(cJSON_GetArrayItem(item, count - 1), 1);

		if (!cJSON_IsNumber(last) || last->valuedouble <= largest)
			continue;
		largest = last->valuedouble;
		found = item;
		*ret_name = item->string;
	}
	return found;
}

static void fill_chart(struct chart *chart, const cJSON *series, double begin, double end)
{
	const cJSON *point;
	size_t column = 0;
	double value = -1;

	cJSON_ArrayForEach(point, series)
	{
		const cJSON *time_item = cJSON_GetArrayItem(point, 0);
		const cJSON *value_item = cJSON_GetArrayItem(point, 1);

		if (!cJSON_IsNumber(time_item) || !cJSON_IsNumber(value_item))
			continue;
		while (column < chart->columns &&
		       begin + (end - begin) * (double)(column + 1) / (double)chart->columns <
		           time_item->valuedouble)
			chart->front[column++] = value;
		value = value_item->valuedouble;
	}
	while (column < chart->columns)
		chart->front[column++] = value;
}

static void append_floor(const struct detail *detail)
{
	struct chart chart = {.rows = CHART_ROWS, .to = "now", .indent = CHART_INDENT};
	const char *name;
	const cJSON *series = floor_series(detail->process, &name);
	const cJSON *first = cJSON_GetArrayItem(cJSON_GetArrayItem(series, 0), 0);
	char title[TOP_WORD_SIZE + 64];
	char clean[TOP_WORD_SIZE];
	char from[NUMBER_SIZE];
	size_t i;

	if (cJSON_GetArraySize(series) < 2 || !cJSON_IsNumber(first))
		return;
	chart.is_utf8 = detail->terminal->is_utf8;
	chart.columns = detail->terminal->width - CHART_INDENT - 16;
	if (chart.columns > CHART_COLUMNS_MAX)
		chart.columns = CHART_COLUMNS_MAX;
	for (i = 0; i < CHART_COLUMNS_MAX; i++)
		chart.back[i] = -1;
	top_duration(from, sizeof(from), floor(detail->now_unix_seconds - first->valuedouble));
	chart.from = from;
	fill_chart(&chart, series, first->valuedouble, detail->now_unix_seconds);
	utf8_clean(clean, sizeof(clean), name);
	(void)snprintf(title, sizeof(title), "Floor (%s)", clean);
	append_title(detail, title);
	chart_append(detail->out, &chart);
}

/* ---- memory, heaps, identity ---- */

struct fact {
	const char *key;
	const char *name;
};

static void append_sizes(const struct detail *detail, const cJSON *object, const struct fact *facts,
                         size_t count)
{
	struct buf text = BUF_INIT(BODY_MAX);
	size_t i;

	for (i = 0; i < count; i++) {
		char size[NUMBER_SIZE];

		if (!isfinite(number(object, facts[i].key)))
			continue;
		top_size(size, sizeof(size), number(object, facts[i].key));
		buf_printf(&text, "%s%s %s", text.length > 0 ? ", " : "", facts[i].name, size);
	}
	append_paragraph(detail, "  ", text.length > 0 ? buf_string(&text) : "not known");
	buf_done(&text);
}

static void append_memory(const struct detail *detail)
{
	static const struct fact facts[] = {
	    {"resident_bytes", "resident"}, {"anonymous_bytes", "anonymous"},
	    {"file_bytes", "files"},        {"shmem_bytes", "shared"},
	    {"swap_bytes", "swap"},         {"limit_bytes", "limit"},
	};

	append_title(detail, "Memory");
	append_sizes(detail, member(detail->process, "memory"), facts,
	             sizeof(facts) / sizeof(facts[0]));
}

static void append_heaps(const struct detail *detail)
{
	static const struct fact facts[] = {
	    {"used_bytes", "used"},
	    {"live_bytes", "floor"},
	    {"committed_bytes", "committed"},
	    {"limit_bytes", "limit"},
	};
	const cJSON *isolate;

	cJSON_ArrayForEach(isolate, member(detail->process, "isolates"))
	{
		const cJSON *name = member(isolate, "isolate");
		char clean[TOP_WORD_SIZE];
		char title[TOP_WORD_SIZE + 8];

		utf8_clean(clean, sizeof(clean), cJSON_IsString(name) ? name->valuestring : "");
		(void)snprintf(title, sizeof(title), "Heap %s", clean);
		append_title(detail, title);
		append_sizes(detail, member(isolate, "heap"), facts,
		             sizeof(facts) / sizeof(facts[0]));
	}
}

static void append_identity(const struct detail *detail)
{
	static const struct fact facts[] = {
	    {"script", "script"}, {"node_version", "Node.js"},     {"unit", "unit"},
	    {"pod_uid", "pod"},   {"container_name", "container"}, {"container_id", "container id"},
	};
	const cJSON *item;
	size_t i;

	append_title(detail, "Process");
	buf_printf(detail->out, "  pid %.0f, known from", number(detail->process, "pid"));
	cJSON_ArrayForEach(item, member(detail->process, "sources"))
	{
		buf_append_char(detail->out, ' ');
		append_clean(detail->out, detail->terminal,
		             cJSON_IsString(item) ? item->valuestring : "");
	}
	buf_append_char(detail->out, '\n');
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		item = member(detail->process, facts[i].key);
		if (!cJSON_IsString(item) || item->valuestring[0] == '\0')
			continue;
		buf_printf(detail->out, "  %s ", facts[i].name);
		append_clean(detail->out, detail->terminal, item->valuestring);
		buf_append_char(detail->out, '\n');
	}
}

/* Facts that may not be read, and what would allow it. */
static void append_unreadable(const struct detail *detail)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, member(detail->process, "unreadable"))
	{
		const cJSON *fact = member(item, "fact");
		const cJSON *needs = member(item, "needs");

		buf_append_string(detail->out, "  may not be read: ");
		append_clean(detail->out, detail->terminal,
		             cJSON_IsString(fact) ? fact->valuestring : "");
		buf_append_string(detail->out, ", needs ");
		append_clean(detail->out, detail->terminal,
		             cJSON_IsString(needs) ? needs->valuestring : "");
		buf_append_char(detail->out, '\n');
	}
}

/* ---- the screen ---- */

/* The lines from first on, as many as fit, and the line of help. */
static void append_window(struct buf *out, const struct top_view *view, const char *body)
{
	size_t line = 0;
	size_t shown = 0;

	while (*body != '\0' && shown + 1 < view->height) {
		size_t length = strcspn(body, "\n");

		if (line++ >= view->first) {
			buf_append(out, body, length);
			buf_append_char(out, '\n');
			shown++;
		}
		body += length + (body[length] == '\n');
	}
	for (; shown + 1 < view->height; shown++)
		buf_append_char(out, '\n');
	top_append_toned(out, view->terminal, *view->trouble != '\0' ? TONE_BAD : TONE_DIM,
	                 *view->trouble != '\0' ? view->trouble
	                                        : "q quit  Esc back  up/down scroll  p pause",
	                 view->width);
}

void top_draw_detail(struct buf *out, const struct top_view *view, const char *document,
                     size_t length, uint64_t now_unix_seconds)
{
	_cleanup_(json_deletep) cJSON *process = cJSON_ParseWithLength(document, length);
	struct terminal terminal = *view->terminal;
	struct buf body = BUF_INIT(BODY_MAX);
	const struct detail detail = {
	    .out = &body,
	    .terminal = &terminal,
	    .process = process,
	    .now_unix_seconds = (double)now_unix_seconds,
	};

	terminal.width = view->width > 30 ? view->width - 1 : 30;
	if (process != NULL) {
		append_verdict(&detail, &view->list->rows[view->selected]);
		append_evidence(&detail);
		append_floor(&detail);
		append_memory(&detail);
		append_heaps(&detail);
		append_identity(&detail);
		append_unreadable(&detail);
	}
	append_window(out, view, buf_string(&body));
	buf_done(&body);
}
