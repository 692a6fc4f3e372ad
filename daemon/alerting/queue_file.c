// SPDX-License-Identifier: MIT
/*
 * A record is its length and a sealed text whose title says what it is. Behind a record that is not
 * whole, whichever of its bytes is wrong, reading goes on with the next whose seal holds.
 */
#include "daemon/alerting/queue_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/alerting/body.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/pack.h"

#define FILE_TITLE       "heapwatch alerts 2\n"
#define ALERT_TITLE      "alert"
#define SETTLED_TITLE    "settled"
#define RECORD_BYTES_MAX (2 * BODY_MAX_BYTES)
#define BOOT_ID_SIZE     64
#define NAME_SIZE        1024
#define KEY_SIZE         4096

/* ---- records ---- */

static void append_record(struct buf *out, const struct buf *record)
{
	if (buf_failed(record))
		out->has_failed = true;
	pack_bytes(out, buf_string(record), record->length);
}

void queue_file_begin(struct buf *out)
{
	buf_append_string(out, FILE_TITLE);
}

void queue_file_alert(struct buf *out, const struct queued_alert *alert, const char *const *names,
                      size_t name_count)
{
	_cleanup_(buf_done) struct buf record = BUF_INIT(RECORD_BYTES_MAX);
	size_t i;

	seal_begin(&record, ALERT_TITLE);
	pack_u64(&record, alert->id);
	pack_u64(&record, (uint64_t)alert->key.pid);
	pack_u64(&record, alert->key.start_ticks);
	pack_string(&record, alert->boot_id);
	pack_u64(&record, alert->condition);
	pack_u64(&record, alert->severity);
	pack_u64(&record, alert->is_firing);
	pack_u64(&record, alert->accepted_unix_ns);
	pack_u64(&record, alert->accepted_boot_ns);
	pack_string(&record, alert->dedup_key);
	pack_string(&record, alert->body);
	pack_u64(&record, (uint64_t)__builtin_popcountll(alert->audience));
	for (i = 0; i < name_count; i++) {
		if ((alert->audience >> i & 1) == 0)
			continue;
		pack_string(&record, names[i]);
		pack_u64(&record, alert->due >> i & 1);
	}
	seal_end(&record);
	append_record(out, &record);
}

void queue_file_settled(struct buf *out, uint64_t id, const char *name)
{
	_cleanup_(buf_done) struct buf record = BUF_INIT(RECORD_BYTES_MAX);

	seal_begin(&record, SETTLED_TITLE);
	pack_u64(&record, id);
	pack_string(&record, name);
	seal_end(&record);
	append_record(out, &record);
}

/* ---- reading ---- */

struct parsed_alert {
	struct queued_alert alert;
	struct queue_names names;
	char boot_id[BOOT_ID_SIZE];
	char dedup_key[KEY_SIZE];
	char body[RECORD_BYTES_MAX];
	char name_texts[QUEUE_RECEIVERS_MAX][NAME_SIZE];
};

static bool read_names(struct unpack *in, struct parsed_alert *parsed)
{
	uint64_t count = unpack_u64(in);
	size_t i;

	if (count > QUEUE_RECEIVERS_MAX)
		return false;
	for (i = 0; i < count; i++) {
		unpack_string(in, parsed->name_texts[i], NAME_SIZE);
		parsed->names.names[i] = parsed->name_texts[i];
		parsed->names.is_due[i] = unpack_u64(in) != 0;
	}
	parsed->names.count = (size_t)count;
	return !in->has_failed;
}

static bool read_alert(struct unpack *in, struct parsed_alert *parsed)
{
	struct queued_alert *alert = &parsed->alert;
	uint64_t condition;
	uint64_t severity;

	*alert = (struct queued_alert){.id = unpack_u64(in)};
	alert->key.pid = (pid_t)unpack_u64(in);
	alert->key.start_ticks = unpack_u64(in);
	unpack_string(in, parsed->boot_id, sizeof(parsed->boot_id));
	condition = unpack_u64(in);
	severity = unpack_u64(in);
	alert->is_firing = unpack_u64(in) != 0;
	alert->accepted_unix_ns = unpack_u64(in);
	alert->accepted_boot_ns = unpack_u64(in);
	unpack_string(in, parsed->dedup_key, sizeof(parsed->dedup_key));
	unpack_string(in, parsed->body, sizeof(parsed->body));
	if (condition >= CONDITION_COUNT || severity >= SEVERITY_COUNT)
		return false;
	alert->condition = (enum condition)condition;
	alert->severity = (enum severity)severity;
	alert->boot_id = parsed->boot_id;
	alert->dedup_key = parsed->dedup_key;
	alert->body = parsed->body;
	return read_names(in, parsed);
}

static bool read_record(const char *bytes, size_t length, struct parsed_alert *parsed,
                        const struct queue_reader *reader)
{
	struct unpack in;
	uint64_t id;

	if (seal_open(bytes, length, ALERT_TITLE, &in) == 0) {
		if (!read_alert(&in, parsed))
			return false;
		reader->alert(reader->context, &parsed->alert, &parsed->names);
		return true;
	}
	if (seal_open(bytes, length, SETTLED_TITLE, &in) < 0)
		return false;
	id = unpack_u64(&in);
	unpack_string(&in, parsed->name_texts[0], NAME_SIZE);
	if (in.has_failed)
		return false;
	reader->settled(reader->context, id, parsed->name_texts[0]);
	return true;
}

/* The length of the whole record that begins there; 0: there is none. */
static size_t take_record(const char *at, const char *end, struct parsed_alert *parsed,
                          const struct queue_reader *reader)
{
	struct unpack in = {at, end, false};
	size_t length;
	const char *record = unpack_bytes(&in, &length);

	if (in.has_failed || length > RECORD_BYTES_MAX ||
	    !read_record(record, length, parsed, reader))
		return 0;
	return (size_t)(in.at - at);
}

static bool begins_with(const char *at, const char *end, const char *text)
{
	size_t length = strlen(text);

	return (size_t)(end - at) >= length && memcmp(at, text, length) == 0;
}

/* Where a title stands behind room for a length, or end. */
static const char *next_candidate(const char *at, const char *end)
{
	for (; (size_t)(end - at) > sizeof(uint64_t); at++)
		if (begins_with(at + sizeof(uint64_t), end, ALERT_TITLE "\n") ||
		    begins_with(at + sizeof(uint64_t), end, SETTLED_TITLE "\n"))
			return at;
	return end;
}

/* The number of damaged places, with what came before: each ends where a whole record begins. */
static int read_records(const char *at, const char *end, int damaged,
                        const struct queue_reader *reader)
{
	_cleanup_(freep) struct parsed_alert *parsed = malloc(sizeof(*parsed));
	bool is_damaged = damaged > 0;

	if (parsed == NULL)
		return -ENOMEM;
	while (at < end) {
		size_t length = take_record(at, end, parsed, reader);

		damaged += length == 0 && !is_damaged;
		is_damaged = length == 0;
		at = is_damaged ? next_candidate(at + 1, end) : at + length;
	}
	return damaged;
}

static int read_file(const char *path, char **ret_bytes, size_t *ret_length)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	_cleanup_(freep) char *bytes = NULL;
	struct stat status;
	int result;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size > (off_t)QUEUE_FILE_BYTES_MAX)
		return -EBADMSG;
	bytes = malloc((size_t)status.st_size + 1);
	if (bytes == NULL)
		return -ENOMEM;
	result = file_pread_text(fd, bytes, (size_t)status.st_size + 1, ret_length);
	if (result < 0)
		return result;
	*ret_bytes = TAKE_PTR(bytes);
	return 0;
}

int queue_file_read(const char *path, const struct queue_reader *reader, size_t *ret_bytes)
{
	_cleanup_(freep) char *bytes = NULL;
	size_t length = 0;
	int result = read_file(path, &bytes, &length);

	if (result < 0)
		return result;
	*ret_bytes = length;
	if (begins_with(bytes, bytes + length, FILE_TITLE))
		return read_records(bytes + strlen(FILE_TITLE), bytes + length, 0, reader);
	return read_records(next_candidate(bytes, bytes + length), bytes + length, 1, reader);
}

/* ---- writing ---- */

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		bytes += written;
		length -= (size_t)written;
	}
	return 0;
}

static int append(const struct queue_write *write)
{
	_cleanup_(closep) int fd =
	    open(write->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	int result;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_size != (off_t)write->offset)
		return -ESTALE; /* somebody else wrote to it */
	result = write_all(fd, buf_string(&write->bytes), write->bytes.length);
	if (result == 0 && fdatasync(fd) < 0)
		result = -errno;
	return result;
}

static int replace(struct queue_write *write)
{
	const struct queue_picture *picture = &write->picture;
	_cleanup_(buf_done) struct buf whole = BUF_INIT(QUEUE_FILE_BYTES_MAX);
	size_t i;

	queue_file_begin(&whole);
	for (i = 0; i < picture->count; i++)
		queue_file_alert(&whole, &picture->alerts[i], (const char *const *)picture->names,
		                 picture->name_count);
	if (buf_failed(&whole))
		return -ENOMEM;
	write->written_bytes = whole.length;
	return file_replace(write->path, buf_string(&whole), whole.length);
}

void queue_file_write(struct queue_write *write)
{
	write->written_bytes = write->bytes.length;
	write->result = write->is_whole ? replace(write) : append(write);
}
