// SPDX-License-Identifier: MIT
/*
 * Wrappers that are a prefix: stamps and what log collectors put between a stamp and the line.
 */
#include "collectors/gclog/unwrap_rows.h"

#define TOKEN_MAX       255 /* of a host or a tag; RFC 5424, section 6 */
#define NAME_MAX_LENGTH 64

static bool take_byte(struct cursor *cursor, char byte)
{
	if (cursor->at == cursor->end || *cursor->at != byte)
		return false;
	cursor->at++;
	return true;
}

/* A run of other bytes than blanks, and the blank behind it. */
static bool take_token(struct cursor *cursor, struct cursor *ret_token)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *blank = memchr(cursor->at, ' ', left > TOKEN_MAX ? TOKEN_MAX : left);

	if (blank == NULL || blank == cursor->at)
		return false;
	*ret_token = (struct cursor){cursor->at, blank};
	cursor->at = blank + 1;
	return true;
}

static bool is_token(const struct cursor *token, const char *literal, size_t length)
{
	return (size_t)(token->end - token->at) == length &&
	       memcmp(token->at, literal, length) == 0;
}

/* ---- behind a stamp ---- */

/*
 * "stdout F text": kubernetes/design-proposals-archive, node/kubelet-cri-logging.md. Tags after F
 * or P (partial) are divided by colons.
 */
static bool take_cri(struct cursor *text, struct unwrapped *piece)
{
	struct cursor at = *text;
	struct cursor stream, tags;
	bool is_partial, is_error;

	if (!take_byte(&at, ' ') || !take_token(&at, &stream))
		return false;
	is_error = is_token(&stream, LITERAL("stderr"));
	if (!is_error && !is_token(&stream, LITERAL("stdout")))
		return false;
	is_partial = take_byte(&at, 'P');
	if (!is_partial && !take_byte(&at, 'F'))
		return false;
	if (take_byte(&at, ':'))
		(void)take_token(&at, &tags); /* none of them is of use */
	else if (!take_byte(&at, ' ') && at.at < at.end)
		return false;
	piece->channel = is_error ? UNWRAP_STDERR : UNWRAP_STDOUT;
	piece->is_unfinished = is_partial;
	*text = at;
	return true;
}

/* V8's own words that look like a host and a tag: "FATAL ERROR: …", "100 ms: Scavenge …". */
static bool is_v8(const struct cursor *host, const struct cursor *tag)
{
	return is_token(host, LITERAL("FATAL")) || is_token(tag, LITERAL("ms:"));
}

/* "node[123]:" */
static bool has_pid(const struct cursor *tag)
{
	return tag->end - tag->at >= 4 && memcmp(tag->end - 2, "]:", 2) == 0 &&
	       memchr(tag->at, '[', (size_t)(tag->end - tag->at)) != NULL && *tag->at != '[';
}

/* " host tag[pid]: text", " host tag: text" */
static bool take_tag(struct cursor *text, bool needs_pid)
{
	struct cursor at = *text;
	struct cursor host, tag;

	if (!take_byte(&at, ' ') || !take_token(&at, &host) || !take_token(&at, &tag) ||
	    tag.end[-1] != ':' || *host.at == '[' || *host.at == '<')
		return false;
	if (needs_pid ? !has_pid(&tag) : is_v8(&host, &tag))
		return false;
	*text = at;
	return true;
}

/* A stamp alone: "… text", "…: text", and nothing behind it. */
static bool take_gap(struct cursor *text)
{
	struct cursor at = *text;

	(void)take_byte(&at, ':'); /* PM2's */
	if (!take_byte(&at, ' ') && !take_byte(&at, '\t') && at.at < at.end)
		return false;
	*text = at;
	return true;
}

/* ---- stamps ---- */

bool unwrap_take_iso(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	bool is_bracketed = take_byte(&at, '[');
	uint64_t wall_ns;

	(void)line;
	if (!walltime_take_iso(&at, &unwrap->reference, &wall_ns) ||
	    (is_bracketed && !take_byte(&at, ']')))
		return false;
	if (!take_cri(&at, piece) && !take_tag(&at, true) && !take_gap(&at))
		return false;
	unwrapped_note_wall(piece, wall_ns);
	piece->text = at;
	return true;
}

bool unwrap_take_month(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	uint64_t wall_ns;

	(void)line;
	if (!walltime_take_month(&at, &unwrap->reference, &wall_ns) ||
	    (!take_tag(&at, false) && !take_gap(&at)))
		return false;
	unwrapped_note_wall(piece, wall_ns);
	piece->text = at;
	return true;
}

/* The name of a zone that is not known: " CET". */
static void skip_zone(struct cursor *text)
{
	struct cursor at = *text;
	struct cursor zone;

	if (take_byte(&at, ' ') && take_token(&at, &zone))
		text->at = zone.end;
}

/* "Sun 2026-11-22 04:00:00 CET host node[123]: text" */
bool unwrap_take_weekday(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	uint64_t wall_ns;

	(void)line;
	if (at.end - at.at < 4 || at.at[3] != ' ')
		return false;
	at.at += 4;
	if (!walltime_take_iso(&at, &unwrap->reference, &wall_ns))
		return false;
	if (!take_tag(&at, true)) {
		skip_zone(&at);
		if (!take_tag(&at, true))
			return false;
	}
	unwrapped_note_wall(piece, wall_ns);
	piece->text = at;
	return true;
}

bool unwrap_take_unix(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	uint64_t wall_ns;

	(void)unwrap;
	(void)line;
	if (!walltime_take_unix(&at, &wall_ns) || !take_tag(&at, true))
		return false;
	unwrapped_note_wall(piece, wall_ns);
	piece->text = at;
	return true;
}

/* ---- syslog with a priority ---- */

/* RFC 5424, section 6.3: "-", or elements in brackets, in which a backslash escapes. */
static bool take_structured_data(struct cursor *text)
{
	if (take_byte(text, '-'))
		return true;
	if (text->at == text->end || *text->at != '[')
		return false;
	while (take_byte(text, '[')) {
		while (text->at < text->end && *text->at != ']')
			text->at += *text->at == '\\' && text->end - text->at > 1 ? 2 : 1;
		if (!take_byte(text, ']'))
			return false;
	}
	return true;
}

/* "1 STAMP HOST APP PROCID MSGID SD text", the stamp may be "-" */
static bool take_rfc5424(const struct unwrap *unwrap, struct cursor *text, struct unwrapped *piece)
{
	struct cursor at = *text;
	struct cursor stamp, token;
	uint64_t wall_ns;
	int i;

	if (!cursor_take(&at, LITERAL("1 ")) || !take_token(&at, &stamp))
		return false;
	for (i = 0; i < 4; i++)
		if (!take_token(&at, &token))
			return false;
	if (!take_structured_data(&at))
		return false;
	(void)take_byte(&at, ' ');                       /* nothing may follow */
	(void)cursor_take(&at, LITERAL("\xef\xbb\xbf")); /* may mark UTF-8 */
	if (walltime_take_iso(&stamp, &unwrap->reference, &wall_ns))
		unwrapped_note_wall(piece, wall_ns);
	*text = at;
	return true;
}

/* "<30>", before RFC 5424's fields or any other form */
bool unwrap_take_priority(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;
	uint64_t priority = 0;
	unsigned count;

	(void)line;
	if (!take_byte(&at, '<'))
		return false;
	count = cursor_take_digits(&at, &priority);
	if (count == 0 || count > 3 || !take_byte(&at, '>'))
		return false;
	(void)take_rfc5424(unwrap, &at, piece); /* or what follows is unwrapped next */
	piece->text = at;
	return true;
}

/* ---- names ---- */

/* "\x1b[32m", as often as it comes */
static void skip_colours(struct cursor *text)
{
	struct cursor at = *text;

	while (take_byte(&at, '\x1b') && take_byte(&at, '[')) {
		while (at.at < at.end && ((*at.at >= '0' && *at.at <= '9') || *at.at == ';'))
			at.at++;
		if (!take_byte(&at, 'm'))
			return;
		*text = at;
	}
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-.@/:", c) != NULL);
}

static bool skip_name(struct cursor *text)
{
	const char *start = text->at;

	while (text->at < text->end && is_name_byte(*text->at))
		text->at++;
	return text->at > start && text->at - start <= NAME_MAX_LENGTH;
}

/* "0|app    | text", "app-1  | text", both maybe in colours */
bool unwrap_take_name(struct unwrap *unwrap, struct unwrap_line *line, struct unwrapped *piece)
{
	struct cursor at = piece->text;

	(void)unwrap;
	(void)line;
	skip_colours(&at);
	if (!skip_name(&at) || (take_byte(&at, '|') && !skip_name(&at)))
		return false;
	skip_colours(&at);
	if (!take_byte(&at, ' '))
		return false;
	cursor_skip_blanks(&at);
	skip_colours(&at);
	if (!take_byte(&at, '|'))
		return false;
	skip_colours(&at);
	if (!take_byte(&at, ' ') && at.at < at.end)
		return false;
	skip_colours(&at);
	piece->text = at;
	return true;
}
