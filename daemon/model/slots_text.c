// SPDX-License-Identifier: MIT
/*
 * Slots as text, one line per process: slot, pid, start_ticks, app. Written for the next start of
 * heapwatch; reading ignores what is malformed, torn or out of bounds.
 */
#include <stdint.h>
#include <string.h>

#include "daemon/model/process.h"
#include "daemon/model/slots.h"
#include "lib/buf.h"
#include "lib/numbers.h"

/* Bytes that would break the line as %XX. */
static void write_name(struct buf *out, const char *app)
{
	for (; *app != '\0'; app++) {
		unsigned char c = (unsigned char)*app;

		if (c < ' ' || c == '%' || c == 0x7f)
			buf_printf(out, "%%%02X", c);
		else
			buf_append_char(out, *app);
	}
}

static void write_line(struct buf *out, const struct app *app, unsigned slot)
{
	const struct process_key *key = &app_slot(app, slot)->process->key;

	buf_printf(out, "%u %lld %llu ", slot, (long long)key->pid,
	           (unsigned long long)key->start_ticks);
	write_name(out, app_name(app));
	buf_append_char(out, '\n');
}

void slots_write(struct app_table *table, struct buf *out)
{
	struct app *app = NULL;
	unsigned slot;

	while ((app = app_table_next(table, app)) != NULL) {
		for (slot = 0; app_slot(app, slot) != NULL; slot++) {
			if (app_slot(app, slot)->process != NULL)
				write_line(out, app, slot);
		}
	}
}

static bool take_number(const char **text, const char *end, uint64_t maximum, uint64_t *ret_value)
{
	const char *blank = memchr(*text, ' ', (size_t)(end - *text));

	if (blank == NULL || number_parse_u64(*text, (size_t)(blank - *text), ret_value) < 0 ||
	    *ret_value > maximum)
		return false;
	*text = blank + 1;
	return true;
}

/* False when the name is malformed or does not fit. */
static bool take_name(const char *text, const char *end, char *out, size_t size)
{
	size_t length = 0;
	uint64_t byte;

	for (; text < end; text++) {
		byte = (unsigned char)*text;
		if (*text == '%') {
			if (end - text < 3 || number_parse_hex(text + 1, 2, &byte) < 0 || byte == 0)
				return false;
			text += 2;
		}
		if (length + 1 >= size)
			return false;
		out[length++] = (char)byte;
	}
	out[length] = '\0';
	return length > 0;
}

static void read_line(struct app_table *table, const char *line, const char *end)
{
	struct process_key key;
	uint64_t slot;
	uint64_t pid;
	char name[512];
	struct app *app;

	if (!take_number(&line, end, UINT32_MAX, &slot) ||
	    !take_number(&line, end, INT32_MAX, &pid) ||
	    !take_number(&line, end, UINT64_MAX, &key.start_ticks) ||
	    !take_name(line, end, name, sizeof(name)))
		return;
	key.pid = (pid_t)pid;
	app = app_table_obtain(table, name);
	if (app != NULL)
		app_reserve_slot(app, (unsigned)slot, &key);
}

void slots_read(struct app_table *table, const char *text, size_t length)
{
	const char *end = text + length;
	const char *line = text;
	const char *newline;

	while (line < end) {
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			return; /* torn: not a whole line */
		read_line(table, line, newline);
		line = newline + 1;
	}
}
