// SPDX-License-Identifier: MIT
/*
 * Listen addresses as users write them, and what becomes of socket files.
 */
#include "daemon/exposition/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static int open_address(const char *address, struct listener *ret_listener)
{
	char message[512] = "";
	int result = listener_open(address, ret_listener, message, sizeof(message));

	if (result < 0)
		ck_assert_msg(strstr(message, address) != NULL, "%s", message);
	return result;
}

/* Whether a client of the family reaches the port over loopback. */
static int connects(int family, unsigned port)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET,
	                               .sin_port = htons((uint16_t)port),
	                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	                                .sin6_port = htons((uint16_t)port),
	                                .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = family == AF_INET ? connect(fd, (const struct sockaddr *)&v4, sizeof(v4))
	                               : connect(fd, (const struct sockaddr *)&v6, sizeof(v6));

	if (fd >= 0)
		(void)close(fd);
	return result == 0;
}

static int has_ipv6(void)
{
	struct listener listener;

	if (open_address("[::1]:0", &listener) < 0)
		return 0;
	listener_done(&listener);
	return 1;
}

/* sun_path holds 107 bytes and a NUL. */
#define FIFTY_BYTES "12345678901234567890123456789012345678901234567890"

static const char *const bad_addresses[] = {
    "",
    "localhost",
    "10765",
    "127.0.0.1:",
    "127.0.0.1:65536",
    ":-1",
    ":1x",
    "::1:80",
    "[::1]",
    "[::1]80",
    "unix:",
    "unix:relative",
    "unix:/" FIFTY_BYTES FIFTY_BYTES "123456789",
};

START_TEST(test_malformed_addresses_are_refused)
{
	struct listener listener;
	size_t i;

	for (i = 0; i < sizeof(bad_addresses) / sizeof(bad_addresses[0]); i++) {
		ck_assert_msg(open_address(bad_addresses[i], &listener) == -EINVAL, "%s",
		              bad_addresses[i]);
		ck_assert_msg(!listen_address_is_valid(bad_addresses[i]), "%s", bad_addresses[i]);
	}
}
END_TEST

START_TEST(test_well_formed_addresses_are_told_without_opening_them)
{
	static const char *const addresses[] = {":10765", "[::1]:80", "no.such.host:1",
	                                        "unix:/nonexistent/socket"};
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ck_assert_msg(listen_address_is_valid(addresses[i]), "%s", addresses[i]);
}
END_TEST

START_TEST(test_port_0_gets_a_free_port_that_is_then_in_use)
{
	struct listener first;
	struct listener second;
	char address[64];

	ck_assert_int_eq(open_address("127.0.0.1:0", &first), 0);
	ck_assert_uint_gt(first.port, 0);
	ck_assert(fcntl(first.fd, F_GETFD) & FD_CLOEXEC);
	ck_assert(fcntl(first.fd, F_GETFL) & O_NONBLOCK);
	ck_assert(connects(AF_INET, first.port));
	ck_assert(!connects(AF_INET6, first.port));
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", first.port);
	ck_assert_int_eq(open_address(address, &second), -EADDRINUSE);
	listener_done(&first);
	ck_assert_int_eq(open_address(address, &second), 0);
	listener_done(&second);
}
END_TEST

START_TEST(test_empty_host_takes_both_families)
{
	struct listener listener;

	ck_assert_int_eq(open_address(":0", &listener), 0);
	ck_assert(connects(AF_INET, listener.port));
	if (has_ipv6())
		ck_assert(connects(AF_INET6, listener.port));
	listener_done(&listener);
}
END_TEST

START_TEST(test_brackets_hold_an_ipv6_address_and_names_prefer_ipv4)
{
	struct listener listener;

	if (has_ipv6()) {
		ck_assert_int_eq(open_address("[::1]:0", &listener), 0);
		ck_assert(connects(AF_INET6, listener.port));
		listener_done(&listener);
	}
	ck_assert_int_eq(open_address("localhost:0", &listener), 0);
	ck_assert(connects(AF_INET, listener.port));
	listener_done(&listener);
}
END_TEST

/* ---- unix ---- */

struct place {
	char directory[64];
	char path[96];
	char address[112];
};

static void make_place(struct place *place)
{
	(void)snprintf(place->directory, sizeof(place->directory), "/tmp/heapwatch-listen-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->directory));
	(void)snprintf(place->path, sizeof(place->path), "%s/socket", place->directory);
	(void)snprintf(place->address, sizeof(place->address), "unix:%s", place->path);
}

static int exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

/* What a process leaves behind that was killed. */
static void leave_stale_socket(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	(void)close(fd);
	ck_assert(exists(path));
}

START_TEST(test_stale_socket_is_replaced_and_removed_at_the_end)
{
	struct listener listener;
	struct place place;

	make_place(&place);
	leave_stale_socket(place.path);
	ck_assert_int_eq(open_address(place.address, &listener), 0);
	ck_assert_uint_eq(listener.port, 0);
	listener_done(&listener);
	ck_assert(!exists(place.path));
	ck_assert_int_eq(rmdir(place.directory), 0);
}
END_TEST

START_TEST(test_socket_in_use_is_left_alone)
{
	struct listener first;
	struct listener second;
	struct place place;

	make_place(&place);
	ck_assert_int_eq(open_address(place.address, &first), 0);
	ck_assert_int_eq(open_address(place.address, &second), -EADDRINUSE);
	ck_assert(exists(place.path));
	listener_done(&first);
	ck_assert_int_eq(rmdir(place.directory), 0);
}
END_TEST

START_TEST(test_file_that_is_no_socket_is_left_alone)
{
	struct listener listener;
	struct place place;
	int fd;

	make_place(&place);
	fd = open(place.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(open_address(place.address, &listener), -EADDRINUSE);
	ck_assert(exists(place.path));
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(rmdir(place.directory), 0);
}
END_TEST

START_TEST(test_socket_of_a_successor_is_not_removed)
{
	struct listener listener;
	struct listener successor;
	struct place place;

	make_place(&place);
	ck_assert_int_eq(open_address(place.address, &listener), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(open_address(place.address, &successor), 0);
	listener_done(&listener);
	ck_assert(exists(place.path));
	listener_done(&successor);
	ck_assert(!exists(place.path));
	ck_assert_int_eq(rmdir(place.directory), 0);
}
END_TEST

UNIT_MAIN("listen", test_malformed_addresses_are_refused,
          test_well_formed_addresses_are_told_without_opening_them,
          test_port_0_gets_a_free_port_that_is_then_in_use, test_empty_host_takes_both_families,
          test_brackets_hold_an_ipv6_address_and_names_prefer_ipv4,
          test_stale_socket_is_replaced_and_removed_at_the_end, test_socket_in_use_is_left_alone,
          test_file_that_is_no_socket_is_left_alone, test_socket_of_a_successor_is_not_removed)
