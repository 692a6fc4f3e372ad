// SPDX-License-Identifier: MIT
/*
 * What the files of config/ share with each other and with nobody else: the reader that walks a
 * document by the key table, and the types of values.
 */
#ifndef HEAPWATCH_CONFIG_INTERNAL_H
#define HEAPWATCH_CONFIG_INTERNAL_H

#include <regex.h>
#include <stdint.h>

#include "config/config.h"
#include "config/keys.h"

#define CONFIG_KEY_MAX  64 /* rows of the key table */
#define CONFIG_PATH_MAX 64 /* bytes of a dotted path, with its NUL */
#define CONFIG_LIST_MAX 64 /* elements of a list of texts */

struct buf;
struct node;

struct config_regex {
	char *text; /* NULL: none, and nothing is compiled */
	regex_t compiled;
};

struct app_match {
	char *script;
	struct config_regex argv;
	char *unit;
	char *container;
};

/* One struct per base, for the offsets of the rows; those that are not at hand are NULL. */
struct config_bases {
	void *of[CONFIG_BASE_COUNT];
};

struct config_reader {
	const char *name; /* of the file */
	char *message;    /* CONFIG_MESSAGE_SIZE */
	config_warn warn;
	void *warn_context;
	uint64_t warned_mask; /* rows whose lack of effect was told */
	struct config *config;
	struct config_bases bases;
	const struct node *rules; /* read last: they inherit and name receivers */
};

/* ---- values (values.c): one row per type ---- */

/* Sets the defaults of all rows of the base; -ENOMEM. */
int config_values_init(const struct config_bases *bases, enum config_base base)
    __attribute__((warn_unused_result));
/* Frees what the rows of the base own. */
void config_values_done(const struct config_bases *bases, enum config_base base);
int config_value_read(struct config_reader *reader, const struct config_key *key,
                      const struct node *node) __attribute__((warn_unused_result));
/*
 * Whether the row has a value that fits a line: not the lists of mappings, nothing that is not set,
 * and of url and urls the one that was meant.
 */
bool config_value_is_line(const struct config_bases *bases, const struct config_key *key);
/* That value as YAML. */
void config_value_write(const struct config_bases *bases, const struct config_key *key,
                        struct buf *out);
/* In double quotes, with YAML's escapes. */
void config_write_quoted(struct buf *out, const char *text);

/* Copies the values of from that a reload cannot change; told(key) is called for each that differs.
 */
void config_values_keep(const struct config_bases *bases, const struct config_bases *from,
                        void (*told)(void *context, const struct config_key *key), void *context);

/* ---- walk (reader.c) ---- */

/* -EINVAL, with "file:line:column: …" as the message. */
int config_error(struct config_reader *reader, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int config_no_memory(struct config_reader *reader);
/* Tells config_warn, if there is one. */
void config_warning(struct config_reader *reader, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Reads every key of the mapping; prefix is "" or ends with a dot. */
int config_read_mapping(struct config_reader *reader, const char *prefix, const struct node *node)
    __attribute__((warn_unused_result));
/* The child of a mapping, or NULL. */
const struct node *config_child(const struct node *mapping, const char *name);

/* ---- parts with rules of their own ---- */

int config_read_labels(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
int config_read_rules(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
int config_read_receivers(struct config_reader *reader, const struct node *node)
    __attribute__((warn_unused_result));
/* clear < threshold, critical < warning; node is the section, prefix its path with a dot. */
int config_check_alerting(struct config_reader *reader, const struct alerting_config *alerting,
                          const char *prefix, const struct node *node)
    __attribute__((warn_unused_result));
void config_labels_done(struct config *config);
void config_rules_done(struct config *config);
void config_receivers_done(struct config *config);
/* http:// or https://, a host, an optional port, no blanks. */
bool config_url_is_valid(const char *url);

#endif
