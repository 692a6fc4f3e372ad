// SPDX-License-Identifier: MIT
/*
 * One notification to one receiver, in three steps: prepared in the pool, since its secrets are
 * read then; posted to each of its URLs (post.h); and what came of it. No queue and no retry.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_ERRAND_H
#define HEAPWATCH_DAEMON_ALERTING_ERRAND_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/alerting/post.h"
#include "daemon/alerting/receiver.h"

struct errand {
	const struct receiver_config *config; /* borrowed */
	char *bodies[RECEIVER_BATCH_MAX];     /* owned */
	size_t count;
	struct receiver_request request;
	char *secret_url;   /* read from url_file; NULL: none */
	struct post *posts; /* owned: one for each URL, for whoever posts them */
	size_t post_count;
	struct post_result result;
};

/* Copies body; -ENOMEM. At most RECEIVER_BATCH_MAX. */
int errand_add(struct errand *errand, const char *body) __attribute__((warn_unused_result));
/*
 * In the pool: reads files. Without posts it has failed, and the result says why; else that is to
 * be tried again, until it is concluded.
 */
void errand_prepare(struct errand *errand);
/* All its posts are over. */
bool errand_is_over(const struct errand *errand);
/* Then: fills the result. One URL that takes it is enough, since they tell each other. */
void errand_conclude(struct errand *errand);
/* All of that at once, for whoever may wait as long as post.h says. */
void errand_run(struct errand *errand);
/* Frees all but config and result. No post may be under way. */
void errand_done(struct errand *errand);

#endif
