// SPDX-License-Identifier: MIT
/*
 * Listening sockets from the addresses that users write: host:port, :port (IPv6 and IPv4),
 * [v6]:port, unix:/path. A socket file that a dead process left behind is replaced; one that
 * somebody listens on, or that is no socket, is not touched. Owner and group may connect to it; its
 * directory is made when it is missing.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_LISTEN_H
#define HEAPWATCH_DAEMON_EXPOSITION_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

struct listener {
	int fd;                                                    /* -1: closed */
	unsigned port;                                             /* 0 for unix: */
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)]; /* "" for TCP */
	uint64_t device, inode; /* of path: a successor's socket is not removed */
};

/* Of one of the forms above; the host is not looked up. */
bool listen_address_is_valid(const char *address);
/* The message for the user names the address. A host name is looked up, which may block. */
int listener_open(const char *address, struct listener *ret_listener, char *reterr_message,
                  size_t message_size) __attribute__((warn_unused_result));
/*
 * A socket that listens already, as a service manager hands over: made non-blocking and
 * close-on-exec. -EINVAL when it is no listening stream socket.
 */
int listener_take(int fd, struct listener *ret_listener, char *reterr_message, size_t message_size)
    __attribute__((warn_unused_result));
/* Closes the socket unless fd was taken (-1) and removes the socket file. */
void listener_done(struct listener *listener);

#endif
