// SPDX-License-Identifier: MIT
/*
 * The command that "heapwatch run" starts, in our process group: what the terminal sends to the
 * group reaches it directly, what is sent to us alone is passed on. Dies with us, should we be
 * killed. As the first process of a pid namespace we reap orphans, too.
 */
#ifndef HEAPWATCH_TOOL_APP_PROCESS_H
#define HEAPWATCH_TOOL_APP_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tool/app_stdout.h"
#include "tool/launch.h"
#include "tool/sentinel.h"

struct app_process {
	pid_t pid;
	bool has_ended;
	bool was_killed; /* by the signal status; else it is what it exited with */
	int status;
	bool is_abandoned; /* told to end when it was only about bringing out its last words */
	struct sentinel sentinel;
	uint64_t waiting_signals; /* bit N - 1 for signal N */
	uint64_t pass_at_ns;      /* 0: none waits */
	int signal_fd;
	sigset_t former_mask;
};

/*
 * Starts it with channel->target as stdout, which is closed here. Positive errno of what execvp(3)
 * said, negative of what failed before.
 */
int app_process_start(struct app_process *app, const struct launch *launch,
                      struct app_stdout *channel) __attribute__((warn_unused_result));
/* Signals came in: reaps, stops with the application, and takes note of what is to be passed on. */
void app_process_on_signals(struct app_process *app, const struct app_stdout *channel,
                            uint64_t now_ns);
/* When app_process_tick() has something to do, or 0. */
uint64_t app_process_deadline_ns(const struct app_process *app);
void app_process_tick(struct app_process *app, uint64_t now_ns);
/* No signal is awaited any more; those that come now work as usual. */
void app_process_done(struct app_process *app);

#endif
