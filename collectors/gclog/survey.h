// SPDX-License-Identifier: MIT
/*
 * A first reading of what a log held before it was followed, to learn where each life in it ends.
 * Only a second reading hands the lines on: by then it is known which of them are of a process
 * that is no more, though its pid may be somebody else's by now.
 */
#ifndef HEAPWATCH_COLLECTORS_GCLOG_SURVEY_H
#define HEAPWATCH_COLLECTORS_GCLOG_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct life_table;
struct stream;
struct survey;
struct tail;

/* From where the tail and the stream stand, which read it again, with the lives known so far. NULL
 * without memory. */
struct survey *survey_new(const struct tail *tail, const struct stream *stream,
                          const struct life_table *lives);
struct survey *survey_free(struct survey *survey);

/* The tail still stands there: the file was not truncated meanwhile. */
bool survey_is_of(const struct survey *survey, const struct tail *tail);
/*
 * Reads one buffer through the descriptor of the tail, which stands still. True when there is more;
 * what cannot be read ends it, for the tail to meet.
 */
bool survey_read(struct survey *survey, char *buffer, size_t size);
bool survey_is_finished(const struct survey *survey);

/*
 * True when the life, numbered as by that table when it has read the same, was over
 * before another one of its pid began.
 */
bool survey_is_over(const struct survey *survey, uint64_t life);

#endif
