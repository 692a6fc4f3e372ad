// SPDX-License-Identifier: MIT
/* See web_config.h. What GnuTLS makes of it is in web_priority.c. */
#include "daemon/exposition/web_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/document.h"
#include "config/reader.h"
#include "lib/cleanup.h"
#include "lib/numbers.h"

#define HASH_LENGTH   60 /* "$2y$", two digits, "$", 22 characters of salt, 31 of hash */
#define HASH_ALPHABET "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define COST_MIN      4
#define COST_MAX      18 /* some ten seconds; each more doubles it */

DEFINE_CLEANUP(struct web_config, web_config_free)

static const char *const client_auth_names[] = {
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
    "RequireClientCert",
    NULL,
};
static const char *const version_names[] = {"TLS10", "TLS11", "TLS12", "TLS13", NULL};

#define IN_WEB(member) .base = BASE_WEB, .offset = offsetof(struct web_config, member)
#define TLS_ROW(name, value_type, member, text, ...)                                         \
	{                                                                                    \
		.path = "tls_server_config." name, .type = (value_type), IN_WEB(tls.member), \
		.is_reloadable = true, .help = (text), __VA_ARGS__                           \
	}

const struct config_key web_config_keys[] = {
    TLS_ROW("cert", CONFIG_TEXT, cert, "Certificate with its chain, PEM."),
    TLS_ROW("key", CONFIG_TEXT, key, "Key of the certificate, PEM.", .is_secret = true),
    TLS_ROW("client_ca", CONFIG_TEXT, client_ca, "CA certificates of clients, PEM."),
    TLS_ROW("cert_file", CONFIG_STRING, cert_file, "File with the certificate and its chain."),
    TLS_ROW("key_file", CONFIG_STRING, key_file, "File with the key."),
    TLS_ROW("client_auth_type", CONFIG_CHOICE, client_auth,
            "Whether clients have to show a certificate.", .fallback = "NoClientCert",
            .choices = client_auth_names),
    TLS_ROW("client_ca_file", CONFIG_STRING, client_ca_file,
            "File with the CA certificates of clients; without one the system's."),
    TLS_ROW("client_allowed_sans", CONFIG_STRINGS, client_allowed_sans,
            "Alternative names of which a client's certificate must have one."),
    TLS_ROW("min_version", CONFIG_CHOICE, min_version, "Oldest version.", .fallback = "TLS12",
            .choices = version_names),
    TLS_ROW("max_version", CONFIG_CHOICE, max_version, "Newest version.", .fallback = "TLS13",
            .choices = version_names),
    TLS_ROW("cipher_suites", CONFIG_STRINGS, cipher_suites,
            "Suites, by Go's names; empty: the usual ones."),
    TLS_ROW("curve_preferences", CONFIG_STRINGS, curve_preferences,
            "Curves, by Go's names, best first; empty: the usual ones."),
    TLS_ROW("prefer_server_cipher_suites", CONFIG_BOOL, prefer_server_cipher_suites,
            "The order of cipher_suites counts, not the client's.", .fallback = "true"),
    {.path = "http_server_config.http2",
     .type = CONFIG_BOOL,
     IN_WEB(http2),
     .fallback = "true",
     .help = "Accepted; HTTP/1.1 is what is spoken either way."},
    {.path = "http_server_config.headers",
     .type = CONFIG_PAIRS,
     IN_WEB(headers),
     .is_reloadable = true,
     .help = "Headers of every response."},
    {.path = "basic_auth_users",
     .type = CONFIG_PAIRS,
     IN_WEB(users),
     .is_reloadable = true,
     .is_secret = true,
     .help = "Names and bcrypt hashes of passwords."},
    {.path = "rate_limit.interval",
     .type = CONFIG_DURATION,
     IN_WEB(rate_interval_ns),
     .fallback = "0",
     .minimum = "0",
     .maximum = "24h",
     .is_reloadable = true,
     .help = "Time that a request takes from the bucket; 0: no limit."},
    {.path = "rate_limit.burst",
     .type = CONFIG_COUNT,
     IN_WEB(rate_burst),
     .fallback = "0",
     .minimum = "0",
     .maximum = "1000000",
     .is_reloadable = true,
     .help = "Requests that the bucket holds."},
};
const size_t web_config_key_count = sizeof(web_config_keys) / sizeof(web_config_keys[0]);
_Static_assert(sizeof(web_config_keys) / sizeof(web_config_keys[0]) <= CONFIG_KEY_MAX,
               "the reader keeps one bit per key");

static const struct config_table table = {
    .keys = web_config_keys,
    .count = sizeof(web_config_keys) / sizeof(web_config_keys[0]),
};

struct web_config *web_config_free(struct web_config *config)
{
	const struct config_bases bases = {.of = {[BASE_WEB] = config}};

	if (config == NULL)
		return NULL;
	config_values_done(&table, &bases, BASE_WEB);
	free(config);
	return NULL;
}

/* ---- TLS ---- */

static int check_names(struct config_messages *messages, const struct node *names,
                       bool (*is_known)(const char *name), const char *what)
{
	size_t i;

	for (i = 0; names != NULL && i < names->count; i++)
		if (!is_known(names->children[i].text))
			return config_error(messages, &names->children[i],
			                    "expected %s that is supported, got \"%.64s\"", what,
			                    names->children[i].text);
	return 0;
}

static int check_pair(struct config_messages *messages, const struct web_tls_config *tls,
                      const struct node *node)
{
	if (tls->cert == NULL && tls->cert_file == NULL)
		return config_error(messages, node,
		                    "tls_server_config: expected cert_file or cert");
	if (tls->key == NULL && tls->key_file == NULL)
		return config_error(messages, node, "tls_server_config: expected key_file or key");
	return 0;
}

static int check_tls(struct config_messages *messages, struct web_config *config,
                     const struct node *node)
{
	const struct web_tls_config *tls = &config->tls;
	bool has_ca = tls->client_ca != NULL || tls->client_ca_file != NULL;
	int result;

	config->has_tls = tls->cert != NULL || tls->cert_file != NULL || tls->key != NULL ||
	                  tls->key_file != NULL || has_ca ||
	                  config_child(node, "client_auth_type") != NULL;
	if (!config->has_tls)
		return 0;
	result = check_pair(messages, tls, node);
	if (result < 0)
		return result;
	if (has_ca && tls->client_auth == CLIENT_AUTH_NONE)
		return config_error(messages, node,
		                    "tls_server_config: expected a client_auth_type with the "
		                    "client's CA, or no CA");
	/* Else who has no certificate would be let in: there is nothing to compare. */
	if (tls->client_allowed_sans.count > 0 && tls->client_auth != CLIENT_AUTH_REQUIRE_ANY &&
	    tls->client_auth != CLIENT_AUTH_REQUIRE &&
	    tls->client_auth != CLIENT_AUTH_REQUIRE_AND_VERIFY)
		return config_error(messages, node,
		                    "tls_server_config.client_allowed_sans: expected a "
		                    "client_auth_type that requires a certificate");
	if (tls->min_version > tls->max_version)
		return config_error(messages, node,
		                    "tls_server_config.min_version: expected at most max_version");
	result = check_names(messages, config_child(node, "cipher_suites"),
	                     web_config_is_cipher_suite, "a cipher suite");
	if (result < 0)
		return result;
	return check_names(messages, config_child(node, "curve_preferences"), web_config_is_curve,
	                   "a curve");
}

/* ---- headers ---- */

/* The only ones that exporter-toolkit allows, and their values where these are enumerated. */
static const struct {
	const char *name;
	const char *values[3];
} header_rows[] = {
    {"Strict-Transport-Security", {NULL}},
    {"X-Content-Type-Options", {"nosniff", NULL}},
    {"X-Frame-Options", {"deny", "sameorigin", NULL}},
    {"X-XSS-Protection", {NULL}},
    {"Content-Security-Policy", {NULL}},
};

static bool is_header_text(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

static int check_header(struct config_messages *messages, const struct node *name,
                        const struct node *value)
{
	const char *const *values = NULL;
	size_t i;

	for (i = 0; i < sizeof(header_rows) / sizeof(header_rows[0]); i++)
		if (strcmp(header_rows[i].name, name->text) == 0)
			values = header_rows[i].values;
	if (values == NULL)
		return config_error(messages, name, "HTTP header \"%.64s\" can not be configured",
		                    name->text);
	if (!is_header_text(value->text))
		return config_error(messages, value, "%s: expected one line", name->text);
	if (values[0] == NULL)
		return 0;
	for (i = 0; values[i] != NULL; i++)
		if (strcmp(values[i], value->text) == 0)
			return 0;
	return config_error(messages, value, "%s: expected %s%s%s, got \"%.64s\"", name->text,
	                    values[0], values[1] != NULL ? " or " : "",
	                    values[1] != NULL ? values[1] : "", value->text);
}

/* ---- users ---- */

/* "$2y$10$…"; $2x$ stands for hashes of an old mistake. */
static bool is_bcrypt(const char *hash)
{
	uint64_t cost;

	return strlen(hash) == HASH_LENGTH && strncmp(hash, "$2", 2) == 0 &&
	       strchr("aby", hash[2]) != NULL && hash[3] == '$' && hash[6] == '$' &&
	       number_parse_u64(hash + 4, 2, &cost) == 0 && cost >= COST_MIN && cost <= COST_MAX &&
	       strspn(hash + 7, HASH_ALPHABET) == HASH_LENGTH - 7;
}

static int check_user(struct config_messages *messages, const struct node *name,
                      const struct node *hash)
{
	if (name->text[0] == '\0' || strchr(name->text, ':') != NULL)
		return config_error(messages, name,
		                    "basic_auth_users: expected a name without a colon");
	if (!is_bcrypt(hash->text))
		return config_error(messages, hash,
		                    "basic_auth_users: expected a bcrypt hash of cost %d to %d for "
		                    "\"%.64s\"",
		                    COST_MIN, COST_MAX, name->text);
	return 0;
}

static int check_each(struct config_messages *messages, const struct node *mapping,
                      int (*check)(struct config_messages *messages, const struct node *name,
                                   const struct node *value))
{
	int result = 0;
	size_t i;

	for (i = 0; mapping != NULL && i < mapping->count && result == 0; i++)
		result = check(messages, &mapping->keys[i], &mapping->children[i]);
	return result;
}

/* ---- the whole ---- */

static int check(struct config_messages *messages, struct web_config *config,
                 const struct node *root)
{
	const struct node *http = config_child(root, "http_server_config");
	const struct node *tls = config_child(root, "tls_server_config");
	int result = tls != NULL ? check_tls(messages, config, tls) : 0;

	if (result == 0)
		result = check_each(messages, config_child(http, "headers"), check_header);
	if (result == 0)
		result = check_each(messages, config_child(root, "basic_auth_users"), check_user);
	return result;
}

/* Relative to the directory of the file, as exporter-toolkit has it. */
static int resolve(const char *name, char **path)
{
	const char *slash = strrchr(name, '/');
	char *joined;

	if (*path == NULL || **path == '/' || slash == NULL)
		return 0;
	if (asprintf(&joined, "%.*s/%s", (int)(slash - name), name, *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = joined;
	return 0;
}

static int resolve_all(const char *name, struct web_tls_config *tls)
{
	char **paths[] = {&tls->cert_file, &tls->key_file, &tls->client_ca_file};
	int result = 0;
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]) && result == 0; i++)
		result = resolve(name, paths[i]);
	return result;
}

int web_config_parse(const struct config_source *source, struct web_config **ret_config,
                     char reterr_message[CONFIG_MESSAGE_SIZE])
{
	_cleanup_(document_freep) struct node *root = NULL;
	_cleanup_(web_config_freep) struct web_config *config = calloc(1, sizeof(*config));
	struct config_reader reader = {
	    .table = &table,
	    .messages = {.name = source->name, .error = reterr_message},
	    .bases = {.of = {[BASE_WEB] = config}},
	};
	int result;

	if (config == NULL || config_values_init(&table, &reader.bases, BASE_WEB) < 0)
		return config_no_memory(&reader.messages);
	result = document_parse(source->name, source->text, source->length, &root, reterr_message,
	                        CONFIG_MESSAGE_SIZE);
	if (result == 0 && root != NULL)
		result = config_read_mapping(&reader, "", root);
	if (result == 0 && root != NULL)
		result = check(&reader.messages, config, root);
	if (result < 0)
		return result;
	if (resolve_all(source->name, &config->tls) < 0)
		return config_no_memory(&reader.messages);
	*ret_config = TAKE_PTR(config);
	return 0;
}
