// SPDX-License-Identifier: MIT
/*
 * An inspector as a thread of the test: it answers as Node does, or as the script says. It serves
 * one connection after the other until it is stopped.
 */
#ifndef HEAPWATCH_TESTS_INSPECTOR_SERVER_H
#define HEAPWATCH_TESTS_INSPECTOR_SERVER_H

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/inspector/handshake.h"

#define SERVER_MESSAGE_SIZE 65536
#define SERVER_PID          4711

struct inspector_server;

struct inspector_script {
	const char *version_reply; /* whole HTTP replies; NULL: as Node's */
	const char *list_reply;
	const char *upgrade_headers; /* beside Sec-WebSocket-Accept; NULL: as Node's */
	const char *accept;          /* NULL: the right one */
	/* Right behind the 101, in the same packet. */
	const char *early;
	size_t early_length;
	bool is_silent; /* accepts and says nothing */
	bool is_old;    /* no domain NodeRuntime */
	/* True when it has dealt with the message. */
	bool (*answer)(struct inspector_server *server, int fd, unsigned id, const char *message);
};

struct inspector_server {
	const struct inspector_script *script;
	int listen_fd;
	int fd; /* of the connection served now; -1 */
	uint16_t port;
	pthread_t thread;
	volatile bool is_stopping;
	unsigned promise_id; /* of the call that awaits the end */
};

static inline void server_write(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		at += sent;
		length -= (size_t)sent;
	}
}

/* One frame as a server sends it: not masked. */
static inline void server_frame(int fd, unsigned first, const void *payload, size_t length)
{
	uint8_t head[10] = {(uint8_t)first};
	size_t size = 2;
	size_t i;

	if (length < 126) {
		head[1] = (uint8_t)length;
	} else if (length < 65536) {
		head[1] = 126;
		size = 4;
	} else {
		head[1] = 127;
		size = 10;
	}
	for (i = 2; i < size; i++)
		head[i] = (uint8_t)((uint64_t)length >> (8 * (size - 1 - i)));
	server_write(fd, head, size);
	server_write(fd, payload, length);
}

static inline void server_say(int fd, const char *text)
{
	server_frame(fd, 0x81, text, strlen(text));
}

/* The reply to a call; body is its other members. */
static inline void server_reply(int fd, unsigned id, const char *body)
{
	static char text[SERVER_MESSAGE_SIZE];

	(void)snprintf(text, sizeof(text), "{\"id\":%u,%s}", id, body);
	server_say(fd, text);
}

/* The id of the call to a worker inside a message; 0: it is none. */
static inline unsigned server_worker_call(const char *message)
{
	const char *id = strstr(message, "\\\"id\\\":");

	return id != NULL ? (unsigned)strtoul(id + strlen("\\\"id\\\":"), NULL, 10) : 0;
}

/* What a worker says; its quotes are escaped twice. */
static inline void server_worker_says(int fd, const char *worker, const char *escaped)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
	               "{\"method\":\"NodeWorker.receivedMessageFromWorker\",\"params\":{"
	               "\"sessionId\":\"%s\",\"message\":\"%s\"}}",
	               worker, escaped);
	server_say(fd, text);
}

static inline void server_worker_reply(int fd, const char *worker, unsigned id, const char *escaped)
{
	char text[768];

	(void)snprintf(text, sizeof(text), "{\\\"id\\\":%u,%s}", id, escaped);
	server_worker_says(fd, worker, text);
}

static inline bool server_read(int fd, void *out, size_t length)
{
	return recv(fd, out, length, MSG_WAITALL) == (ssize_t)length;
}

/* The payload of one masked frame; false at the end or with a close frame. */
static inline bool server_receive(int fd, char out[SERVER_MESSAGE_SIZE])
{
	uint8_t head[2];
	uint8_t extended[2];
	uint8_t mask[4];
	size_t length;
	size_t i;

	if (!server_read(fd, head, 2) || (head[0] & 0x0F) == 8)
		return false;
	ck_assert_msg((head[1] & 0x80) != 0, "frames of a client are masked");
	length = head[1] & 0x7F;
	if (length == 126) {
		if (!server_read(fd, extended, 2))
			return false;
		length = (size_t)extended[0] << 8 | extended[1];
	}
	if (!server_read(fd, mask, 4) || !server_read(fd, out, length))
		return false;
	for (i = 0; i < length; i++)
		out[i] = (char)((uint8_t)out[i] ^ mask[i % 4]);
	out[length] = '\0';
	return true;
}

static inline void server_answer_as_node(struct inspector_server *server, int fd, unsigned id,
                                         const char *message)
{
	char text[256];
	const char *result = "{}";

	if (strstr(message, "process.pid") != NULL) {
		(void)snprintf(text, sizeof(text),
		               "{\"id\":%u,\"result\":{\"result\":{\"type\":\"number\","
		               "\"value\":%d}}}",
		               id, SERVER_PID);
		server_say(fd, text);
		return;
	}
	if (server->script->is_old && strstr(message, "NodeRuntime.") != NULL) {
		(void)snprintf(text, sizeof(text),
		               "{\"error\":{\"code\":-32601,\"message\":\"wasn't found\"},"
		               "\"id\":%u}",
		               id);
		server_say(fd, text);
		return;
	}
	if (strstr(message, "awaitPromise") != NULL) {
		server->promise_id = id;
		return;
	}
	if (strstr(message, "new Promise") != NULL)
		result = "{\"result\":{\"type\":\"object\",\"objectId\":\"o.1\"}}";
	(void)snprintf(text, sizeof(text), "{\"id\":%u,\"result\":%s}", id, result);
	server_say(fd, text);
}

static inline void server_converse(struct inspector_server *server, int fd)
{
	static char message[SERVER_MESSAGE_SIZE];

	while (server_receive(fd, message)) {
		const char *id = strstr(message, "\"id\":");
		unsigned number = id != NULL ? (unsigned)strtoul(id + 5, NULL, 10) : 0;

		if (server->script->answer == NULL ||
		    !server->script->answer(server, fd, number, message))
			server_answer_as_node(server, fd, number, message);
	}
}

static inline void server_document(int fd, const char *reply, const char *body)
{
	char text[1024];

	if (reply == NULL) {
		(void)snprintf(text, sizeof(text),
		               "HTTP/1.0 200 OK\r\nContent-Type: application/json; "
		               "charset=UTF-8\r\nCache-Control: no-cache\r\n"
		               "Content-Length: %zu\r\n\r\n%s",
		               strlen(body), body);
		reply = text;
	}
	server_write(fd, reply, strlen(reply));
}

static inline void server_upgrade(struct inspector_server *server, int fd, const char *request)
{
	const struct inspector_script *script = server->script;
	const char *name = "Sec-WebSocket-Key: ";
	const char *found = strstr(request, name);
	char key[HANDSHAKE_KEY_SIZE];
	char accept[HANDSHAKE_ACCEPT_SIZE];
	char text[1024];
	int length;

	ck_assert_ptr_nonnull(found);
	memcpy(key, found + strlen(name), sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	ck_assert_int_eq(handshake_accept(key, accept), 0);
	length = snprintf(text, sizeof(text),
	                  "HTTP/1.1 101 Switching Protocols\r\n%s"
	                  "Sec-WebSocket-Accept: %s\r\n\r\n",
	                  script->upgrade_headers != NULL
	                      ? script->upgrade_headers
	                      : "Upgrade: websocket\r\nConnection: Upgrade\r\n",
	                  script->accept != NULL ? script->accept : accept);
	if (script->early_length > 0)
		memcpy(text + length, script->early, script->early_length);
	server_write(fd, text, (size_t)length + script->early_length);
	server_converse(server, fd);
}

static inline void server_serve(struct inspector_server *server, int fd)
{
	static const char version[] =
	    "{\n  \"Browser\": \"node.js/v20.20.2\",\n  \"Protocol-Version\": \"1.1\"\n}\n";
	static const char list[] =
	    "[ {\n  \"description\": \"node.js instance\",\n  \"id\": \"6f3c0a1b-07aa\",\n"
	    "  \"title\": \"app.js\",\n  \"type\": \"node\",\n"
	    "  \"webSocketDebuggerUrl\": \"ws://192.0.2.1:80/elsewhere\"\n} ]\n\n";
	char request[2048] = "";
	size_t length = 0;

	while (strstr(request, "\r\n\r\n") == NULL) {
		ssize_t got = recv(fd, request + length, sizeof(request) - 1 - length, 0);

		if (got <= 0)
			return;
		length += (size_t)got;
		request[length] = '\0';
	}
	if (server->script->is_silent)
		(void)recv(fd, request, 1, 0);
	else if (strncmp(request, "GET /json/version ", 18) == 0)
		server_document(fd, server->script->version_reply, version);
	else if (strncmp(request, "GET /json/list ", 15) == 0)
		server_document(fd, server->script->list_reply, list);
	else if (strncmp(request, "GET /6f3c0a1b-07aa ", 19) == 0)
		server_upgrade(server, fd, request);
}

static inline void *server_run(void *data)
{
	struct inspector_server *server = data;

	while (!server->is_stopping) {
		int fd = accept(server->listen_fd, NULL, NULL);

		if (fd < 0)
			break;
		server->fd = fd;
		server_serve(server, fd);
		server->fd = -1;
		(void)close(fd);
	}
	return NULL;
}

static inline void server_start(struct inspector_server *server,
                                const struct inspector_script *script)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);

	*server = (struct inspector_server){.script = script, .fd = -1};
	server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
	    bind(server->listen_fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(server->listen_fd, 8), 0);
	ck_assert_int_eq(getsockname(server->listen_fd, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, server_run, server), 0);
}

/* After the session is gone: the server is in accept(), or about to see the end of a connection. */
static inline void server_stop(struct inspector_server *server)
{
	server->is_stopping = true;
	(void)shutdown(server->listen_fd, SHUT_RDWR);
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	(void)close(server->listen_fd);
}

#endif
