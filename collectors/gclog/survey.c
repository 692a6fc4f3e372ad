// SPDX-License-Identifier: MIT
/*
 * A stream of its own that only fills a table of lives. The same lines in the same order give the
 * same numbers at the second reading.
 */
#include "collectors/gclog/survey.h"

#include <stdlib.h>

#include "collectors/gclog/lives.h"
#include "collectors/gclog/stream.h"
#include "collectors/gclog/tail.h"

struct survey {
	struct tail tail; /* a copy: the descriptor is borrowed */
	struct stream stream;
	/* Of no interest: what is read again is counted then. */
	struct tail_counters tail_counters;
	struct stream_counts line_counts;
	struct life_table lives;
	uint64_t start_offset;
	bool is_finished;
};

struct survey *survey_new(const struct tail *tail, const struct stream *stream,
                          const struct life_table *lives)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	size_t i;

	if (survey == NULL)
		return NULL;
	if (life_table_copy(&survey->lives, lives) < 0)
		return survey_free(survey);
	for (i = 0; i < UNWRAP_CHANNEL_COUNT; i++)
		survey->stream.channels[i].parser = stream->channels[i].parser;
	survey->tail = *tail;
	survey->start_offset = tail->offset;
	return survey;
}

struct survey *survey_free(struct survey *survey)
{
	if (survey == NULL)
		return NULL;
	stream_done(&survey->stream);
	life_table_done(&survey->lives);
	free(survey);
	return NULL;
}

bool survey_is_of(const struct survey *survey, const struct tail *tail)
{
	return survey->start_offset == tail->offset;
}

static void on_record(void *context, enum gclog_result result, const struct gclog_record *record,
                      const struct stream_line *line)
{
	struct survey *survey = context;
	const struct life_line said = {record->pid, record->family, record->event.isolate,
	                               record->event.uptime_ns};
	const struct life_isolate *isolate;

	(void)line;
	if (result == GCLOG_GC)
		(void)life_table_place(&survey->lives, &said, &isolate);
}

bool survey_read(struct survey *survey, char *buffer, size_t size)
{
	const struct stream_sink sink = {on_record, survey, &survey->line_counts};
	int length = tail_read(&survey->tail, buffer, size, &survey->tail_counters);

	if (length > 0)
		stream_feed(&survey->stream, buffer, (size_t)length, &sink);
	survey->is_finished = length < (int)size;
	return !survey->is_finished;
}

bool survey_is_finished(const struct survey *survey)
{
	return survey->is_finished;
}

bool survey_is_over(const struct survey *survey, uint64_t number)
{
	const struct life *life = survey->lives.newest;
	const struct life *later;

	if (number == 0 || number > survey->lives.latest_number)
		return false; /* unknown, or begun since */
	while (life != NULL && life->number != number)
		life = life->next;
	if (life == NULL)
		return true; /* forgotten for its silence */
	for (later = survey->lives.newest; later != life; later = later->next)
		if (later->pid == life->pid && later->first_line > life->last_line)
			return true;
	return false;
}
