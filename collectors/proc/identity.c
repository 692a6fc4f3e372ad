// SPDX-License-Identifier: MIT
/*
 * The order of opening is what makes pid reuse harmless: /proc/PID as a directory fd first, the
 * files relative to it, then the pidfd by number, then stat again. If stat still answers, the pid
 * had not been given away when the pidfd was opened.
 */
#include "collectors/proc/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/numbers.h"

/* include/uapi/linux/pidfd.h of Linux 6.15, first version of the struct; older headers lack it. */
struct pidfd_info_v0 {
	uint64_t mask;
	uint64_t cgroup_id;
	uint32_t ids[11]; /* pid, tgid, ppid, then the eight user and group ids */
	int32_t exit_code;
};

_Static_assert(sizeof(struct pidfd_info_v0) == 64, "PIDFD_INFO_SIZE_VER0");

#define PIDFD_INFO_EXIT_BIT (UINT64_C(1) << 3)
#define PIDFD_GET_INFO_V0   _IOWR(0xff, 11, struct pidfd_info_v0)

bool identity_procfs_is_own(int proc_fd)
{
	char text[NUMBER_TEXT_SIZE];
	char own[NUMBER_TEXT_SIZE];
	struct stat status;

	(void)number_format_u64(own, (uint64_t)getpid());
	return file_read_link_at(proc_fd, "self", text, sizeof(text)) == 0 &&
	       strcmp(text, own) == 0 && fstatat(proc_fd, "self/stat", &status, 0) == 0;
}

void identity_close(struct identity *identity)
{
	closep(&identity->stat_fd);
	closep(&identity->statm_fd);
	closep(&identity->pidfd);
	*identity = IDENTITY_INIT;
}

int identity_read_stat(const struct identity *identity, struct process_stat *ret_stat)
{
	char text[STAT_TEXT_SIZE];
	/* One call gives all of it; asking for the end of file would have it made a second time. */
	ssize_t length = pread(identity->stat_fd, text, sizeof(text), 0);

	if (length < 0)
		return -errno;
	if (length == 0)
		return -ESRCH;
	return stat_parse(text, (size_t)length, ret_stat);
}

int identity_read_statm(const struct identity *identity, struct process_statm *ret_statm)
{
	char text[STATM_TEXT_SIZE];
	ssize_t length = pread(identity->statm_fd, text, sizeof(text), 0);

	if (length < 0)
		return -errno;
	if (length == 0)
		return -ESRCH;
	return statm_parse(text, (size_t)length, ret_statm);
}

static int open_file(int directory_fd, const char *name)
{
	int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0)
		return fd;
	return errno == ENOENT ? -ESRCH : -errno;
}

static int open_kept(int directory_fd, pid_t pid, bool has_pidfd, struct identity *identity)
{
	identity->stat_fd = open_file(directory_fd, "stat");
	if (identity->stat_fd < 0)
		return identity->stat_fd;
	identity->statm_fd = open_file(directory_fd, "statm");
	if (identity->statm_fd < 0)
		return identity->statm_fd;
	if (!has_pidfd)
		return 0;
	identity->pidfd = (int)syscall(SYS_pidfd_open, pid, 0); /* is O_CLOEXEC by itself */
	if (identity->pidfd >= 0)
		return 0;
	identity->pidfd = -1;
	/* ENOSYS, EPERM: a sandbox without it; exits are then seen by the next pass. */
	return errno == ENOSYS || errno == EPERM ? 0 : -errno;
}

int identity_open_directory(int proc_fd, pid_t pid)
{
	char name[NUMBER_TEXT_SIZE];
	int fd;

	(void)number_format_u64(name, (uint64_t)pid);
	fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

int identity_open(int directory_fd, pid_t pid, bool has_pidfd, struct identity *ret_identity)
{
	struct identity identity = IDENTITY_INIT;
	struct process_stat stat = {.state = 0};
	int r = open_kept(directory_fd, pid, has_pidfd, &identity);

	if (r == 0)
		r = identity_read_stat(&identity, &stat);
	if (r == 0 && (stat.state == 'Z' || stat.state == 'X'))
		r = -ESRCH;
	if (r < 0) {
		identity_close(&identity);
		return r;
	}
	identity.key = (struct process_key){.pid = pid, .start_ticks = stat.start_ticks};
	*ret_identity = identity;
	return 0;
}

static int status_of_zombie(const struct identity *identity, int *ret_status)
{
	char text[STAT_TEXT_SIZE];
	struct process_stat stat;
	size_t length;
	int r = file_pread_text(identity->stat_fd, text, sizeof(text), &length);

	if (r < 0)
		return r;
	r = stat_parse(text, length, &stat);
	if (r < 0)
		return r;
	if (stat.state != 'Z' && stat.state != 'X')
		return -ENODATA;
	return stat_parse_exit_status(text, length, ret_status);
}

int identity_exit_status(const struct identity *identity, int *ret_status)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_EXIT_BIT};

	/* Either it waits for its parent, then stat knows; or it was reaped, then the pidfd may. */
	if (status_of_zombie(identity, ret_status) == 0)
		return 0;
	if (identity->pidfd < 0 || ioctl(identity->pidfd, PIDFD_GET_INFO_V0, &info) < 0 ||
	    (info.mask & PIDFD_INFO_EXIT_BIT) == 0)
		return -ENODATA;
	*ret_status = info.exit_code;
	return 0;
}
