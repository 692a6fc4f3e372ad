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
#include "config/labels.h"
#include "config/reader.h"
#include "config/receivers.h"
#include "config/rules.h"
#include "lib/cleanup.h"

DEFINE_CLEANUP(struct config, config_free)

static int read_part(struct config_reader *reader, const struct config_key *key,
                     const struct node *node)
{
	switch (key->type) {
	case CONFIG_LABELS:
		return config_read_labels(reader, node);
	case CONFIG_RECEIVERS:
		return config_read_receivers(reader, node);
	default: /* rules inherit what may stand below them in the file */
		reader->rules = node;
		return 0;
	}
}

static struct config_table table_of_keys(void)
{
	return (struct config_table){
	    .keys = config_keys, .count = config_key_count, .read_part = read_part};
}

struct config *config_new_default(void)
{
	_cleanup_(config_freep) struct config *config = calloc(1, sizeof(*config));
	struct config_bases bases = {.of = {[BASE_CONFIG] = config}};
	struct config_table table = table_of_keys();

	if (config == NULL || config_values_init(&table, &bases, BASE_CONFIG) < 0)
		return NULL;
	return TAKE_PTR(config);
}

struct config *config_free(struct config *config)
{
	struct config_bases bases = {.of = {[BASE_CONFIG] = config}};
	struct config_table table = table_of_keys();

	if (config == NULL)
		return NULL;
	config_values_done(&table, &bases, BASE_CONFIG);
	config_labels_done(config);
	config_rules_done(&table, config);
	config_receivers_done(&table, config);
	free(config);
	return NULL;
}

struct keeper {
	config_warn warn;
	void *context;
};

static void warn_of_restart(void *context, const struct config_key *key)
{
	const struct keeper *keeper = context;
	char message[CONFIG_MESSAGE_SIZE];

	(void)snprintf(message, sizeof(message),
	               "%s: a change needs a restart, keeping the old value", key->path);
	if (keeper->warn != NULL)
		keeper->warn(keeper->context, message);
}

void config_keep_unreloadable(struct config *config, const struct config *running, config_warn warn,
                              void *warn_context)
{
	struct keeper keeper = {warn, warn_context};
	struct config_bases bases = {.of = {[BASE_CONFIG] = config}};
	struct config_bases from = {0};
	struct config_table table = table_of_keys();

	/* A pointer to const, which the bases have not; it is only read from here. */
	memcpy(&from.of[BASE_CONFIG], &running, sizeof(void *));
	config_values_keep(&table, &bases, &from, warn_of_restart, &keeper);
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

int config_parse(const struct config_source *source, config_warn warn, void *warn_context,
                 struct config **ret_config, char reterr_message[CONFIG_MESSAGE_SIZE])
{
	_cleanup_(document_freep) struct node *root = NULL;
	_cleanup_(config_freep) struct config *config = config_new_default();
	struct config_table table = table_of_keys();
	struct config_reader reader = {
	    .table = &table,
	    .messages = {source->name, reterr_message, warn, warn_context},
	    .config = config,
	    .bases = {.of = {[BASE_CONFIG] = config}},
	};
	int result;

	if (config == NULL)
		return config_no_memory(&reader.messages);
	result = document_parse(source->name, source->text, source->length, &root, reterr_message,
	                        CONFIG_MESSAGE_SIZE);
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

/* As much of the file as fits; any kind of file, so that a pipe will do. */
static int read_file(const char *path, char *out, size_t size, size_t *ret_length)
{
	FILE *file = fopen(path, "re");
	int result = 0;

	if (file == NULL)
		return -errno;
	errno = 0;
	*ret_length = fread(out, 1, size, file);
	if (ferror(file) != 0)
		result = errno != 0 ? -errno : -EIO;
	(void)fclose(file); /* only read from */
	return result;
}

int config_load(const char *path, config_warn warn, void *warn_context, struct config **ret_config,
                char reterr_message[CONFIG_MESSAGE_SIZE])
{
	const size_t size = DOCUMENT_SIZE_MAX + 1; /* one byte shows that there are more */
	struct config_source source = {.name = path};
	char *text = malloc(size);
	int result = text != NULL ? read_file(path, text, size, &source.length) : -ENOMEM;

	source.text = text;
	if (result < 0)
		(void)snprintf(reterr_message, CONFIG_MESSAGE_SIZE, "%s: cannot be read: %s", path,
		               strerror(-result));
	else
		result = config_parse(&source, warn, warn_context, ret_config, reterr_message);
	free(text);
	return result;
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
