// SPDX-License-Identifier: MIT
/*
 * Opens the inspector of a process by SIGUSR1, and closes it again. The one place that sends a
 * signal to a process that is observed.
 *
 * To a process that does not catch it the signal is death, so everything is asked first, and what
 * the signal would do is asked again right before it is sent, through a pidfd. One process at a
 * time in a network namespace, for they share the port. Nobody is asked a second time who did not
 * open. What was opened is in a ledger before, and only that is closed, never while another
 * debugger is connected, which would stop the application. Each step is a line in the log.
 *
 * Blocks for some seconds: for the tool, or a job of the pool.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_OPENING_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_OPENING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/inspector/find.h"
#include "collectors/inspector/signal_state.h"
#include "collectors/inspector/sockets.h"
#include "collectors/inspector/wire.h"
#include "lib/clock.h"

struct ledger;
struct subject;

/* It takes Node 10 to 200 ms to catch the signal, or more on a busy machine. */
#define OPENING_AGE_MIN_NS (5 * NS_PER_SECOND)

enum opening_result {
	OPENING_OPENED,
	OPENING_NOT_NODE,     /* its executable is none, or cannot be read */
	OPENING_OTHER_USER,   /* it does not run as our user */
	OPENING_ELEVATED,     /* setuid, setgid or with file capabilities */
	OPENING_BOOTING,      /* younger than OPENING_AGE_MIN_NS */
	OPENING_STOPPED,      /* by a signal or a tracer, or dead */
	OPENING_DISABLED,     /* --disable-sigusr1, --permission, or the signal is blocked */
	OPENING_NOT_CAUGHT,   /* the signal would end it, or be ignored */
	OPENING_NOT_LOOPBACK, /* its flags would open it to others */
	OPENING_ANY_PORT,     /* its flags do not tell where it would listen */
	OPENING_PORT_TAKEN,   /* somebody listens there */
	OPENING_ASKED_BEFORE, /* and did not open */
	OPENING_BUSY,         /* another one is open by us in its network namespace */
	OPENING_NO_LEDGER,    /* what is about to happen cannot be written down */
	OPENING_DENIED,       /* what is to be asked cannot be read, or the signal not be sent */
	OPENING_GONE,
	OPENING_SILENT, /* asked, and nothing opened: it has a handler of its own */
	OPENING_RESULT_COUNT
};

/* "opened", "not_node", … */
const char *opening_result_name(enum opening_result result);
/* A sentence for people. */
const char *opening_result_text(enum opening_result result);

/* All that the decision depends on. */
struct opening_facts {
	uid_t own_uid;
	struct signal_state signals;
	struct find_flags flags;
	struct port_use port;
	uint64_t age_ns;
	bool is_node;
	bool is_elevated; /* AT_SECURE of its auxiliary vector */
	bool was_silent;
};

/* OPENING_OPENED: it may be asked. Pure. */
enum opening_result opening_judge(const struct opening_facts *facts);

struct opening {
	const char *procfs_path;
	struct ledger *ledger;
	const struct subject *subject;
	int lock_fd; /* -1 */
	struct inspector_address address;
};

/* The first three members are the caller's. After OPENING_OPENED opening_end() must follow. */
enum opening_result opening_begin(struct opening *opening);

/*
 * Whether an inspector in the network namespace of the process is open by signal, of whatever
 * heapwatch of this host: who attaches to it then keeps it from being closed. proc_fd: of procfs.
 */
bool opening_is_under_way(int proc_fd, pid_t pid);

enum closing_result {
	CLOSING_CLOSED,
	CLOSING_GONE,   /* the process, or its listener */
	CLOSING_BUSY,   /* another debugger is connected: it stays open, and in the ledger */
	CLOSING_FAILED, /* it stays in the ledger */
	CLOSING_RESULT_COUNT
};

const char *closing_result_name(enum closing_result result);

/* Closes what was opened. */
enum closing_result opening_end(struct opening *opening);
/* Closes what the ledger says was left open, and forgets processes that are gone. */
void opening_recover(const char *procfs_path, struct ledger *ledger);

#endif
