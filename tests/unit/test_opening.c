// SPDX-License-Identifier: MIT
/* What is asked before a signal, what is kept of it, and who uses a port. */
#include "collectors/inspector/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/inspector/ledger.h"
#include "collectors/inspector/subject.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

/* ---- /proc/PID/status ---- */

#define STATUS(state, uid, caught, blocked, ignored)                                    \
	"Name:\tnode\nState:\t" state "\nUid:\t" uid "\nGid:\t1000\t1000\t1000\t1000\n" \
	"SigBlk:\t" blocked "\nSigIgn:\t" ignored "\nSigCgt:\t" caught "\n"
#define ONE  "1000\t1000\t1000\t1000"
#define NONE "0000000000000000"
#define USR1 "0000000000000200"

static const struct {
	const char *text;
	bool is_safe;
	bool is_one_user;
} states[] = {
    {STATUS("S (sleeping)", ONE, "0000000100000200", NONE, "0000000001001000"), true, true},
    {STATUS("R (running)", ONE, USR1, NONE, NONE), true, true},
    {STATUS("D (disk sleep)", ONE, USR1, NONE, NONE), true, true},
    {STATUS("S (sleeping)", ONE, NONE, NONE, NONE), false, true},
    {STATUS("S (sleeping)", ONE, "0000000000000100", NONE, NONE), false, true},
    {STATUS("S (sleeping)", ONE, USR1, USR1, NONE), false, true},
    {STATUS("S (sleeping)", ONE, USR1, NONE, USR1), false, true},
    {STATUS("T (stopped)", ONE, USR1, NONE, NONE), false, true},
    {STATUS("t (tracing stop)", ONE, USR1, NONE, NONE), false, true},
    {STATUS("Z (zombie)", ONE, USR1, NONE, NONE), false, true},
    {STATUS("S (sleeping)", "1000\t0\t0\t0", USR1, NONE, NONE), true, false},
    {STATUS("S (sleeping)", "1000\t1000\t0\t1000", USR1, NONE, NONE), true, false},
};

START_TEST(test_the_signal_is_safe_only_where_it_is_caught)
{
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct signal_state state;

		ck_assert_int_eq(signal_state_parse(states[i].text, strlen(states[i].text), &state),
		                 0);
		ck_assert_msg(signal_state_is_safe(&state) == states[i].is_safe, "%zu", i);
		ck_assert_msg(state.is_one_user == states[i].is_one_user, "%zu", i);
	}
}
END_TEST

START_TEST(test_a_torn_status_is_no_answer)
{
	static const char whole[] = STATUS("S (sleeping)", ONE, USR1, NONE, NONE);
	struct signal_state state;
	size_t length;

	for (length = 0; length < sizeof(whole) - 3; length++)
		if (signal_state_parse(whole, length, &state) == 0)
			/* Only a mask that lost digits reads: it then has other signals. */
			ck_assert_uint_ge(length, sizeof(whole) - 18);
	ck_assert_int_eq(signal_state_parse(whole, 0, &state), -EBADMSG);
}
END_TEST

/* ---- the decision ---- */

static struct opening_facts good_facts(void)
{
	return (struct opening_facts){
	    .own_uid = 1000,
	    .signals = {.state = 'S', .is_one_user = true, .uid = 1000, .is_caught = true},
	    .flags = FIND_FLAGS_INIT,
	    .age_ns = OPENING_AGE_MIN_NS,
	    .is_node = true,
	};
}

#define REFUSES(assignment, expected)                                        \
	do {                                                                 \
		struct opening_facts facts = good_facts();                   \
		facts.assignment;                                            \
		ck_assert_int_eq(opening_judge(&facts), OPENING_##expected); \
	} while (0)

START_TEST(test_every_danger_is_a_refusal)
{
	REFUSES(is_node = true, OPENED);
	REFUSES(is_node = false, NOT_NODE);
	REFUSES(own_uid = 0, OTHER_USER);
	REFUSES(signals.uid = 0, OTHER_USER);
	REFUSES(is_elevated = true, ELEVATED);
	REFUSES(signals.is_one_user = false, ELEVATED);
	REFUSES(age_ns -= 1, BOOTING);
	REFUSES(signals.state = 'T', STOPPED);
	REFUSES(signals.state = 'Z', STOPPED);
	REFUSES(flags.is_refused = true, DISABLED);
	REFUSES(signals.is_blocked = true, DISABLED);
	REFUSES(signals.is_caught = false, NOT_CAUGHT);
	REFUSES(signals.is_ignored = true, NOT_CAUGHT);
	REFUSES(flags.is_public = true, NOT_LOOPBACK);
	REFUSES(flags.port = 0, ANY_PORT);
	REFUSES(flags.is_unclear = true, ANY_PORT);
	REFUSES(was_silent = true, ASKED_BEFORE);
	REFUSES(port.is_taken = true, PORT_TAKEN);
}
END_TEST

START_TEST(test_results_have_names)
{
	enum opening_result result;

	for (result = 0; result < OPENING_RESULT_COUNT; result++) {
		ck_assert_uint_gt(strlen(opening_result_name(result)), 0);
		ck_assert_uint_gt(strlen(opening_result_text(result)), 0);
	}
	ck_assert_str_eq(closing_result_name(CLOSING_BUSY), "busy");
}
END_TEST

/* A child that does not catch the signal: whatever else is wrong with it, it lives on. */
START_TEST(test_a_process_that_does_not_catch_the_signal_gets_none)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	struct ledger ledger;
	struct opening opening = {
	    .procfs_path = "/proc", .ledger = &ledger, .subject = &subject, .lock_fd = -1};
	pid_t child = fork();

	if (child == 0) {
		(void)pause();
		_exit(0);
	}
	ck_assert_int_eq(ledger_open("", &ledger), 0);
	ck_assert_int_eq(subject_open("/proc", child, &subject), 0);
	ck_assert_int_eq(opening_begin(&opening), OPENING_NOT_NODE);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	ck_assert_ptr_null(ledger_find(&ledger, &subject.key));
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

/* ---- the ledger ---- */

static bool is_even(void *context, const struct process_key *key)
{
	(void)context;
	return key->pid % 2 == 0;
}

START_TEST(test_the_ledger_is_kept_and_read_again)
{
	char directory[] = "/tmp/heapwatch-ledger-XXXXXX";
	char path[64];
	struct ledger ledger, again;
	struct ledger_entry entry = {
	    .key = {.pid = 10, .start_ticks = 77}, .state = LEDGER_ASKED, .port = 9229};

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/ledger", directory);
	ck_assert_int_eq(ledger_open(path, &ledger), 0);
	ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	entry.state = LEDGER_SILENT;
	ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	ck_assert_int_eq(ledger_open(path, &again), 0);
	ck_assert_uint_eq(again.count, 1);
	ck_assert_int_eq(ledger_find(&again, &entry.key)->state, LEDGER_SILENT);
	ck_assert_uint_eq(ledger_find(&again, &entry.key)->port, 9229);
	entry.key.start_ticks = 78; /* the pid is used again */
	ck_assert_ptr_null(ledger_find(&again, &entry.key));
	entry.key.pid = 11;
	ck_assert_int_eq(ledger_put(&again, &entry), 0);
	ledger_prune(&again, is_even, NULL);
	ck_assert_uint_eq(again.count, 1);
	ck_assert(!ledger_is_settled(&again)); /* one that is silent may open late */
	entry = again.entries[0];
	entry.state = LEDGER_CLOSED;
	ck_assert_int_eq(ledger_put(&again, &entry), 0);
	ck_assert(ledger_is_settled(&again));
	(void)unlink(path);
	(void)rmdir(directory);
}
END_TEST

START_TEST(test_a_damaged_ledger_costs_the_damaged_lines)
{
	static const char text[] =
	    "open 5 6 9229\nfrob 1 2 3\nopen\n\nopen x 1 1\nopen 5 6\nopen 0 1 1\n"
	    "open 7 8 70000\nclosed 9 10 9230\nopen 5 5 5";
	char path[] = "/tmp/heapwatch-ledger-XXXXXX";
	_cleanup_(closep) int fd = mkstemp(path);
	struct ledger ledger;

	ck_assert_int_eq(write(fd, text, sizeof(text) - 1), (ssize_t)sizeof(text) - 1);
	ck_assert_int_eq(ledger_open(path, &ledger), 0);
	ck_assert_uint_eq(ledger.count, 3);
	ck_assert_uint_eq(ledger.entries[1].port, 9230);
	(void)unlink(path);
}
END_TEST

START_TEST(test_what_cannot_be_written_down_has_not_happened)
{
	struct ledger ledger;
	struct ledger_entry entry = {.key = {.pid = 1}, .state = LEDGER_ASKED};
	int i;

	ck_assert_int_eq(ledger_open("/nonexistent/ledger", &ledger), 0);
	ck_assert_int_lt(ledger_put(&ledger, &entry), 0);
	ck_assert_uint_eq(ledger.count, 0);
	ck_assert_int_eq(ledger_open("", &ledger), 0);
	for (i = 0; i < LEDGER_ENTRIES_MAX; i++) {
		entry.key.pid = 1 + i;
		ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	}
	entry.key.pid = 1 + i;
	ck_assert_int_eq(ledger_put(&ledger, &entry), -ENOSPC);
}
END_TEST

START_TEST(test_who_is_gone_is_forgotten)
{
	struct ledger ledger;
	struct ledger_entry entry = {.key = {.start_ticks = 1}, .state = LEDGER_OPEN};

	ck_assert_int_eq(ledger_open("", &ledger), 0);
	for (entry.key.pid = getpid(); ledger.count < LEDGER_ENTRIES_MAX; entry.key.start_ticks++)
		ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	opening_recover("/proc", &ledger); /* no process of ours began with the boot */
	ck_assert_uint_eq(ledger.count, 0);
}
END_TEST

START_TEST(test_what_somebody_else_closed_is_noted)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	struct ledger_entry entry = {.state = LEDGER_OPEN, .port = 1};
	struct ledger ledger;

	ck_assert_int_eq(ledger_open("", &ledger), 0);
	ck_assert_int_eq(subject_open("/proc", getpid(), &subject), 0);
	entry.key = subject.key;
	ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	opening_recover("/proc", &ledger);
	ck_assert_int_eq(ledger_find(&ledger, &subject.key)->state, LEDGER_CLOSED);
}
END_TEST

/* ---- sockets ---- */

START_TEST(test_rows_of_tcp)
{
	static const char head[] = "  sl  local_address rem_address   st tx_queue rx_queue\n";
	static const char listening[] =
	    "   0: 0100007F:240D 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000\n";
	static const char established[] =
	    "  12: 00000000000000000000000001000000:240D 0:0 01 00000000:00000000 00:00000000\n";
	struct socket_row row;

	ck_assert_int_eq(socket_row_parse(head, &row), -EBADMSG);
	ck_assert_int_eq(socket_row_parse("", &row), -EBADMSG);
	ck_assert_int_eq(socket_row_parse("0: 7F:1 x 0A", &row), -EBADMSG);
	ck_assert_int_eq(socket_row_parse(listening, &row), 0);
	ck_assert(row.is_listening && !row.is_established && row.port == 9229);
	ck_assert_int_eq(socket_row_parse(established, &row), 0);
	ck_assert(!row.is_listening && row.is_established && row.port == 9229);
}
END_TEST

START_TEST(test_connections_of_a_port_are_counted)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);
	_cleanup_(closep) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(closep) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_(closep) int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct port_use use;

	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(sockets_port_use(self, ntohs(address.sin_port), &use), 0);
	ck_assert(use.is_taken && use.connection_count == 0);
	ck_assert_int_eq(connect(client, (const struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(sockets_port_use(self, ntohs(address.sin_port), &use), 0);
	ck_assert_uint_eq(use.connection_count, 1);
}
END_TEST

UNIT_MAIN("opening", test_the_signal_is_safe_only_where_it_is_caught,
          test_a_torn_status_is_no_answer, test_every_danger_is_a_refusal, test_results_have_names,
          test_a_process_that_does_not_catch_the_signal_gets_none,
          test_the_ledger_is_kept_and_read_again, test_a_damaged_ledger_costs_the_damaged_lines,
          test_what_cannot_be_written_down_has_not_happened, test_who_is_gone_is_forgotten,
          test_what_somebody_else_closed_is_noted, test_rows_of_tcp,
          test_connections_of_a_port_are_counted)
