// SPDX-License-Identifier: MIT
/* The compiled patterns of a rule. */
#ifndef HEAPWATCH_CONFIG_MATCH_H
#define HEAPWATCH_CONFIG_MATCH_H

#include <regex.h>

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

#endif
