// SPDX-License-Identifier: MIT
/*
 * A socket in another network namespace. The one place where heapwatch changes what a thread of its
 * own belongs to, for as long as one system call takes.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_NETNS_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_NETNS_H

/*
 * As socket(2), in the namespace of network_fd (of /proc/PID/ns/net); 0 or less: in our own. -EPERM
 * without CAP_SYS_ADMIN. Ends the process where the way back is barred, which the kernel does not
 * do.
 */
int netns_socket(int network_fd, int family, int type) __attribute__((warn_unused_result));

#endif
