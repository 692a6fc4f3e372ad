// SPDX-License-Identifier: MIT
/*
 * Members that are missing or of another type are unknown.
 */
#include "tool/top_list.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cjson.h"
#include "lib/utf8.h"

#define ROWS_MAX 65536

/* ---- reading ---- */

static double number_of(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static void clean_member(char *out, size_t size, const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	utf8_clean(out, size, cJSON_IsString(item) ? item->valuestring : "");
}

/* Where no heap is known, the memory outside of heaps is judged. */
static double floor_of(const cJSON *process)
{
	double live = number_of(cJSON_GetObjectItemCaseSensitive(process, "heap"), "live_bytes");
	const cJSON *series = cJSON_GetObjectItemCaseSensitive(process, "series");
	const cJSON *outside = cJSON_GetObjectItemCaseSensitive(series, "outside_heap_bytes");
	int count = cJSON_GetArraySize(outside);
	const cJSON *value;

	if (!isnan(live) || count == 0)
		return live;
	value = cJSON_GetArrayItem(cJSON_GetArrayItem(outside, count - 1), 1);
	return cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
}

static void read_row(const cJSON *process, struct top_row *row)
{
	const cJSON *leak = cJSON_GetObjectItemCaseSensitive(process, "leak");
	const cJSON *left = cJSON_GetObjectItemCaseSensitive(leak, "time_to_exhaustion_seconds");
	const cJSON *memory = cJSON_GetObjectItemCaseSensitive(process, "memory");
	const cJSON *evaluated = cJSON_GetObjectItemCaseSensitive(leak, "is_evaluated");
	bool is_evaluated = cJSON_IsTrue(evaluated);
	char app[TOP_NAME_SIZE - TOP_WORD_SIZE];

	clean_member(app, sizeof(app), process, "app");
	(void)snprintf(row->name, sizeof(row->name), "%s/%.0f", app,
	               fmin(fmax(number_of(process, "slot"), 0), 1e9));
	clean_member(row->state, sizeof(row->state), leak, "state");
	clean_member(row->kind, sizeof(row->kind), leak, "kind");
	row->score = number_of(leak, "score");
	row->confidence = number_of(leak, "confidence");
	row->growth_bytes_per_second =
	    is_evaluated ? number_of(leak, "growth_bytes_per_second") : (double)NAN;
	row->left_seconds = is_evaluated ? number_of(left, "p50") : (double)NAN;
	row->floor_bytes = floor_of(process);
	row->resident_bytes = number_of(memory, "resident_bytes");
	row->pid = number_of(process, "pid");
}

static int add_row(struct top_list *list, const cJSON *process, size_t at, size_t length)
{
	struct top_row *rows;

	if (!cJSON_IsObject(process) || list->count == ROWS_MAX)
		return -EBADMSG;
	if ((list->count & (list->count - 1)) == 0) { /* room for twice as many */
		rows =
		    reallocarray(list->rows, list->count == 0 ? 1 : list->count * 2, sizeof(*rows));
		if (rows == NULL)
			return -ENOMEM;
		list->rows = rows;
	}
	read_row(process, &list->rows[list->count]);
	list->rows[list->count].at = at;
	list->rows[list->count++].length = length;
	return 0;
}

static size_t skip_blanks(const char *document, size_t at, size_t length)
{
	while (at < length && (document[at] == ' ' || document[at] == '\t' ||
	                       document[at] == '\n' || document[at] == '\r'))
		at++;
	return at;
}

static bool take(const char *document, size_t length, const char *text, size_t *at)
{
	size_t begin = skip_blanks(document, *at, length);
	size_t wanted = strlen(text);

	if (length - begin < wanted || memcmp(document + begin, text, wanted) != 0)
		return false;
	*at = begin + wanted;
	return true;
}

static int read_process(struct top_list *list, const char *document, size_t length, size_t *at)
{
	const char *end = NULL;
	size_t begin = skip_blanks(document, *at, length);
	cJSON *process = cJSON_ParseWithLengthOpts(document + begin, length - begin, &end, false);
	int result;

	if (process == NULL)
		return -EBADMSG;
	*at = (size_t)(end - document);
	result = add_row(list, process, begin, *at - begin);
	cJSON_Delete(process);
	return result;
}

static int read_all(struct top_list *list, const char *document, size_t length)
{
	size_t at = 0;
	int result = 0;

	if (!take(document, length, "{", &at) || !take(document, length, "\"processes\"", &at) ||
	    !take(document, length, ":", &at) || !take(document, length, "[", &at))
		return -EBADMSG;
	if (take(document, length, "]", &at))
		return 0;
	do {
		result = read_process(list, document, length, &at);
	} while (result == 0 && take(document, length, ",", &at));
	if (result == 0 && !take(document, length, "]", &at))
		return -EBADMSG;
	return result;
}

int top_list_read(const char *document, size_t length, struct top_list *ret_list)
{
	struct top_list list = {.rows = NULL};
	int result = read_all(&list, document, length);

	if (result < 0)
		top_list_done(&list);
	else
		*ret_list = list;
	return result;
}

void top_list_done(struct top_list *list)
{
	free(list->rows);
	*list = (struct top_list){.rows = NULL};
}

/* ---- order ---- */

unsigned top_state_rank(const char *state)
{
	static const char *const names[] = {"stable", "suspected", "thrash", "leak"};
	static const unsigned ranks[] = {1, 2, 3, 3};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], state) == 0)
			return ranks[i];
	return 0;
}

/* The larger first, the unknown last. */
static int compare_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return a < b ? 1 : -(a > b);
}

static int compare_verdicts(const struct top_row *a, const struct top_row *b)
{
	bool is_alarming_a = top_state_rank(a->state) >= 2;
	bool is_alarming_b = top_state_rank(b->state) >= 2;

	if (is_alarming_a != is_alarming_b)
		return is_alarming_a ? -1 : 1;
	return compare_numbers(a->score, b->score);
}

static int compare_growths(const struct top_row *a, const struct top_row *b)
{
	return compare_numbers(a->growth_bytes_per_second, b->growth_bytes_per_second);
}

static int compare_times_left(const struct top_row *a, const struct top_row *b)
{
	return compare_numbers(-a->left_seconds, -b->left_seconds);
}

static int compare_floors(const struct top_row *a, const struct top_row *b)
{
	return compare_numbers(a->floor_bytes, b->floor_bytes);
}

static int compare_residents(const struct top_row *a, const struct top_row *b)
{
	return compare_numbers(a->resident_bytes, b->resident_bytes);
}

const struct top_order top_orders[TOP_ORDER_COUNT] = {
    {'v', "verdict", "SCORE", compare_verdicts}, {'g', "growth", "GROWTH", compare_growths},
    {'t', "time", "LEFT", compare_times_left},   {'f', "floor", "FLOOR", compare_floors},
    {'m', "memory", "RSS", compare_residents},   {'n', "name", "PROCESS", NULL},
};

struct sorting {
	const struct top_order *order;
	bool is_reversed;
};

static int compare_rows(const void *left, const void *right, void *data)
{
	const struct top_row *a = left;
	const struct top_row *b = right;
	const struct sorting *sorting = data;
	int order = sorting->order->compare != NULL ? sorting->order->compare(a, b) : 0;

	if (order == 0)
		order = strcmp(a->name, b->name);
	return sorting->is_reversed ? -order : order;
}

void top_list_sort(struct top_list *list, const struct top_order *order, bool is_reversed)
{
	struct sorting sorting = {order, is_reversed};

	if (list->count > 0)
		qsort_r(list->rows, list->count, sizeof(*list->rows), compare_rows, &sorting);
}
