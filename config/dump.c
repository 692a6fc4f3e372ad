// SPDX-License-Identifier: MIT
/*
 * The configuration as YAML again, by the key table: what config_parse reads back as the same, but
 * for the secrets in URLs.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/types.h"
#include "config/values.h"
#include "lib/buf.h"

struct dumper {
	struct buf *out;
	struct config_bases bases;
	int indent;
	bool is_item_start; /* the next line begins an element of a list */
};

static void line_start(struct dumper *dumper, int depth)
{
	if (dumper->is_item_start)
		buf_printf(dumper->out, "%*s- ", dumper->indent - 2, "");
	else
		buf_printf(dumper->out, "%*s", dumper->indent + depth, "");
	dumper->is_item_start = false;
}

/* The rows below prefix that fit on a line, the sections among them with their names above. */
static void dump_rows(struct dumper *dumper, const char *prefix)
{
	const char *section = "";
	size_t i, section_length = 0;

	for (i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		const char *name = key->path + strlen(prefix);
		size_t length;

		if (strncmp(key->path, prefix, strlen(prefix)) != 0 || strchr(name, '[') != NULL ||
		    !config_value_is_line(&dumper->bases, key))
			continue;
		length = strchr(name, '.') != NULL ? strcspn(name, ".") : 0;
		if (length > 0 &&
		    (length != section_length || memcmp(name, section, length) != 0)) {
			line_start(dumper, 0);
			buf_printf(dumper->out, "%.*s:\n", (int)length, name);
		}
		section = name;
		section_length = length;
		line_start(dumper, length > 0 ? 2 : 0);
		buf_printf(dumper->out, "%s: ", length > 0 ? name + length + 1 : name);
		config_value_write(&dumper->bases, key, dumper->out);
		buf_append_char(dumper->out, '\n');
	}
}

static void dump_item(struct dumper *dumper, const char *prefix)
{
	dumper->indent = 4;
	dumper->is_item_start = true;
	dump_rows(dumper, prefix);
	dumper->indent = 0;
}

/* A dollar is doubled, or it would be expanded again. */
static void dump_label(struct buf *out, const struct label_pair *pair)
{
	struct buf value = BUF_INIT(SIZE_MAX / 2);
	const char *at;

	for (at = pair->value; *at != '\0'; at++) {
		buf_append_char(&value, *at);
		if (*at == '$')
			buf_append_char(&value, '$');
	}
	buf_printf(out, "  %s: ", pair->name);
	config_write_quoted(out, buf_string(&value));
	buf_append_char(out, '\n');
	buf_done(&value);
}

static void dump_labels(const struct config *config, struct buf *out)
{
	size_t i;

	buf_append_string(out, config->external_label_count > 0 ? "external_labels:\n"
	                                                        : "external_labels: {}\n");
	for (i = 0; i < config->external_label_count; i++)
		dump_label(out, &config->external_labels[i]);
}

void config_dump(const struct config *config, struct buf *out)
{
	struct dumper dumper = {.out = out};
	size_t i;

	/* A pointer to const, which the bases have not; they are only read from here. */
	memcpy(&dumper.bases.of[BASE_CONFIG], &config, sizeof(void *));
	dump_rows(&dumper, "");
	dump_labels(config, out);
	buf_append_string(out, config->app_count > 0 ? "apps:\n" : "apps: []\n");
	for (i = 0; i < config->app_count; i++) {
		dumper.bases.of[BASE_RULE] = &config->apps[i];
		dumper.bases.of[BASE_MATCH] = config->apps[i].match;
		dump_item(&dumper, "apps[].");
	}
	buf_append_string(out, config->receiver_count > 0 ? "receivers:\n" : "receivers: []\n");
	for (i = 0; i < config->receiver_count; i++) {
		dumper.bases.of[BASE_RECEIVER] = &config->receivers[i];
		dump_item(&dumper, "receivers[].");
	}
}
