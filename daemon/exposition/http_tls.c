// SPDX-License-Identifier: MIT
/*
 * libmicrohttpd's own options only ask for a client's certificate and serve without one; so each
 * session gets its credentials here, before its handshake, and a verification that can refuse.
 */
#include "daemon/exposition/http_tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "daemon/exposition/web_config.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define PEM_SIZE_MAX      ((size_t)1024 * 1024)
#define PRIORITY_SIZE_MAX 4096
#define SAN_SIZE_MAX      1024

struct http_tls {
	unsigned reference_count;
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priority;
	gnutls_certificate_request_t request;
	bool verifies;
	char **allowed_sans; /* owned */
	size_t allowed_san_count;
};

struct loader {
	const struct web_tls_config *config;
	struct http_tls *tls;
	char *message;
	size_t message_size;
};

DEFINE_CLEANUP(struct http_tls, http_tls_unref)

/* ---- who may connect ---- */

static bool is_allowed_name(const struct http_tls *tls, const char *name)
{
	size_t i;

	for (i = 0; i < tls->allowed_san_count; i++)
		if (strcmp(tls->allowed_sans[i], name) == 0)
			return true;
	return false;
}

/* An address is compared as text, as Go writes it. */
static bool is_allowed_san(const struct http_tls *tls, int kind, char *bytes, size_t length)
{
	char text[64];

	switch (kind) {
	case GNUTLS_SAN_DNSNAME:
	case GNUTLS_SAN_RFC822NAME:
	case GNUTLS_SAN_URI:
		/* A NUL inside would hide what follows it. */
		return strlen(bytes) == length && is_allowed_name(tls, bytes);
	case GNUTLS_SAN_IPADDRESS:
		return (length == 4 || length == 16) &&
		       inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, text, sizeof(text)) !=
		           NULL &&
		       is_allowed_name(tls, text);
	default:
		return false;
	}
}

static bool has_allowed_san(const struct http_tls *tls, const gnutls_datum_t *raw)
{
	gnutls_x509_crt_t certificate;
	char san[SAN_SIZE_MAX + 1];
	bool is_allowed = false;
	unsigned i;

	if (gnutls_x509_crt_init(&certificate) < 0)
		return false;
	if (gnutls_x509_crt_import(certificate, raw, GNUTLS_X509_FMT_DER) < 0) {
		gnutls_x509_crt_deinit(certificate);
		return false;
	}
	for (i = 0; !is_allowed; i++) {
		size_t length = SAN_SIZE_MAX;
		int kind = gnutls_x509_crt_get_subject_alt_name(certificate, i, san, &length, NULL);

		if (kind == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (kind < 0)
			continue; /* too long to be one of ours */
		san[length] = '\0';
		is_allowed = is_allowed_san(tls, kind, san, length);
	}
	gnutls_x509_crt_deinit(certificate);
	return is_allowed;
}

/* 0 or an error that ends the handshake. */
static int verify(gnutls_session_t session)
{
	/* The cache of sessions, whose pointer this is, is not used. */
	const struct http_tls *tls = gnutls_db_get_ptr(session);
	char client[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
	                                 .data = (unsigned char *)client};
	unsigned count = 0, status = 0;
	const gnutls_datum_t *peers = gnutls_certificate_get_peers(session, &count);

	if (peers == NULL || count == 0)
		return tls->request == GNUTLS_CERT_REQUIRE ? GNUTLS_E_CERTIFICATE_REQUIRED : 0;
	if (tls->verifies &&
	    (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status != 0))
		return GNUTLS_E_CERTIFICATE_ERROR;
	if (tls->allowed_sans != NULL && !has_allowed_san(tls, &peers[0]))
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

/* ---- loading ---- */

static int load_error(const struct loader *loader, const char *what, const char *reason)
{
	(void)snprintf(loader->message, loader->message_size, "tls_server_config: %s: %s", what,
	               reason);
	return -EINVAL;
}

/* The text of the file, or the one in the configuration; wipe_pem() releases it. */
static int read_pem(const struct loader *loader, const char *path, const char *text,
                    gnutls_datum_t *ret_pem)
{
	char *bytes;
	size_t length;
	int result = 0;

	if (path == NULL) {
		bytes = strdup(text);
		length = strlen(text);
	} else {
		bytes = malloc(PEM_SIZE_MAX);
		if (bytes != NULL)
			result = file_read_text_at(AT_FDCWD, path, bytes, PEM_SIZE_MAX, &length);
	}
	if (bytes == NULL || result < 0) {
		free(bytes);
		return load_error(loader, path != NULL ? path : "text",
		                  strerror(result < 0 ? -result : ENOMEM));
	}
	*ret_pem = (gnutls_datum_t){.data = (unsigned char *)bytes, .size = (unsigned)length};
	return 0;
}

static void wipe_pem(gnutls_datum_t *pem)
{
	if (pem->data != NULL)
		explicit_bzero(pem->data, pem->size);
	free(pem->data);
}

static int load_certificate(const struct loader *loader)
{
	const struct web_tls_config *config = loader->config;
	_cleanup_(wipe_pem) gnutls_datum_t certificate = {0}, key = {0};
	int result = read_pem(loader, config->cert_file, config->cert, &certificate);

	if (result == 0)
		result = read_pem(loader, config->key_file, config->key, &key);
	if (result < 0)
		return result;
	result = gnutls_certificate_set_x509_key_mem(loader->tls->credentials, &certificate, &key,
	                                             GNUTLS_X509_FMT_PEM);
	return result < 0 ? load_error(loader, "certificate and key", gnutls_strerror(result)) : 0;
}

static int load_client_ca(const struct loader *loader)
{
	const struct web_tls_config *config = loader->config;
	_cleanup_(wipe_pem) gnutls_datum_t pem = {0};
	int result;

	if (config->client_ca_file == NULL && config->client_ca == NULL) {
		if (loader->tls->verifies)
			(void)gnutls_certificate_set_x509_system_trust(loader->tls->credentials);
		return 0; /* without any, nobody is trusted */
	}
	result = read_pem(loader, config->client_ca_file, config->client_ca, &pem);
	if (result < 0)
		return result;
	result = gnutls_certificate_set_x509_trust_mem(loader->tls->credentials, &pem,
	                                               GNUTLS_X509_FMT_PEM);
	if (result <= 0)
		return load_error(loader, "the client's CA",
		                  result < 0 ? gnutls_strerror(result) : "no certificate in it");
	return 0;
}

static int load_priority(const struct loader *loader)
{
	struct buf text = BUF_INIT(PRIORITY_SIZE_MAX);
	gnutls_x509_privkey_t key = NULL;
	enum tls_key_kind kind = TLS_KEY_RSA;
	int result = gnutls_certificate_get_x509_key(loader->tls->credentials, 0, &key);
	int algorithm;

	if (result < 0)
		return load_error(loader, "key", gnutls_strerror(result));
	algorithm = gnutls_x509_privkey_get_pk_algorithm(key);
	gnutls_x509_privkey_deinit(key);
	if (algorithm == GNUTLS_PK_ECDSA || algorithm == GNUTLS_PK_EDDSA_ED25519 ||
	    algorithm == GNUTLS_PK_EDDSA_ED448)
		kind = TLS_KEY_ECDSA;
	result = web_config_priority(loader->config, kind, &text);
	if (result == -EINVAL)
		result = load_error(loader, "cipher_suites",
		                    "none is for the key of the certificate and the versions");
	else if (result == 0 &&
	         gnutls_priority_init(&loader->tls->priority, buf_string(&text), NULL) < 0)
		result = load_error(loader, "versions, cipher_suites and curve_preferences",
		                    "GnuTLS does not allow them here");
	buf_done(&text);
	return result;
}

static int copy_sans(const struct loader *loader)
{
	const struct string_list *sans = &loader->config->client_allowed_sans;
	struct http_tls *tls = loader->tls;
	size_t i;

	if (sans->count == 0)
		return 0;
	tls->allowed_sans = calloc(sans->count, sizeof(*tls->allowed_sans));
	if (tls->allowed_sans == NULL)
		return load_error(loader, "client_allowed_sans", strerror(ENOMEM));
	for (i = 0; i < sans->count; i++) {
		tls->allowed_sans[i] = strdup(sans->values[i]);
		if (tls->allowed_sans[i] == NULL)
			return load_error(loader, "client_allowed_sans", strerror(ENOMEM));
		tls->allowed_san_count++;
	}
	return 0;
}

static void take_client_auth(const struct loader *loader)
{
	static const struct {
		gnutls_certificate_request_t request;
		bool verifies;
	} rows[] = {
	    [CLIENT_AUTH_NONE] = {GNUTLS_CERT_IGNORE, false},
	    [CLIENT_AUTH_REQUEST] = {GNUTLS_CERT_REQUEST, false},
	    [CLIENT_AUTH_REQUIRE_ANY] = {GNUTLS_CERT_REQUIRE, false},
	    [CLIENT_AUTH_VERIFY_IF_GIVEN] = {GNUTLS_CERT_REQUEST, true},
	    [CLIENT_AUTH_REQUIRE_AND_VERIFY] = {GNUTLS_CERT_REQUIRE, true},
	    [CLIENT_AUTH_REQUIRE] = {GNUTLS_CERT_REQUIRE, false},
	};

	loader->tls->request = rows[loader->config->client_auth].request;
	loader->tls->verifies = rows[loader->config->client_auth].verifies;
}

int http_tls_new(const struct web_tls_config *config, struct http_tls **ret_tls,
                 char *reterr_message, size_t message_size)
{
	_cleanup_(http_tls_unrefp) struct http_tls *tls = calloc(1, sizeof(*tls));
	struct loader loader = {config, tls, reterr_message, message_size};
	int result;

	if (tls == NULL)
		return load_error(&loader, "TLS", strerror(ENOMEM));
	tls->reference_count = 1;
	if (gnutls_certificate_allocate_credentials(&tls->credentials) < 0)
		return load_error(&loader, "TLS", strerror(ENOMEM));
	gnutls_certificate_set_verify_function(tls->credentials, verify);
	take_client_auth(&loader);
	result = load_certificate(&loader);
	if (result == 0)
		result = load_client_ca(&loader);
	if (result == 0)
		result = load_priority(&loader);
	if (result == 0)
		result = copy_sans(&loader);
	if (result < 0)
		return result;
	*ret_tls = TAKE_PTR(tls);
	return 0;
}

struct http_tls *http_tls_ref(struct http_tls *tls)
{
	tls->reference_count++;
	return tls;
}

struct http_tls *http_tls_unref(struct http_tls *tls)
{
	size_t i;

	if (tls == NULL || --tls->reference_count > 0)
		return NULL;
	if (tls->credentials != NULL)
		gnutls_certificate_free_credentials(tls->credentials);
	if (tls->priority != NULL)
		gnutls_priority_deinit(tls->priority);
	for (i = 0; i < tls->allowed_san_count; i++)
		free(tls->allowed_sans[i]);
	free(tls->allowed_sans);
	free(tls);
	return NULL;
}

int http_tls_attach(struct http_tls *tls, void *session)
{
	gnutls_session_t gnutls = session;

	if (gnutls_credentials_set(gnutls, GNUTLS_CRD_CERTIFICATE, tls->credentials) < 0 ||
	    gnutls_priority_set(gnutls, tls->priority) < 0)
		return -EINVAL;
	gnutls_certificate_server_set_request(gnutls, tls->request);
	gnutls_db_set_ptr(gnutls, tls);
	return 0;
}

static int no_certificate( // NOLINT(readability-function-size): the library's parameters
    gnutls_session_t session, const gnutls_datum_t *names, int name_count,
    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **certificates,
    unsigned *certificate_count, gnutls_privkey_t *key)
{
	(void)session;
	(void)names;
	(void)name_count;
	(void)algorithms;
	(void)algorithm_count;
	(void)certificates;
	(void)certificate_count;
	(void)key;
	return -1;
}

void *http_tls_no_certificate(void)
{
	return (void *)no_certificate;
}
