// SPDX-License-Identifier: MIT
/*
 * Which inspectors were opened by us, on disk before they are: whoever comes after a crash closes
 * what is still open, and nobody asks a process twice that did not open one. One line for each
 * process; those that are gone are dropped. A ledger is of one writer at a time.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_LEDGER_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/collector.h"

#define LEDGER_ENTRIES_MAX 64
#define LEDGER_PATH_SIZE   4200

enum ledger_state {
	LEDGER_ASKED,  /* the signal is about to be sent, or was and nothing is known */
	LEDGER_SILENT, /* it was sent, and nothing opened: never again */
	LEDGER_OPEN,
	LEDGER_CLOSED, /* it may be asked again */
	LEDGER_STATE_COUNT
};

struct ledger_entry {
	struct process_key key;
	enum ledger_state state;
	uint16_t port; /* where it was to open */
};

struct ledger {
	char path[LEDGER_PATH_SIZE]; /* "": kept in memory only */
	struct ledger_entry entries[LEDGER_ENTRIES_MAX];
	size_t count;
};

/* Reads what there is; a damaged line is skipped, a missing file is empty. A negative errno. */
int ledger_open(const char *path, struct ledger *ret_ledger) __attribute__((warn_unused_result));
/* NULL: never heard of. */
const struct ledger_entry *ledger_find(const struct ledger *ledger, const struct process_key *key);
/*
 * Puts the entry in the place of the one of its process and writes the file. -ENOSPC: full of
 * others; else why it could not be written, and nothing has changed.
 */
int ledger_put(struct ledger *ledger, const struct ledger_entry *entry)
    __attribute__((warn_unused_result));
/* Whether nothing is open by us, or may yet open. */
bool ledger_is_settled(const struct ledger *ledger);
/* Forgets those of whom is_alive() says no; written with the next entry. */
void ledger_prune(struct ledger *ledger,
                  bool (*is_alive)(void *context, const struct process_key *key), void *context);

#endif
