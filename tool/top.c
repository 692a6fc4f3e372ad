// SPDX-License-Identifier: MIT
/*
 * heapwatch top: the processes of a heapwatchd in the terminal, current while one looks; printed
 * once where there is no terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/options.h"
#include "lib/units.h"
#include "tool/command.h"
#include "tool/fetch.h"
#include "tool/output.h"
#include "tool/screen.h"
#include "tool/top_list.h"
#include "tool/top_screen.h"

#define MESSAGE_SIZE  512
#define FRAME_MAX     ((size_t)64 * MIB)
#define DOCUMENT_MAX  ((size_t)256 * MIB)
#define PATH          "/api/v1/processes"
#define TIMEOUT_MS    10000
#define INTERVAL_MIN  (100 * NS_PER_MS)
#define INTERVAL_MAX  NS_PER_HOUR
#define PAGE_FALLBACK 10

struct top_options {
	const char *url;
	const char *interval;
	const char *sort;
	const char *ca_file;
	bool help;
	bool once;
};

static const struct option_row top_rows[] = {
    {"help", NULL, NULL, "Show this help.", OPTION_FLAG, offsetof(struct top_options, help)},
    {"interval", "DURATION", "5s", "How often it asks.", OPTION_STRING,
     offsetof(struct top_options, interval)},
    {"once", NULL, NULL, "Print the table once, as where the output is no terminal.", OPTION_FLAG,
     offsetof(struct top_options, once)},
    {"sort", "KEY", "verdict", "verdict, growth, time, floor, memory or name.", OPTION_STRING,
     offsetof(struct top_options, sort)},
    {"tls-ca-file", "FILE", NULL, "Certificates to trust instead of the system's.", OPTION_STRING,
     offsetof(struct top_options, ca_file)},
    {"url", "URL", "http://127.0.0.1:10765",
     "Of heapwatchd: http, https, or unix:/PATH of its socket.", OPTION_STRING,
     offsetof(struct top_options, url)},
};

static const struct option_table top_table = {
    .program = "heapwatch top",
    .synopsis = "[OPTION]...",
    .purpose = "Shows the processes that a heapwatchd watches, those that leak first.",
    .rows = top_rows,
    .count = sizeof(top_rows) / sizeof(top_rows[0]),
};

struct top {
	struct top_options options;
	uint64_t interval_ns;
	const struct top_order *order;
	bool is_reversed;
	bool is_paused;
	bool is_detail;
	bool is_over;
	int ended_by; /* signal; 0: the user */
	struct fetch *fetch;
	struct buf document; /* that list is of */
	struct top_list list;
	char selected_name[TOP_NAME_SIZE]; /* "": the first row, whichever it is */
	size_t selected;
	size_t first;        /* row at the top */
	size_t detail_first; /* line at the top */
	char source[MESSAGE_SIZE];
	char trouble[MESSAGE_SIZE];
	uint64_t next_ns; /* when it asks again */
	struct terminal terminal;
	struct screen screen;
};

/* ---- data ---- */

/* The row that was selected, wherever it is now. */
static void find_selected(struct top *top)
{
	size_t i;

	for (i = 0; top->selected_name[0] != '\0' && i < top->list.count; i++) {
		if (strcmp(top->list.rows[i].name, top->selected_name) == 0) {
			top->selected = i;
			return;
		}
	}
	if (top->selected >= top->list.count)
		top->selected = top->list.count > 0 ? top->list.count - 1 : 0;
	top->is_detail = false; /* it is gone */
}

static void sort(struct top *top)
{
	top_list_sort(&top->list, top->order, top->is_reversed);
	find_selected(top);
}

/* What was shown before stays when the new document cannot be used. */
static int take_document(struct top *top)
{
	struct buf document = BUF_INIT(DOCUMENT_MAX);
	struct top_list list;
	int result;

	fetch_take(top->fetch, &document);
	result = top_list_read(buf_string(&document), document.length, &list);
	if (result < 0) {
		buf_done(&document);
		(void)snprintf(top->trouble, sizeof(top->trouble), "%s",
		               result == -ENOMEM ? "no memory" : "no heapwatchd answers there");
		return result;
	}
	top_list_done(&top->list);
	buf_done(&top->document);
	top->list = list;
	top->document = document;
	top->trouble[0] = '\0';
	sort(top);
	return 0;
}

/* ---- drawing ---- */

static void scroll_to_selected(struct top *top, size_t rows)
{
	if (top->selected < top->first)
		top->first = top->selected;
	if (rows > 0 && top->selected >= top->first + rows)
		top->first = top->selected - rows + 1;
	if (top->list.count <= rows)
		top->first = 0;
}

static struct top_view view_of(const struct top *top)
{
	struct top_view view = {
	    .terminal = &top->terminal,
	    .list = &top->list,
	    .order = top->order,
	    .is_reversed = top->is_reversed,
	    .is_paused = top->is_paused,
	    .selected = top->selected,
	    .source = top->source,
	    .trouble = top->trouble,
	};

	screen_size(&view.width, &view.height);
	return view;
}

static void draw(struct top *top)
{
	struct top_view view = view_of(top);
	struct buf frame = BUF_INIT(FRAME_MAX);

	if (top->is_detail) {
		const struct top_row *row = &top->list.rows[top->selected];

		view.first = top->detail_first;
		top_draw_detail(&frame, &view, buf_string(&top->document) + row->at, row->length,
		                (uint64_t)time(NULL));
	} else {
		scroll_to_selected(top, top_table_rows(&view));
		view.first = top->first;
		top_draw_table(&frame, &view);
	}
	screen_show(buf_string(&frame), view.height);
	buf_done(&frame);
}

/* ---- keys ---- */

static void select_row(struct top *top, size_t row)
{
	if (top->list.count == 0)
		return;
	top->selected = row < top->list.count ? row : top->list.count - 1;
	memcpy(top->selected_name, top->list.rows[top->selected].name, sizeof(top->selected_name));
}

/* By lines of the detail view or rows of the table. */
static void move(struct top *top, size_t by, bool is_up)
{
	size_t *at = top->is_detail ? &top->detail_first : &top->selected;
	size_t target = is_up ? (*at > by ? *at - by : 0) : *at + by;

	if (top->is_detail)
		*at = target < 500 ? target : 500;
	else
		select_row(top, target);
}

static void open_detail(struct top *top)
{
	if (top->list.count == 0 || top->is_detail)
		return;
	select_row(top, top->selected);
	top->is_detail = true;
	top->detail_first = 0;
}

static void take_order(struct top *top, int key)
{
	size_t i;

	for (i = 0; i < TOP_ORDER_COUNT; i++)
		if (top_orders[i].key == key)
			top->order = &top_orders[i];
	if (key == 'r')
		top->is_reversed = !top->is_reversed;
	sort(top);
}

static void toggle_pause(struct top *top)
{
	top->is_paused = !top->is_paused;
	top->next_ns = 0;
}

static void take_key(struct top *top, int key)
{
	struct top_view view = view_of(top);
	size_t page = top_table_rows(&view) > 1 ? top_table_rows(&view) - 1 : PAGE_FALLBACK;

	switch (key) {
	case 'q':
		top->is_over = true;
		break;
	case 'k':
	case KEY_UP:
		move(top, 1, true);
		break;
	case 'j':
	case KEY_DOWN:
		move(top, 1, false);
		break;
	case KEY_PAGE_UP:
		move(top, page, true);
		break;
	case KEY_PAGE_DOWN:
	case ' ':
		move(top, page, false);
		break;
	case KEY_HOME:
		move(top, SIZE_MAX / 2, true);
		break;
	case KEY_END:
		move(top, SIZE_MAX / 2, false);
		break;
	case KEY_OPEN:
		open_detail(top);
		break;
	case KEY_BACK:
		top->is_detail = false;
		break;
	case 'p':
		toggle_pause(top);
		break;
	default:
		take_order(top, key);
		break;
	}
}

static void take_keys(struct top *top)
{
	char typed[256];
	ssize_t length = read(STDIN_FILENO, typed, sizeof(typed));
	const char *text = typed;
	size_t left = length > 0 ? (size_t)length : 0;
	int key;

	while (!top->is_over && (key = screen_next_key(&text, &left)) != KEY_NONE)
		take_key(top, key);
}

/* ---- the loop ---- */

static int wait_ms(const struct top *top, uint64_t now_ns)
{
	if (top->is_paused)
		return -1;
	if (top->next_ns <= now_ns)
		return 0;
	return (int)((top->next_ns - now_ns) / NS_PER_MS) + 1;
}

static void step(struct top *top)
{
	const int fds[] = {STDIN_FILENO, top->screen.signal_fd};
	char message[FETCH_MESSAGE_SIZE] = "";
	enum fetch_state state;
	uint64_t now_ns = clock_boottime_ns();

	if (!top->is_paused && top->next_ns <= now_ns) {
		fetch_start(top->fetch);
		top->next_ns = now_ns + top->interval_ns;
	}
	state = fetch_wait(top->fetch, fds, 2, wait_ms(top, now_ns), message);
	if (state == FETCH_DONE)
		(void)take_document(top); /* says itself what is wrong */
	else if (state == FETCH_FAILED)
		(void)snprintf(top->trouble, sizeof(top->trouble), "no answer: %s", message);
	top->ended_by = screen_signal(&top->screen);
	if (top->ended_by != 0)
		top->is_over = true;
	take_keys(top);
}

static int run_screen(struct top *top)
{
	int result = screen_enter(&top->screen);

	if (result < 0) {
		(void)fprintf(stderr, "heapwatch top: cannot draw on the terminal: %s\n",
		              strerror(-result));
		return STATUS_FAILURE;
	}
	(void)snprintf(top->trouble, sizeof(top->trouble), "asking %.400s", top->source);
	while (!top->is_over) {
		draw(top);
		step(top);
	}
	screen_leave(&top->screen);
	if (top->ended_by != 0)
		screen_end_by(top->ended_by);
	return STATUS_OK;
}

/* ---- once ---- */

static int print_table(const struct top *top)
{
	const struct top_view view = {
	    .terminal = &top->terminal,
	    .list = &top->list,
	    .order = top->order,
	    .source = top->source,
	    .trouble = "",
	};
	struct buf text = BUF_INIT(FRAME_MAX);

	top_draw_table(&text, &view);
	return output_print(&text, stdout);
}

static int run_once(struct top *top)
{
	char message[FETCH_MESSAGE_SIZE] = "";
	enum fetch_state state;

	fetch_start(top->fetch);
	do {
		state = fetch_wait(top->fetch, NULL, 0, TIMEOUT_MS, message);
	} while (state == FETCH_IDLE);
	if (state == FETCH_DONE && take_document(top) < 0)
		(void)snprintf(message, sizeof(message), "%.200s", top->trouble);
	if (message[0] == '\0' && print_table(top) < 0)
		(void)snprintf(message, sizeof(message), "no memory");
	if (message[0] != '\0') {
		(void)fprintf(stderr, "heapwatch top: %s: %s\n", top->source, message);
		return STATUS_FAILURE;
	}
	return STATUS_OK;
}

/* ---- options ---- */

static int usage_error(const char *message, const char *detail)
{
	(void)fprintf(stderr, "heapwatch top: %s%s; see heapwatch help top\n", message, detail);
	return STATUS_USAGE;
}

/* The URL without user and password, which others may see over a shoulder. */
static void set_source(struct top *top)
{
	const char *url = top->options.url;
	const char *host = strstr(url, "://");
	const char *at = NULL;
	size_t scheme = 0;

	if (host != NULL) {
		host += 3;
		scheme = (size_t)(host - url);
		at = memrchr(host, '@', strcspn(host, "/?#"));
	}
	(void)snprintf(top->source, sizeof(top->source), "%.*s%s", (int)scheme, url,
	               at != NULL ? at + 1 : url + scheme);
}

static bool find_order(struct top *top)
{
	size_t i;

	for (i = 0; i < TOP_ORDER_COUNT; i++) {
		if (strcmp(top_orders[i].name, top->options.sort) == 0) {
			top->order = &top_orders[i];
			return true;
		}
	}
	return false;
}

static int check_options(struct top *top)
{
	const struct fetch_options fetch = {
	    .url = top->options.url,
	    .path = PATH,
	    .ca_file = top->options.ca_file,
	    .timeout_ms = TIMEOUT_MS,
	};
	char message[FETCH_MESSAGE_SIZE];

	if (!find_order(top))
		return usage_error("--sort: expected verdict, growth, time, floor, memory or name, "
		                   "got ",
		                   top->options.sort);
	if (duration_parse(top->options.interval, &top->interval_ns) < 0 ||
	    top->interval_ns < INTERVAL_MIN || top->interval_ns > INTERVAL_MAX)
		return usage_error("--interval: expected 100ms to 1h, got ", top->options.interval);
	set_source(top);
	if (fetch_new(&fetch, &top->fetch, message) < 0)
		return usage_error("--url: ", message);
	return STATUS_OK;
}

static int run(struct top *top)
{
	int status = check_options(top);

	if (status != STATUS_OK)
		return status;
	top->terminal = terminal_of(STDOUT_FILENO);
	if (top->options.once || !screen_is_possible())
		status = run_once(top);
	else
		status = run_screen(top);
	(void)fetch_free(top->fetch);
	top_list_done(&top->list);
	buf_done(&top->document);
	return status;
}

int command_top(int argc, char **argv)
{
	struct top top = {
	    .options = {.url = "http://127.0.0.1:10765", .interval = "5s", .sort = "verdict"},
	};
	char message[MESSAGE_SIZE];
	int first = options_parse(&top_table, argc, argv, &top.options, message, sizeof(message));

	if (first < 0) {
		(void)fprintf(stderr, "heapwatch top: %s\n", message);
		return STATUS_USAGE;
	}
	if (top.options.help) {
		options_print_help(&top_table, stdout);
		return STATUS_OK;
	}
	if (first < argc)
		return usage_error("unexpected argument ", argv[first]);
	return run(&top);
}
