// SPDX-License-Identifier: MIT
/*
 * What is remembered is an HMAC of name, hash and password under a key of this process: neither the
 * password itself nor anything that could be tried elsewhere.
 */
#include "daemon/exposition/http_auth.h"

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <utlist.h>

#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/exposition/auth_limit.h"
#include "lib/cleanup.h"

#define KEY_SIZE    32
#define DIGEST_SIZE 32 /* of SHA-256 */
#define REMEMBERED  64 /* of each kind */
#define CHECKS_MAX  16 /* computed or waiting to be */
#define HEADER_MAX  4096
/* Of no user; with the cost of a user it is what an unknown name is checked against. */

#define NOBODY_HASH "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"

struct memory {
	uint8_t digests[REMEMBERED][DIGEST_SIZE];
	size_t count;
	size_t next; /* to be overwritten */
};

struct auth_ticket {
	void (*answer)(void *data, enum auth_verdict verdict); /* NULL: cancelled */
	void *data;
	struct auth_ticket *next;
};

struct check {
	struct http_auth *auth;
	uint8_t digest[DIGEST_SIZE];
	uint8_t peer[AUTH_PEER_SIZE];
	bool is_user;
	bool is_right; /* result */
	char *hash;
	char *password;
	struct auth_ticket *tickets; /* owned */
	struct check *prev, *next;
};

struct http_auth {
	const struct collector_host *host;
	uint8_t key[KEY_SIZE];
	struct memory granted;
	struct memory denied;
	struct auth_limit limit;
	struct check *checks; /* the first is under way */
	size_t check_count;
};

struct credentials {
	char *text; /* owned: "name", NUL, "password" */
	const char *password;
};

/* ---- memory ---- */

static bool remembers(const struct memory *memory, const uint8_t *digest)
{
	size_t i;

	for (i = 0; i < memory->count; i++)
		if (gnutls_memcmp(memory->digests[i], digest, DIGEST_SIZE) == 0)
			return true;
	return false;
}

static void remember(struct memory *memory, const uint8_t *digest)
{
	memcpy(memory->digests[memory->next], digest, DIGEST_SIZE);
	memory->next = (memory->next + 1) % REMEMBERED;
	if (memory->count < REMEMBERED)
		memory->count++;
}

/* ---- what the header says ---- */

static void wipe_credentials(struct credentials *credentials)
{
	if (credentials->text != NULL)
		explicit_bzero(credentials->text,
		               strlen(credentials->text) + strlen(credentials->password));
	free(credentials->text);
}

/* RFC 7617: "Basic" and base64 of name:password. A NUL inside would hide what follows it. */
static bool parse_header(const char *header, struct credentials *ret_credentials)
{
	gnutls_datum_t encoded, decoded = {0};
	char *colon;
	bool is_valid;

	if (header == NULL || strncasecmp(header, "Basic ", 6) != 0 || strlen(header) > HEADER_MAX)
		return false;
	header += 6 + strspn(header + 6, " ");
	encoded = (gnutls_datum_t){(unsigned char *)(uintptr_t)header, (unsigned)strlen(header)};
	if (encoded.size == 0 || gnutls_base64_decode2(&encoded, &decoded) < 0)
		return false;
	colon = memchr(decoded.data, ':', decoded.size);
	is_valid = colon != NULL && memchr(decoded.data, '\0', decoded.size) == NULL;
	if (is_valid) {
		ret_credentials->text = calloc(1, (size_t)decoded.size + 1);
		is_valid = ret_credentials->text != NULL;
	}
	if (is_valid) {
		memcpy(ret_credentials->text, decoded.data, decoded.size);
		ret_credentials->text[colon - (char *)decoded.data] = '\0';
		ret_credentials->password =
		    ret_credentials->text + (colon - (char *)decoded.data) + 1;
	}
	explicit_bzero(decoded.data, decoded.size);
	gnutls_free(decoded.data);
	return is_valid;
}

/* Every name is compared, whichever it is. */
static const struct label_pair *find_user(const struct pair_list *users, const char *name)
{
	const struct label_pair *found = NULL;
	size_t i;

	for (i = 0; i < users->count; i++)
		if (strcmp(users->pairs[i].name, name) == 0)
			found = &users->pairs[i];
	return found;
}

/* The two digits of "$2y$10$…". */
static int cost_of(const char *hash)
{
	return (hash[4] - '0') * 10 + hash[5] - '0';
}

/* As dear as the dearest of the users'. */
static void write_nobody(const struct pair_list *users, char out[sizeof(NOBODY_HASH)])
{
	size_t i;

	memcpy(out, NOBODY_HASH, sizeof(NOBODY_HASH));
	for (i = 0; i < users->count; i++) {
		const char *hash = users->pairs[i].value;

		if (i == 0 || cost_of(hash) > cost_of(out)) {
			out[4] = hash[4];
			out[5] = hash[5];
		}
	}
}

static int digest_of(const struct http_auth *auth, const char *hash, bool is_user,
                     const struct credentials *credentials, uint8_t *out)
{
	gnutls_hmac_hd_t hmac;

	if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, auth->key, KEY_SIZE) < 0)
		return -ENOMEM;
	/* With the NULs between them, so that no two triples give the same bytes. */
	(void)gnutls_hmac(hmac, is_user ? "u" : "n", 1);
	(void)gnutls_hmac(hmac, credentials->text, strlen(credentials->text) + 1);
	(void)gnutls_hmac(hmac, hash, strlen(hash) + 1);
	(void)gnutls_hmac(hmac, credentials->password, strlen(credentials->password));
	gnutls_hmac_deinit(hmac, out);
	return 0;
}

/* ---- checks ---- */

static struct check *check_free(struct check *check)
{
	struct auth_ticket *ticket, *next;

	LL_FOREACH_SAFE(check->tickets, ticket, next)
	{
		free(ticket);
	}
	if (check->password != NULL)
		explicit_bzero(check->password, strlen(check->password));
	free(check->password);
	free(check->hash);
	free(check);
	return NULL;
}

DEFINE_CLEANUP(struct check, check_free)

/* On a pool thread. */
static void compute(void *data)
{
	struct check *check = data;
	struct crypt_data *scratch = calloc(1, sizeof(*scratch)); /* 32 KB: not for the stack */
	const char *computed = NULL;

	if (scratch != NULL)
		computed = crypt_r(check->password, check->hash, scratch);
	check->is_right = computed != NULL && strlen(computed) == strlen(check->hash) &&
	                  gnutls_memcmp(computed, check->hash, strlen(computed)) == 0;
	if (scratch != NULL)
		explicit_bzero(scratch, sizeof(*scratch));
	free(scratch);
}

static void answer(struct check *check, enum auth_verdict verdict)
{
	struct auth_ticket *ticket;

	LL_FOREACH(check->tickets, ticket)
	{
		if (ticket->answer != NULL)
			ticket->answer(ticket->data, verdict);
	}
}

static void computed(void *data);

static int submit(struct http_auth *auth)
{
	return auth->host->submit(auth->host->context, compute, computed, auth->checks);
}

static void drop_check(struct http_auth *auth, struct check *check)
{
	DL_DELETE(auth->checks, check);
	auth->check_count--;
}

static void computed(void *data)
{
	_cleanup_(check_freep) struct check *check = data;
	struct http_auth *auth = check->auth;
	bool is_granted = check->is_right && check->is_user;

	drop_check(auth, check);
	remember(is_granted ? &auth->granted : &auth->denied, check->digest);
	if (is_granted)
		auth_limit_refund(&auth->limit, check->peer);
	answer(check, is_granted ? AUTH_GRANTED : AUTH_DENIED);
	while (auth->checks != NULL && submit(auth) < 0) { /* the pool is full, or we are to end */
		_cleanup_(check_freep) struct check *waiting = auth->checks;

		drop_check(auth, waiting);
		answer(waiting, AUTH_BUSY);
	}
}

static struct check *find_check(const struct http_auth *auth, const uint8_t *digest)
{
	struct check *check;

	DL_FOREACH(auth->checks, check)
	{
		if (memcmp(check->digest, digest, DIGEST_SIZE) == 0)
			return check;
	}
	return NULL;
}

static enum auth_verdict start_check(struct http_auth *auth, const struct auth_request *request,
                                     struct check *draft, struct check **ret_check)
{
	if (auth->check_count >= CHECKS_MAX)
		return AUTH_BUSY;
	if (!auth_limit_take(&auth->limit, request->peer, auth->host->now_ns(auth->host->context)))
		return AUTH_TOO_MANY;
	DL_APPEND(auth->checks, draft);
	auth->check_count++;
	if (auth->check_count == 1 && submit(auth) < 0) {
		drop_check(auth, draft);
		auth_limit_refund(&auth->limit, request->peer);
		return AUTH_BUSY;
	}
	*ret_check = draft;
	return AUTH_WAIT;
}

static struct check *new_check(struct http_auth *auth, const struct auth_request *request,
                               const char *hash, const struct credentials *credentials)
{
	_cleanup_(check_freep) struct check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		return NULL;
	check->auth = auth;
	memcpy(check->peer, request->peer, AUTH_PEER_SIZE);
	check->hash = strdup(hash);
	check->password = strdup(credentials->password);
	if (check->hash == NULL || check->password == NULL)
		return NULL;
	return TAKE_PTR(check);
}

/* Whoever comes with what is being checked already waits for that. */
static enum auth_verdict wait_for_check(struct http_auth *auth, const struct auth_request *request,
                                        struct check *draft, struct auth_ticket **ret_ticket)
{
	struct check *check = find_check(auth, draft->digest);
	struct auth_ticket *ticket = calloc(1, sizeof(*ticket));
	enum auth_verdict verdict = AUTH_WAIT;

	if (ticket == NULL) {
		(void)check_free(draft);
		return AUTH_BUSY;
	}
	if (check == NULL)
		verdict = start_check(auth, request, draft, &check);
	if (check != draft)
		(void)check_free(draft);
	if (verdict != AUTH_WAIT) {
		free(ticket);
		return verdict;
	}
	*ticket = (struct auth_ticket){.answer = request->answer, .data = request->data};
	LL_PREPEND(check->tickets, ticket);
	*ret_ticket = ticket;
	return AUTH_WAIT;
}

enum auth_verdict http_auth_check(struct http_auth *auth, const struct auth_request *request,
                                  struct auth_ticket **ret_ticket)
{
	_cleanup_(wipe_credentials) struct credentials credentials = {0};
	char nobody[sizeof(NOBODY_HASH)];
	struct check *draft;
	const struct label_pair *user;
	bool is_user;

	if (!parse_header(request->authorization, &credentials))
		return AUTH_DENIED;
	user = find_user(request->users, credentials.text);
	is_user = user != NULL;
	write_nobody(request->users, nobody);
	draft = new_check(auth, request, is_user ? user->value : nobody, &credentials);
	if (draft == NULL)
		return AUTH_BUSY;
	draft->is_user = is_user;
	if (digest_of(auth, draft->hash, is_user, &credentials, draft->digest) < 0) {
		(void)check_free(draft);
		return AUTH_BUSY;
	}
	if (remembers(&auth->granted, draft->digest)) {
		(void)check_free(draft);
		return AUTH_GRANTED;
	}
	if (remembers(&auth->denied, draft->digest)) {
		(void)check_free(draft);
		return AUTH_DENIED;
	}
	return wait_for_check(auth, request, draft, ret_ticket);
}

void http_auth_cancel(struct auth_ticket *ticket)
{
	ticket->answer = NULL;
}

struct http_auth *http_auth_new(const struct collector_host *host)
{
	struct http_auth *auth = calloc(1, sizeof(*auth));

	if (auth == NULL)
		return NULL;
	auth->host = host;
	if (gnutls_rnd(GNUTLS_RND_KEY, auth->key, KEY_SIZE) < 0) {
		free(auth);
		return NULL;
	}
	return auth;
}

struct http_auth *http_auth_free(struct http_auth *auth)
{
	struct check *check, *next;

	if (auth == NULL)
		return NULL;
	DL_FOREACH_SAFE(auth->checks, check, next)
	{
		(void)check_free(check);
	}
	explicit_bzero(auth, sizeof(*auth));
	free(auth);
	return NULL;
}
