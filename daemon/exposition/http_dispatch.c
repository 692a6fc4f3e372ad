// SPDX-License-Identifier: MIT
/*
 * From a request to its answer: the endpoint, whether its method is allowed and there is room for
 * one more, then a page or what the endpoint says at once.
 */
#include <errno.h>
#include <string.h>

#include "daemon/exposition/http_admit.h"
#include "daemon/exposition/http_request.h"
#include "daemon/exposition/http_server.h"
#include "daemon/exposition/negotiate.h"
#include "daemon/exposition/origin.h"
#include "lib/numbers.h"

#define ANSWER_MAX_BYTES (16U << 20) /* /sd of 2,048 processes takes 1 MB */
#define RELOAD_PATH      "/-/reload"
#define METHOD_PUT       4U /* of no endpoint; Prometheus's lifecycle API takes it like POST */
#define TIMEOUT_HEADER   "X-Prometheus-Scrape-Timeout-Seconds"

/* A scraper says when it gives up: an answer after that is for nobody. */
static void take_timeout(const struct http_server *server, struct http_connection *connection)
{
	const char *text =
	    MHD_lookup_connection_value(connection->mhd, MHD_HEADER_KIND, TIMEOUT_HEADER);
	uint64_t latest_ns = http_server_now_ns(server);
	double seconds;

	if (text == NULL || number_parse_double(text, strlen(text), &seconds) < 0 ||
	    !(seconds > 0) || seconds * 1e9 >= (double)server->options.deadline_ns)
		return;
	latest_ns += (uint64_t)(seconds * 1e9);
	if (connection->deadline_ns > latest_ns)
		connection->deadline_ns = latest_ns;
}

static const struct http_endpoint *find_endpoint(const struct http_options *options,
                                                 const char *path)
{
	size_t i;

	for (i = 0; i < options->endpoint_count; i++) {
		const struct http_endpoint *endpoint = &options->endpoints[i];
		size_t length = strlen(endpoint->path);

		if (endpoint->is_prefix ? strncmp(endpoint->path, path, length) == 0
		                        : strcmp(endpoint->path, path) == 0)
			return endpoint;
	}
	return NULL;
}

static unsigned method_of(const char *method)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
		return HTTP_GET;
	if (strcmp(method, MHD_HTTP_METHOD_PUT) == 0)
		return METHOD_PUT;
	return strcmp(method, MHD_HTTP_METHOD_POST) == 0 ? HTTP_POST : 0;
}

static unsigned allowed_methods(const struct http_endpoint *endpoint)
{
	return endpoint->methods != 0 ? endpoint->methods : HTTP_GET;
}

static enum fixed_reply not_allowed(unsigned allowed)
{
	if (allowed == HTTP_GET)
		return REPLY_ONLY_GET;
	return allowed == HTTP_POST ? REPLY_ONLY_POST : REPLY_NEITHER;
}

static enum fixed_reply reply_for_error(int error)
{
	if (error == -ETIME)
		return REPLY_TIMEOUT;
	return error == -EAGAIN ? REPLY_BUSY : REPLY_FAILED;
}

static enum MHD_Result send_fixed(struct http_server *server, struct http_connection *connection,
                                  enum fixed_reply reply)
{
	connection_answer(connection, http_server_now_ns(server));
	return reply_fixed(server->replies, connection->mhd, reply);
}

static enum MHD_Result await_page(struct http_server *server, struct http_connection *connection,
                                  struct page *page)
{
	int result = page_wait(page, connection);

	if (result < 0)
		return send_fixed(server, connection, reply_for_error(result));
	connection_wait(connection, HTTP_STAGE_WAITING, http_server_now_ns(server));
	return MHD_YES;
}

static enum MHD_Result send_page(struct http_server *server, struct http_connection *connection,
                                 const struct http_endpoint *endpoint)
{
	const char *accept =
	    MHD_lookup_connection_value(connection->mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	const char *coding = MHD_lookup_connection_value(connection->mhd, MHD_HEADER_KIND,
	                                                 MHD_HTTP_HEADER_ACCEPT_ENCODING);
	size_t format = endpoint->choose != NULL ? endpoint->choose(accept) : 0;
	struct page *page =
	    page_find(server->pages, (size_t)(endpoint - server->options.endpoints), format);
	struct MHD_Response *response;

	connection->takes_gzip = negotiate_gzip(coding);
	response = page_response(page, connection->takes_gzip);
	if (response == NULL)
		return await_page(server, connection, page);
	connection_answer(connection, http_server_now_ns(server));
	return MHD_queue_response(connection->mhd, MHD_HTTP_OK, response);
}

/* Called again for a request that waited. */
static enum MHD_Result send_awaited(struct http_server *server, struct http_connection *connection)
{
	struct MHD_Response *response;

	if (connection->wait_result < 0)
		return send_fixed(server, connection, reply_for_error(connection->wait_result));
	response = page_awaited(connection);
	if (response == NULL)
		return await_page(server, connection, connection->page);
	connection_answer(connection, http_server_now_ns(server));
	return MHD_queue_response(connection->mhd, MHD_HTTP_OK, response);
}

static enum MHD_Result respond(struct http_server *server, struct http_connection *connection,
                               const struct http_endpoint *endpoint,
                               const struct http_request *request)
{
	struct http_answer answer = {.body = BUF_INIT(ANSWER_MAX_BYTES),
	                             .headers = endpoint->headers,
	                             .header_count = endpoint->header_count};
	enum MHD_Result result;

	connection_answer(connection, http_server_now_ns(server));
	endpoint->respond(server->options.context, request, &answer);
	result = reply_answer(server->replies, connection->mhd, &answer);
	buf_done(&answer.body);
	return result;
}

/* ---- the lifecycle ---- */

static bool is_cross_origin(const struct http_connection *connection)
{
	struct MHD_Connection *mhd = connection->mhd;

	return origin_is_cross(
	    MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST),
	    MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN),
	    MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, "Sec-Fetch-Site"));
}

static enum MHD_Result reload(struct http_server *server, struct http_connection *connection,
                              unsigned method)
{
	int result;

	if (method != HTTP_POST && method != METHOD_PUT)
		return send_fixed(server, connection, REPLY_ONLY_POST);
	if (server->options.reload == NULL)
		return send_fixed(server, connection, REPLY_NO_LIFECYCLE);
	if (is_cross_origin(connection))
		return send_fixed(server, connection, REPLY_CROSS_ORIGIN);
	result = admit_reload(server, connection);
	return result < 0 ? send_fixed(server, connection, REPLY_BUSY) : MHD_YES;
}

static enum MHD_Result send_reloaded(struct http_server *server, struct http_connection *connection)
{
	struct http_answer answer = {.body = BUF_INIT(ANSWER_MAX_BYTES)};
	struct buf message = BUF_INIT(ANSWER_MAX_BYTES);
	int reloaded = admit_reloaded(connection, &message);
	enum MHD_Result result;

	if (reloaded == -ETIME)
		return send_fixed(server, connection, REPLY_TIMEOUT);
	connection_answer(connection, http_server_now_ns(server));
	if (reloaded < 0) {
		answer.status = MHD_HTTP_INTERNAL_SERVER_ERROR;
		buf_printf(&answer.body, "failed to reload config: %s\n", buf_string(&message));
	}
	result = reply_answer(server->replies, connection->mhd, &answer);
	buf_done(&answer.body);
	buf_done(&message);
	return result;
}

static enum MHD_Result answer_request(struct http_server *server,
                                      struct http_connection *connection, const char *path,
                                      unsigned method)
{
	const struct http_options *options = &server->options;
	const struct http_endpoint *endpoint = find_endpoint(options, path);
	struct http_request request = {.connection = connection->mhd, .method = method};
	bool is_healthy = strcmp(path, "/-/healthy") == 0;

	if (is_healthy || strcmp(path, "/-/ready") == 0) {
		if (method != HTTP_GET)
			return send_fixed(server, connection, REPLY_ONLY_GET);
		if (is_healthy)
			return send_fixed(server, connection, REPLY_HEALTHY);
		return send_fixed(server, connection,
		                  options->is_ready(options->context) ? REPLY_READY
		                                                      : REPLY_NOT_READY);
	}
	if (strcmp(path, RELOAD_PATH) == 0)
		return reload(server, connection, method);
	if (endpoint == NULL)
		return send_fixed(server, connection, REPLY_NOT_FOUND);
	if ((allowed_methods(endpoint) & method) == 0)
		return send_fixed(server, connection, not_allowed(allowed_methods(endpoint)));
	if (method == HTTP_POST && is_cross_origin(connection))
		return send_fixed(server, connection, REPLY_CROSS_ORIGIN);
	if (!connections_admit(&server->connections, connection, http_server_now_ns(server)))
		return send_fixed(server, connection, REPLY_LIMIT);
	if (endpoint->respond == NULL)
		return send_page(server, connection, endpoint);
	request.rest = path + strlen(endpoint->path);
	return respond(server, connection, endpoint, &request);
}

static bool is_refused(const struct http_server *server, const char *path, const char *method)
{
	const struct http_endpoint *endpoint = find_endpoint(&server->options, path);

	return strcmp(path, RELOAD_PATH) != 0 && method_of(method) != HTTP_GET &&
	       (endpoint == NULL || (allowed_methods(endpoint) & method_of(method)) == 0);
}

/* With the headers there and the verdict known. What is answered now ends the connection, since a
 * body may be on its way. */
static enum MHD_Result pass_gate(struct http_server *server, struct http_connection *connection,
                                 const char *path, const char *method)
{
	static const enum fixed_reply replies[] = {
	    [AUTH_DENIED] = REPLY_UNAUTHORIZED,
	    [AUTH_TOO_MANY] = REPLY_TOO_MANY,
	    [AUTH_BUSY] = REPLY_BUSY,
	};

	if (connection->verdict != AUTH_GRANTED)
		return send_fixed(server, connection, replies[connection->verdict]);
	connection_wait(connection, HTTP_STAGE_REQUEST, http_server_now_ns(server));
	if (is_refused(server, path, method))
		return answer_request(server, connection, path, method_of(method));
	return MHD_YES;
}

enum MHD_Result http_dispatch( // NOLINT(readability-function-size)
    void *data, struct MHD_Connection *mhd, const char *path, const char *method,
    const char *version, const char *body, size_t *body_length, void **request_context)
{
	struct http_server *server = data;
	struct http_connection *connection = *request_context;

	(void)mhd;
	(void)version;
	(void)body;
	if (connection == NULL)
		return MHD_NO; /* there was no memory for it */
	if (connection->stage == HTTP_STAGE_WAITING)
		return send_awaited(server, connection);
	if (connection->stage == HTTP_STAGE_DEFERRED)
		return send_reloaded(server, connection);
	if (connection->stage == HTTP_STAGE_GATE)
		return pass_gate(server, connection, path, method);
	if (!connection->has_headers) {
		connection->has_headers = true;
		take_timeout(server, connection);
		connection->verdict = (int)admit_request(server, connection, path);
		return connection->verdict == AUTH_WAIT
		           ? MHD_YES
		           : pass_gate(server, connection, path, method);
	}
	if (*body_length > 0) { /* nobody wants it */
		*body_length = 0;
		return MHD_YES;
	}
	return answer_request(server, connection, path, method_of(method));
}
