// SPDX-License-Identifier: MIT
/*
 * The lock is an abstract socket named after the network namespace: it is gone with its owner, and
 * needs no directory. How it is opened and closed was measured on Node 8 to 26.
 */
#include "collectors/inspector/opening.h"

#include <assert.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "collectors/inspector/closing.h"
#include "collectors/inspector/ledger.h"
#include "collectors/inspector/subject.h"
#include "collectors/proc/elf.h"
#include "collectors/proc/identity.h"
#include "collectors/proc/stat.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"

#define PATH_SIZE       64
#define AUXV_SIZE       1024
#define WAIT_NS         (5 * NS_PER_SECOND) /* a process in a system call opens after it */
#define WAIT_FIRST_MS   2
#define WAIT_LONGEST_MS 250

struct result_row {
	const char *name;
	const char *text;
};

static const struct result_row results[] = {
    [OPENING_OPENED] = {"opened", "opened"},
    [OPENING_NOT_NODE] = {"not_node", "it does not look like Node.js"},
    [OPENING_OTHER_USER] = {"other_user", "it runs as another user"},
    [OPENING_ELEVATED] = {"elevated", "it has rights that its user has not"},
    [OPENING_BOOTING] = {"booting", "it has only just started: the signal could end it"},
    [OPENING_STOPPED] = {"stopped", "it is stopped, or dead"},
    [OPENING_DISABLED] = {"disabled", "its flags forbid to open an inspector by signal"},
    [OPENING_NOT_CAUGHT] = {"not_caught", "it does not catch SIGUSR1, which would end it"},
    [OPENING_NOT_LOOPBACK] = {"not_loopback", "its flags would open the inspector to others"},
    [OPENING_ANY_PORT] = {"any_port", "its flags do not tell the port of its inspector"},
    [OPENING_PORT_TAKEN] = {"port_taken", "the port of its inspector is taken"},
    [OPENING_ASKED_BEFORE] = {"asked_before", "it was asked before and opened none"},
    [OPENING_BUSY] = {"busy", "another process of its network namespace is looked into"},
    [OPENING_NO_LEDGER] = {"no_ledger", "the ledger cannot be written"},
    [OPENING_DENIED] = {"denied", "the rights to look into it or to signal it are missing"},
    [OPENING_GONE] = {"gone", "it has ended"},
    [OPENING_SILENT] = {"silent", "it opened none: it has a handler of its own for SIGUSR1, "
                                  "which has run"},
};

_Static_assert(sizeof(results) / sizeof(results[0]) == OPENING_RESULT_COUNT, "a row each");

const char *opening_result_name(enum opening_result result)
{
	assert(result < OPENING_RESULT_COUNT);
	return results[result].name;
}

const char *opening_result_text(enum opening_result result)
{
	assert(result < OPENING_RESULT_COUNT);
	return results[result].text;
}

/* ---- the decision ---- */

enum opening_result opening_judge(const struct opening_facts *facts)
{
	const struct signal_state *signals = &facts->signals;

	if (!facts->is_node)
		return OPENING_NOT_NODE;
	if (signals->uid != facts->own_uid)
		return OPENING_OTHER_USER;
	if (facts->is_elevated || !signals->is_one_user)
		return OPENING_ELEVATED;
	if (facts->age_ns < OPENING_AGE_MIN_NS)
		return OPENING_BOOTING;
	if (strchr("RSD", signals->state) == NULL)
		return OPENING_STOPPED;
	if (facts->flags.is_refused || signals->is_blocked)
		return OPENING_DISABLED;
	if (!signal_state_is_safe(signals))
		return OPENING_NOT_CAUGHT;
	if (facts->flags.is_public)
		return OPENING_NOT_LOOPBACK;
	if (facts->flags.port == 0 || facts->flags.is_unclear)
		return OPENING_ANY_PORT;
	if (facts->was_silent)
		return OPENING_ASKED_BEFORE;
	return facts->port.is_taken ? OPENING_PORT_TAKEN : OPENING_OPENED;
}

/* ---- facts ---- */

static bool is_node(int process_fd)
{
	_cleanup_(closep) int fd = openat(process_fd, "exe", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct elf_facts facts = {.is_node = false};

	return fd >= 0 && elf_inspect(fd, &facts) == 0 && facts.is_node;
}

/* AT_SECURE (getauxval(3)): the kernel gave the program rights that its user has not. */
static int read_elevated(int process_fd, bool *ret_is_elevated)
{
	_cleanup_(closep) int fd = openat(process_fd, "auxv", O_RDONLY | O_CLOEXEC);
	unsigned long words[AUXV_SIZE / sizeof(unsigned long)];
	ssize_t length = fd < 0 ? -1 : read(fd, words, sizeof(words));
	size_t i;

	if (length < 0)
		return -errno;
	for (i = 0; (i + 1) * sizeof(words[0]) < (size_t)length && words[i] != AT_NULL; i += 2) {
		if (words[i] != AT_SECURE)
			continue;
		*ret_is_elevated = words[i + 1] != 0;
		return 0;
	}
	return -EBADMSG;
}

static int read_signals(const struct subject *subject, struct signal_state *ret_state)
{
	char text[STATUS_TEXT_SIZE];
	size_t length = 0;
	int r = file_read_text_at(subject->process_fd, "status", text, sizeof(text), &length);

	return r < 0 ? r : signal_state_parse(text, length, ret_state);
}

static uint64_t age_of(const struct subject *subject)
{
	long ticks = sysconf(_SC_CLK_TCK);
	uint64_t start_ns = subject->key.start_ticks * (NS_PER_SECOND / (uint64_t)ticks);
	uint64_t now_ns = clock_boottime_ns();

	return now_ns > start_ns ? now_ns - start_ns : 0;
}

static int find(const struct opening *opening, struct find_result *ret_found)
{
	_cleanup_(closep) int proc_fd =
	    open(opening->procfs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd < 0)
		return -errno;
	find_candidates(proc_fd, opening->subject->key.pid, ret_found);
	return ret_found->error;
}

/* Signals go by the pids of our own namespace, which those of another procfs are not. */
static bool is_own_procfs(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && identity_procfs_is_own(fd);
}

static int gather(const struct opening *opening, struct opening_facts *ret_facts)
{
	const struct subject *subject = opening->subject;
	const struct ledger_entry *entry = ledger_find(opening->ledger, &subject->key);
	struct opening_facts facts = {
	    .own_uid = geteuid(),
	    .age_ns = age_of(subject),
	    .is_node = is_node(subject->process_fd),
	    .was_silent = entry != NULL && entry->state == LEDGER_SILENT,
	};
	struct find_result found = {.candidate_count = 0};
	int r = read_signals(subject, &facts.signals);

	if (r == 0)
		r = read_elevated(subject->process_fd, &facts.is_elevated);
	if (r == 0)
		r = find(opening, &found);
	if (r == 0)
		r = sockets_port_use(subject->process_fd, found.flags.port, &facts.port);
	if (r < 0)
		return r;
	facts.flags = found.flags;
	*ret_facts = facts;
	return 0;
}

static enum opening_result judge(const struct opening *opening, uint16_t *ret_port)
{
	struct opening_facts facts;
	int r = is_own_procfs(opening->procfs_path) ? gather(opening, &facts) : -EPERM;

	if (r == -ESRCH || r == -ENOENT)
		return OPENING_GONE;
	if (r < 0)
		return OPENING_DENIED;
	*ret_port = facts.flags.port;
	return opening_judge(&facts);
}

/* ---- the lock ---- */

/* network: of the namespace's file in /proc/PID/ns. Returns the length of the address. */
static socklen_t lock_address(const struct stat *network, struct sockaddr_un *ret_address)
{
	int length;

	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	/* Behind a NUL: an abstract name. */
	length = snprintf(ret_address->sun_path + 1, sizeof(ret_address->sun_path) - 1,
	                  "heapwatch/inspector/%" PRIu64, (uint64_t)network->st_ino);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static int take_lock(const struct subject *subject, int *ret_fd)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	struct stat network;
	socklen_t length;

	if (fd < 0)
		return -errno;
	if ((subject->network_fd >= 0 ? fstat(subject->network_fd, &network)
	                              : stat("/proc/self/ns/net", &network)) < 0)
		return -errno;
	length = lock_address(&network, &address);
	if (bind(fd, (const struct sockaddr *)&address, length) < 0 || listen(fd, 1) < 0)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Whoever has the lock listens: a look does not take it. */
bool opening_is_under_way(int proc_fd, pid_t pid)
{
	_cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct stat network;
	char path[PATH_SIZE];
	socklen_t length;

	(void)snprintf(path, sizeof(path), "%d/ns/net", pid);
	if (fd < 0 || fstatat(proc_fd, path, &network, 0) < 0)
		return false;
	length = lock_address(&network, &address);
	return connect(fd, (const struct sockaddr *)&address, length) == 0 || errno == EAGAIN;
}

/* ---- asking ---- */

static int write_down(const struct opening *opening, enum ledger_state state, uint16_t port)
{
	const struct ledger_entry entry = {
	    .key = opening->subject->key, .state = state, .port = port};

	return ledger_put(opening->ledger, &entry);
}

/*
 * The last look and the signal go through the same process: its directory in /proc was opened
 * before the pidfd, and answers only while it lives.
 */
static enum opening_result send_signal(const struct subject *subject, int pidfd)
{
	struct signal_state signals;

	if (read_signals(subject, &signals) < 0)
		return OPENING_GONE;
	if (!signal_state_is_safe(&signals))
		return OPENING_NOT_CAUGHT;
	if (syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0) < 0)
		return errno == ESRCH ? OPENING_GONE : OPENING_DENIED;
	return OPENING_OPENED;
}

/* Its own listener on the port that was expected. */
static bool has_opened(struct opening *opening, uint16_t port)
{
	struct find_result found = {.candidate_count = 0};
	size_t i;

	if (find(opening, &found) < 0)
		return false;
	for (i = 0; i < found.candidate_count; i++) {
		if (found.candidates[i].address.port != port)
			continue;
		opening->address = found.candidates[i].address;
		opening->address.network_fd = opening->subject->network_fd;
		return true;
	}
	return false;
}

static enum opening_result await_listener(struct opening *opening, int pidfd, uint16_t port)
{
	uint64_t until_ns = clock_boottime_ns() + WAIT_NS;
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int wait_ms = WAIT_FIRST_MS;

	while (clock_boottime_ns() < until_ns) {
		if (poll(&end, 1, wait_ms) > 0)
			return OPENING_GONE;
		if (has_opened(opening, port))
			return OPENING_OPENED;
		wait_ms = wait_ms * 2 < WAIT_LONGEST_MS ? wait_ms * 2 : WAIT_LONGEST_MS;
	}
	return OPENING_SILENT;
}

static enum opening_result ask(struct opening *opening, uint16_t port)
{
	const struct process_key *key = &opening->subject->key;
	_cleanup_(closep) int pidfd = (int)syscall(SYS_pidfd_open, key->pid, 0);
	enum opening_result result;

	if (pidfd < 0)
		return errno == ESRCH ? OPENING_GONE : OPENING_DENIED;
	if (write_down(opening, LEDGER_ASKED, port) < 0)
		return OPENING_NO_LEDGER;
	log_info("sending SIGUSR1 to open the inspector pid=%d port=%u", key->pid, port);
	result = send_signal(opening->subject, pidfd);
	if (result != OPENING_OPENED) {
		(void)write_down(opening, LEDGER_CLOSED, port); /* nothing was sent */
		return result;
	}
	result = await_listener(opening, pidfd, port);
	if (result == OPENING_OPENED)
		(void)write_down(opening, LEDGER_OPEN, opening->address.port); /* as asked */
	else if (result == OPENING_SILENT && write_down(opening, LEDGER_SILENT, port) < 0)
		log_warnx("cannot note that it must not be asked again pid=%d", key->pid);
	return result;
}

enum opening_result opening_begin(struct opening *opening)
{
	const struct process_key *key = &opening->subject->key;
	enum opening_result result;
	uint16_t port = 0;

	opening->lock_fd = -1;
	result = judge(opening, &port);
	if (result == OPENING_OPENED && take_lock(opening->subject, &opening->lock_fd) < 0)
		result = OPENING_BUSY;
	if (result == OPENING_OPENED)
		result = ask(opening, port);
	if (result == OPENING_OPENED) {
		log_info("the inspector is open pid=%d port=%u", key->pid, opening->address.port);
		return result;
	}
	log_info("the inspector is not opened pid=%d reason=%s", key->pid,
	         opening_result_name(result));
	closep(&opening->lock_fd);
	opening->lock_fd = -1;
	return result;
}

/* ---- closing ---- */

static enum closing_result close_and_note(const struct opening *opening)
{
	pid_t pid = opening->subject->key.pid;
	enum closing_result result = closing_run(opening->subject, &opening->address);

	if (result == CLOSING_CLOSED || result == CLOSING_GONE)
		(void)write_down(opening, LEDGER_CLOSED, opening->address.port); /* gone anyway */
	log_info("closing the inspector pid=%d port=%u result=%s", pid, opening->address.port,
	         closing_result_name(result));
	return result;
}

enum closing_result opening_end(struct opening *opening)
{
	enum closing_result result = close_and_note(opening);

	closep(&opening->lock_fd);
	opening->lock_fd = -1;
	return result;
}

/* ---- what was left open ---- */

static void recover_one(const char *procfs_path, struct ledger *ledger,
                        const struct ledger_entry *entry)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	struct opening opening = {
	    .procfs_path = procfs_path, .ledger = ledger, .subject = &subject, .lock_fd = -1};

	if (subject_open(procfs_path, entry->key.pid, &subject) < 0 ||
	    !process_key_equal(&subject.key, &entry->key))
		return;
	if (has_opened(&opening, entry->port))
		(void)close_and_note(&opening); /* logged; else it is left to the next time */
	else if (entry->state == LEDGER_OPEN)
		(void)write_down(&opening, LEDGER_CLOSED, entry->port); /* by somebody else */
}

static bool is_alive(void *context, const struct process_key *key)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	const char *const *procfs_path = context;
	int r = subject_open(*procfs_path, key->pid, &subject);

	return r == 0 ? process_key_equal(&subject.key, key) : r != -ESRCH;
}

void opening_recover(const char *procfs_path, struct ledger *ledger)
{
	struct ledger_entry entries[LEDGER_ENTRIES_MAX];
	size_t count, i;

	ledger_prune(ledger, is_alive, &procfs_path);
	count = ledger->count;
	memcpy(entries, ledger->entries, count * sizeof(entries[0]));
	for (i = 0; i < count; i++)
		if (entries[i].state != LEDGER_CLOSED)
			recover_one(procfs_path, ledger, &entries[i]);
}

const char *closing_result_name(enum closing_result result)
{
	static const char *const names[] = {
	    [CLOSING_CLOSED] = "closed",
	    [CLOSING_GONE] = "gone",
	    [CLOSING_BUSY] = "busy",
	    [CLOSING_FAILED] = "failed",
	};

	_Static_assert(sizeof(names) / sizeof(names[0]) == CLOSING_RESULT_COUNT, "a name each");
	assert(result < CLOSING_RESULT_COUNT);
	return names[result];
}
