// SPDX-License-Identifier: MIT
/*
 * Asks /proc. A process that is confirmed once stays so: when it ends, its last lines are still on
 * their way.
 */
#include "tool/traced_pids.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"
#include "lib/numbers.h"

#define ANCESTORS_MAX 64
#define STAT_SIZE     512

/* Negative errno: the process is gone. */
static int read_parent(pid_t pid, pid_t *ret_parent)
{
	char path[32];
	char text[STAT_SIZE];
	const char *at;
	uint64_t parent;
	size_t length;
	int error;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	error = file_read_text_at(AT_FDCWD, path, text, sizeof(text), &length);
	if (error < 0)
		return error;
	at = strrchr(text, ')'); /* "pid (comm) state ppid": comm is the process's own choice */
	if (at == NULL || strlen(at) < 5 ||
	    number_parse_u64(at + 4, strcspn(at + 4, " "), &parent) < 0)
		return -EBADMSG;
	*ret_parent = (pid_t)parent;
	return 0;
}

/* Positive: it does; 0: it does not; negative errno: it is gone. */
static int descends(pid_t pid, pid_t root)
{
	int i;

	for (i = 0; i < ANCESTORS_MAX && pid > 1 && pid != root; i++) {
		int error = read_parent(pid, &pid);

		if (error < 0)
			return i == 0 ? error : 0;
	}
	return pid == root;
}

static bool has_stdout(pid_t pid, const struct stat *end)
{
	struct stat status;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/fd/1", (int)pid);
	return stat(path, &status) == 0 && status.st_ino == end->st_ino &&
	       status.st_dev == end->st_dev;
}

/* Pids are given out in order and begin anew at the end; the last one ends /proc/loadavg. */
static bool was_given_out_since(pid_t pid, pid_t root)
{
	char text[128];
	const char *at;
	uint64_t latest;
	size_t length;

	if (file_read_text_at(AT_FDCWD, "/proc/loadavg", text, sizeof(text), &length) < 0)
		return false;
	at = strrchr(text, ' ');
	if (at == NULL || number_parse_u64(at + 1, strcspn(at + 1, "\n"), &latest) < 0 ||
	    latest > INT_MAX)
		return false;
	if ((pid_t)latest >= root)
		return pid > root && pid <= (pid_t)latest;
	return pid > root || pid <= (pid_t)latest;
}

static bool is_known(const struct traced_pids *pids, pid_t pid)
{
	size_t i;

	for (i = 0; i < TRACED_PIDS_MAX && i < pids->known_count; i++)
		if (pids->known[i] == pid)
			return true;
	return false;
}

bool traced_pids_contain(struct traced_pids *pids, pid_t pid)
{
	int result;

	if (pid == pids->root || is_known(pids, pid))
		return true;
	result = descends(pid, pids->root);
	if (result < 0)
		return was_given_out_since(pid, pids->root);
	if (result == 0 && !has_stdout(pid, &pids->stdout_end))
		return false;
	pids->known[pids->known_count++ % TRACED_PIDS_MAX] = pid;
	return true;
}
