// SPDX-License-Identifier: MIT
/*
 * An explanation as JSON: "pid", "thread", "sites", "confidence" and "notes", as heapwatch explain
 * and the API give it. Names of functions and scripts are the process's own, and are cleaned. Pure.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_SITES_H
#define HEAPWATCH_DAEMON_EXPOSITION_SITES_H

struct explanation;
struct json;

/* The members of an object that the caller begins and ends. */
void sites_write(struct json *json, const struct explanation *explanation);
/* The array alone; key as in json.h. */
void sites_write_array(struct json *json, const char *key, const struct explanation *explanation);

#endif
