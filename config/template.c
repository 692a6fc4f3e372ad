// SPDX-License-Identifier: MIT
/*
 * Checking and writing take the same steps: to the next "{{", to its "}}".
 */
#include "config/template.h"

#include <string.h>

#include "lib/buf.h"

#define OPENING "{{"
#define CLOSING "}}"

const char *const template_keys[] = {"summary",
                                     "evidence",
                                     "sites",
                                     "status",
                                     "severity",
                                     "condition",
                                     "app",
                                     "slot",
                                     "pid",
                                     "host",
                                     "kind",
                                     "state",
                                     "score",
                                     "confidence",
                                     "growth_bytes_per_second",
                                     "time_to_exhaustion",
                                     "starts_at",
                                     "ends_at",
                                     "resolved_reason",
                                     "dedup_key",
                                     NULL};

/* The key whose name is the bytes between the braces, with blanks around it or not. */
static const char *key_of(const char *name, size_t length)
{
	const char *const *key;

	for (; length > 0 && *name == ' '; length--)
		name++;
	while (length > 0 && name[length - 1] == ' ')
		length--;
	for (key = template_keys; *key != NULL; key++)
		if (strlen(*key) == length && memcmp(*key, name, length) == 0)
			return *key;
	return NULL;
}

/* From the opening at text to behind its closing, the key between them; 0: no closing. */
static size_t read_key(const char *text, const char **ret_key)
{
	const char *name = text + strlen(OPENING);
	const char *closing = strstr(name, CLOSING);

	if (closing == NULL)
		return 0;
	*ret_key = key_of(name, (size_t)(closing - name));
	return (size_t)(closing - text) + strlen(CLOSING);
}

bool template_is_valid(const char *text, const char **reterr_at, size_t *reterr_length)
{
	while ((text = strstr(text, OPENING)) != NULL) {
		const char *key = NULL;
		size_t length = read_key(text, &key);

		if (key == NULL) {
			*reterr_at = text;
			*reterr_length = length > 0 ? length : strlen(text);
			return false;
		}
		text += length;
	}
	return true;
}

void template_write(const char *text,
                    void (*append)(const void *context, const char *key, struct buf *out),
                    const void *context, struct buf *out)
{
	const char *opening;

	while ((opening = strstr(text, OPENING)) != NULL) {
		const char *key = NULL;
		size_t length = read_key(opening, &key);

		if (key == NULL)
			break;
		buf_append(out, text, (size_t)(opening - text));
		append(context, key, out);
		text = opening + length;
	}
	buf_append_string(out, text);
}
