// SPDX-License-Identifier: MIT
/*
 * Following one file with pread on a kept descriptor: a rename does not disturb it, a mapping would
 * crash on truncation.
 */
#include "collectors/gclog/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/pack.h"
#include "lib/units.h"

#define SAMPLE_STEPS 16
#define PIPE_BYTES   (1 << 20) /* what anybody may ask for; the kernel gives 64 KiB unasked */

static uint64_t modified_ns(const struct stat *status)
{
	return (uint64_t)status->st_mtim.tv_sec * NS_PER_SECOND + (uint64_t)status->st_mtim.tv_nsec;
}

/* What was looked at before may have been replaced by the time it is opened. */
static int open_regular(struct tail *ret_tail, const char *path, int flags, nlink_t links_max)
{
	struct stat status;
	int error;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | flags);

	if (fd < 0)
		return -errno;
	error = fstat(fd, &status) < 0 ? -errno : 0;
	if (error == 0 && (!S_ISREG(status.st_mode) || status.st_nlink > links_max))
		error = -EINVAL;
	if (error < 0) {
		(void)close(fd); /* nothing was written */
		return error;
	}
	*ret_tail = (struct tail){.fd = fd,
	                          .identity = {status.st_dev, status.st_ino},
	                          .size_bytes = (uint64_t)status.st_size,
	                          .has_name = status.st_nlink > 0};
	return 0;
}

int tail_open(struct tail *ret_tail, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return open_regular(ret_tail, path, 0, (nlink_t)-1);
}

int tail_open_sole(struct tail *ret_tail, const char *path)
{
	struct stat status;
	int error;

	if (lstat(path, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	error = open_regular(ret_tail, path, O_NOFOLLOW, 1);
	return error == -ELOOP ? -EINVAL : error;
}

void tail_skip_history(struct tail *tail, uint64_t limit_bytes, uint64_t keep_bytes,
                       struct tail_counters *counters)
{
	if (tail->offset != 0 || tail->size_bytes <= limit_bytes)
		return;
	tail->offset = tail->size_bytes - keep_bytes;
	counters->lost_bytes += tail->offset;
}

int tail_open_pipe(struct tail *ret_tail, const char *path, bool keeps_writer)
{
	int flags = (keeps_writer ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	struct stat status;
	int fd;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISFIFO(status.st_mode))
		return -EINVAL;
	fd = open(path, flags);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode)) {
		(void)close(fd); /* nothing was written */
		return -EINVAL;  /* replaced between the two looks */
	}
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* else it is what it was */
	*ret_tail = (struct tail){.fd = fd,
	                          .identity = {status.st_dev, status.st_ino},
	                          .has_name = true,
	                          .is_pipe = true};
	return 0;
}

/* FNV-1a */
int tail_heads(const struct tail *tail, uint64_t ret_heads[TAIL_FINGERPRINT_MAX + 1])
{
	unsigned char head[TAIL_FINGERPRINT_MAX];
	ssize_t length = pread(tail->fd, head, sizeof(head), 0);
	ssize_t i;

	if (length < 0)
		return -errno;
	ret_heads[0] = UINT64_C(0xcbf29ce484222325);
	for (i = 0; i < length; i++)
		ret_heads[i + 1] = (ret_heads[i] ^ head[i]) * UINT64_C(0x100000001b3);
	return (int)length;
}

/* Likewise, of one length. -EIO when the head cannot be read, -ENODATA when it is shorter. */
static int fingerprint_take(int fd, size_t length, uint64_t *ret_fingerprint)
{
	unsigned char head[TAIL_FINGERPRINT_MAX];
	uint64_t fingerprint = UINT64_C(0xcbf29ce484222325);
	ssize_t result = pread(fd, head, length, 0);
	size_t i;

	if (result != (ssize_t)length)
		return result < 0 ? -errno : -ENODATA;
	for (i = 0; i < length; i++)
		fingerprint = (fingerprint ^ head[i]) * UINT64_C(0x100000001b3);
	*ret_fingerprint = fingerprint;
	return 0;
}

static int has_same_head(const struct tail *tail, int fd)
{
	uint64_t fingerprint;
	int error;

	if (tail->fingerprint_length == 0)
		return 1;
	error = fingerprint_take(fd, tail->fingerprint_length, &fingerprint);
	if (error == -ENODATA)
		return 0;
	return error < 0 ? error : fingerprint == tail->fingerprint;
}

static void fingerprint_extend(struct tail *tail)
{
	size_t length =
	    tail->offset < TAIL_FINGERPRINT_MAX ? (size_t)tail->offset : TAIL_FINGERPRINT_MAX;

	if (length > tail->fingerprint_length &&
	    fingerprint_take(tail->fd, length, &tail->fingerprint) == 0)
		tail->fingerprint_length = length;
}

static void recent_keep(struct tail *tail, const char *bytes, size_t length)
{
	size_t kept = length < TAIL_RECENT_MAX ? TAIL_RECENT_MAX - length : 0;
	size_t taken;

	if (tail->recent_end != tail->offset || tail->recent_length == 0)
		kept = 0; /* what came before was not read */
	kept = kept < tail->recent_length ? kept : tail->recent_length;
	taken = length < TAIL_RECENT_MAX ? length : TAIL_RECENT_MAX;
	memmove(tail->recent, tail->recent + tail->recent_length - kept, kept);
	memcpy(tail->recent + kept, bytes + length - taken, taken);
	tail->recent_length = kept + taken;
}

/* ---- copies ---- */

/* Positive: the same bytes stand there; 0: others; negative errno. */
static int has_bytes(int fd, uint64_t offset, const char *expected, size_t length)
{
	char bytes[TAIL_FINGERPRINT_MAX];
	ssize_t result = pread(fd, bytes, length, (off_t)offset);

	if (result < 0)
		return -errno;
	return result == (ssize_t)length && memcmp(bytes, expected, length) == 0;
}

int tail_is_in(const struct tail *tail, const struct tail *other)
{
	size_t length = tail->recent_length;
	int result;

	if (length == 0 || tail->fingerprint_length == 0 || other->size_bytes < tail->offset)
		return 0;
	result = has_same_head(tail, other->fd);
	return result > 0 ? has_bytes(other->fd, tail->recent_end - length, tail->recent, length)
	                  : result;
}

static int has_same_bytes(int fd, int other_fd, uint64_t offset, size_t length)
{
	char bytes[TAIL_FINGERPRINT_MAX];
	ssize_t result = pread(fd, bytes, length, (off_t)offset);

	if (result < 0)
		return -errno;
	return result == (ssize_t)length ? has_bytes(other_fd, offset, bytes, length) : 0;
}

int tail_begins_with(const struct tail *tail, const struct tail *other)
{
	uint64_t size_bytes =
	    tail->size_bytes < other->size_bytes ? tail->size_bytes : other->size_bytes;
	size_t length =
	    size_bytes < TAIL_FINGERPRINT_MAX ? (size_t)size_bytes : TAIL_FINGERPRINT_MAX;
	int result = length > 0;
	unsigned i;

	for (i = 0; result > 0 && i <= SAMPLE_STEPS; i++)
		result = has_same_bytes(tail->fd, other->fd,
		                        (size_bytes - length) / SAMPLE_STEPS * i, length);
	return result > 0 ? has_same_bytes(tail->fd, other->fd, size_bytes - length, length)
	                  : result;
}

/* ---- over a restart ---- */

void tail_pack(const struct tail *tail, uint64_t back_bytes, struct buf *out)
{
	pack_u64(out, u64_subtract_floor(tail->offset, back_bytes));
	pack_u64(out, tail->size_bytes);
	pack_u64(out, tail->fingerprint_length);
	pack_u64(out, tail->fingerprint);
	pack_u64(out, tail->recent_end);
	pack_bytes(out, tail->recent, tail->recent_length);
}

static void unpack_recent(struct tail *tail, struct unpack *in)
{
	size_t length;
	const char *bytes;

	tail->recent_end = unpack_u64(in);
	bytes = unpack_bytes(in, &length);
	if (length > TAIL_RECENT_MAX || length > tail->recent_end)
		in->has_failed = true;
	if (in->has_failed)
		return;
	memcpy(tail->recent, bytes, length);
	tail->recent_length = length;
}

void tail_unpack(struct tail *tail, struct unpack *in)
{
	tail->offset = unpack_u64(in);
	tail->size_bytes = unpack_u64(in);
	tail->fingerprint_length = unpack_u64(in);
	tail->fingerprint = unpack_u64(in);
	unpack_recent(tail, in);
	tail->modified_ns = 0; /* so that the next look looks */
	if (in->has_failed || tail->fingerprint_length > TAIL_FINGERPRINT_MAX ||
	    tail->size_bytes < tail->offset) {
		in->has_failed = true;
		tail->offset = 0;
		tail->fingerprint_length = 0;
		tail->recent_length = 0;
	}
}

/* ---- reading ---- */

int tail_restart(struct tail *tail, struct tail_counters *counters)
{
	off_t data;

	counters->truncation_count++;
	data = lseek(tail->fd, 0, SEEK_DATA);
	tail->offset = data > 0 ? (uint64_t)data : 0;
	tail->fingerprint_length = 0;
	tail->recent_length = 0;
	tail->modified_ns = 0; /* so that the look looks */
	tail->size_bytes = tail->offset;
	return tail_look(tail);
}

int tail_look(struct tail *tail)
{
	struct stat status;
	uint64_t size_bytes;
	int has_head;

	if (tail->is_pipe)
		return 1; /* only reading tells */
	if (fstat(tail->fd, &status) < 0)
		return -errno;
	size_bytes = (uint64_t)status.st_size;
	tail->has_name = status.st_nlink > 0;
	if (size_bytes == tail->size_bytes && modified_ns(&status) == tail->modified_ns)
		return size_bytes > tail->offset ? 1 : 0;
	if (size_bytes < tail->size_bytes)
		return -ESTALE;
	has_head = has_same_head(tail, tail->fd);
	if (has_head <= 0)
		return has_head < 0 ? has_head : -ESTALE;
	tail->size_bytes = size_bytes;
	tail->modified_ns = modified_ns(&status);
	return size_bytes > tail->offset ? 1 : 0;
}

static int pipe_read(const struct tail *tail, char *buffer, size_t size,
                     struct tail_counters *counters)
{
	ssize_t length = read(tail->fd, buffer, size);

	if (length < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (length == 0)
		return -ENOENT;
	counters->read_bytes += (uint64_t)length;
	return (int)length;
}

int tail_read(struct tail *tail, char *buffer, size_t size, struct tail_counters *counters)
{
	ssize_t length;

	if (tail->is_pipe)
		return pipe_read(tail, buffer, size, counters);
	length = pread(tail->fd, buffer, size, (off_t)tail->offset);
	if (length < 0)
		return -errno;
	recent_keep(tail, buffer, (size_t)length);
	tail->offset += (uint64_t)length;
	tail->recent_end = tail->offset;
	counters->read_bytes += (uint64_t)length;
	if (tail->size_bytes < tail->offset)
		tail->size_bytes = tail->offset; /* written since the look: not lost later */
	if (tail->fingerprint_length < TAIL_FINGERPRINT_MAX)
		fingerprint_extend(tail);
	return (int)length;
}

void tail_done(struct tail *tail)
{
	if (tail->fd >= 0)
		(void)close(tail->fd); /* only read */
	tail->fd = -1;
}
