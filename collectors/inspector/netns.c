// SPDX-License-Identifier: MIT
/*
 * A socket stays in the namespace in which it was made, so nothing but socket(2) itself runs there.
 * setns(2) is about the calling thread alone.
 */
#include "collectors/inspector/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/log.h"

static int own_socket(int family, int type)
{
	int fd = socket(family, type, 0);

	return fd < 0 ? -errno : fd;
}

int netns_socket(int network_fd, int family, int type)
{
	_cleanup_(closep) int home_fd = -1;
	int fd;

	if (network_fd <= 0)
		return own_socket(family, type);
	home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home_fd < 0 || setns(network_fd, CLONE_NEWNET) < 0)
		return -errno;
	fd = own_socket(family, type);
	if (setns(home_fd, CLONE_NEWNET) < 0) {
		log_error(-errno, "cannot return to the own network namespace, giving up");
		abort(); /* everything after this would happen in the wrong network */
	}
	return fd;
}
