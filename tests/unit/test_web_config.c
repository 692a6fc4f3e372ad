// SPDX-License-Identifier: MIT
/* The web configuration: what exporter-toolkit takes is taken, the rest refused with the place. */
#include "daemon/exposition/web_config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

static char message[CONFIG_MESSAGE_SIZE];

static struct web_config *parse(const char *text)
{
	const struct config_source source = {"/etc/web.yml", text, strlen(text)};
	struct web_config *config = NULL;

	message[0] = '\0';
	if (web_config_parse(&source, &config, message) < 0)
		ck_assert_ptr_null(config);
	return config;
}

#define TLS  "tls_server_config:\n  cert_file: c\n  key_file: /k\n"
#define HASH "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

START_TEST(test_everything_is_read)
{
	struct web_config *config = parse(TLS "  client_auth_type: RequireAndVerifyClientCert\n"
	                                      "  client_ca_file: d/ca.pem\n"
	                                      "  client_allowed_sans: [a, b]\n"
	                                      "  min_version: TLS11\n"
	                                      "  prefer_server_cipher_suites: false\n"
	                                      "http_server_config:\n"
	                                      "  http2: false\n"
	                                      "  headers: {X-XSS-Protection: 1}\n"
	                                      "basic_auth_users: {al: " HASH "}\n"
	                                      "rate_limit: {interval: 1s, burst: 3}\n");

	ck_assert_msg(config != NULL, "%s", message);
	ck_assert(config->has_tls);
	ck_assert_str_eq(config->tls.cert_file, "/etc/c");
	ck_assert_str_eq(config->tls.key_file, "/k");
	ck_assert_str_eq(config->tls.client_ca_file, "/etc/d/ca.pem");
	ck_assert_int_eq(config->tls.client_auth, CLIENT_AUTH_REQUIRE_AND_VERIFY);
	ck_assert_uint_eq(config->tls.client_allowed_sans.count, 2);
	ck_assert_int_eq(config->tls.min_version, TLS_VERSION_11);
	ck_assert_int_eq(config->tls.max_version, TLS_VERSION_13);
	ck_assert(!config->tls.prefer_server_cipher_suites);
	ck_assert(!config->http2);
	ck_assert_str_eq(config->headers.pairs[0].name, "X-XSS-Protection");
	ck_assert_str_eq(config->headers.pairs[0].value, "1");
	ck_assert_str_eq(config->users.pairs[0].value, HASH);
	ck_assert_uint_eq(config->rate_interval_ns, NS_PER_SECOND);
	ck_assert_uint_eq(config->rate_burst, 3);
	(void)web_config_free(config);
}
END_TEST

START_TEST(test_empty_file_is_an_open_door)
{
	struct web_config *config = parse("");

	ck_assert_ptr_nonnull(config);
	ck_assert(!config->has_tls);
	ck_assert_uint_eq(config->users.count, 0);
	(void)web_config_free(config);
}
END_TEST

START_TEST(test_what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *text;
		const char *said; /* behind "/etc/web.yml:" */
	} rows[] = {
	    {"junk\n", "1:1: configuration: expected a mapping, got a scalar"},
	    {"tls_server_config:\n  cert_filse: x\n",
	     "2:3: unknown key \"tls_server_config.cert_filse\"; did you mean \"cert_file\"?"},
	    {"tls_server_config:\n  key_file: x\n", "2:3: tls_server_config: expected cert_file"},
	    {"tls_server_config:\n  cert_file: x\n", "2:3: tls_server_config: expected key_file"},
	    {"tls_server_config:\n  cert_file: \"\"\n  key_file: k\n",
	     "2:14: tls_server_config.cert_file: expected a string"},
	    {TLS "  client_auth_type: x\n", "4:21: tls_server_config.client_auth_type: expected "
	                                    "one of NoClientCert, RequestClientCert,"},
	    {TLS "  client_ca_file: ca\n", "2:3: tls_server_config: expected a client_auth_type"},
	    {TLS "  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: [a]\n",
	     "2:3: tls_server_config.client_allowed_sans: expected a client_auth_type"},
	    {TLS "  client_allowed_sans: [a]\n",
	     "2:3: tls_server_config.client_allowed_sans: expected a client_auth_type"},
	    {TLS "  min_version: TLS111\n", "4:16: tls_server_config.min_version: expected one of"},
	    {TLS "  max_version: TLS10\n", "2:3: tls_server_config.min_version: expected at most"},
	    {TLS "  cipher_suites:\n  - TLS_AES_128_GCM_SHA256\n  - TLS_X\n",
	     "6:5: expected a cipher suite that is supported, got \"TLS_X\""},
	    {TLS "  curve_preferences: [CurveP257]\n", "4:23: expected a curve"},
	    {"http_server_config:\n  headers:\n    Content-Type: foo\n",
	     "3:5: HTTP header \"Content-Type\" can not be configured"},
	    {"http_server_config:\n  headers:\n    X-Frame-Options: foo\n",
	     "3:22: X-Frame-Options: expected deny or sameorigin, got \"foo\""},
	    {"http_server_config:\n  headers:\n    X-Content-Type-Options: x\n",
	     "3:29: X-Content-Type-Options: expected nosniff, got \"x\""},
	    {"http_server_config:\n  headers: {X-XSS-Protection: \"a\\nb: c\"}\n",
	     "2:31: X-XSS-Protection: expected one line"},
	    {"basic_auth_users:\n  john: doe\n", "2:9: basic_auth_users: expected a bcrypt hash"},
	    {"basic_auth_users:\n  john: $2x$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/"
	     "VcEd00UAV/LDeSi\n",
	     "2:9: basic_auth_users: expected a bcrypt hash"},
	    {"basic_auth_users:\n  john: $2y$31$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/"
	     "VcEd00UAV/LDeSi\n",
	     "2:9: basic_auth_users: expected a bcrypt hash of cost 4 to 18"},
	    {"basic_auth_users:\n  a:b: " HASH "\n", "2:3: basic_auth_users: expected a name"},
	    {"basic_auth_users: [x]\n", "1:19: basic_auth_users: expected a mapping"},
	    {"rate_limit: {burst: -1}\n", "1:21: rate_limit.burst: expected a whole number"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_msg(parse(rows[i].text) == NULL, "%s", rows[i].text);
		ck_assert_msg(strncmp(message, "/etc/web.yml:", 13) == 0 &&
		                  strncmp(message + 13, rows[i].said, strlen(rows[i].said)) == 0,
		              "\"%s\" instead of \"%s\"", message, rows[i].said);
		ck_assert_ptr_null(strstr(message, "doe"));
	}
}
END_TEST

/* The suites that GnuTLS makes of a priority string, "NAME " each. */
static void write_suites(const char *priority_text, struct buf *out)
{
	gnutls_priority_t priority;
	unsigned i, suite;
	int result;

	ck_assert_int_eq(gnutls_priority_init(&priority, priority_text, NULL), 0);
	for (i = 0; (result = gnutls_priority_get_cipher_suite_index(priority, i, &suite)) !=
	            GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
	     i++) {
		if (result == 0)
			buf_printf(out, "%s ",
			           gnutls_cipher_suite_info(suite, NULL, NULL, NULL, NULL, NULL));
	}
	gnutls_priority_deinit(priority);
}

#define RSA_128 "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
#define RSA_256 "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
#define EC_256  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"

START_TEST(test_exactly_the_listed_suites_are_allowed)
{
	static const struct {
		const char *tls; /* more lines of tls_server_config */
		enum tls_key_kind kind;
		const char *suites; /* NULL: none is possible */
	} rows[] = {
	    {"  max_version: TLS12\n  cipher_suites: [" RSA_256 ", " RSA_128 "]\n", TLS_KEY_RSA,
	     "TLS_ECDHE_RSA_AES_256_GCM_SHA384 TLS_ECDHE_RSA_AES_128_GCM_SHA256 "},
	    {"  max_version: TLS12\n  cipher_suites: [" RSA_128 ", " EC_256 "]\n", TLS_KEY_RSA,
	     "TLS_ECDHE_RSA_AES_128_GCM_SHA256 "},
	    {"  max_version: TLS12\n  cipher_suites: [" RSA_128 ", " EC_256 "]\n", TLS_KEY_ECDSA,
	     "TLS_ECDHE_ECDSA_AES_256_GCM_SHA384 "},
	    {"  max_version: TLS12\n  cipher_suites: [" EC_256 "]\n", TLS_KEY_RSA, NULL},
	    {"  cipher_suites: [" RSA_256 "]\n", TLS_KEY_RSA,
	     "TLS_AES_256_GCM_SHA384 TLS_ECDHE_RSA_AES_256_GCM_SHA384 "},
	    /* TLS 1.3 has no such cipher, and its own would open more of TLS 1.2. */
	    {"  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]\n", TLS_KEY_RSA,
	     "TLS_ECDHE_RSA_AES_128_CBC_SHA1 "},
	    {"  min_version: TLS13\n  cipher_suites: [" RSA_256 "]\n", TLS_KEY_RSA,
	     "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 "
	     "TLS_CHACHA20_POLY1305_SHA256 "},
	    {"  cipher_suites: [" EC_256 "]\n", TLS_KEY_RSA,
	     "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 "
	     "TLS_CHACHA20_POLY1305_SHA256 "},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = BUF_INIT(4096), priority = BUF_INIT(4096),
		           suites = BUF_INIT(4096);
		struct web_config *config;
		int result;

		buf_printf(&text, TLS "%s", rows[i].tls);
		config = parse(buf_string(&text));
		ck_assert_msg(config != NULL, "%s", message);
		result = web_config_priority(&config->tls, rows[i].kind, &priority);
		ck_assert_int_eq(result, rows[i].suites != NULL ? 0 : -EINVAL);
		if (result == 0) {
			write_suites(buf_string(&priority), &suites);
			ck_assert_str_eq(buf_string(&suites), rows[i].suites);
		}
		buf_done(&text);
		buf_done(&priority);
		buf_done(&suites);
		(void)web_config_free(config);
	}
}
END_TEST

START_TEST(test_versions_curves_and_preference_are_kept_in_order)
{
	struct web_config *config = parse(TLS "  min_version: TLS10\n  max_version: TLS12\n"
	                                      "  curve_preferences: [CurveP521, X25519]\n");
	struct buf out = BUF_INIT(4096);

	ck_assert_ptr_nonnull(config);
	ck_assert_int_eq(web_config_priority(&config->tls, TLS_KEY_ECDSA, &out), 0);
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&out), "NONE:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:"));
	ck_assert_ptr_nonnull(
	    strstr(buf_string(&out), ":+ECDHE-ECDSA:+GROUP-SECP521R1:+GROUP-X25519:+SIGN"));
	ck_assert_ptr_nonnull(strstr(buf_string(&out), ":%SERVER_PRECEDENCE"));
	buf_done(&out);
	(void)web_config_free(config);
}
END_TEST

START_TEST(test_rows_are_complete)
{
	size_t i;

	for (i = 0; i < web_config_key_count; i++) {
		const struct config_key *key = &web_config_keys[i];

		ck_assert_uint_gt(strlen(key->help), 10);
		ck_assert_int_eq(key->help[strlen(key->help) - 1], '.');
		ck_assert_int_eq(key->choices != NULL, key->type == CONFIG_CHOICE);
	}
}
END_TEST

UNIT_MAIN("web_config", test_everything_is_read, test_empty_file_is_an_open_door,
          test_what_is_wrong_is_said_with_its_place, test_exactly_the_listed_suites_are_allowed,
          test_versions_curves_and_preference_are_kept_in_order, test_rows_are_complete)
