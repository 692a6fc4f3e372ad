// SPDX-License-Identifier: MIT
/* See http_admit.h. */
#include "daemon/exposition/http_admit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/exposition/http_gate.h"
#include "daemon/exposition/http_server.h"
#include "daemon/exposition/http_tls.h"

#define MESSAGE_SIZE 1024

/* Of the connection while it waits; of nobody when it gave up first. */
struct http_deferred {
	struct http_server *server;
	struct http_connection *connection; /* NULL: it gave up */
	bool is_answered;
	bool has_failed;
	char message[MESSAGE_SIZE];
};

static void suspend(const struct http_server *server, struct http_connection *connection,
                    enum http_stage stage)
{
	connection_wait(connection, stage, http_server_now_ns(server));
	MHD_suspend_connection(connection->mhd);
}

static void resume(const struct http_server *server, const struct http_connection *connection)
{
	MHD_resume_connection(connection->mhd);
	server->options.wake(server->options.wake_data);
}

/* ---- the gate ---- */

static void take_changes(struct http_server *server)
{
	const struct pair_list *headers;
	uint64_t generation;

	http_gate_refresh(server->options.gate);
	headers = http_gate_headers(server->options.gate, &generation);
	if (generation == server->gate_generation)
		return;
	server->gate_generation = generation;
	reply_table_set_headers(server->replies, headers);
	page_table_set_headers(server->pages, headers);
}

bool admit_connection(struct http_server *server, struct http_connection *connection)
{
	const union MHD_ConnectionInfo *info;

	if (server->options.gate == NULL)
		return true;
	take_changes(server);
	if (!http_gate_has_tls(server->options.gate))
		return true;
	info = MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	connection->tls = http_gate_tls(server->options.gate);
	return info != NULL && info->tls_session != NULL &&
	       http_tls_attach(connection->tls, info->tls_session) == 0;
}

void admit_release(struct http_connection *connection)
{
	connection->tls = http_tls_unref(connection->tls);
}

/* An IPv4 address, also one in IPv6's clothes, or the half of an IPv6 address that names a net. */
static void write_peer(struct MHD_Connection *mhd, uint8_t *out)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	memset(out, 0, AUTH_PEER_SIZE);
	if (info == NULL || info->client_addr == NULL)
		return;
	if (info->client_addr->sa_family == AF_INET) {
		memcpy(&v4, info->client_addr, sizeof(v4));
		memcpy(out, &v4.sin_addr, sizeof(v4.sin_addr));
	} else if (info->client_addr->sa_family == AF_INET6) {
		memcpy(&v6, info->client_addr, sizeof(v6));
		if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
			memcpy(out, &v6.sin6_addr.s6_addr[12], 4);
		else
			memcpy(out, &v6.sin6_addr, 8);
	}
}

static void on_checked(void *data, enum auth_verdict verdict)
{
	struct http_connection *connection = data;

	connection->ticket = NULL;
	connection->verdict = (int)verdict;
	resume(connection->server, connection);
}

static bool needs_password(const char *path)
{
	return strcmp(path, "/-/healthy") != 0 && strcmp(path, "/-/ready") != 0;
}

enum auth_verdict admit_request(struct http_server *server, struct http_connection *connection,
                                const char *path)
{
	struct auth_request request = {
	    .authorization = MHD_lookup_connection_value(connection->mhd, MHD_HEADER_KIND,
	                                                 MHD_HTTP_HEADER_AUTHORIZATION),
	    .answer = on_checked,
	    .data = connection,
	};
	enum auth_verdict verdict;

	if (server->options.gate == NULL)
		return AUTH_GRANTED;
	take_changes(server);
	write_peer(connection->mhd, request.peer);
	verdict = http_gate_admit(server->options.gate, &request, needs_password(path),
	                          &connection->ticket);
	if (verdict == AUTH_WAIT)
		suspend(server, connection, HTTP_STAGE_GATE);
	return verdict;
}

/* ---- reload ---- */

static void on_reloaded(void *data, const char *message)
{
	struct http_deferred *deferred = data;

	if (deferred->connection == NULL) {
		free(deferred);
		return;
	}
	deferred->is_answered = true;
	deferred->has_failed = message != NULL;
	if (message != NULL)
		(void)snprintf(deferred->message, sizeof(deferred->message), "%s", message);
	resume(deferred->server, deferred->connection);
}

int admit_reload(struct http_server *server, struct http_connection *connection)
{
	struct http_deferred *deferred = calloc(1, sizeof(*deferred));
	int result;

	if (deferred == NULL)
		return -ENOMEM;
	deferred->server = server;
	deferred->connection = connection;
	result = server->options.reload(server->options.reload_context, on_reloaded, deferred);
	if (result < 0) {
		free(deferred);
		return result;
	}
	connection->deferred = deferred;
	suspend(server, connection, HTTP_STAGE_DEFERRED);
	return 0;
}

int admit_reloaded(struct http_connection *connection, struct buf *reterr_message)
{
	struct http_deferred *deferred = connection->deferred;
	int result;

	connection->deferred = NULL;
	if (deferred == NULL)
		return -ETIME;
	result = deferred->has_failed ? -EINVAL : 0;
	buf_append_string(reterr_message, deferred->message);
	free(deferred);
	return result;
}

bool admit_give_up(struct http_server *server, struct http_connection *connection)
{
	if (connection->stage == HTTP_STAGE_GATE && connection->ticket != NULL) {
		http_auth_cancel(connection->ticket);
		connection->ticket = NULL;
		connection->verdict = AUTH_BUSY;
		resume(server, connection);
		return true;
	}
	if (connection->stage == HTTP_STAGE_DEFERRED && connection->deferred != NULL &&
	    !connection->deferred->is_answered) {
		connection->deferred->connection = NULL;
		connection->deferred = NULL;
		resume(server, connection);
		return true;
	}
	return connection->stage == HTTP_STAGE_GATE || connection->stage == HTTP_STAGE_DEFERRED;
}
