// SPDX-License-Identifier: MIT
/*
 * What both status pages are made of: frame, words, numbers, drawings. For status*.c alone.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_STATUS_PARTS_H
#define HEAPWATCH_DAEMON_EXPOSITION_STATUS_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/exposition/status.h"
#include "daemon/model/process.h"
#include "lib/buf.h"

/* ---- frame ---- */

/* root: the relative way to /, "" or "../../". What is between is refreshed by the script. */
void status_begin(struct buf *out, const struct status_source *source, const char *root,
                  const char *title);
void status_end(struct buf *out, const struct status_source *source, const char *root);

/* ---- words ---- */

enum status_tone { STATUS_NEUTRAL, STATUS_GOOD, STATUS_INFO, STATUS_WARNING, STATUS_BAD };

struct status_state {
	enum status_tone tone;
	unsigned rank; /* what needs attention first has the highest */
	const char *meaning;
};

const struct status_state *status_state(enum leak_state state);
const char *status_tone_class(enum status_tone tone);
/* A suspected leak or worse. */
bool status_needs_attention(const struct process *process);

void status_badge(struct buf *out, enum leak_state state);
/* Of each alert about it that is firing: condition, severity, since when. */
void status_alerts(struct buf *out, const struct status_source *source,
                   const struct process *process);
/* Of alerts about processes that are gone, a list; about those of this slot, NULL: all. */
void status_ended(struct buf *out, const struct status_source *source,
                  const struct process *process);
/* "app" and, set back, "/slot". */
void status_name(struct buf *out, const struct process *process);
/* APP/SLOT as a path, percent-encoded. */
void status_append_path(struct buf *out, const struct process *process);
/* What happens to it, since when, and how long there is left: one paragraph of sentences. */
void status_sentence(struct buf *out, const struct status_source *source,
                     const struct process *process);
void status_size(struct buf *out, bool is_known, double bytes);
/* "2.5h", "over a year", or a dash when it is not coming. */
void status_seconds(struct buf *out, double seconds);
void status_growth(struct buf *out, const struct process *process);
/* <time>: "03:12 UTC", with the date unless it is today. */
void status_time(struct buf *out, const struct status_source *source, uint64_t at_ns);
void status_age(struct buf *out, const struct status_source *source, uint64_t at_ns);

/* What to do now, of what needs attention: the first step as a paragraph, all as the items of a
 * list, of which it returns how many there are. */
void status_next_step(struct buf *out, const struct process *process);
size_t status_steps(struct buf *out, const struct process *process);
/* What to do to know more, likewise. */
size_t status_advice(struct buf *out, const struct process *process);

/* ---- drawings ---- */

/* Of those that live, by what survived its last full collection; NULL: none had one. */
const struct isolate *status_largest_heap(const struct process *process);
/* The memory, or the number of threads, whose rise is judged; and what it is. */
const struct series *status_floor(const struct process *process, const char **ret_name);
/* The latest of it. False: nothing was seen yet. */
bool status_floor_now(const struct series *floor, uint64_t *ret_value);
void status_sparkline(struct buf *out, const struct series *floor, uint64_t now_ns);
void status_score_bar(struct buf *out, const struct process *process);
void status_charts(struct buf *out, const struct status_source *source,
                   const struct process *process, const char *range);

#endif
