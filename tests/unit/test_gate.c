// SPDX-License-Identifier: MIT
/* The gate: what the file says holds, until it changes; a wrong one changes nothing. */
#include "daemon/exposition/http_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/exposition/http_tls.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/heapwatch-gate-XXXXXX";
static char path[PATH_MAX];
static char message[CONFIG_MESSAGE_SIZE];
static uint64_t clock_ns;

static uint64_t now_ns(void *context)
{
	(void)context;
	return clock_ns;
}

static int submit(void *context, void (*work)(void *data), void (*done)(void *data), void *data)
{
	(void)context;
	(void)work;
	(void)done;
	(void)data;
	return -EAGAIN;
}

static const struct collector_host host = {.now_ns = now_ns, .submit = submit};

/* TLS is replaced by the paths of the fixtures. */
static void write_config(const char *tls, const char *rest)
{
	struct buf text = BUF_INIT(65536);

	if (tls[0] != '\0')
		buf_printf(&text,
		           "tls_server_config:\n  cert_file: %s/tests/fixtures/tls/%s.pem\n"
		           "  key_file: %s/tests/fixtures/tls/%s.key\n",
		           getenv("top_srcdir"), tls, getenv("top_srcdir"), tls);
	buf_append_string(&text, rest);
	ck_assert_int_eq(file_replace(path, buf_string(&text), text.length), 0);
	buf_done(&text);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(getenv("top_srcdir"));
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/web.yml", directory);
	clock_ns = NS_PER_SECOND;
}

static struct http_gate *open_gate(void)
{
	struct http_gate *gate = NULL;

	ck_assert_msg(http_gate_new(path, &host, &gate, message, sizeof(message)) == 0, "%s",
	              message);
	return gate;
}

static void tear_down(struct http_gate *gate)
{
	(void)http_gate_free(gate);
	(void)unlink(path);
	(void)rmdir(directory);
}

static enum auth_verdict admit(struct http_gate *gate, bool needs_password)
{
	struct auth_request request = {.authorization = NULL};
	struct auth_ticket *ticket = NULL;

	return http_gate_admit(gate, &request, needs_password, &ticket);
}

#define USER                      \
	"basic_auth_users: {al: " \
	"$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi}\n"

START_TEST(test_changes_hold_at_once_and_wrong_ones_never)
{
	struct http_gate *gate;
	uint64_t before, after;

	set_up();
	write_config("", "");
	gate = open_gate();
	ck_assert(!http_gate_has_tls(gate));
	ck_assert_int_eq(admit(gate, true), AUTH_GRANTED);
	write_config("", USER "http_server_config: {headers: {X-Frame-Options: deny}}\n");
	ck_assert_int_eq(admit(gate, true), AUTH_DENIED);
	ck_assert_int_eq(admit(gate, false), AUTH_GRANTED);
	ck_assert_uint_eq(http_gate_headers(gate, &before)->count, 1);
	write_config("", "bogus: 1\n");
	ck_assert_int_eq(admit(gate, true), AUTH_DENIED);
	ck_assert_uint_eq(http_gate_headers(gate, &after)->count, 1);
	ck_assert_uint_eq(after, before);
	(void)unlink(path);
	ck_assert_int_eq(admit(gate, true), AUTH_DENIED);
	write_config("server", ""); /* TLS is not turned on by a reload */
	ck_assert_int_eq(admit(gate, true), AUTH_DENIED);
	ck_assert(!http_gate_has_tls(gate));
	write_config("", "");
	ck_assert_int_eq(admit(gate, true), AUTH_GRANTED);
	ck_assert_uint_eq(http_gate_headers(gate, &after)->count, 0);
	ck_assert_uint_gt(after, before);
	tear_down(gate);
}
END_TEST

START_TEST(test_new_certificate_is_for_new_connections)
{
	struct http_gate *gate;
	struct http_tls *old, *new;

	set_up();
	write_config("server", "");
	gate = open_gate();
	ck_assert(http_gate_has_tls(gate));
	old = http_gate_tls(gate);
	http_gate_refresh(gate);
	new = http_gate_tls(gate);
	ck_assert_ptr_eq(old, new);
	(void)http_tls_unref(new);
	write_config("server-ec", "");
	http_gate_refresh(gate);
	new = http_gate_tls(gate);
	ck_assert_ptr_ne(old, new);
	(void)http_tls_unref(old);
	(void)http_tls_unref(new);
	tear_down(gate);
}
END_TEST

START_TEST(test_rate_is_limited_for_all)
{
	struct http_gate *gate;

	set_up();
	write_config("", "rate_limit: {interval: 1s, burst: 2}\n");
	gate = open_gate();
	ck_assert_int_eq(admit(gate, false), AUTH_GRANTED);
	ck_assert_int_eq(admit(gate, true), AUTH_GRANTED);
	ck_assert_int_eq(admit(gate, true), AUTH_TOO_MANY);
	clock_ns += NS_PER_SECOND;
	ck_assert_int_eq(admit(gate, true), AUTH_GRANTED);
	ck_assert_int_eq(admit(gate, true), AUTH_TOO_MANY);
	tear_down(gate);
}
END_TEST

START_TEST(test_what_cannot_be_loaded_is_said)
{
	static const struct {
		const char *text;
		const char *said;
	} rows[] = {
	    {"tls_server_config: {cert_file: none.pem, key_file: none.key}\n", "none.pem: No such"},
	    {"tls_server_config: {cert: junk, key: junk}\n", "certificate and key: "},
	    {"bogus: 1\n", ":1:1: unknown key"},
	};
	size_t i;

	set_up();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_config("", rows[i].text);
		ck_assert_int_lt(http_gate_check(path, message, sizeof(message)), 0);
		ck_assert_msg(strncmp(message, path, strlen(path)) == 0 &&
		                  strstr(message, rows[i].said) != NULL,
		              "%s", message);
	}
	write_config("server-ec", "  max_version: TLS12\n"
	                          "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n");
	ck_assert_int_lt(http_gate_check(path, message, sizeof(message)), 0);
	ck_assert_ptr_nonnull(strstr(message, "cipher_suites"));
	write_config("server", "  client_auth_type: RequireAndVerifyClientCert\n"
	                       "  client_ca: nothing\n");
	ck_assert_int_lt(http_gate_check(path, message, sizeof(message)), 0);
	ck_assert_ptr_nonnull(strstr(message, "CA"));
	(void)unlink(path);
	ck_assert_int_eq(http_gate_check(path, message, sizeof(message)), -ENOENT);
	(void)rmdir(directory);
}
END_TEST

/* ---- handshakes, both ends in one process ---- */

struct pipe_end {
	struct buf *in;
	size_t taken;
	struct buf *out;
	gnutls_session_t session;
};

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t length)
{
	struct pipe_end *end = data;
	size_t left = end->in->length - end->taken;

	if (left == 0) {
		gnutls_transport_set_errno(end->session, EAGAIN);
		return -1;
	}
	if (length > left)
		length = left;
	memcpy(bytes, end->in->data + end->taken, length);
	end->taken += length;
	return (ssize_t)length;
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t length)
{
	struct pipe_end *end = data;

	buf_append(end->out, bytes, length);
	return (ssize_t)length;
}

static gnutls_session_t new_session(unsigned flags, struct pipe_end *end)
{
	ck_assert_int_eq(gnutls_init(&end->session, flags | GNUTLS_NONBLOCK), 0);
	gnutls_transport_set_ptr(end->session, end);
	gnutls_transport_set_pull_function(end->session, pull);
	gnutls_transport_set_push_function(end->session, push);
	gnutls_handshake_set_timeout(end->session, 0);
	return end->session;
}

/* "" or the name of a client's certificate. True when the server accepts. */
static bool shake_hands(struct http_tls *tls, const char *certificate, const char *priority)
{
	struct buf up = BUF_INIT(1U << 20), down = BUF_INIT(1U << 20);
	struct pipe_end server_end = {&up, 0, &down, NULL}, client_end = {&down, 0, &up, NULL};
	gnutls_session_t server = new_session(GNUTLS_SERVER, &server_end);
	gnutls_session_t client =
	    new_session(GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT, &client_end);
	gnutls_certificate_credentials_t credentials;
	int server_result = GNUTLS_E_AGAIN, client_result = GNUTLS_E_AGAIN, i;

	ck_assert_int_eq(http_tls_attach(tls, server), 0);
	ck_assert_int_eq(gnutls_certificate_allocate_credentials(&credentials), 0);
	if (certificate[0] != '\0') {
		char pem[PATH_MAX], key[PATH_MAX];

		(void)snprintf(pem, sizeof(pem), "%s/tests/fixtures/tls/%s.pem",
		               getenv("top_srcdir"), certificate);
		(void)snprintf(key, sizeof(key), "%s/tests/fixtures/tls/%s.key",
		               getenv("top_srcdir"), certificate);
		ck_assert_int_eq(gnutls_certificate_set_x509_key_file(credentials, pem, key,
		                                                      GNUTLS_X509_FMT_PEM),
		                 0);
	}
	ck_assert_int_eq(gnutls_credentials_set(client, GNUTLS_CRD_CERTIFICATE, credentials), 0);
	ck_assert_int_eq(gnutls_priority_set_direct(client, priority, NULL), 0);
	for (i = 0; i < 20; i++) {
		if (client_result == GNUTLS_E_AGAIN)
			client_result = gnutls_handshake(client);
		if (server_result == GNUTLS_E_AGAIN)
			server_result = gnutls_handshake(server);
	}
	gnutls_deinit(server);
	gnutls_deinit(client);
	gnutls_certificate_free_credentials(credentials);
	buf_done(&up);
	buf_done(&down);
	return server_result == 0;
}

START_TEST(test_client_certificates)
{
	static const struct {
		const char *type;
		bool has_sans;
		const char *accepted[4]; /* of none, client, other-client, foreign-client */
	} rows[] = {
	    {"NoClientCert", false, {"yes", "yes", "yes", "yes"}},
	    {"RequestClientCert", false, {"yes", "yes", "yes", "yes"}},
	    {"RequireAnyClientCert", false, {"no", "yes", "yes", "yes"}},
	    {"VerifyClientCertIfGiven", false, {"yes", "yes", "yes", "no"}},
	    {"RequireAndVerifyClientCert", false, {"no", "yes", "yes", "no"}},
	    {"RequireAndVerifyClientCert", true, {"no", "yes", "no", "no"}},
	    {"RequireAnyClientCert", true, {"no", "yes", "no", "yes"}},
	};
	static const char *const sans[] = {"prometheus.test", "192.0.2.7", "spiffe://test/prom"};
	static const char *const clients[] = {"", "client", "other-client", "foreign-client"};
	static const char *const priorities[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.3",
	                                         "NORMAL:-VERS-ALL:+VERS-TLS1.2"};
	size_t i, j, k;

	set_up();
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf rest = BUF_INIT(4096);
		struct http_gate *gate;
		struct http_tls *tls;

		buf_printf(&rest, "  client_auth_type: %s\n", rows[i].type);
		if (i > 0) /* with NoClientCert it would be refused */
			buf_printf(&rest, "  client_ca_file: %s/tests/fixtures/tls/ca.pem\n",
			           getenv("top_srcdir"));
		if (rows[i].has_sans)
			buf_printf(&rest, "  client_allowed_sans: [x, \"%s\"]\n", sans[0]);
		write_config("server", buf_string(&rest));
		gate = open_gate();
		tls = http_gate_tls(gate);
		for (j = 0; j < 4; j++)
			for (k = 0; k < 2; k++)
				ck_assert_msg(shake_hands(tls, clients[j], priorities[k]) ==
				                  (strcmp(rows[i].accepted[j], "yes") == 0),
				              "%s, %s, %s", rows[i].type, clients[j],
				              priorities[k]);
		(void)http_tls_unref(tls);
		(void)http_gate_free(gate);
		buf_done(&rest);
	}
	for (i = 1; i < 3; i++) { /* the other kinds of names */
		struct buf rest = BUF_INIT(4096);
		struct http_gate *gate;
		struct http_tls *tls;

		buf_printf(&rest,
		           "  client_auth_type: RequireAnyClientCert\n"
		           "  client_allowed_sans: [\"%s\"]\n",
		           sans[i]);
		write_config("server", buf_string(&rest));
		gate = open_gate();
		tls = http_gate_tls(gate);
		ck_assert(shake_hands(tls, "client", priorities[0]));
		ck_assert(!shake_hands(tls, "other-client", priorities[0]));
		(void)http_tls_unref(tls);
		(void)http_gate_free(gate);
		buf_done(&rest);
	}
	tear_down(NULL);
}
END_TEST

START_TEST(test_versions_are_kept_to)
{
	struct http_gate *gate;
	struct http_tls *tls;

	set_up();
	write_config("server", "  min_version: TLS13\n");
	gate = open_gate();
	tls = http_gate_tls(gate);
	ck_assert(shake_hands(tls, "", "NORMAL"));
	ck_assert(!shake_hands(tls, "", "NORMAL:-VERS-ALL:+VERS-TLS1.2"));
	(void)http_tls_unref(tls);
	(void)http_gate_free(gate);
	write_config("server-ec", "  max_version: TLS12\n  curve_preferences: [CurveP384]\n");
	gate = open_gate();
	tls = http_gate_tls(gate);
	ck_assert(!shake_hands(tls, "", "NORMAL:-VERS-ALL:+VERS-TLS1.3"));
	ck_assert(!shake_hands(tls, "", "NORMAL:-GROUP-SECP384R1"));
	ck_assert(shake_hands(tls, "", "NORMAL"));
	(void)http_tls_unref(tls);
	tear_down(gate);
}
END_TEST

UNIT_MAIN("gate", test_changes_hold_at_once_and_wrong_ones_never,
          test_new_certificate_is_for_new_connections, test_rate_is_limited_for_all,
          test_what_cannot_be_loaded_is_said, test_client_certificates, test_versions_are_kept_to)
