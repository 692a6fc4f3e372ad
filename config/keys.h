// SPDX-License-Identifier: MIT
/*
 * The table of configuration keys: one row per key is all that reading, validating, dumping and
 * documenting it need. heapwatchd.yml and the man page are checked against it.
 */
#ifndef HEAPWATCH_CONFIG_KEYS_H
#define HEAPWATCH_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum config_type {
	CONFIG_DURATION,  /* uint64_t ns */
	CONFIG_SIZE,      /* uint64_t bytes */
	CONFIG_COUNT,     /* uint64_t */
	CONFIG_NUMBER,    /* double */
	CONFIG_BOOL,      /* bool */
	CONFIG_CHOICE,    /* an enum that starts at 0 and has one name per value */
	CONFIG_STRING,    /* char *, not empty */
	CONFIG_PATH,      /* char *, absolute */
	CONFIG_GLOB,      /* char * */
	CONFIG_REGEX,     /* struct config_regex */
	CONFIG_URL,       /* struct string_list, of which it is one */
	CONFIG_STRINGS,   /* struct string_list */
	CONFIG_PATHS,     /* struct string_list of absolute paths or globs */
	CONFIG_URLS,      /* struct string_list */
	CONFIG_TEXT,      /* char *, several lines, or a number taken as it is written */
	CONFIG_PAIRS,     /* struct pair_list: a mapping of free names to texts */
	CONFIG_LABELS,    /* free names, of struct config */
	CONFIG_RULES,     /* list of mappings, of struct config */
	CONFIG_RECEIVERS, /* list of mappings, of struct config */
};
#define CONFIG_TYPE_COUNT (CONFIG_RECEIVERS + 1)

/* The struct that a row's offset is counted in. */
enum config_base { BASE_CONFIG, BASE_RULE, BASE_MATCH, BASE_RECEIVER, BASE_WEB };
#define CONFIG_BASE_COUNT (BASE_WEB + 1)

enum config_effect {
	EFFECT_FULL,
	EFFECT_DEFAULT_ONLY, /* any other value is accepted and does nothing yet */
	EFFECT_NONE,         /* accepted, does nothing yet */
};

struct config_key {
	const char *path; /* "sampling.interval"; "apps[].name" for the members of a list */
	enum config_type type;
	enum config_base base;
	size_t offset;
	const char *fallback; /* the default as it is written in the file; NULL: none */
	const char *inherits; /* path of the key whose value is the default, or NULL */
	const char *minimum;  /* range, inclusive, as written in the file; NULL: no limit */
	const char *maximum;
	const char *const *choices; /* names of a CONFIG_CHOICE, ends with NULL */
	bool is_reloadable;         /* takes effect without a restart */
	bool is_secret;             /* its value is not repeated in messages */
	enum config_effect effect;
	const char *help;
};

struct config_reader;
struct node;

/* The keys of one kind of file. */
struct config_table {
	const struct config_key *keys;
	size_t count;
	/* Reads what is no plain value: a key whose type has neither parse nor elements. */
	int (*read_part)(struct config_reader *reader, const struct config_key *key,
	                 const struct node *node);
};

/* The row of the path, or NULL. */
const struct config_key *config_table_find(const struct config_table *table, const char *path);
/* True when rows lie below path ("sampling", "apps[].match"). */
bool config_table_has_section(const struct config_table *table, const char *path);
/* The name directly below prefix ("", "sampling.", "apps[]."); index 0, 1, …; false at the end. */
#define CONFIG_NAME_SIZE 64
bool config_table_name(const struct config_table *table, const char *prefix, size_t index,
                       char ret_name[CONFIG_NAME_SIZE]);

/* Of heapwatchd.yml. */
extern const struct config_key config_keys[];
extern const size_t config_key_count;
/* The row of the path, or NULL. */
const struct config_key *config_key_find(const char *path);

/* The name of the type and the words for "expected …". */
const char *config_type_name(enum config_type type);
const char *config_type_expected(enum config_type type);

#endif
