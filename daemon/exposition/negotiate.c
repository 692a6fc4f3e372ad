// SPDX-License-Identifier: MIT
/*
 * Lists of "name; parameter=value; q=0.5", read in place.
 */
#include "daemon/exposition/negotiate.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "lib/numbers.h"

#define BLANKS " \t"

struct token {
	const char *text;
	size_t length;
};

struct element {
	struct token name;
	struct token version; /* length 0: none */
	double quality;       /* 1 unless said; 0: not acceptable */
};

static struct token trim(const char *text, size_t length)
{
	while (length > 0 && strchr(BLANKS, text[0]) != NULL) {
		text++;
		length--;
	}
	while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
		length--;
	return (struct token){text, length};
}

static bool token_is(const struct token *token, const char *text)
{
	return token->length == strlen(text) && strncasecmp(token->text, text, token->length) == 0;
}

static struct token unquote(struct token token)
{
	if (token.length >= 2 && token.text[0] == '"' && token.text[token.length - 1] == '"')
		return (struct token){token.text + 1, token.length - 2};
	return token;
}

static void take_parameter(struct element *element, const char *text, size_t length)
{
	const char *equals = memchr(text, '=', length);
	struct token name, value;

	if (equals == NULL)
		return;
	name = trim(text, (size_t)(equals - text));
	value = unquote(trim(equals + 1, (size_t)(text + length - equals - 1)));
	if (token_is(&name, "version"))
		element->version = value;
	else if (token_is(&name, "q") &&
	         (number_parse_double(value.text, value.length, &element->quality) < 0 ||
	          element->quality < 0 || element->quality > 1))
		element->quality = 0;
}

/* The next element of a list; false at its end. */
static bool next_element(const char **list, struct element *ret_element)
{
	size_t length, part;
	const char *text;

	*list += strspn(*list, BLANKS ",");
	if (**list == '\0')
		return false;
	text = *list;
	length = strcspn(text, ",");
	*list += length;
	part = strcspn(text, ";,");
	*ret_element = (struct element){.name = trim(text, part), .quality = 1};
	while (part < length) {
		text += part + 1;
		length -= part + 1;
		part = strcspn(text, ";,");
		take_parameter(ret_element, text, part);
	}
	return true;
}

/* True when the range stands for one of our formats. */
static bool format_of(const struct element *range, enum text_format *ret_format)
{
	if (token_is(&range->name, "application/openmetrics-text")) {
		*ret_format = TEXT_OPENMETRICS;
		return range->version.length == 0 || token_is(&range->version, "1.0.0");
	}
	*ret_format = TEXT_PROMETHEUS;
	if (token_is(&range->name, "text/plain"))
		return range->version.length == 0 || token_is(&range->version, "0.0.4");
	return token_is(&range->name, "*/*") || token_is(&range->name, "text/*");
}

enum text_format negotiate_format(const char *accept)
{
	enum text_format chosen = TEXT_PROMETHEUS, format;
	double quality = 0;
	struct element range;

	while (accept != NULL && next_element(&accept, &range)) {
		if (!format_of(&range, &format) || range.quality <= quality)
			continue;
		quality = range.quality;
		chosen = format;
	}
	return chosen;
}

bool negotiate_gzip(const char *accept_encoding)
{
	double gzip = -1, any = -1, identity = -1; /* -1: not said */
	struct element coding;

	while (accept_encoding != NULL && next_element(&accept_encoding, &coding)) {
		if (token_is(&coding.name, "gzip") || token_is(&coding.name, "x-gzip"))
			gzip = coding.quality;
		else if (token_is(&coding.name, "*"))
			any = coding.quality;
		else if (token_is(&coding.name, "identity"))
			identity = coding.quality;
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}
