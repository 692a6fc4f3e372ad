// SPDX-License-Identifier: MIT
/*
 * Where an inspector may be: flags and the kernel's tables, right, wrong and hostile; and a
 * listener of this very process.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/inspector/find.h"
#include "tests/unit/unit.h"

struct flags_case {
	const char *text;
	size_t length; /* 0: NODE_OPTIONS */
	bool is_open;
	bool is_public;
	uint16_t port;
	bool is_refused;
};

#define LINE(text) text, sizeof(text) - 1

START_TEST(test_flags_say_what_is_open_and_where)
{
	static const struct flags_case rows[] = {
	    {LINE("node\0server.js\0"), false, false, 9229, false},
	    {LINE("node\0--inspect\0server.js\0"), true, false, 9229, false},
	    {LINE("node\0--inspect=9333\0server.js\0"), true, false, 9333, false},
	    {LINE("node\0--inspect=127.0.0.1\0s.js\0"), true, false, 9229, false},
	    {LINE("node\0--inspect-brk=127.0.0.2:9333\0s.js\0"), true, false, 9333, false},
	    {LINE("node\0--inspect-wait=localhost:0\0s.js\0"), true, false, 0, false},
	    {LINE("node\0--inspect=[::1]:9333\0s.js\0"), true, false, 9333, false},
	    {LINE("node\0--inspect=0.0.0.0\0s.js\0"), true, true, 9229, false},
	    {LINE("node\0--inspect=0.0.0.0:9333\0s.js\0"), true, true, 9333, false},
	    {LINE("node\0--inspect=[::]:9333\0s.js\0"), true, true, 9333, false},
	    {LINE("node\0--inspect=127.evil.example:9333\0s.js\0"), true, true, 9333, false},
	    {LINE("node\0--inspect=1.2.3.4\0--inspect=127.0.0.1:1\0s.js\0"), true, false, 1, false},
	    {LINE("node\0--inspect=70000\0s.js\0"), true, false, 9229, false},
	    {LINE("node\0--inspect-port=9400\0s.js\0"), false, false, 9400, false},
	    {LINE("node\0--debug-port=9400\0s.js\0"), false, false, 9400, false},
	    {LINE("node\0--inspector-like\0s.js\0"), false, false, 9229, false},
	    {LINE("node\0server.js\0--inspect=1\0"), false, false, 9229, false},
	    {LINE("node\0--\0--inspect=1\0"), false, false, 9229, false},
	    {LINE("node\0--disable-sigusr1\0s.js\0"), false, false, 9229, true},
	    {LINE("node\0--permission\0--inspect=5\0s.js\0"), true, false, 5, true},
	    {LINE("node\0--inspect"), true, false, 9229, false},
	    {LINE("node"), false, false, 9229, false},
	    {LINE(""), false, false, 9229, false},
	    {LINE("node\0--inspect_port=0.0.0.0:9400\0s.js\0"), false, true, 9400, false},
	    {"--max-old-space-size=99  --inspect=7", 0, true, false, 7, false},
	    {"", 0, false, false, 9229, false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct find_flags flags = FIND_FLAGS_INIT;

		if (strncmp(rows[i].text, "node", 4) == 0 || rows[i].length > 0)
			find_flags_of_command_line(rows[i].text, rows[i].length, &flags);
		else
			find_flags_of_node_options(rows[i].text, &flags);
		ck_assert_msg(flags.is_open == rows[i].is_open, "row %zu", i);
		ck_assert_msg(flags.is_public == rows[i].is_public, "row %zu", i);
		ck_assert_msg(flags.port == rows[i].port, "row %zu: %u", i, flags.port);
		ck_assert_msg(flags.is_refused == rows[i].is_refused, "row %zu", i);
	}
}
END_TEST

/* An inspector that opens elsewhere than is thought would stay open. */
START_TEST(test_addresses_that_may_be_nodes_are_unclear)
{
	static const struct {
		const char *text;
		size_t length;
		bool is_unclear;
	} rows[] = {
	    {LINE("node\0-r\0dotenv/config\0--inspect-port=0.0.0.0:9400\0s.js\0"), true},
	    {LINE("node\0-r\0x\0--debug_port=9400\0s.js\0"), true},
	    {LINE("node\0s.js\0--inspect\0"), true},
	    {LINE("node\0--inspect-port\0009400\0s.js\0"), true},
	    {LINE("node\0-r\0x\0--\0--inspect-port=1\0"), false},
	    {LINE("node\0-r\0x\0s.js\0--inspection\0--disable-sigusr1\0"), false},
	    {LINE("node\0--inspect\0--inspect-port=9400\0s.js\0"), false},
	    {"\"--inspect-port=0.0.0.0:9400\"", 0, true},
	    {"--inspect-port 9400", 0, true},
	    {"--require x --inspect-port=9400", 0, false},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct find_flags flags = FIND_FLAGS_INIT;

		if (rows[i].length > 0)
			find_flags_of_command_line(rows[i].text, rows[i].length, &flags);
		else
			find_flags_of_node_options(rows[i].text, &flags);
		ck_assert_msg(flags.is_unclear == rows[i].is_unclear, "row %zu", i);
	}
}
END_TEST

#define HEAD                                                                             \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   " \
	"uid  timeout inode\n"
#define REST " 00000000:00000000 00:00000000 00000000     0        0 "

START_TEST(test_only_listeners_on_loopback_count)
{
	static const char text[] = HEAD "   0: 0100007F:240D 00000000:0000 0A" REST
	                                "4711 1 0000000000000000 100 0 0 10 0\n"
	                                "   1: 00000000:1F90 00000000:0000 0A" REST "4712 1\n"
	                                "   2: 0200007F:240D 00000000:0000 0A" REST "4713 1\n"
	                                "   3: 0100007F:9C40 0100007F:240D 01" REST "4714 1\n"
	                                "   4: 0100007F:0001 00000000:0000 0A" REST "4715";
	struct find_listener listeners[8];

	ck_assert_uint_eq(find_listeners(text, sizeof(text) - 1, false, listeners, 8), 2);
	ck_assert_uint_eq(listeners[0].address.port, 9229);
	ck_assert_uint_eq(listeners[0].inode, 4711);
	ck_assert(!listeners[0].address.is_ipv6);
	ck_assert_uint_eq(listeners[1].inode, 4715);
	ck_assert_uint_eq(find_listeners(text, sizeof(text) - 1, false, listeners, 1), 1);
}
END_TEST

START_TEST(test_ipv6_loopback_counts)
{
	static const char text[] = HEAD "   0: 00000000000000000000000001000000:240D "
	                                "00000000000000000000000000000000:0000 0A" REST "5 1\n"
	                                "   1: 00000000000000000000000000000000:240D "
	                                "00000000000000000000000000000000:0000 0A" REST "6 1\n"
	                                "   2: 0000000000000000FFFF00000100007F:240D "
	                                "00000000000000000000000000000000:0000 0A" REST "7 1\n";
	struct find_listener listeners[8];

	ck_assert_uint_eq(find_listeners(text, sizeof(text) - 1, true, listeners, 8), 1);
	ck_assert_uint_eq(listeners[0].inode, 5);
	ck_assert(listeners[0].address.is_ipv6);
}
END_TEST

START_TEST(test_broken_tables_hold_no_listener)
{
	static const char *const rows[] = {
	    "",
	    "\n\n\n",
	    "0: 0100007F:240D 00000000:0000 0A",
	    "0: 0100007F:240D 00000000:0000 0A" REST "-1 1",
	    "0: 0100007F:24ZD 00000000:0000 0A" REST "1 1",
	    "0: 0100007F 00000000:0000 0A" REST "1 1",
	    "0: 0100007F:240D0 00000000:0000 0A" REST "1 1",
	    "0: 0100007F:240D 00000000:0000 0B" REST "1 1",
	};
	struct find_listener listeners[8];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(find_listeners(rows[i], strlen(rows[i]), false, listeners, 8) == 0,
		              "row %zu", i);
}
END_TEST

static int listen_on(uint32_t address, uint16_t *ret_port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(address)}};
	socklen_t size = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
	*ret_port = ntohs(name.sin_port);
	return fd;
}

START_TEST(test_own_listeners_are_candidates)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct find_result result;
	uint16_t port;
	uint16_t public_port;
	int fd = listen_on(INADDR_LOOPBACK, &port);
	int public_fd = listen_on(INADDR_ANY, &public_port);

	find_candidates(proc_fd, getpid(), &result);
	ck_assert_int_eq(result.error, 0);
	ck_assert_uint_eq(result.candidate_count, 1);
	ck_assert_uint_eq(result.candidates[0].address.port, port);
	ck_assert(!result.is_other_network);
	(void)close(fd);
	find_candidates(proc_fd, getpid(), &result);
	ck_assert_uint_eq(result.candidate_count, 0);
	(void)close(public_fd);
	(void)close(proc_fd);
}
END_TEST

START_TEST(test_a_process_that_is_gone_has_none)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct find_result result;

	find_candidates(proc_fd, 0, &result);
	ck_assert_int_lt(result.error, 0);
	ck_assert_uint_eq(result.candidate_count, 0);
	(void)close(proc_fd);
}
END_TEST

UNIT_MAIN("inspector_find", test_flags_say_what_is_open_and_where,
          test_addresses_that_may_be_nodes_are_unclear, test_only_listeners_on_loopback_count,
          test_ipv6_loopback_counts, test_broken_tables_hold_no_listener,
          test_own_listeners_are_candidates, test_a_process_that_is_gone_has_none)
