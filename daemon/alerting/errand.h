// SPDX-License-Identifier: MIT
/*
 * One notification to one receiver: reads its secret, writes the request, posts it to its URLs. No
 * queue and no retry.
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_ERRAND_H
#define HEAPWATCH_DAEMON_ALERTING_ERRAND_H

#include <stdatomic.h>
#include <stddef.h>

#include "daemon/alerting/post.h"
#include "daemon/alerting/receiver.h"

struct errand {
	const struct receiver_config *config; /* borrowed */
	const atomic_bool *is_aborted;        /* borrowed; see struct post */
	char *bodies[RECEIVER_BATCH_MAX];     /* owned */
	size_t count;
	struct post_result result;
};

/* Copies body; -ENOMEM. At most RECEIVER_BATCH_MAX. */
int errand_add(struct errand *errand, const char *body) __attribute__((warn_unused_result));
/* In the pool: blocks as long as the timeouts of post.h allow, for each URL. Fills the result. */
void errand_run(struct errand *errand);
/* Frees the bodies; config and result stay. */
void errand_done(struct errand *errand);

#endif
