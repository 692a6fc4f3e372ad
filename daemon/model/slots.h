// SPDX-License-Identifier: MIT
/*
 * Apps by name and the slots of their processes: always the smallest free index, so that series are
 * bounded by concurrency and not by churn. A slot may be reserved for a process that held it before
 * a restart of heapwatch, and it remembers the score of a life that ended leaking in it. An app
 * remembers what its lives have grown to and kept.
 */
#ifndef HEAPWATCH_DAEMON_MODEL_SLOTS_H
#define HEAPWATCH_DAEMON_MODEL_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"
#include "daemon/model/experience.h"

struct process;
struct app;
struct app_table;

#define APP_OTHER "other" /* the name of all apps beyond the maximum */

struct slot {
	struct process *process; /* borrowed; NULL: free */
	bool is_reserved;
	struct process_key reserved_for;
	double carried_score; /* 0: none */
	uint64_t carried_at_ns;
};

struct app_table *app_table_new(size_t apps_max, size_t slots_max);
struct app_table *app_table_free(struct app_table *table);
/* What is beyond a lower limit stays. */
void app_table_set_limits(struct app_table *table, size_t apps_max, size_t slots_max);

/* The app of this name, made when new, or "other" at the maximum; NULL without memory. */
struct app *app_table_obtain(struct app_table *table, const char *name);
struct app *app_table_find(const struct app_table *table, const char *name);
const char *app_name(const struct app *app);
uint64_t *app_exits(struct app *app); /* PROCESS_END_COUNT counters */
struct experience *app_experience(struct app *app);

/* Puts the process into its reserved slot, else the smallest free one. -ENOMEM. */
int app_take_slot(struct app *app, struct process *process, unsigned *ret_slot)
    __attribute__((warn_unused_result));
/* Gives the process, which took it, the slot and what app and slot have to tell. */
void app_hand_over(struct app *app, unsigned slot, struct process *process);
/* Frees the slot, and the app with its last slot when it has had no exits. */
void app_release_slot(struct app_table *table, struct app *app, unsigned slot);
/* NULL when the app has no such slot. */
struct slot *app_slot(const struct app *app, unsigned slot);
/* Does nothing when the slot is taken, out of bounds, or without memory. */
void app_reserve_slot(struct app *app, unsigned slot, const struct process_key *key);
void app_table_drop_reservations(struct app_table *table);

/* The taken slots as lines of text, and such lines as reservations (slots_text.c). */
struct buf;
void slots_write(struct app_table *table, struct buf *out);
void slots_read(struct app_table *table, const char *text, size_t length);

/* In the order of their names; NULL begins and ends. */
struct app *app_table_next(struct app_table *table, const struct app *app);
size_t app_table_count(const struct app_table *table);

#endif
