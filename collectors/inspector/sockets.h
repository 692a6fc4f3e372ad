// SPDX-License-Identifier: MIT
/*
 * Who uses a port in a process's network namespace, by /proc/PID/net/tcp and tcp6 (proc(5),
 * net/ipv4/tcp_ipv4.c). Reads files that may be long: for the tool, or
 * a job of the pool.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_SOCKETS_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct socket_row {
	uint16_t port; /* local */
	bool is_listening;
	bool is_established;
};

/* One line of either table; -EBADMSG: its head, or something else. Pure. */
int socket_row_parse(const char *line, struct socket_row *ret_row)
    __attribute__((warn_unused_result));

struct port_use {
	bool is_taken;           /* somebody listens, on whatever address */
	size_t connection_count; /* to who listens */
};

/* process_fd is a directory fd of /proc/PID. */
int sockets_port_use(int process_fd, uint16_t port, struct port_use *ret_use)
    __attribute__((warn_unused_result));

#endif
