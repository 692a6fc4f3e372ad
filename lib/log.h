// SPDX-License-Identifier: MIT
/*
 * Messages to stderr, one line each: the event in plain words, then key=value. logfmt or JSON; the
 * "<N>" priority prefix of sd-daemon(3) only when stderr is the journal. Control characters and
 * quotes in messages are escaped, so that a hostile argv cannot forge a line.
 *
 *	log_warn(error, "cannot read smaps_rollup, skipping pid=%d", pid);   error: negative errno
 *	log_warnx("unknown app pid=%d", pid);                                no errno
 */
#ifndef HEAPWATCH_LIB_LOG_H
#define HEAPWATCH_LIB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

void log_setup(enum log_level level, enum log_format format);
/* "debug", "info", "warn", "error" / "logfmt", "json"; -EINVAL otherwise. */
int log_level_parse(const char *text, enum log_level *ret_level)
    __attribute__((warn_unused_result));
int log_format_parse(const char *text, enum log_format *ret_format)
    __attribute__((warn_unused_result));

void log_write(enum log_level level, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...)        log_write(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)
#define log_info(...)         log_write(LOG_LEVEL_INFO, 0, __VA_ARGS__)
#define log_warn(error, ...)  log_write(LOG_LEVEL_WARN, (error), __VA_ARGS__)
#define log_warnx(...)        log_write(LOG_LEVEL_WARN, 0, __VA_ARGS__)
#define log_error(error, ...) log_write(LOG_LEVEL_ERROR, (error), __VA_ARGS__)
#define log_errorx(...)       log_write(LOG_LEVEL_ERROR, 0, __VA_ARGS__)

/* At most burst messages per period and cause; embed one per cause, zero-initialised. */
struct log_limit {
	uint64_t window_start_ns;
	unsigned written_count;
	unsigned suppressed_count;
};

/*
 * True when a message may be written now (5 a minute). Time is an argument. suppressed_count is
 * then the number of messages lost since the one before.
 */
bool log_limit_allows(struct log_limit *limit, uint64_t now_ns);

#endif
