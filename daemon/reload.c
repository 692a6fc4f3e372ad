// SPDX-License-Identifier: MIT
/* See reload.h. */
#include "daemon/reload.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <utlist.h>

#include "collectors/collector.h"
#include "lib/cleanup.h"

struct waiter {
	reload_answer answer; /* NULL: nobody waits */
	void *data;
	bool is_served; /* by the reading under way */
	struct waiter *next;
};

struct reload {
	struct reload_options options;
	struct waiter *waiters; /* owned */
	bool is_in_flight;
	/* Of the reading under way: */
	struct config *config;
	int result;
	char message[CONFIG_MESSAGE_SIZE];
};

struct reload *reload_new(const struct reload_options *options)
{
	struct reload *reload = calloc(1, sizeof(*reload));

	if (reload != NULL)
		reload->options = *options;
	return reload;
}

struct reload *reload_free(struct reload *reload)
{
	free(reload);
	return NULL;
}

static void work(void *data)
{
	struct reload *reload = data;

	reload->config = NULL;
	reload->message[0] = '\0';
	reload->result =
	    reload->options.load(reload->options.load_context, &reload->config, reload->message);
}

/* Whoever was served hears of it; an answer may request again. */
static void answer_all(struct reload *reload, const char *message)
{
	struct waiter *waiter, *next, *served = NULL;

	LL_FOREACH_SAFE(reload->waiters, waiter, next)
	{
		if (!waiter->is_served)
			continue;
		LL_DELETE(reload->waiters, waiter);
		LL_PREPEND(served, waiter);
	}
	LL_FOREACH_SAFE(served, waiter, next)
	{
		if (waiter->answer != NULL)
			waiter->answer(waiter->data, message);
		free(waiter);
	}
}

static void done(void *data);

static int start(struct reload *reload)
{
	const struct collector_host *host = reload->options.host;
	struct waiter *waiter;
	int result = host->submit(host->context, work, done, reload);

	if (result < 0)
		return result;
	reload->is_in_flight = true;
	LL_FOREACH(reload->waiters, waiter)
	{
		waiter->is_served = true;
	}
	return 0;
}

static void done(void *data)
{
	struct reload *reload = data;
	struct waiter *waiter;

	reload->is_in_flight = false;
	reload->options.loaded(reload->options.context, TAKE_PTR(reload->config), reload->message);
	answer_all(reload, reload->result < 0 ? reload->message : NULL);
	if (reload->waiters == NULL || reload->is_in_flight || start(reload) == 0)
		return;
	LL_FOREACH(reload->waiters, waiter)
	{
		waiter->is_served = true;
	}
	answer_all(reload, "too busy to read the configuration");
}

int reload_request(struct reload *reload, reload_answer answer, void *data)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));
	int result = 0;

	if (waiter == NULL)
		return -ENOMEM;
	*waiter = (struct waiter){.answer = answer, .data = data};
	LL_PREPEND(reload->waiters, waiter);
	if (!reload->is_in_flight)
		result = start(reload);
	if (result < 0) {
		LL_DELETE(reload->waiters, waiter);
		free(waiter);
	}
	return result;
}
