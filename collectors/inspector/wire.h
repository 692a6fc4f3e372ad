// SPDX-License-Identifier: MIT
/*
 * One non-blocking TCP connection to loopback and one deadline behind a single fd: that of an epoll
 * instance, which is readable when the connection is ready or the deadline has come. So an event
 * loop that can only wait for reading drives all of a conversation, writes and timeouts too.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_WIRE_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_WIRE_H

#include <stdbool.h>
#include <stdint.h>

/* Loopback and nothing else: 127.0.0.1 or ::1. */
struct inspector_address {
	uint16_t port;
	bool is_ipv6;
	/*
	 * An fd of /proc/PID/ns/net where that is not our own network namespace (needs
	 * CAP_SYS_ADMIN); 0 or less: our own. Borrowed.
	 */
	int network_fd;
};

struct wire {
	int fd; /* of the connection; -1: none */
	int epoll_fd;
	int timer_fd;
	bool is_watching_writes;
};

/* -EMFILE and the like; then nothing is to be undone. */
int wire_init(struct wire *wire) __attribute__((warn_unused_result));
void wire_done(struct wire *wire);

/* Closes the connection that there is and begins another one, watched for writing until it is up.
 */
int wire_connect(struct wire *wire, const struct inspector_address *address)
    __attribute__((warn_unused_result));
/* 0 once the connection is up, -EINPROGRESS, or why it failed. */
int wire_connected(const struct wire *wire) __attribute__((warn_unused_result));
void wire_disconnect(struct wire *wire);
/* Watch for writing as well as for reading. */
void wire_watch_writes(struct wire *wire, bool is_wanted);
/* On the boot-time clock; UINT64_MAX: none. */
void wire_set_deadline(struct wire *wire, uint64_t at_ns);

#endif
