// SPDX-License-Identifier: MIT
/*
 * The whole terminal, for a while: another screen, keys as they are pressed, and signals as
 * something to wait for. What it was before is restored, whatever ends the program but SIGKILL.
 */
#ifndef HEAPWATCH_TOOL_SCREEN_H
#define HEAPWATCH_TOOL_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct screen {
	int signal_fd; /* readable when screen_signal() has something to say */
	bool is_entered;
	struct termios before;
};

/* Whether standard input and output are a terminal that can be drawn on. */
bool screen_is_possible(void);
/* A negative errno; nothing is changed then. */
int screen_enter(struct screen *screen) __attribute__((warn_unused_result));
void screen_leave(struct screen *screen);

/*
 * Takes what has come: a stop (^Z) is done at once and returns when it is over. 0: the screen is to
 * be drawn anew; else the signal that ends the program, for which screen_end_by() is to be called.
 */
int screen_signal(struct screen *screen);
/* Ends the program by the signal, after the screen was left. */
void screen_end_by(int number);

void screen_size(size_t *ret_width, size_t *ret_height);
/* Shows the text, lines with '\n', on a screen of that height. */
void screen_show(const char *text, size_t height);

enum screen_key {
	KEY_NONE,
	KEY_UP = 256,
	KEY_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_BACK, /* Esc, Backspace, left */
	KEY_OPEN, /* Enter, right */
};

/*
 * The next key of what was typed, a character or one of the above; *text and *length shrink by what
 * it took. KEY_NONE at the end.
 */
int screen_next_key(const char **text, size_t *length);

#endif
