// SPDX-License-Identifier: MIT
/*
 * What a handler may ask of its request, answered by libmicrohttpd.
 */
#include "daemon/exposition/http_request.h"

#include "lib/numbers.h"

enum http_method http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *http_request_rest(const struct http_request *request)
{
	return request->rest;
}

const char *http_request_argument(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

size_t http_unescape(void *context, struct MHD_Connection *connection, char *text)
{
	char *out = text;
	uint64_t byte;

	(void)context;
	(void)connection;
	for (char *in = text; *in != '\0'; out++) {
		if (in[0] == '%' && in[1] != '\0' && number_parse_hex(in + 1, 2, &byte) == 0 &&
		    byte != 0) {
			*out = (char)byte;
			in += 3;
		} else {
			*out = *in++;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}
