// SPDX-License-Identifier: MIT
/*
 * Go's names of versions, suites and curves in the words of GnuTLS's priority strings.
 *
 * A priority string lists ciphers, MACs and key exchanges, and every suite that they can form is
 * allowed. With the one key exchange that the certificate's key can do, each cipher below forms
 * exactly one suite up to TLS 1.2, so that the list is kept to. In TLS 1.3 the same ciphers are
 * used; where the list has none for it, TLS 1.3 is left out, or, when it is all that is left, has
 * all of its ciphers, as in Go.
 */
#include <errno.h>
#include <string.h>

#include "daemon/exposition/web_config.h"
#include "lib/buf.h"

#define AEAD_CIPHERS    ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:+AEAD"
#define DEFAULT_CIPHERS AEAD_CIPHERS ":+AES-128-CBC:+AES-256-CBC:+SHA1"
#define DEFAULT_CURVES  ":+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1"

struct suite_row {
	const char *name;
	const char *cipher;
	bool is_13; /* a suite of TLS 1.3: for any key */
	bool is_aead;
	enum tls_key_kind kind;
};

/* crypto/tls.CipherSuites() of Go. */
static const struct suite_row suites[] = {
    {"TLS_AES_128_GCM_SHA256", "AES-128-GCM", true, true, TLS_KEY_RSA},
    {"TLS_AES_256_GCM_SHA384", "AES-256-GCM", true, true, TLS_KEY_RSA},
    {"TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", true, true, TLS_KEY_RSA},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "AES-128-CBC", false, false, TLS_KEY_ECDSA},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "AES-256-CBC", false, false, TLS_KEY_ECDSA},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "AES-128-CBC", false, false, TLS_KEY_RSA},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "AES-256-CBC", false, false, TLS_KEY_RSA},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "AES-128-GCM", false, true, TLS_KEY_ECDSA},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "AES-256-GCM", false, true, TLS_KEY_ECDSA},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "AES-128-GCM", false, true, TLS_KEY_RSA},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "AES-256-GCM", false, true, TLS_KEY_RSA},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", false, true, TLS_KEY_RSA},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305", false, true,
     TLS_KEY_ECDSA},
};

static const struct {
	const char *name;
	const char *group;
} curves[] = {
    {"CurveP256", "GROUP-SECP256R1"},
    {"CurveP384", "GROUP-SECP384R1"},
    {"CurveP521", "GROUP-SECP521R1"},
    {"X25519", "GROUP-X25519"},
};

static const struct suite_row *find_suite(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (strcmp(suites[i].name, name) == 0)
			return &suites[i];
	return NULL;
}

static const char *group_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(curves) / sizeof(curves[0]); i++)
		if (strcmp(curves[i].name, name) == 0)
			return curves[i].group;
	return NULL;
}

bool web_config_is_cipher_suite(const char *name)
{
	return find_suite(name) != NULL;
}

bool web_config_is_curve(const char *name)
{
	return group_of(name) != NULL;
}

struct choice {
	bool has_12; /* TLS 1.2 and older */
	bool has_13;
	bool is_listed; /* the ciphers are those of the list */
	bool has_cbc;
};

static bool fits(const struct suite_row *suite, enum tls_key_kind kind)
{
	return suite != NULL && !suite->is_13 && suite->kind == kind;
}

static struct choice choose(const struct web_tls_config *config, enum tls_key_kind kind)
{
	struct choice choice = {.has_12 = config->cipher_suites.count == 0};
	bool has_aead = choice.has_12;
	size_t i;

	for (i = 0; i < config->cipher_suites.count; i++) {
		const struct suite_row *suite = find_suite(config->cipher_suites.values[i]);

		if (!fits(suite, kind))
			continue;
		choice.has_12 = choice.is_listed = true;
		has_aead = has_aead || suite->is_aead;
		choice.has_cbc = choice.has_cbc || !suite->is_aead;
	}
	if (config->min_version > TLS_VERSION_12)
		choice.has_12 = choice.is_listed = false;
	choice.has_13 = config->max_version >= TLS_VERSION_13 && (has_aead || !choice.has_12);
	return choice;
}

static void write_versions(const struct web_tls_config *config, const struct choice *choice,
                           struct buf *out)
{
	static const char *const names[] = {"VERS-TLS1.0", "VERS-TLS1.1", "VERS-TLS1.2",
	                                    "VERS-TLS1.3"};
	int version;

	/* Newest first: the order is that of preference. */
	for (version = (int)config->max_version; version >= (int)config->min_version; version--)
		if (version == TLS_VERSION_13 ? choice->has_13 : choice->has_12)
			buf_printf(out, ":+%s", names[version]);
}

static void write_ciphers(const struct web_tls_config *config, enum tls_key_kind kind,
                          const struct choice *choice, struct buf *out)
{
	size_t i;

	if (!choice->is_listed) {
		buf_append_string(out, choice->has_12 ? DEFAULT_CIPHERS : AEAD_CIPHERS);
		return;
	}
	for (i = 0; i < config->cipher_suites.count; i++) {
		const struct suite_row *suite = find_suite(config->cipher_suites.values[i]);

		if (fits(suite, kind))
			buf_printf(out, ":+%s", suite->cipher);
	}
	buf_append_string(out, choice->has_cbc ? ":+AEAD:+SHA1" : ":+AEAD");
}

int web_config_priority(const struct web_tls_config *config, enum tls_key_kind kind,
                        struct buf *out)
{
	struct choice choice = choose(config, kind);
	size_t i;

	if (!choice.has_12 && !choice.has_13)
		return -EINVAL;
	buf_append_string(out, "NONE");
	write_versions(config, &choice, out);
	write_ciphers(config, kind, &choice, out);
	buf_append_string(out, kind == TLS_KEY_RSA ? ":+ECDHE-RSA" : ":+ECDHE-ECDSA");
	for (i = 0; i < config->curve_preferences.count; i++)
		buf_printf(out, ":+%s", group_of(config->curve_preferences.values[i]));
	if (config->curve_preferences.count == 0)
		buf_append_string(out, DEFAULT_CURVES);
	buf_append_string(out, ":+SIGN-ALL:+COMP-NULL:+CTYPE-X509");
	if (config->prefer_server_cipher_suites)
		buf_append_string(out, ":%SERVER_PRECEDENCE");
	return buf_failed(out) ? -ENOMEM : 0;
}
