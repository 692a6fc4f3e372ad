// SPDX-License-Identifier: MIT
/*
 * epoll is level-triggered. The timer's fd is never read: setting it anew makes it unreadable.
 */
#include "collectors/inspector/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "collectors/inspector/netns.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

static int watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data = {.fd = fd}};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int wire_init(struct wire *wire)
{
	int r;

	*wire = (struct wire){.fd = -1, .epoll_fd = -1, .timer_fd = -1};
	wire->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wire->epoll_fd < 0)
		return -errno;
	wire->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	r = wire->timer_fd < 0 ? -errno : watch(wire->epoll_fd, wire->timer_fd, EPOLLIN);
	if (r < 0)
		wire_done(wire);
	return r;
}

void wire_done(struct wire *wire)
{
	wire_disconnect(wire);
	closep(&wire->timer_fd);
	closep(&wire->epoll_fd);
	wire->timer_fd = -1;
	wire->epoll_fd = -1;
}

void wire_disconnect(struct wire *wire)
{
	closep(&wire->fd); /* takes it out of the epoll instance, too */
	wire->fd = -1;
}

static int start_connect(int fd, const struct inspector_address *address)
{
	const struct sockaddr_in ipv4 = {.sin_family = AF_INET,
	                                 .sin_port = htons(address->port),
	                                 .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	const struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6,
	                                  .sin6_port = htons(address->port),
	                                  .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	const struct sockaddr *to =
	    address->is_ipv6 ? (const struct sockaddr *)&ipv6 : (const struct sockaddr *)&ipv4;
	socklen_t size = address->is_ipv6 ? sizeof(ipv6) : sizeof(ipv4);
	int on = 1;

	/* Frames are written in two pieces; Nagle would hold the second one back for 40 ms. */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
		return -errno;
	if (connect(fd, to, size) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

int wire_connect(struct wire *wire, const struct inspector_address *address)
{
	int r;

	wire_disconnect(wire);
	r = netns_socket(address->network_fd, address->is_ipv6 ? AF_INET6 : AF_INET,
	                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (r < 0)
		return r;
	wire->fd = r;
	wire->is_watching_writes = true;
	r = start_connect(wire->fd, address);
	if (r == 0)
		r = watch(wire->epoll_fd, wire->fd, EPOLLIN | EPOLLOUT);
	if (r < 0)
		wire_disconnect(wire);
	return r;
}

int wire_connected(const struct wire *wire)
{
	struct epoll_event events[2];
	socklen_t size = sizeof(int);
	int error = 0;
	int count = epoll_wait(wire->epoll_fd, events, 2, 0);
	int i;

	if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error != 0)
		return error != 0 ? -error : -errno;
	for (i = 0; i < count; i++)
		if (events[i].data.fd == wire->fd && (events[i].events & EPOLLOUT) != 0)
			return 0;
	return -EINPROGRESS;
}

void wire_watch_writes(struct wire *wire, bool is_wanted)
{
	struct epoll_event event = {.events = EPOLLIN | (is_wanted ? EPOLLOUT : 0U),
	                            .data = {.fd = wire->fd}};

	if (wire->fd < 0 || wire->is_watching_writes == is_wanted)
		return;
	wire->is_watching_writes = is_wanted;
	(void)epoll_ctl(wire->epoll_fd, EPOLL_CTL_MOD, wire->fd, &event); /* cannot fail: is in */
}

void wire_set_deadline(struct wire *wire, uint64_t at_ns)
{
	struct itimerspec when = {.it_value = {.tv_sec = 0}};

	if (at_ns != UINT64_MAX) {
		at_ns += at_ns == 0; /* 0 would disarm it */
		when.it_value.tv_sec = (time_t)(at_ns / NS_PER_SECOND);
		when.it_value.tv_nsec = (long)(at_ns % NS_PER_SECOND);
	}
	(void)timerfd_settime(wire->timer_fd, TFD_TIMER_ABSTIME, &when, NULL); /* is valid */
}
