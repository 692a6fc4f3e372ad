// SPDX-License-Identifier: MIT
/*
 * Reading the configuration again: in the pool, one reading at a time, and either a complete new
 * configuration comes out or the reason why there is none. A request that comes while a reading is
 * under way is answered by another one after it, since the file may have changed meanwhile.
 */
#ifndef HEAPWATCH_DAEMON_RELOAD_H
#define HEAPWATCH_DAEMON_RELOAD_H

#include "config/config.h"

struct collector_host;
struct reload;

/* On a pool thread; 0, or a negative errno with the message for the user. */
typedef int (*config_loader)(void *context, struct config **ret_config,
                             char reterr_message[CONFIG_MESSAGE_SIZE]);

struct reload_options {
	const struct collector_host *host;
	config_loader load;
	void *load_context;
	/* On the loop: takes ownership of config, which is NULL when message says why. */
	void (*loaded)(void *context, struct config *config, const char *message);
	void *context;
};

/* message is NULL after a success. Called after loaded(). */
typedef void (*reload_answer)(void *data, const char *message);

struct reload *reload_new(const struct reload_options *options);
/* After the loop is drained: every answer has been given. */
struct reload *reload_free(struct reload *reload);
/* answer may be NULL. It is called once, unless -ENOMEM or -EAGAIN (the pool is busy) is returned.
 */
int reload_request(struct reload *reload, reload_answer answer, void *data)
    __attribute__((warn_unused_result));

#endif
