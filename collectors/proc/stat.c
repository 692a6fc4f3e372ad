// SPDX-License-Identifier: MIT
/*
 * The fields of stat are counted from the last ')': comm is the process's own choice and may hold
 * blanks, parentheses and newlines, whereas everything behind it is numeric.
 */
#include "collectors/proc/stat.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/numbers.h"
#include "lib/units.h"

struct cursor {
	const char *at;
	const char *end;
};

static int next_number(struct cursor *cursor, uint64_t *ret_value)
{
	uint64_t value = 0;
	const char *start;

	while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\t'))
		cursor->at++;
	start = cursor->at;
	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
		if (__builtin_mul_overflow(value, UINT64_C(10), &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*cursor->at - '0'), &value))
			return -EBADMSG;
		cursor->at++;
	}
	if (cursor->at == start)
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

/* Fields may be negative (tpgid, nice), so those that are skipped are not read as numbers. */
static int skip_fields(struct cursor *cursor, unsigned count)
{
	while (count > 0) {
		while (cursor->at < cursor->end && *cursor->at == ' ')
			cursor->at++;
		if (cursor->at >= cursor->end)
			return -EBADMSG;
		while (cursor->at < cursor->end && *cursor->at != ' ')
			cursor->at++;
		count--;
	}
	return 0;
}

/* Places the cursor on field 3, the state. */
static int find_state(const char *text, size_t length, struct cursor *ret_cursor)
{
	const char *parenthesis = memrchr(text, ')', length);

	if (parenthesis == NULL || length - (size_t)(parenthesis - text) < 4)
		return -EBADMSG;
	ret_cursor->at = parenthesis + 2;
	ret_cursor->end = text + length;
	return 0;
}

int stat_parse(const char *text, size_t length, struct process_stat *ret_stat)
{
	struct process_stat stat;
	struct cursor cursor;

	if (find_state(text, length, &cursor) < 0)
		return -EBADMSG;
	stat.state = *cursor.at;
	if (skip_fields(&cursor, 11) < 0 || /* 3 … 13 */
	    next_number(&cursor, &stat.user_ticks) < 0 ||
	    next_number(&cursor, &stat.system_ticks) < 0 ||
	    skip_fields(&cursor, 4) < 0 || /* 16 … 19 */
	    next_number(&cursor, &stat.threads) < 0 || skip_fields(&cursor, 1) < 0 ||
	    next_number(&cursor, &stat.start_ticks) < 0 ||
	    next_number(&cursor, &stat.virtual_bytes) < 0)
		return -EBADMSG;
	*ret_stat = stat;
	return 0;
}

int stat_parse_exit_status(const char *text, size_t length, int *ret_status)
{
	struct cursor cursor;
	uint64_t value;

	if (find_state(text, length, &cursor) < 0 || skip_fields(&cursor, 49) < 0 || /* 3 … 51 */
	    next_number(&cursor, &value) < 0 || value > INT_MAX)
		return -EBADMSG;
	*ret_status = (int)value;
	return 0;
}

int statm_parse(const char *text, size_t length, struct process_statm *ret_statm)
{
	struct cursor cursor = {text, text + length};
	struct process_statm statm;

	if (next_number(&cursor, &statm.size_pages) < 0 ||
	    next_number(&cursor, &statm.resident_pages) < 0 ||
	    next_number(&cursor, &statm.shared_pages) < 0)
		return -EBADMSG;
	*ret_statm = statm;
	return 0;
}

/* What follows "KEY" and a blank on its line: "oom_kill" is not "oom_kill_disable". */
static int find_line(const char *text, size_t length, const char *key, struct cursor *ret_cursor)
{
	const char *end = text + length;
	size_t key_length = strlen(key);

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline != NULL ? newline : end;
		if ((size_t)(line_end - text) > key_length && memcmp(text, key, key_length) == 0 &&
		    (text[key_length] == ' ' || text[key_length] == '\t')) {
			*ret_cursor = (struct cursor){text + key_length, line_end};
			return 0;
		}
		text = line_end + 1;
	}
	return -ENOENT;
}

int text_find_number(const char *text, size_t length, const char *key, uint64_t *ret_value)
{
	struct cursor cursor;

	if (find_line(text, length, key, &cursor) < 0)
		return -ENOENT;
	return next_number(&cursor, ret_value);
}

static int find_kib(const char *text, size_t length, const char *key, uint64_t *ret_bytes)
{
	uint64_t kib;
	int r = text_find_number(text, length, key, &kib);

	if (r < 0)
		return r;
	*ret_bytes = u64_multiply_saturating(kib, KIB);
	return 0;
}

static int parse_namespace_pids(const char *text, size_t length, struct process_status *status)
{
	struct cursor cursor;
	uint64_t pid;

	status->namespace_count = 0;
	if (find_line(text, length, "NSpid:", &cursor) < 0)
		return 0; /* a kernel without pid namespaces */
	while (status->namespace_count < NAMESPACE_DEPTH_MAX && next_number(&cursor, &pid) == 0) {
		if (pid > INT_MAX)
			return -EBADMSG;
		status->namespace_pids[status->namespace_count++] = (pid_t)pid;
	}
	return 0;
}

uint64_t limits_parse_max_fds(const char *text, size_t length)
{
	static const char key[] = "Max open files";
	struct cursor cursor;
	uint64_t max_fds;

	if (find_line(text, length, key, &cursor) < 0)
		return 0;
	if (next_number(&cursor, &max_fds) == 0)
		return max_fds;
	return UINT64_MAX; /* "unlimited" */
}

int status_parse(const char *text, size_t length, struct process_status *ret_status)
{
	struct process_status status = {.has_memory = false};
	int r = parse_namespace_pids(text, length, &status);

	if (r < 0)
		return r;
	r = find_kib(text, length, "RssAnon:", &status.rss_anon_bytes);
	if (r == 0) {
		if (find_kib(text, length, "RssFile:", &status.rss_file_bytes) < 0 ||
		    find_kib(text, length, "RssShmem:", &status.rss_shmem_bytes) < 0 ||
		    find_kib(text, length, "VmSwap:", &status.swap_bytes) < 0)
			return -EBADMSG;
		(void)find_kib(text, length,
		               "VmData:", &status.data_bytes); /* nobody depends on it */
		status.has_memory = true;
	} else if (r != -ENOENT) {
		return r;
	}
	*ret_status = status;
	return 0;
}
