// SPDX-License-Identifier: MIT
#include "collectors/inspector/subject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "collectors/proc/stat.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define PATH_SIZE 4200

static int read_identity(struct subject *subject)
{
	char text[STATUS_TEXT_SIZE];
	struct process_stat stat = {.start_ticks = 0};
	struct process_status status = {.namespace_count = 0};
	size_t length;
	int r = file_read_text_at(subject->process_fd, "stat", text, sizeof(text), &length);

	if (r == 0)
		r = stat_parse(text, length, &stat);
	if (r == 0)
		r = file_read_text_at(subject->process_fd, "status", text, sizeof(text), &length);
	if (r == 0)
		r = status_parse(text, length, &status);
	if (r < 0)
		return r;
	subject->key.start_ticks = stat.start_ticks;
	subject->inner_pid = status.namespace_count > 0
	                         ? status.namespace_pids[status.namespace_count - 1]
	                         : subject->key.pid;
	return 0;
}

/* Namespaces are told apart by the files that stand for them. */
static int open_network(struct subject *subject)
{
	struct stat theirs, ours;

	if (fstatat(subject->process_fd, "ns/net", &theirs, 0) < 0)
		return -errno;
	if (stat("/proc/self/ns/net", &ours) < 0)
		return -errno;
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino)
		return 0;
	subject->network_fd = openat(subject->process_fd, "ns/net", O_RDONLY | O_CLOEXEC);
	return subject->network_fd < 0 ? -errno : 0;
}

int subject_open(const char *procfs_path, pid_t pid, struct subject *ret_subject)
{
	_cleanup_(subject_closep) struct subject subject = SUBJECT_INIT;
	char path[PATH_SIZE];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%d", procfs_path, pid);
	subject.key.pid = pid;
	subject.process_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (subject.process_fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	r = read_identity(&subject);
	if (r == 0)
		r = open_network(&subject);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	*ret_subject = subject;
	subject = (struct subject)SUBJECT_INIT;
	return 0;
}

void subject_close(struct subject *subject)
{
	closep(&subject->process_fd);
	closep(&subject->network_fd);
	*subject = (struct subject)SUBJECT_INIT;
}
