// SPDX-License-Identifier: MIT
/*
 * The table of wrappers. A row is tried where the first byte fits, so that the lines of a plain log
 * pass at the cost of looking at that byte.
 */
#include "collectors/gclog/unwrap.h"

#include "collectors/gclog/unwrap_rows.h"

#define DEPTH_MAX 4 /* syslog around compose around PM2's name and stamp */

enum first_byte {
	FIRST_DIGIT = 1 << 0,
	FIRST_LETTER = 1 << 1,
	FIRST_BRACE = 1 << 2,
	FIRST_BRACKET = 1 << 3,
	FIRST_ANGLE = 1 << 4,
	FIRST_ESCAPE = 1 << 5,
};

/* To add a wrapper is to add a row. */
static const struct wrapper {
	unsigned first; /* bytes it may start with */
	bool (*take)(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece);
} wrappers[] = {
    /* Docker's json-file, journalctl -o json, PM2's log_type json */
    {FIRST_BRACE, unwrap_take_json},
    /* CRI, syslog with RFC 3339 stamps, journalctl -o short-iso, ts(1), PM2's --time, loggers */
    {FIRST_DIGIT | FIRST_BRACKET, unwrap_take_iso},
    /* RFC 3164, journalctl's own form */
    {FIRST_LETTER, unwrap_take_month},
    /* journalctl -o short-full */
    {FIRST_LETTER, unwrap_take_weekday},
    /* journalctl -o short-unix */
    {FIRST_DIGIT, unwrap_take_unix},
    /* a syslog message with its priority, RFC 5424 */
    {FIRST_ANGLE, unwrap_take_priority},
    /* "0|app  | " of pm2 logs, "app-1  | " of docker compose */
    {FIRST_DIGIT | FIRST_LETTER | FIRST_ESCAPE, unwrap_take_name},
};

static unsigned first_byte_of(const struct cursor *text)
{
	unsigned char byte = text->at < text->end ? (unsigned char)*text->at : 0;

	if (byte >= '0' && byte <= '9')
		return FIRST_DIGIT;
	if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
		return FIRST_LETTER;
	switch (byte) {
	case '{':
		return FIRST_BRACE;
	case '[': /* of a stamp, "[2026-", or of V8's own "[pid:0xISO] " */
		return text->end - text->at > 5 && text->at[5] == '-' ? FIRST_BRACKET : 0;
	case '<':
		return FIRST_ANGLE;
	case '\x1b':
		return FIRST_ESCAPE;
	default:
		return 0;
	}
}

static bool take_off(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	unsigned first = first_byte_of(&piece->text);
	size_t i;

	for (i = 0; first != 0 && i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
		if ((wrappers[i].first & first) != 0 && wrappers[i].take(unwrap, line, piece))
			return true;
	return false;
}

/* "2026-11-22T04:00:00.123456789Z stdout P": the stamp of CRI has nine digits and no blanks. */
bool unwrap_is_like_cri(const char *line, size_t length)
{
	const char *blank = memchr(line + 19, ' ', length - 26 < 20 ? length - 26 : 20);
	return blank != NULL && memcmp(blank, " std", 4) == 0;
}

bool unwrap_next(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *ret_piece)
{
	struct unwrapped piece = {.text = line->rest};
	bool has_text = true;

	if (line->rest.at == NULL)
		return false;
	line->tail = NULL;
	piece.is_wrapped =
	    unwrap_take_export(unwrap, line, &piece, &has_text) || take_off(unwrap, line, &piece);
	line->rest.at = line->tail;
	*ret_piece = piece;
	return has_text;
}

/* What stands inside the text of another wrapper must fill it. */
void unwrap_inner(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	int depth;

	for (depth = 1; depth < DEPTH_MAX; depth++) {
		struct unwrapped inner = *piece;

		line->tail = NULL;
		if (!take_off(unwrap, line, &inner) || line->tail != NULL)
			return;
		inner.channel = piece->channel;
		*piece = inner;
	}
}
