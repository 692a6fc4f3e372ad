// SPDX-License-Identifier: MIT
/*
 * The file of --web.config.file: exporter-toolkit's format (its docs/web-configuration.md), by a
 * table of keys as heapwatchd.yml is. Pure: files that it names are read by who needs them.
 */
#ifndef HEAPWATCH_DAEMON_EXPOSITION_WEB_CONFIG_H
#define HEAPWATCH_DAEMON_EXPOSITION_WEB_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/keys.h"

/* As the names of Go's crypto/tls say; the last is an old name of REQUIRE_ANY. */
enum client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_REQUEST,
	CLIENT_AUTH_REQUIRE_ANY,
	CLIENT_AUTH_VERIFY_IF_GIVEN,
	CLIENT_AUTH_REQUIRE_AND_VERIFY,
	CLIENT_AUTH_REQUIRE,
};

enum tls_version { TLS_VERSION_10, TLS_VERSION_11, TLS_VERSION_12, TLS_VERSION_13 };

struct web_tls_config {
	/* PEM, in the file itself; paths win over them. NULL: not given. */
	char *cert;
	char *key;
	char *client_ca;
	/* Absolute, or relative to heapwatchd's directory as that of the file is. */
	char *cert_file;
	char *key_file;
	char *client_ca_file;
	enum client_auth client_auth;
	struct string_list client_allowed_sans;
	struct string_list cipher_suites;
	struct string_list curve_preferences;
	enum tls_version min_version;
	enum tls_version max_version;
	bool prefer_server_cipher_suites;
};

struct web_config {
	bool has_tls;
	struct web_tls_config tls;
	bool http2; /* read and not used: HTTP/1.1 is what is spoken */
	struct pair_list headers;
	struct pair_list users;    /* names and bcrypt hashes */
	uint64_t rate_interval_ns; /* between two requests; 0: no limit */
	uint64_t rate_burst;
};

extern const struct config_key web_config_keys[];
extern const size_t web_config_key_count;

/* -EINVAL or -ENOMEM with the message; source->name is the path of the file. */
int web_config_parse(const struct config_source *source, struct web_config **ret_config,
                     char reterr_message[CONFIG_MESSAGE_SIZE]) __attribute__((warn_unused_result));
struct web_config *web_config_free(struct web_config *config);

enum tls_key_kind { TLS_KEY_RSA, TLS_KEY_ECDSA };

/*
 * Versions, cipher suites and curves as a priority string of GnuTLS, for a certificate whose key is
 * of this kind: suites that need another key could not be used anyway. -EINVAL when nothing is left
 * to agree on.
 */
struct buf;
int web_config_priority(const struct web_tls_config *config, enum tls_key_kind kind,
                        struct buf *out) __attribute__((warn_unused_result));
/* Whether the name is one that web_config_priority() knows. */
bool web_config_is_cipher_suite(const char *name);
bool web_config_is_curve(const char *name);

#endif
