// SPDX-License-Identifier: MIT
/*
 * The wiring: loop, collectors, model, scoring, exposition. The only place that sees all of them.
 */
#ifndef HEAPWATCH_DAEMON_DAEMON_H
#define HEAPWATCH_DAEMON_DAEMON_H

#include <stdbool.h>

#include "daemon/reload.h"
#include "lib/options.h"

struct daemon;

struct daemon_options {
	struct config *config;     /* the daemon takes ownership, also when it cannot start */
	config_loader load_config; /* for reloads; what flags say is in the result */
	void *load_context;
	const char *procfs_path;
	const char *rootfs_path;
	const char *storage_path;
	bool storage_is_required; /* given on the command line: see state_open() */
	const char *telemetry_path;
	struct option_list listen_addresses;
	bool uses_manager_sockets;   /* instead of addresses */
	const char *web_config_path; /* NULL: neither TLS nor passwords */
	bool allows_admin;           /* --web.enable-admin-api */
	bool allows_reload;          /* by HTTP */
	struct option_list gc_log_globs;
	unsigned requests_max; /* served at once */
	bool is_once;          /* sample, print one exposition, end; no server */
};

/* NULL: could not start (logged). options are borrowed for the daemon's life. */
struct daemon *daemon_new(const struct daemon_options *options);
struct daemon *daemon_free(struct daemon *daemon);
/* Until SIGTERM or SIGINT, or the exposition of is_once is printed; 0 or a negative errno. */
int daemon_run(struct daemon *daemon) __attribute__((warn_unused_result));

#endif
