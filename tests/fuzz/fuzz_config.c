// SPDX-License-Identifier: MIT
/*
 * Any bytes as a configuration: refused with a message that names the place, or accepted, and then
 * its dump reads back as the same configuration.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/fuzz/fuzz.h"

#define DUMP_MAX ((size_t)16 * 1024 * 1024)

DEFINE_CLEANUP(struct config, config_free)

static void check_warning(void *context, const char *message)
{
	assert(context == NULL);
	assert(strncmp(message, "f:", 2) == 0);
}

static void check_dump(const struct config *config)
{
	_cleanup_(config_freep) struct config *again = NULL;
	struct buf first = BUF_INIT(DUMP_MAX), second = BUF_INIT(DUMP_MAX);
	char message[CONFIG_MESSAGE_SIZE];
	int result;

	config_dump(config, &first);
	assert(!buf_failed(&first));
	/* A dump names what was shared by aliases each time, so it may be too large to be read. */
	result = config_parse(&(struct config_source){"dump", first.data, first.length}, NULL, NULL,
	                      &again, message);
	if (result == 0) {
		config_dump(again, &second);
		assert(strcmp(buf_string(&first), buf_string(&second)) == 0);
	} else {
		assert(strstr(message, "larger than") != NULL ||
		       strstr(message, "more than") != NULL);
	}
	buf_done(&first);
	buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct app_subject subject = {
	    "/srv/app/server.js", "node server.js --port=8080", "app.service", "app-1"};
	_cleanup_(config_freep) struct config *config = NULL;
	char message[CONFIG_MESSAGE_SIZE] = "";
	const struct config_source source = {"f", (const char *)data, size};
	int result = config_parse(&source, check_warning, NULL, &config, message);

	if (result < 0) {
		assert(result == -EINVAL && config == NULL);
		assert(strncmp(message, "f:", 2) == 0 && strlen(message) < sizeof(message));
		return 0;
	}
	(void)config_app_rule(config, &subject);
	check_dump(config);
	return 0;
}
