// SPDX-License-Identifier: MIT
/*
 * Pending signals are never taken back, so a sentinel that got one is replaced.
 */
#include "tool/sentinel.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/numbers.h"

#define STATUS_SIZE 4096

static void be_sentinel(pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* valid arguments */
	(void)prctl(PR_SET_NAME, "hw-sentinel");
	(void)close_range(0, ~0U, 0); /* or it would keep pipes open */
	while (getppid() == parent)
		(void)pause();
	_exit(0);
}

void sentinel_start(struct sentinel *sentinel)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		be_sentinel(parent);
	sentinel->pid = pid > 0 ? pid : 0;
}

/* "ShdPnd:	0000000000004000", proc(5) */
static uint64_t pending_of(pid_t pid)
{
	static const char title[] = "\nShdPnd:\t";
	char path[32];
	char text[STATUS_SIZE];
	const char *at;
	uint64_t pending = 0;
	size_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_read_text_at(AT_FDCWD, path, text, sizeof(text), &length) < 0)
		return 0;
	at = strstr(text, title);
	if (at == NULL || number_parse_hex(at + sizeof(title) - 1, 16, &pending) < 0)
		return 0;
	return pending;
}

uint64_t sentinel_take(struct sentinel *sentinel)
{
	uint64_t pending = sentinel->pid > 0 ? pending_of(sentinel->pid) : 0;

	if (pending != 0) {
		sentinel_stop(sentinel);
		sentinel_start(sentinel);
	}
	return pending;
}

void sentinel_stop(struct sentinel *sentinel)
{
	if (sentinel->pid <= 0)
		return;
	(void)kill(sentinel->pid, SIGKILL); /* our own child, not waited for yet */
	(void)waitpid(sentinel->pid, NULL, 0);
	sentinel->pid = 0;
}
