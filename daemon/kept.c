// SPDX-License-Identifier: MIT
/*
 * A sealed file (lib/pack.h): boot ID, histories, collectors. It is written after each pass while
 * it is small, and less often the larger it is.
 */
#include "daemon/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/collection.h"
#include "daemon/model/model.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/pack.h"

#define TITLE        "heapwatch state 1"
#define BYTES_MAX    ((size_t)64 << 20)
#define BOOT_ID_SIZE 64
#define WRITE_RATE   (UINT64_C(32) << 10) /* bytes per second that writing may cost on average */
#define POSTPONE_NS  NS_PER_MINUTE        /* at most, for a collector that is busy */

struct kept {
	const struct collector_host *host;
	char *path;
	char boot_id[BOOT_ID_SIZE];
	char *read; /* what was there, until it is given back */
	size_t read_length;
	struct buf bytes; /* of the write under way */
	bool is_writing;
	bool has_passed; /* before the first pass nothing is known that is worth writing */
	int write_result;
	uint64_t next_ns;
	uint64_t last_ns;
	uint64_t error_count;
	bool has_warned;
};

static struct kept *kept_free(struct kept *kept)
{
	if (kept == NULL)
		return NULL;
	buf_done(&kept->bytes);
	free(kept->read);
	free(kept->path);
	free(kept);
	return NULL;
}

DEFINE_CLEANUP(struct kept, kept_free)

static void read_boot_id(struct kept *kept)
{
	size_t length;

	if (file_read_text_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", kept->boot_id,
	                      sizeof(kept->boot_id), &length) < 0)
		length = 0;
	kept->boot_id[length] = '\0';
	kept->boot_id[strcspn(kept->boot_id, "\n")] = '\0';
}

/* ---- reading ---- */

static int read_file(struct kept *kept)
{
	_cleanup_(closep) int fd = open(kept->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)BYTES_MAX)
		return -EBADMSG;
	kept->read = malloc((size_t)status.st_size + 1);
	if (kept->read == NULL)
		return -ENOMEM;
	return file_pread_text(fd, kept->read, (size_t)status.st_size + 1, &kept->read_length);
}

/* Out of the way of the next write, for whoever wants to see what happened. */
static void set_aside(struct kept *kept)
{
	char aside[PATH_MAX];

	(void)snprintf(aside, sizeof(aside), "%s.damaged", kept->path);
	log_warnx("the state kept is damaged, setting it aside and starting afresh path=%s", aside);
	if (rename(kept->path, aside) < 0)
		log_warn(-errno, "cannot set the damaged state aside path=%s", aside);
}

static void forget(struct kept *kept)
{
	free(kept->read);
	kept->read = NULL;
	kept->read_length = 0;
}

static int check_read(const struct kept *kept, struct unpack *ret_in)
{
	char boot_id[BOOT_ID_SIZE];
	int result = seal_open(kept->read, kept->read_length, TITLE, ret_in);

	if (result < 0)
		return result;
	unpack_string(ret_in, boot_id, sizeof(boot_id));
	return strcmp(boot_id, kept->boot_id) == 0 ? 0 : -ESTALE;
}

struct kept *kept_open(const char *storage_path, const struct collector_host *host)
{
	_cleanup_(kept_freep) struct kept *kept = calloc(1, sizeof(*kept));
	struct unpack in;
	int result;

	if (kept == NULL || asprintf(&kept->path, "%s/state", storage_path) < 0)
		return NULL;
	kept->host = host;
	kept->last_ns = host->now_ns(host->context); /* lines wait at the start, too */
	buf_init(&kept->bytes, BYTES_MAX);
	read_boot_id(kept);
	result = read_file(kept);
	if (result == 0)
		result = check_read(kept, &in);
	if (result < 0)
		forget(kept);
	if (result == -EBADMSG)
		set_aside(kept);
	else if (result < 0 && result != -ENOENT && result != -ESTALE)
		log_warn(result, "cannot read the state kept, starting afresh path=%s", kept->path);
	return TAKE_PTR(kept);
}

void kept_restore(struct kept *kept, struct model *model, struct collection *collection)
{
	struct unpack in;
	const char *histories;
	size_t length;

	if (kept == NULL || kept->read == NULL || check_read(kept, &in) < 0)
		return;
	histories = unpack_bytes(&in, &length);
	/* Offsets without the histories that go with them would leave out what was counted. */
	if (!in.has_failed && model_histories_restore(model, histories, length) == 0)
		collection_restore(collection, &in);
	else
		log_info("the state kept is of another version, starting afresh");
	forget(kept);
}

/* ---- writing ---- */

static int render(struct kept *kept, const struct model *model, struct collection *collection)
{
	size_t at;
	int result;

	buf_clear(&kept->bytes);
	seal_begin(&kept->bytes, TITLE);
	pack_string(&kept->bytes, kept->boot_id);
	at = pack_begin(&kept->bytes);
	model_histories_save(model, &kept->bytes);
	pack_end(&kept->bytes, at);
	result = collection_save(collection, &kept->bytes);
	return result < 0 ? result : buf_failed(&kept->bytes) ? -ENOMEM : 0;
}

static void write_work(void *data)
{
	struct kept *kept = data;

	seal_end(&kept->bytes);
	kept->write_result =
	    buf_failed(&kept->bytes)
	        ? -ENOMEM
	        : file_replace(kept->path, buf_string(&kept->bytes), kept->bytes.length);
}

/* Once, until it works again. */
static void note_result(struct kept *kept, int result)
{
	if (result < 0) {
		kept->error_count++;
		if (!kept->has_warned)
			log_warn(result,
			         "cannot keep the state, going on in memory and trying again "
			         "path=%s",
			         kept->path);
	} else if (kept->has_warned) {
		log_info("the state can be kept again path=%s", kept->path);
	}
	kept->has_warned = result < 0;
}

static void write_done(void *data)
{
	struct kept *kept = data;

	kept->is_writing = false;
	buf_done(&kept->bytes); /* a megabyte, until the next write */
	note_result(kept, kept->write_result);
}

void kept_save(struct kept *kept, struct model *model, struct collection *collection,
               uint64_t now_ns)
{
	int result;

	if (kept == NULL)
		return;
	kept->has_passed = true;
	if (kept->is_writing || now_ns < kept->next_ns)
		return;
	result = render(kept, model, collection);
	if (result == -EAGAIN && now_ns < kept->last_ns + POSTPONE_NS)
		return; /* some lines wait for their process: it would lose them */
	kept->next_ns = now_ns + kept->bytes.length * NS_PER_SECOND / WRITE_RATE;
	if (result < 0 && result != -EAGAIN) {
		note_result(kept, result);
		return;
	}
	kept->last_ns = now_ns;
	kept->is_writing = true;
	if (kept->host->submit(kept->host->context, write_work, write_done, kept) < 0)
		kept->is_writing = false; /* the queue is full: with the next pass */
}

struct kept *kept_close(struct kept *kept, struct model *model, struct collection *collection)
{
	int result;

	if (kept == NULL)
		return NULL;
	if (kept->has_passed) {
		result = render(kept, model, collection);
		if (result == 0 || result == -EAGAIN)
			write_work(kept);
		note_result(kept, result == 0 || result == -EAGAIN ? kept->write_result : result);
	}
	return kept_free(kept);
}

uint64_t kept_error_count(const struct kept *kept)
{
	return kept != NULL ? kept->error_count : 0;
}
