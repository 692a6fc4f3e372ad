// SPDX-License-Identifier: MIT
/* Two preads per process and pass; see stat.h for the parsers. */
#include "collectors/proc/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/units.h"

#define PATH_SIZE        64
#define LIMITS_TEXT_SIZE 2048 /* 16 lines of 79 bytes */
#define COUNTED_FDS_MAX  8192 /* about 10 ms of readdir */

void memory_reader_init(struct memory_reader *reader, int proc_fd)
{
	struct statfs status;

	*reader = (struct memory_reader){
	    .proc_fd = proc_fd,
	    .is_procfs = fstatfs(proc_fd, &status) == 0 &&
	                 status.f_type == (__typeof__(status.f_type))PROC_SUPER_MAGIC,
	    .page_bytes = (uint64_t)sysconf(_SC_PAGESIZE),
	    .tick_ns = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK)};
}

int memory_read_sample(const struct memory_reader *reader, const struct identity *identity,
                       uint64_t now_ns, struct memory_sample *ret_sample)
{
	struct process_stat stat;
	struct process_statm statm;
	int r = identity_read_stat(identity, &stat);

	if (r < 0)
		return r;
	if (stat.state == 'Z' || stat.state == 'X')
		return -ESRCH;
	r = identity_read_statm(identity, &statm);
	if (r < 0)
		return r;
	*ret_sample = (struct memory_sample){
	    .at_ns = now_ns,
	    .rss_bytes = u64_multiply_saturating(statm.resident_pages, reader->page_bytes),
	    .rss_shared_bytes = u64_multiply_saturating(statm.shared_pages, reader->page_bytes),
	    .virtual_bytes = stat.virtual_bytes,
	    .user_cpu_ns = u64_multiply_saturating(stat.user_ticks, reader->tick_ns),
	    .system_cpu_ns = u64_multiply_saturating(stat.system_ticks, reader->tick_ns),
	    .threads = stat.threads};
	return 0;
}

static int count_entries(int proc_fd, const char *path, uint64_t *ret_count)
{
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory;
	uint64_t count = 0;
	const struct dirent *item;

	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (directory == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	while (count <= COUNTED_FDS_MAX && (item = readdir(directory)) != NULL)
		count += item->d_name[0] != '.';
	(void)closedir(directory);
	if (count > COUNTED_FDS_MAX)
		return -EOVERFLOW;
	*ret_count = count;
	return 0;
}

/* Since Linux 6.2 the size of the directory is the number of fds; it is 0 before. */
static int read_open_fds(const struct memory_reader *reader, pid_t pid, uint64_t *ret_count)
{
	char path[PATH_SIZE];
	struct stat status;

	(void)snprintf(path, sizeof(path), "%d/fd", (int)pid);
	if (fstatat(reader->proc_fd, path, &status, 0) < 0)
		return -errno;
	if (reader->is_procfs && status.st_size > 0) {
		*ret_count = (uint64_t)status.st_size;
		return 0;
	}
	return count_entries(reader->proc_fd, path, ret_count);
}

/* World-readable, unlike what prlimit(2) asks for. */
static uint64_t read_max_fds(const struct memory_reader *reader, pid_t pid)
{
	char text[LIMITS_TEXT_SIZE];
	char path[PATH_SIZE];
	size_t length;

	(void)snprintf(path, sizeof(path), "%d/limits", (int)pid);
	if (file_read_text_at(reader->proc_fd, path, text, sizeof(text), &length) < 0)
		return 0;
	return limits_parse_max_fds(text, length);
}

int memory_read_detail(const struct memory_reader *reader, pid_t pid, uint64_t now_ns,
                       struct memory_detail *ret_detail)
{
	char text[STATUS_TEXT_SIZE];
	char path[PATH_SIZE];
	struct memory_detail detail = {.at_ns = now_ns};
	struct process_status status;
	size_t length;
	int r;

	(void)snprintf(path, sizeof(path), "%d/status", (int)pid);
	r = file_read_text_at(reader->proc_fd, path, text, sizeof(text), &length);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	r = status_parse(text, length, &status);
	if (r < 0)
		return r;
	if (!status.has_memory)
		return -ESRCH;
	detail.rss_anon_bytes = status.rss_anon_bytes;
	detail.rss_file_bytes = status.rss_file_bytes;
	detail.rss_shmem_bytes = status.rss_shmem_bytes;
	detail.swap_bytes = status.swap_bytes;
	detail.data_bytes = status.data_bytes;
	detail.max_fds = read_max_fds(reader, pid);
	detail.has_open_fds = read_open_fds(reader, pid, &detail.open_fds) == 0;
	*ret_detail = detail;
	return 0;
}
