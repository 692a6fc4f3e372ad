// SPDX-License-Identifier: MIT
/*
 * One site for each frame, summed over all nodes whose growth is charged to it. Sites of the
 * application come before those of Node, which nobody can mend, whatever their shares.
 *
 * V8 inlines what is called often, also callbacks of the application into Node's own functions that
 * call them (seen on Node 26: listOnTimeout). What grew in such a function is charged to what the
 * profiles saw it call while it was not inlined.
 */
#include "collectors/inspector/explanation.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/inspector/call_tree.h"
#include "lib/cleanup.h"

#define BUFFER_GROWTH_MIN_BYTES (1024.0 * 1024) /* less is no leak of Buffers */
/* So many samples give half of the confidence that samples can give. */
#define HALF_CONFIDENCE_SAMPLES 10.0

/* Growth that is charged to one frame. */
struct sum {
	double bytes;
	double samples;
	double early_bytes;    /* alive at the first profile */
	double inlined_bytes;  /* of bytes, those of Node's functions that call it */
	double recent_samples; /* of samples, allocated in the second half of the growth */
	uint32_t frame;
	uint32_t best_node; /* whose path grew most */
	double best_bytes;
};

struct sums {
	const struct call_tree *tree;
	struct sum *by_frame; /* one for each frame of the tree */
	uint32_t *called; /* for each node of Node's: its largest child of the application, or 0 */
	uint32_t count;
	double total_bytes;   /* of what grew */
	double native_bytes;  /* of it, without any JavaScript on the stack */
	double unnamed_bytes; /* of it, in places with too few samples */
	uint32_t unnamed_count;
	double first_part; /* of the time; 0: steadiness is unknown */
	bool is_outside;   /* the growth is outside the heap, as that of Buffers */
	bool only_buffers;
};

void explanation_note(struct explanation *explanation, const char *format, ...)
{
	va_list arguments;

	if (explanation->note_count == EXPLANATION_NOTES_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(explanation->notes[explanation->note_count++], EXPLANATION_NOTE_SIZE,
	                format, arguments);
	va_end(arguments);
}

/* ---- whom a node's growth is charged to ---- */

static bool is_internal_node(const struct call_tree *tree, uint32_t index)
{
	return call_tree_frame(tree, call_tree_node(tree, index)->frame).is_internal;
}

static double last_bytes(const struct call_tree *tree, uint32_t index)
{
	size_t count = call_tree_profile_count(tree);

	return count > 0 ? call_tree_node(tree, index)->bytes[count - 1] : 0;
}

static void find_called(const struct call_tree *tree, uint32_t *called)
{
	uint32_t i;

	for (i = 1; i < call_tree_node_count(tree); i++) {
		uint32_t parent = call_tree_node(tree, i)->parent;

		if (parent == CALL_TREE_ROOT || is_internal_node(tree, i) ||
		    !is_internal_node(tree, parent))
			continue;
		if (called[parent] == 0 || last_bytes(tree, i) > last_bytes(tree, called[parent]))
			called[parent] = i;
	}
}

struct charge {
	uint32_t node; /* of the site */
	bool is_buffer;
	bool is_inlined;
};

/* The first of the application from the node up; else what was called there; else itself. */
static struct charge charge_of(const struct sums *sums, uint32_t index)
{
	struct charge charge = {.node = index};
	uint32_t called = 0, at;

	for (at = index; at != CALL_TREE_ROOT; at = call_tree_node(sums->tree, at)->parent) {
		struct call_frame frame =
		    call_tree_frame(sums->tree, call_tree_node(sums->tree, at)->frame);

		if (!frame.is_internal) {
			charge.node = at;
			return charge;
		}
		charge.is_buffer |= frame.is_buffer;
		if (called == 0)
			called = sums->called[at];
	}
	charge.is_inlined = called != 0;
	if (called != 0)
		charge.node = called;
	return charge;
}

/* ---- sums ---- */

static void add_node(struct sums *sums, uint32_t index)
{
	const struct call_tree *tree = sums->tree;
	const struct call_node *node = call_tree_node(tree, index);
	double bytes = call_node_growth_bytes(tree, node);
	struct charge charge = charge_of(sums, index);
	struct sum *sum = &sums->by_frame[call_tree_node(tree, charge.node)->frame];

	if (sums->only_buffers && !charge.is_buffer)
		return;
	sum->bytes += bytes;
	sum->samples += call_node_growth_samples(tree, node);
	sum->inlined_bytes += charge.is_inlined ? bytes : 0;
	sum->recent_samples += node->recent_samples;
	sum->early_bytes += node->bytes[0];
	if (bytes > sum->best_bytes && !charge.is_inlined) {
		sum->best_bytes = bytes;
		sum->best_node = index;
	} else if (sum->best_node == 0) {
		sum->best_node = charge.node;
	}
}

/*
 * What stays has as many samples of the first half of the growth as of the second one. What has
 * more of the second one, beyond chance, has a part that is alive for a moment only, as requests
 * under way or a cache that is turned over.
 */
static void leave_out_the_passing(struct sum *sum)
{
	double passing = (2 * sum->recent_samples) - sum->samples;
	double rest;

	if (passing <= 2 * sqrt(fmax(0, sum->samples)) || !(sum->samples > 0))
		return;
	rest = fmax(0, 1 - (passing / sum->samples));
	sum->samples *= rest;
	sum->bytes *= rest;
	sum->inlined_bytes *= rest;
}

static void add_up(struct sums *sums)
{
	uint32_t i;

	memset(sums->by_frame, 0, sums->count * sizeof(*sums->by_frame));
	sums->total_bytes = sums->native_bytes = sums->unnamed_bytes = 0;
	sums->unnamed_count = 0;
	for (i = 0; i < call_tree_node_count(sums->tree); i++)
		add_node(sums, i);
	for (i = 0; i < sums->count; i++) {
		struct sum *sum = &sums->by_frame[i];

		sum->frame = i;
		leave_out_the_passing(sum);
		if (!(sum->bytes > 0))
			continue;
		sums->total_bytes += sum->bytes;
		if (call_tree_frame(sums->tree, i).script[0] == '\0') {
			sums->native_bytes += sum->bytes;
		} else if (sum->samples < SITE_SAMPLES_MIN) {
			sums->unnamed_bytes += sum->bytes;
			sums->unnamed_count++;
		}
	}
}

static bool is_site(const struct sums *sums, const struct sum *sum)
{
	return sum->bytes > 0 && sum->samples >= SITE_SAMPLES_MIN &&
	       call_tree_frame(sums->tree, sum->frame).script[0] != '\0';
}

static bool has_site(const struct sums *sums)
{
	uint32_t i;

	for (i = 0; i < sums->count; i++)
		if (is_site(sums, &sums->by_frame[i]))
			return true;
	return false;
}

static bool is_better(const struct sums *sums, const struct sum *a, const struct sum *b)
{
	bool a_is_internal = call_tree_frame(sums->tree, a->frame).is_internal;
	bool b_is_internal = call_tree_frame(sums->tree, b->frame).is_internal;

	return a_is_internal != b_is_internal ? b_is_internal : a->bytes > b->bytes;
}

/* The best ones, in order; returns how many. */
static size_t select_sites(const struct sums *sums, const struct sum *ret_best[])
{
	size_t count = 0, at;
	uint32_t i;

	for (i = 0; i < sums->count; i++) {
		const struct sum *sum = &sums->by_frame[i];

		if (!is_site(sums, sum))
			continue;
		for (at = count; at > 0 && is_better(sums, sum, ret_best[at - 1]); at--)
			if (at < EXPLANATION_SITES_MAX)
				ret_best[at] = ret_best[at - 1];
		if (at < EXPLANATION_SITES_MAX)
			ret_best[at] = sum;
		count += count < EXPLANATION_SITES_MAX;
	}
	return count;
}

/* ---- sites ---- */

static char *frame_text(const struct call_frame *frame)
{
	char text[EXPLANATION_FRAME_SIZE];

	if (frame->script[0] == '\0')
		return strdup(frame->function);
	(void)snprintf(text, sizeof(text), "%s (%s:%u)", frame->function, frame->script,
	               frame->line);
	return strdup(text);
}

/* From the site's own frame up. */
static int fill_stack(const struct sums *sums, const struct sum *sum, struct explanation_site *site)
{
	bool is_reached = false;
	uint32_t index = sum->best_node;

	for (; index != CALL_TREE_ROOT && site->stack_count < EXPLANATION_STACK_MAX;
	     index = call_tree_node(sums->tree, index)->parent) {
		uint32_t frame_index = call_tree_node(sums->tree, index)->frame;
		struct call_frame frame = call_tree_frame(sums->tree, frame_index);

		is_reached |= frame_index == sum->frame;
		if (!is_reached)
			continue;
		site->stack[site->stack_count] = frame_text(&frame);
		if (site->stack[site->stack_count] == NULL)
			return -ENOMEM;
		site->stack_count++;
	}
	return 0;
}

static int fill_site(const struct sums *sums, const struct sum *sum, struct explanation_site *site)
{
	struct call_frame frame = call_tree_frame(sums->tree, sum->frame);

	site->function = strdup(frame.function);
	site->script = strdup(frame.script);
	if (site->function == NULL || site->script == NULL)
		return -ENOMEM;
	site->line = frame.line;
	site->share = sum->bytes / sums->total_bytes;
	site->samples = (uint64_t)sum->samples;
	return fill_stack(sums, sum, site);
}

/*
 * How steadily it grew: what is alive of the time before the first profile to what came after, both
 * by time, the less to the more. 1 is steady; 0 was filled once, or began late.
 */
static double steadiness_of(const struct sums *sums, const struct sum *sum)
{
	double early = sum->early_bytes / sums->first_part;
	double late = sum->bytes / (1 - sums->first_part);

	return fmax(0, fmin(early, late)) / fmax(early, late);
}

/*
 * Samples make it sure that the place allocates what stays; that it did so all the time tells a
 * leak from something that is filled once.
 */
static double confidence_of(const struct sums *sums, const struct sum *best)
{
	double by_samples = best->samples / (best->samples + HALF_CONFIDENCE_SAMPLES);

	if (!(sums->first_part > 0))
		return by_samples * 0.6;
	/* Half as much at one of the times is chance. */
	return by_samples * (0.4 + 0.6 * fmin(1, 2 * steadiness_of(sums, best)));
}

/* ---- notes ---- */

static void note_steadiness(const struct sums *sums, const struct sum *best,
                            struct explanation *explanation)
{
	if (call_tree_profile_count(sums->tree) < 2)
		explanation_note(explanation,
		                 "one profile: what is filled once looks like what leaks");
	else if (sums->first_part > 0 && steadiness_of(sums, best) < 0.25)
		explanation_note(explanation, "the first place did not grow steadily");
}

static void note_rest(const struct sums *sums, struct explanation *explanation)
{
	if (sums->unnamed_count > 0)
		explanation_note(explanation,
		                 "%u places with fewer than %d samples have %.0f %% of the growth",
		                 sums->unnamed_count, SITE_SAMPLES_MIN,
		                 100 * sums->unnamed_bytes / sums->total_bytes);
	if (sums->native_bytes > 0.05 * sums->total_bytes)
		explanation_note(explanation,
		                 "%.0f %% of the growth has no JavaScript on its stack",
		                 100 * sums->native_bytes / sums->total_bytes);
}

static void note_all(const struct sums *sums, const struct sum *best,
                     struct explanation *explanation)
{
	if (best == NULL) {
		explanation_note(explanation,
		                 sums->total_bytes > 0
		                     ? "too few samples to name a place; sample for longer"
		                     : "nothing grew");
	} else {
		if (call_tree_frame(sums->tree, best->frame).is_internal)
			explanation_note(explanation,
			                 "no place in the application, only in Node.js itself: a "
			                 "callback that V8 "
			                 "inlined before sampling began is shown as its caller");
		if (sums->only_buffers)
			explanation_note(
			    explanation,
			    "memory outside the heap grows: only what makes Buffers is "
			    "shown, by number, not by size");
		if (best->inlined_bytes > 0.1 * best->bytes)
			explanation_note(
			    explanation,
			    "%.0f %% of the first place was seen in Node.js's own functions "
			    "that call it: V8 inlines what is called often",
			    100 * fmin(1, best->inlined_bytes / best->bytes));
		note_steadiness(sums, best, explanation);
		explanation_note(
		    explanation,
		    "a function that V8 inlined is shown as its caller; line: where the "
		    "function begins");
	}
	if (sums->is_outside && !sums->only_buffers)
		explanation_note(explanation, "memory outside the heap grows, as of Buffers, and "
		                              "what makes it was not seen");
	note_rest(sums, explanation);
}

/* ---- the explanation ---- */

/* Buffers count few bytes in the heap for many outside: where those grow, the heap says little. */
static bool is_buffer_leak(const struct explanation_facts *facts)
{
	return facts->external_growth_bytes > BUFFER_GROWTH_MIN_BYTES &&
	       facts->external_growth_bytes >
	           EXPLANATION_BUFFER_RATIO * fmax(0, facts->heap_growth_bytes);
}

static void add_up_what_matters(struct sums *sums, const struct explanation_facts *facts)
{
	sums->is_outside = sums->only_buffers = is_buffer_leak(facts);
	add_up(sums);
	if (!sums->only_buffers || has_site(sums))
		return;
	sums->only_buffers = false;
	add_up(sums);
}

int explanation_make(const struct call_tree *tree, const struct explanation_facts *facts,
                     struct explanation *ret_explanation)
{
	const struct sum *best[EXPLANATION_SITES_MAX] = {NULL};
	struct sums sums = {.tree = tree, .count = call_tree_frame_count(tree)};
	_cleanup_(freep) struct sum *by_frame = calloc(sums.count + 1, sizeof(*by_frame));
	_cleanup_(freep) uint32_t *called = calloc(call_tree_node_count(tree) + 1, sizeof(*called));
	struct explanation explanation = {.site_count = 0};
	size_t count, i;
	int r = 0;

	if (by_frame == NULL || called == NULL)
		return -ENOMEM;
	sums.by_frame = by_frame;
	sums.called = called;
	find_called(tree, called);
	sums.first_part = call_tree_profile_count(tree) > 1 ? facts->first_part : 0;
	add_up_what_matters(&sums, facts);
	count = select_sites(&sums, best);
	for (i = 0; i < count && r == 0; i++)
		r = fill_site(&sums, best[i], &explanation.sites[explanation.site_count++]);
	if (r < 0) {
		explanation_done(&explanation);
		return r;
	}
	explanation.confidence = count > 0 ? confidence_of(&sums, best[0]) : 0;
	explanation.is_unnamed = (sums.is_outside && !sums.only_buffers) ||
	                         (count > 0 && call_tree_frame(tree, best[0]->frame).is_internal);
	note_all(&sums, best[0], &explanation);
	*ret_explanation = explanation;
	return 0;
}

void explanation_done(struct explanation *explanation)
{
	size_t i, j;

	for (i = 0; i < explanation->site_count; i++) {
		struct explanation_site *site = &explanation->sites[i];

		free(site->function);
		free(site->script);
		for (j = 0; j < site->stack_count; j++)
			free(site->stack[j]);
	}
	*explanation = (struct explanation){.site_count = 0};
}
