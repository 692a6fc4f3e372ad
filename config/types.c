// SPDX-License-Identifier: MIT
/*
 * Parsers and writers of each type, then the table of them. Defaults and ranges of the key table go
 * through the same parsers as the file.
 */
#include "config/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/lists.h"
#include "config/match.h"
#include "config/url.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/numbers.h"
#include "lib/units.h"

#define REGEX_LENGTH_MAX     1024
#define REGEX_REPETITION_MAX 1000 /* product of all counts in braces: what regcomp expands */

/* ---- numbers ---- */

static int parse_u64(const struct config_key *key, const char *text, void *member,
                     int (*parse)(const char *, uint64_t *))
{
	uint64_t value, limit;
	int result = parse(text, &value);

	if (result < 0)
		return result;
	if (key->minimum != NULL && parse(key->minimum, &limit) == 0 && value < limit)
		return -ERANGE;
	if (key->maximum != NULL && parse(key->maximum, &limit) == 0 && value > limit)
		return -ERANGE;
	memcpy(member, &value, sizeof(value));
	return 0;
}

static int parse_duration(const struct config_key *key, const char *text, void *member)
{
	return parse_u64(key, text, member, duration_parse);
}

static int parse_size(const struct config_key *key, const char *text, void *member)
{
	return parse_u64(key, text, member, size_parse);
}

static int count_parse(const char *text, uint64_t *ret_count)
{
	return number_parse_u64(text, strlen(text), ret_count);
}

static int parse_count(const struct config_key *key, const char *text, void *member)
{
	return parse_u64(key, text, member, count_parse);
}

static int parse_number(const struct config_key *key, const char *text, void *member)
{
	double value, limit;
	int result = number_parse_double(text, strlen(text), &value);

	if (result < 0)
		return result;
	if (key->minimum != NULL &&
	    number_parse_double(key->minimum, strlen(key->minimum), &limit) == 0 && value < limit)
		return -ERANGE;
	if (key->maximum != NULL &&
	    number_parse_double(key->maximum, strlen(key->maximum), &limit) == 0 && value > limit)
		return -ERANGE;
	memcpy(member, &value, sizeof(value));
	return 0;
}

/* Exactly, in the largest unit that divides it; unlike duration_format, which rounds. */
static void write_duration(const struct config_key *key, const void *member, struct buf *out)
{
	static const struct {
		uint64_t factor;
		const char *name;
	} units[] = {{NS_PER_DAY, "d"},
	             {NS_PER_HOUR, "h"},
	             {NS_PER_MINUTE, "m"},
	             {NS_PER_SECOND, "s"},
	             {NS_PER_MS, "ms"}};
	uint64_t value;
	size_t i;

	(void)key;
	memcpy(&value, member, sizeof(value));
	if (value == 0) {
		buf_append_string(out, "0s");
		return;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (value % units[i].factor == 0) {
			buf_append_u64(out, value / units[i].factor);
			buf_append_string(out, units[i].name);
			return;
		}
	}
	buf_printf(out, "%llu.%06llums", (unsigned long long)(value / NS_PER_MS),
	           (unsigned long long)(value % NS_PER_MS));
}

static void write_size(const struct config_key *key, const void *member, struct buf *out)
{
	static const char *const names[] = {"", "KiB", "MiB", "GiB", "TiB"};
	uint64_t value;
	size_t i = 0;

	(void)key;
	memcpy(&value, member, sizeof(value));
	for (; value > 0 && value % KIB == 0 && i < sizeof(names) / sizeof(names[0]) - 1; i++)
		value /= KIB;
	buf_append_u64(out, value);
	buf_append_string(out, names[i]);
}

static void write_count(const struct config_key *key, const void *member, struct buf *out)
{
	uint64_t value;

	(void)key;
	memcpy(&value, member, sizeof(value));
	buf_append_u64(out, value);
}

static void write_number(const struct config_key *key, const void *member, struct buf *out)
{
	double value;

	(void)key;
	memcpy(&value, member, sizeof(value));
	buf_append_double(out, value);
}

/* ---- words ---- */

static int parse_bool(const struct config_key *key, const char *text, void *member)
{
	(void)key;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return -EINVAL;
	*(bool *)member = text[0] == 't';
	return 0;
}

static void write_bool(const struct config_key *key, const void *member, struct buf *out)
{
	(void)key;
	buf_append_string(out, *(const bool *)member ? "true" : "false");
}

/* Enums of the configuration are read and written as the unsigned int that the compiler uses. */
_Static_assert(sizeof(enum inspector_mode) == sizeof(unsigned) &&
                   sizeof(enum explain_mode) == sizeof(unsigned) &&
                   sizeof(enum receiver_type) == sizeof(unsigned),
               "size of enums");

static int parse_choice(const struct config_key *key, const char *text, void *member)
{
	unsigned value;

	for (value = 0; key->choices[value] != NULL; value++) {
		if (strcmp(text, key->choices[value]) == 0) {
			memcpy(member, &value, sizeof(value));
			return 0;
		}
	}
	return -EINVAL;
}

static void write_choice(const struct config_key *key, const void *member, struct buf *out)
{
	unsigned value;

	memcpy(&value, member, sizeof(value));
	buf_append_string(out, key->choices[value]);
}

/* ---- texts ---- */

static void release_text(void *member)
{
	free(*(char **)member);
	*(char **)member = NULL;
}

static int parse_text(const struct config_key *key, const char *text, void *member)
{
	char *copy;

	(void)key;
	if (text[0] == '\0')
		return -EINVAL;
	copy = strdup(text);
	if (copy == NULL)
		return -ENOMEM;
	free(*(char **)member);
	*(char **)member = copy;
	return 0;
}

static bool is_text(const char *text)
{
	return text[0] != '\0';
}

static bool is_path(const char *text)
{
	return text[0] == '/';
}

static int parse_path(const struct config_key *key, const char *text, void *member)
{
	return is_path(text) ? parse_text(key, text, member) : -EINVAL;
}

void config_write_quoted(struct buf *out, const char *text)
{
	buf_append_char(out, '"');
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == '"' || byte == '\\')
			buf_append_char(out, '\\');
		if (byte < 0x20 || byte == 0x7f)
			buf_printf(out, "\\x%02x", byte);
		else
			buf_append_char(out, *text);
	}
	buf_append_char(out, '"');
}

static void write_text(const struct config_key *key, const void *member, struct buf *out)
{
	(void)key;
	config_write_quoted(out, *(char *const *)member);
}

/* ---- regular expressions ---- */

static void release_regex(void *member)
{
	struct config_regex *regex = member;

	if (regex->text != NULL)
		regfree(&regex->compiled);
	free(regex->text);
	*regex = (struct config_regex){0};
}

/*
 * What the C library would compile or match in exponential time or space is refused: counts in
 * braces are unrolled (a{255}{255}{255} needs gigabytes), and a back-reference makes matching an
 * argv, which is hostile input, exponential.
 */
static bool regex_is_affordable(const char *text)
{
	uint64_t product = 1, count;
	size_t digits;

	if (strlen(text) > REGEX_LENGTH_MAX)
		return false;
	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '9')
			return false;
		if (text[0] != '{' && text[0] != ',')
			continue;
		digits = strspn(text + 1, "0123456789");
		if (digits == 0)
			continue;
		if (number_parse_u64(text + 1, digits, &count) < 0)
			return false;
		product = u64_multiply_saturating(product, count > 0 ? count : 1);
		if (product > REGEX_REPETITION_MAX)
			return false;
	}
	return true;
}

static int parse_regex(const struct config_key *key, const char *text, void *member)
{
	struct config_regex *regex = member;
	int result;

	(void)key;
	if (text[0] == '\0' || !regex_is_affordable(text))
		return -EINVAL;
	result = regcomp(&regex->compiled, text, REG_EXTENDED | REG_NOSUB);
	if (result != 0)
		return result == REG_ESPACE ? -ENOMEM : -EINVAL;
	regex->text = strdup(text);
	if (regex->text == NULL) {
		regfree(&regex->compiled);
		return -ENOMEM;
	}
	return 0;
}

static void write_regex(const struct config_key *key, const void *member, struct buf *out)
{
	(void)key;
	config_write_quoted(out, ((const struct config_regex *)member)->text);
}

/* ---- lists of texts ---- */

static int parse_url(const struct config_key *key, const char *text, void *member)
{
	(void)key;
	return config_url_is_valid(text) ? config_list_append(member, text) : -EINVAL;
}

/* The path of a single URL may be a secret, too (Slack's is); that of an Alertmanager is none. */
static void write_url(const struct config_key *key, const char *url, struct buf *out)
{
	struct buf redacted = BUF_INIT(SIZE_MAX / 2);

	config_url_redact(url, key->type == CONFIG_URL, &redacted);
	config_write_quoted(out, buf_string(&redacted));
	buf_done(&redacted);
}

static void write_list(const struct config_key *key, const void *member, struct buf *out)
{
	const struct string_list *list = member;
	size_t i;

	if (key->type == CONFIG_URL) {
		write_url(key, list->values[0], out);
		return;
	}
	buf_append_char(out, '[');
	for (i = 0; i < list->count; i++) {
		if (i > 0)
			buf_append_string(out, ", ");
		if (key->type == CONFIG_URLS)
			write_url(key, list->values[i], out);
		else
			config_write_quoted(out, list->values[i]);
	}
	buf_append_char(out, ']');
}

/* ---- the table ---- */

const struct value_type config_types[CONFIG_TYPE_COUNT] = {
    [CONFIG_DURATION] = {.name = "duration",
                         .expected = "a duration such as 500ms, 5s, 10m, 24h or 7d",
                         .parse = parse_duration,
                         .write = write_duration},
    [CONFIG_SIZE] = {.name = "size",
                     .expected = "a size such as 64MiB or 1GiB",
                     .parse = parse_size,
                     .write = write_size},
    [CONFIG_COUNT] = {.name = "count",
                      .expected = "a whole number",
                      .needs_plain = true,
                      .parse = parse_count,
                      .write = write_count},
    [CONFIG_NUMBER] = {.name = "number",
                       .expected = "a number",
                       .needs_plain = true,
                       .parse = parse_number,
                       .write = write_number},
    [CONFIG_BOOL] = {.name = "boolean",
                     .expected = "true or false",
                     .needs_plain = true,
                     .parse = parse_bool,
                     .write = write_bool},
    [CONFIG_CHOICE] = {.name = "choice",
                       .expected = "one of",
                       .parse = parse_choice,
                       .write = write_choice},
    [CONFIG_STRING] = {.name = "string",
                       .expected = "a string",
                       .parse = parse_text,
                       .write = write_text,
                       .release = release_text},
    [CONFIG_PATH] = {.name = "path",
                     .expected = "an absolute path",
                     .parse = parse_path,
                     .write = write_text,
                     .release = release_text},
    [CONFIG_GLOB] = {.name = "glob",
                     .expected = "a glob",
                     .parse = parse_text,
                     .write = write_text,
                     .release = release_text},
    [CONFIG_REGEX] = {.name = "regular expression",
                      .expected = "a POSIX extended regular expression without back-references "
                                  "and with few repetitions",
                      .parse = parse_regex,
                      .write = write_regex,
                      .release = release_regex},
    [CONFIG_URL] = {.name = "URL",
                    .expected = "an http or https URL",
                    .is_secret = true,
                    .parse = parse_url,
                    .write = write_list,
                    .release = config_list_release},
    [CONFIG_STRINGS] = {.name = "list of strings",
                        .expected = "a list of strings",
                        .is_element = is_text,
                        .write = write_list,
                        .release = config_list_release},
    [CONFIG_PATHS] = {.name = "list of paths",
                      .expected = "a list of absolute paths",
                      .is_element = is_path,
                      .write = write_list,
                      .release = config_list_release},
    [CONFIG_URLS] = {.name = "list of URLs",
                     .expected = "a list of http or https URLs",
                     .is_secret = true,
                     .is_element = config_url_is_valid,
                     .write = write_list,
                     .release = config_list_release},
    [CONFIG_TEXT] = {.name = "text",
                     .expected = "a text",
                     .parse = parse_text,
                     .write = write_text,
                     .release = release_text},
    [CONFIG_PAIRS] = {.name = "mapping of names to texts",
                      .expected = "a mapping of names to texts",
                      .release = config_pairs_release},
    [CONFIG_LABELS] = {.name = "mapping of label names to values",
                       .expected = "a mapping of label names to values"},
    [CONFIG_RULES] = {.name = "list of rules", .expected = "a list of rules"},
    [CONFIG_RECEIVERS] = {.name = "list of receivers", .expected = "a list of receivers"},
};

const char *config_type_name(enum config_type type)
{
	return config_types[type].name;
}

const char *config_type_expected(enum config_type type)
{
	return config_types[type].expected;
}
