// SPDX-License-Identifier: MIT
/*
 * Control sequences are those of ECMA-48 and xterm that every terminal in use knows; a library of
 * terminals would bring a database for what needs five of them.
 */
#include "tool/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/units.h"

#define ENTER           "\033[?1049h\033[?25l\033[?7l" /* other screen, no cursor, no wrapping */
#define LEAVE           "\033[?7h\033[?25h\033[?1049l"
#define HOME            "\033[H"
#define ERASE_LINE      "\033[K"
#define REST            "\r\n\033[J"
#define FRAME_MAX       ((size_t)4 * MIB)
#define WIDTH_FALLBACK  80
#define HEIGHT_FALLBACK 24

static const int caught[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

static sigset_t caught_set(void)
{
	sigset_t set;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		(void)sigaddset(&set, caught[i]);
	return set;
}

/* A terminal that is gone takes nothing: there is nobody to tell. */
static void put(const char *text, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		text += written;
		length -= (size_t)written;
	}
}

static void put_string(const char *text)
{
	put(text, strlen(text));
}

bool screen_is_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && term != NULL &&
	       *term != '\0' && strcmp(term, "dumb") != 0;
}

/* ---- entering and leaving ---- */

static int begin_drawing(struct screen *screen)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &screen->before) < 0)
		return -errno;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) < 0)
		return -errno;
	put_string(ENTER);
	screen->is_entered = true;
	return 0;
}

static void end_drawing(struct screen *screen)
{
	if (!screen->is_entered)
		return;
	put_string(LEAVE);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &screen->before); /* nobody left to tell */
	screen->is_entered = false;
}

int screen_enter(struct screen *screen)
{
	sigset_t set = caught_set();
	int result;

	*screen = (struct screen){.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
	if (screen->signal_fd < 0)
		return -errno;
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	result = begin_drawing(screen);
	if (result < 0)
		screen_leave(screen);
	return result;
}

void screen_leave(struct screen *screen)
{
	sigset_t set = caught_set();

	end_drawing(screen);
	if (screen->signal_fd < 0)
		return;
	(void)close(screen->signal_fd);
	screen->signal_fd = -1;
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- signals ---- */

static void stop(struct screen *screen)
{
	end_drawing(screen);
	(void)raise(SIGSTOP);
	(void)begin_drawing(screen); /* fails for a terminal that is gone: SIGHUP follows */
}

int screen_signal(struct screen *screen)
{
	struct signalfd_siginfo info;

	while (read(screen->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTSTP)
			stop(screen);
		else if (info.ssi_signo != SIGWINCH)
			return (int)info.ssi_signo;
	}
	return 0;
}

void screen_end_by(int number)
{
	(void)raise(number);
}

/* ---- showing ---- */

void screen_size(size_t *ret_width, size_t *ret_height)
{
	struct winsize size = {0};

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* zeros stay: fallbacks */
	*ret_width = size.ws_col > 0 ? size.ws_col : WIDTH_FALLBACK;
	*ret_height = size.ws_row > 0 ? size.ws_row : HEIGHT_FALLBACK;
}

void screen_show(const char *text, size_t height)
{
	struct buf frame = BUF_INIT(FRAME_MAX);
	size_t lines = 0;

	buf_append_string(&frame, HOME);
	while (*text != '\0' && lines < height) {
		size_t length = strcspn(text, "\n");

		/* Erased first: at the end of a full line it would take the last character. */
		buf_append_string(&frame, lines++ > 0 ? "\r\n" ERASE_LINE : ERASE_LINE);
		buf_append(&frame, text, length);
		text += length + (text[length] == '\n');
	}
	if (lines < height)
		buf_append_string(&frame, REST);
	put(buf_string(&frame), frame.length);
	buf_done(&frame);
}

/* ---- keys ---- */

static const struct {
	const char *sequence; /* behind Esc */
	int key;
} sequences[] = {
    {"[A", KEY_UP},       {"[B", KEY_DOWN},       {"OA", KEY_UP},    {"OB", KEY_DOWN},
    {"[5~", KEY_PAGE_UP}, {"[6~", KEY_PAGE_DOWN}, {"[H", KEY_HOME},  {"[F", KEY_END},
    {"OH", KEY_HOME},     {"OF", KEY_END},        {"[1~", KEY_HOME}, {"[4~", KEY_END},
    {"[D", KEY_BACK},     {"OD", KEY_BACK},       {"[C", KEY_OPEN},  {"OC", KEY_OPEN},
};

/* Another sequence is taken to its final byte, and is no key. */
static size_t unknown_length(const char *text, size_t length)
{
	size_t i = 1;

	while (i < length && !(text[i] >= '@' && text[i] <= '~'))
		i++;
	return i < length ? i + 1 : length;
}

static int next_sequence(const char *text, size_t length, size_t *ret_taken)
{
	size_t i;

	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		size_t wanted = strlen(sequences[i].sequence);

		if (length >= wanted && memcmp(text, sequences[i].sequence, wanted) == 0) {
			*ret_taken = wanted;
			return sequences[i].key;
		}
	}
	*ret_taken = unknown_length(text, length);
	return '\0';
}

static int plain_key(char c)
{
	if (c == '\r' || c == '\n')
		return KEY_OPEN;
	if (c == 0x7f || c == '\b')
		return KEY_BACK;
	return (unsigned char)c;
}

int screen_next_key(const char **text, size_t *length)
{
	size_t taken = 0;
	int key = KEY_NONE;

	while (key == KEY_NONE && *length > 0) {
		char c = *(*text)++;

		(*length)--;
		if (c != '\033') {
			key = plain_key(c);
		} else if (*length > 0 && (**text == '[' || **text == 'O')) {
			key = next_sequence(*text, *length, &taken);
			*text += taken;
			*length -= taken;
		} else {
			key = KEY_BACK;
		}
	}
	return key;
}
