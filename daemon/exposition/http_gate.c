// SPDX-License-Identifier: MIT
/* See http_gate.h. Four stat(2) of local files are cheaper than anything that would avoid them. */
#include "daemon/exposition/http_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collectors/collector.h"
#include "config/document.h"
#include "daemon/exposition/http_tls.h"
#include "daemon/exposition/web_config.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/units.h"

#define WATCHED_FILES 4 /* the configuration, certificate, key, CA */

/* What tells that a file is another, or has been written to. */
struct mark {
	dev_t device;
	ino_t inode; /* 0: not there */
	off_t size;
	struct timespec written, changed;
};

struct door {
	struct web_config *config;
	struct http_tls *tls; /* NULL without TLS */
};

struct http_gate {
	const char *path;
	const struct collector_host *host;
	struct http_auth *auth;
	struct door door;
	struct mark marks[WATCHED_FILES]; /* as of the last attempt to load */
	uint64_t generation;
	double tokens; /* of rate_limit */
	uint64_t filled_ns;
};

/* ---- loading ---- */

static void door_done(struct door *door)
{
	(void)http_tls_unref(door->tls);
	(void)web_config_free(door->config);
}

static int parse_file(const char *path, struct web_config **ret_config,
                      char message[CONFIG_MESSAGE_SIZE])
{
	const size_t size = DOCUMENT_SIZE_MAX + 2; /* one byte more shows that it is too long */
	struct config_source source = {.name = path};
	char *text = malloc(size);
	int result =
	    text != NULL ? file_read_text_at(AT_FDCWD, path, text, size, &source.length) : -ENOMEM;

	source.text = text;
	if (result < 0)
		(void)snprintf(message, CONFIG_MESSAGE_SIZE, "%s: cannot be read: %s", path,
		               strerror(-result));
	else
		result = web_config_parse(&source, ret_config, message);
	if (text != NULL)
		explicit_bzero(text, size); /* it may hold a key */
	free(text);
	return result;
}

static struct door take_door(struct door *door)
{
	struct door taken = *door;

	*door = (struct door){.config = NULL};
	return taken;
}

static int load(const char *path, struct door *ret_door, char *reterr_message, size_t message_size)
{
	_cleanup_(door_done) struct door door = {.config = NULL};
	char message[CONFIG_MESSAGE_SIZE] = "";
	char detail[CONFIG_MESSAGE_SIZE];
	int result = parse_file(path, &door.config, message);

	if (result == 0 && door.config->has_tls) {
		result = http_tls_new(&door.config->tls, &door.tls, detail, sizeof(detail));
		if (result < 0)
			(void)snprintf(message, sizeof(message), "%.200s: %.800s", path, detail);
	}
	if (result < 0) {
		(void)snprintf(reterr_message, message_size, "%s", message);
		return result;
	}
	*ret_door = take_door(&door);
	return 0;
}

int http_gate_check(const char *path, char *reterr_message, size_t message_size)
{
	_cleanup_(door_done) struct door door = {.config = NULL};

	return load(path, &door, reterr_message, message_size);
}

/* ---- changes ---- */

static struct mark mark_of(const char *path)
{
	struct stat status;

	if (path == NULL || stat(path, &status) < 0)
		return (struct mark){.inode = 0};
	return (struct mark){status.st_dev, status.st_ino, status.st_size, status.st_mtim,
	                     status.st_ctim};
}

static bool mark_equal(const struct mark *a, const struct mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->written.tv_sec == b->written.tv_sec && a->written.tv_nsec == b->written.tv_nsec &&
	       a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* Takes the marks of now; true when one is another than before. */
static bool take_marks(struct http_gate *gate)
{
	const struct web_tls_config *tls =
	    gate->door.config != NULL ? &gate->door.config->tls : NULL;
	const char *const paths[WATCHED_FILES] = {
	    gate->path,
	    tls != NULL ? tls->cert_file : NULL,
	    tls != NULL ? tls->key_file : NULL,
	    tls != NULL ? tls->client_ca_file : NULL,
	};
	bool is_changed = false;
	size_t i;

	for (i = 0; i < WATCHED_FILES; i++) {
		struct mark mark = mark_of(paths[i]);

		is_changed = is_changed || !mark_equal(&mark, &gate->marks[i]);
		gate->marks[i] = mark;
	}
	return is_changed;
}

static void swap_door(struct http_gate *gate, struct door *door)
{
	struct door old = gate->door;

	gate->door = *door;
	*door = old;
	gate->generation++;
	(void)take_marks(gate); /* it may name other files than before */
}

void http_gate_refresh(struct http_gate *gate)
{
	_cleanup_(door_done) struct door door = {.config = NULL};
	char message[CONFIG_MESSAGE_SIZE];

	/* Before the files are read: what is written meanwhile is seen the next time. */
	if (!take_marks(gate))
		return;
	if (load(gate->path, &door, message, sizeof(message)) < 0) {
		log_errorx("the web configuration is wrong, keeping the old one: %s", message);
		return;
	}
	if ((door.tls != NULL) != (gate->door.tls != NULL)) {
		log_errorx("the web configuration turns TLS on or off, which needs a restart; "
		           "keeping the old one path=%s",
		           gate->path);
		return;
	}
	swap_door(gate, &door);
	log_info("the web configuration is reloaded path=%s", gate->path);
}

/* ---- the gate ---- */

DEFINE_CLEANUP(struct http_gate, http_gate_free)

int http_gate_new(const char *path, const struct collector_host *host, struct http_gate **ret_gate,
                  char *reterr_message, size_t message_size)
{
	_cleanup_(http_gate_freep) struct http_gate *gate = calloc(1, sizeof(*gate));
	struct door door;
	int result;

	if (gate != NULL)
		gate->auth = http_auth_new(host);
	if (gate == NULL || gate->auth == NULL) {
		(void)snprintf(reterr_message, message_size, "no memory for passwords and TLS");
		return -ENOMEM;
	}
	gate->path = path;
	gate->host = host;
	result = load(path, &door, reterr_message, message_size);
	if (result < 0)
		return result;
	swap_door(gate, &door);
	gate->tokens = (double)gate->door.config->rate_burst;
	gate->filled_ns = host->now_ns(host->context);
	*ret_gate = TAKE_PTR(gate);
	return 0;
}

struct http_gate *http_gate_free(struct http_gate *gate)
{
	if (gate == NULL)
		return NULL;
	(void)http_auth_free(gate->auth);
	door_done(&gate->door);
	free(gate);
	return NULL;
}

bool http_gate_has_tls(const struct http_gate *gate)
{
	return gate->door.tls != NULL;
}

struct http_tls *http_gate_tls(struct http_gate *gate)
{
	return gate->door.tls != NULL ? http_tls_ref(gate->door.tls) : NULL;
}

const struct pair_list *http_gate_headers(const struct http_gate *gate, uint64_t *ret_generation)
{
	*ret_generation = gate->generation;
	return &gate->door.config->headers;
}

/* A bucket of tokens, one for all. */
static bool is_within_rate(struct http_gate *gate)
{
	const struct web_config *config = gate->door.config;
	uint64_t now_ns = gate->host->now_ns(gate->host->context);

	if (config->rate_interval_ns == 0)
		return true;
	gate->tokens +=
	    (double)u64_subtract_floor(now_ns, gate->filled_ns) / (double)config->rate_interval_ns;
	gate->filled_ns = now_ns;
	if (gate->tokens > (double)config->rate_burst)
		gate->tokens = (double)config->rate_burst;
	if (gate->tokens < 1)
		return false;
	gate->tokens--;
	return true;
}

enum auth_verdict http_gate_admit(struct http_gate *gate, struct auth_request *request,
                                  bool needs_password, struct auth_ticket **ret_ticket)
{
	http_gate_refresh(gate);
	if (!is_within_rate(gate))
		return AUTH_TOO_MANY;
	request->users = &gate->door.config->users;
	if (!needs_password || request->users->count == 0)
		return AUTH_GRANTED;
	return http_auth_check(gate->auth, request, ret_ticket);
}
