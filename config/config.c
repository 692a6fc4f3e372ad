// SPDX-License-Identifier: MIT
/*
 * Life of a configuration: defaults, reading a file or a text, release. The order of reading is the
 * one thing that the key table does not know: rules inherit, so they come last.
 */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/internal.h"
#include "lib/cleanup.h"

DEFINE_CLEANUP(struct config, config_free)

struct config *config_new_default(void)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	struct config_bases bases = {.of = {[BASE_CONFIG] = config}};

	if (config == NULL || config_values_init(&bases, BASE_CONFIG) < 0)
		return NULL;
	return TAKE_PTR(config);
}

struct config *config_free(struct config *config)
{
	struct config_bases bases = {.of = {[BASE_CONFIG] = config}};

	if (config == NULL)
		return NULL;
	config_values_done(&bases, BASE_CONFIG);
	config_labels_done(config);
	config_rules_done(config);
	config_receivers_done(config);
	free(config);
	return NULL;
}

static int read_document(struct config_reader *reader, const struct node *root)
{
	const struct node *alerting = config_child(root, "alerting");
	int result;

	result = config_read_mapping(reader, "", root);
	if (result < 0)
		return result;
	if (alerting != NULL) {
		result =
		    config_check_alerting(reader, &reader->config->alerting, "alerting.", alerting);
		if (result < 0)
			return result;
	}
	return reader->rules != NULL ? config_read_rules(reader, reader->rules) : 0;
}

int config_parse(const char *name, const char *text, size_t length, config_warn warn,
                 void *warn_context, struct config **ret_config,
                 char reterr_message[CONFIG_MESSAGE_SIZE])
{
	_cleanup_(document_freep) struct node *root = NULL;
	_cleanup_(config_freep) struct config *config = config_new_default();
	struct config_reader reader = {
	    .name = name,
	    .message = reterr_message,
	    .warn = warn,
	    .warn_context = warn_context,
	    .config = config,
	    .bases = {.of = {[BASE_CONFIG] = config}},
	};
	int result;

	if (config == NULL)
		return config_no_memory(&reader);
	result = document_parse(name, text, length, &root, reterr_message, CONFIG_MESSAGE_SIZE);
	if (result < 0)
		return result;
	if (root != NULL) {
		result = read_document(&reader, root);
		if (result < 0)
			return result;
	}
	*ret_config = TAKE_PTR(config);
	return 0;
}

/* All of the file, up to one byte more than a document may have. */
static int read_file(const char *path, char **ret_text, size_t *ret_length)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_(freep) char *text = NULL;
	size_t length;

	if (file == NULL)
		return -errno;
	text = malloc(DOCUMENT_SIZE_MAX + 1);
	if (text == NULL)
		return -ENOMEM;
	errno = 0;
	length = fread(text, 1, DOCUMENT_SIZE_MAX + 1, file);
	if (ferror(file))
		return errno != 0 ? -errno : -EIO;
	*ret_text = TAKE_PTR(text);
	*ret_length = length;
	return 0;
}

int config_load(const char *path, config_warn warn, void *warn_context, struct config **ret_config,
                char reterr_message[CONFIG_MESSAGE_SIZE])
{
	_cleanup_(freep) char *text = NULL;
	size_t length = 0;
	int result = read_file(path, &text, &length);

	if (result < 0) {
		(void)snprintf(reterr_message, CONFIG_MESSAGE_SIZE, "%s: cannot be read: %s", path,
		               strerror(-result));
		return result;
	}
	return config_parse(path, text, length, warn, warn_context, ret_config, reterr_message);
}

int inspector_mode_parse(const char *text, enum inspector_mode *ret_mode)
{
	const struct config_key *key = config_key_find("inspector.mode");
	unsigned i;

	for (i = 0; key->choices[i] != NULL; i++) {
		if (strcmp(text, key->choices[i]) == 0) {
			*ret_mode = (enum inspector_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}
