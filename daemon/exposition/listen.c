// SPDX-License-Identifier: MIT
/*
 * Addresses to listening sockets, all close-on-exec and non-blocking.
 */
#include "daemon/exposition/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/numbers.h"

#define SOCKET_MODE    0660
#define DIRECTORY_MODE 0755
#define HOST_SIZE      256 /* longest host name and its NUL (RFC 1035) */
#define SOCKET_TYPE    (SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK)

struct tcp_address {
	char host[HOST_SIZE]; /* "": all addresses */
	uint16_t port;
};

/* ---- TCP ---- */

/* "host:port", ":port", "[v6]:port": the port follows the last colon. */
static int parse_tcp(const char *address, struct tcp_address *ret_address)
{
	const char *colon = strrchr(address, ':');
	const char *host = address;
	size_t length;
	uint64_t port;
	int result;

	if (colon == NULL)
		return -EINVAL;
	result = number_parse_u64(colon + 1, strlen(colon + 1), &port);
	if (result < 0 || port > UINT16_MAX)
		return -EINVAL;
	length = (size_t)(colon - address);
	if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	} else if (memchr(host, ':', length) != NULL) {
		return -EINVAL; /* an IPv6 address without brackets is ambiguous */
	}
	if (length >= sizeof(ret_address->host))
		return -EINVAL;
	*ret_address = (struct tcp_address){.port = (uint16_t)port};
	memcpy(ret_address->host, host, length);
	return 0;
}

static int listen_tcp(const struct sockaddr *address, socklen_t length)
{
	_cleanup_(closep) int fd = socket(address->sa_family, SOCKET_TYPE, 0);
	const int on = 1;
	const int off = 0;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	if (address->sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
		return -errno;
	if (bind(fd, address, length) < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* Both families by one socket where there is IPv6, else IPv4. */
static int listen_all_addresses(uint16_t port)
{
	const struct sockaddr_in6 any6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
	const struct sockaddr_in any4 = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_ANY)}};
	int fd = listen_tcp((const struct sockaddr *)&any6, sizeof(any6));

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL)
		fd = listen_tcp((const struct sockaddr *)&any4, sizeof(any4));
	return fd;
}

/* A name with several addresses gets the first that works, IPv4 before IPv6. */
static int listen_host(const struct tcp_address *address)
{
	static const int families[] = {AF_INET, AF_INET6};
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list = NULL;
	const struct addrinfo *info;
	char port[NUMBER_TEXT_SIZE];
	int fd = -EADDRNOTAVAIL;
	size_t i;

	(void)number_format_u64(port, address->port);
	if (getaddrinfo(address->host, port, &hints, &list) != 0)
		return -EADDRNOTAVAIL;
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (info = list; info != NULL && fd < 0; info = info->ai_next)
			if (info->ai_family == families[i])
				fd = listen_tcp(info->ai_addr, info->ai_addrlen);
	freeaddrinfo(list);
	return fd;
}

static int bound_port(int fd, unsigned *ret_port)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un path;
	} address = {.path = {.sun_family = AF_UNSPEC}};
	socklen_t length = sizeof(address);

	if (getsockname(fd, &address.any, &length) < 0)
		return -errno;
	*ret_port = 0;
	if (address.any.sa_family == AF_INET6)
		*ret_port = ntohs(address.v6.sin6_port);
	else if (address.any.sa_family == AF_INET)
		*ret_port = ntohs(address.v4.sin_port);
	return 0;
}

static int open_tcp(const char *text, struct listener *listener)
{
	struct tcp_address address;
	int result = parse_tcp(text, &address);

	if (result < 0)
		return result;
	result =
	    address.host[0] == '\0' ? listen_all_addresses(address.port) : listen_host(&address);
	if (result < 0)
		return result;
	listener->fd = result;
	return bound_port(listener->fd, &listener->port);
}

/* ---- unix ---- */

/* True when path is a socket that nobody listens on any more. */
static bool is_stale_socket(const struct sockaddr_un *address)
{
	_cleanup_(closep) int fd = -1;
	struct stat status;

	if (lstat(address->sun_path, &status) < 0 || !S_ISSOCK(status.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return false;
	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	       errno == ECONNREFUSED;
}

static int bind_unix(int fd, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (!is_stale_socket(address) || unlink(address->sun_path) < 0)
		return -EADDRINUSE;
	return bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
}

/* Only the last one; without it bind(2) says what is wrong. */
static void make_directory_of(const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	const char *slash = strrchr(path, '/');

	(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	if (directory[0] != '\0')
		(void)mkdir(directory, DIRECTORY_MODE);
}

static bool is_unix_path(const char *path)
{
	return path[0] == '/' && strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

static int open_unix(const char *path, struct listener *listener)
{
	_cleanup_(closep) int fd = -1;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);
	struct stat status;
	int result;

	if (!is_unix_path(path))
		return -EINVAL;
	memcpy(address.sun_path, path, length + 1);
	fd = socket(AF_UNIX, SOCKET_TYPE, 0);
	if (fd < 0)
		return -errno;
	make_directory_of(path);
	result = bind_unix(fd, &address);
	if (result < 0)
		return result;
	memcpy(listener->path, path, length + 1);
	if (lstat(path, &status) == 0) {
		listener->device = status.st_dev;
		listener->inode = status.st_ino;
	}
	/* Before it listens: nobody connects with the rights that the umask left. */
	if (chmod(path, SOCKET_MODE) < 0)
		return -errno;
	if (listen(fd, SOMAXCONN) < 0)
		return -errno;
	listener->fd = TAKE_FD(fd);
	return 0;
}

/* ---- both ---- */

bool listen_address_is_valid(const char *address)
{
	struct tcp_address tcp;

	if (strncmp(address, "unix:", 5) == 0)
		return is_unix_path(address + 5);
	return parse_tcp(address, &tcp) == 0;
}

int listener_open(const char *address, struct listener *ret_listener, char *reterr_message,
                  size_t message_size)
{
	struct listener listener = {.fd = -1};
	int result;

	if (strncmp(address, "unix:", 5) == 0)
		result = open_unix(address + 5, &listener);
	else
		result = open_tcp(address, &listener);
	if (result >= 0) {
		*ret_listener = listener;
		return 0;
	}
	listener_done(&listener);
	if (result == -EINVAL)
		(void)snprintf(reterr_message, message_size,
		               "listen address \"%s\": expected host:port, :port, [v6]:port or "
		               "unix:/path",
		               address);
	else
		(void)snprintf(reterr_message, message_size, "cannot listen on %s: %s", address,
		               strerror(-result));
	return result;
}

static bool is_listening(int fd)
{
	socklen_t length = sizeof(int);
	int type = 0, is_open = 0;

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_open, &length) == 0 && is_open != 0;
}

int listener_take(int fd, struct listener *ret_listener, char *reterr_message, size_t message_size)
{
	struct listener listener = {.fd = fd};

	if (!is_listening(fd)) {
		(void)snprintf(reterr_message, message_size,
		               "socket %d of the service manager: expected a stream socket that "
		               "listens",
		               fd);
		return -EINVAL;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ||
	    bound_port(fd, &listener.port) < 0) {
		(void)snprintf(reterr_message, message_size, "socket %d: %s", fd, strerror(errno));
		return -errno;
	}
	*ret_listener = listener;
	return 0;
}

void listener_done(struct listener *listener)
{
	struct stat status;

	if (listener->fd >= 0)
		(void)close(listener->fd); /* a listening socket has nothing unwritten */
	listener->fd = -1;
	if (listener->path[0] != '\0' && lstat(listener->path, &status) == 0 &&
	    status.st_dev == listener->device && status.st_ino == listener->inode)
		(void)unlink(listener->path); /* it may be gone already */
	listener->path[0] = '\0';
}
