// SPDX-License-Identifier: MIT
/*
 * A strict reader of what is exposed, written without regard to the writers: it asserts that a text
 * is well-formed, and finds the value of a label again.
 */
#ifndef HEAPWATCH_TESTS_FUZZ_EXPOSITION_CHECK_H
#define HEAPWATCH_TESTS_FUZZ_EXPOSITION_CHECK_H

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/utf8.h"
#include "tests/fuzz/terminal_check.h"

/* ---- what a hostile text becomes ---- */

/* Valid UTF-8, as it is to come back. */
static inline void check_sanitise(const char *text, struct buf *out)
{
	while (*text != '\0') {
		size_t length = utf8_sequence_length(text);

		if (length == 0)
			buf_append_string(out, UTF8_REPLACEMENT);
		else
			buf_append(out, text, length);
		text += length == 0 ? 1 : length;
	}
}

/* ---- text 0.0.4 and OpenMetrics ---- */

static inline const char *check_name(const char *at, bool allows_colon)
{
	assert(isalpha((unsigned char)*at) || *at == '_' || (allows_colon && *at == ':'));
	while (isalnum((unsigned char)*at) || *at == '_' || (allows_colon && *at == ':'))
		at++;
	return at;
}

/* From behind the opening quote to behind the closing one; the value goes to out. */
static inline const char *check_label_value(const char *at, struct buf *out)
{
	for (; *at != '"'; at++) {
		assert(*at != '\0' && *at != '\n');
		if (*at != '\\') {
			buf_append_char(out, *at);
			continue;
		}
		at++;
		assert(*at == '\\' || *at == '"' || *at == 'n');
		buf_append_char(out, *at == 'n' ? '\n' : *at);
	}
	return at + 1;
}

/* Collects into found the values of the label wanted, each with a NUL behind it. */
static inline const char *check_labels(const char *at, const char *wanted, struct buf *found)
{
	for (;;) {
		const char *name = at;
		struct buf value = BUF_INIT(1U << 20);

		at = check_name(at, false);
		assert(at[0] == '=' && at[1] == '"');
		if (strncmp(name, wanted, strlen(wanted)) == 0 && name[strlen(wanted)] == '=') {
			at = check_label_value(at + 2, found);
			buf_append_char(found, '\0');
		} else {
			at = check_label_value(at + 2, &value);
		}
		buf_done(&value);
		if (*at == '}')
			return at + 1;
		assert(*at == ',');
		at++;
	}
}

static inline const char *check_number(const char *at)
{
	static const char *const words[] = {"+Inf\n", "-Inf\n", "NaN\n"};
	char *end;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]) - 1;
	assert(*at == '-' || isdigit((unsigned char)*at));
	(void)strtod(at, &end);
	assert(end > at);
	return end;
}

static inline const char *check_comment(const char *at, bool is_openmetrics)
{
	size_t length = strcspn(at, "\n");

	assert(strncmp(at, "# HELP ", 7) == 0 || strncmp(at, "# TYPE ", 7) == 0 ||
	       (is_openmetrics && strncmp(at, "# UNIT ", 7) == 0));
	assert(at[length] == '\n');
	return at + length + 1;
}

/* Every line of the text; the values of the label wanted go to found. */
static inline void check_exposition(const char *at, bool is_openmetrics, const char *wanted,
                                    struct buf *found)
{
	bool has_end = false;

	while (*at != '\0') {
		assert(!has_end);
		if (is_openmetrics && strcmp(at, "# EOF\n") == 0) {
			has_end = true;
			at += strlen(at);
		} else if (*at == '\n' && !is_openmetrics) {
			at++;
		} else if (*at == '#') {
			at = check_comment(at, is_openmetrics);
		} else {
			at = check_name(at, true);
			if (*at == '{')
				at = check_labels(at + 1, wanted, found);
			assert(*at == ' ');
			at = check_number(at + 1);
			assert(*at == '\n');
			at++;
		}
	}
	assert(has_end == is_openmetrics);
}

/* ---- HTML ---- */

/* The name of a tag of ours; the only script is that of the page. */
static inline bool is_known_tag(const char *name, bool is_end)
{
	static const char *const tags[] = {
	    "!DOCTYPE", "a",    "article", "b",          "body",   "button", "code", "dd",
	    "div",      "dl",   "dt",      "figcaption", "figure", "footer", "h1",   "h2",
	    "h3",       "head", "header",  "html",       "input",  "label",  "li",   "link",
	    "main",     "meta", "nav",     "ol",         "p",      "path",   "rect", "section",
	    "small",    "span", "strong",  "svg",        "table",  "tbody",  "td",   "th",
	    "thead",    "time", "title",   "tr",         "ul"};
	size_t length = strcspn(name, " >");
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (strlen(tags[i]) == length && strncmp(name, tags[i], length) == 0)
			return true;
	return strncmp(name, is_end ? "script>" : "script defer src=", is_end ? 7 : 17) == 0;
}

/* Text holds no tag but ours, and attributes no quote that would end them. */
static inline void check_html(const char *at)
{
	for (; *at != '\0'; at++) {
		const char *end;
		bool is_end;

		assert(*at != '>');
		assert(!check_acts((const unsigned char *)at) || *at == '\n' || *at == '\t');
		if (*at != '<')
			continue;
		is_end = at[1] == '/';
		at += is_end ? 2 : 1;
		end = strpbrk(at, "<>");
		assert(end != NULL && *end == '>');
		assert(is_known_tag(at, is_end));
		at = end;
	}
}

#endif
