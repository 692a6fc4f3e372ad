// SPDX-License-Identifier: MIT
/* See url.h. */
#include "config/url.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/numbers.h"

#define REDACTED "<redacted>"

/* Behind the host: nothing, or :PORT from 1 to 65535. */
static bool is_port(const char *text, size_t length)
{
	uint64_t port;

	if (length == 0)
		return true;
	return text[0] == ':' && number_parse_u64(text + 1, length - 1, &port) == 0 && port >= 1 &&
	       port <= 65535;
}

bool config_url_is_valid(const char *url)
{
	const char *authority, *at, *bracket;
	size_t length, host_length, i;

	for (i = 0; url[i] != '\0'; i++)
		if (url[i] <= ' ' || url[i] >= 0x7f)
			return false;
	if (strncmp(url, "http://", 7) == 0)
		authority = url + 7;
	else if (strncmp(url, "https://", 8) == 0)
		authority = url + 8;
	else
		return false;
	length = strcspn(authority, "/?#");
	at = memrchr(authority, '@', length);
	if (at != NULL) {
		length -= (size_t)(at + 1 - authority);
		authority = at + 1;
	}
	bracket = authority[0] == '[' ? memchr(authority, ']', length) : NULL;
	if (authority[0] == '[' && bracket == NULL)
		return false;
	host_length =
	    bracket != NULL ? (size_t)(bracket + 1 - authority) : strcspn(authority, ":/?#");
	if (host_length > length || host_length < (bracket != NULL ? sizeof("[]") : 1))
		return false;
	return is_port(authority + host_length, length - host_length);
}

void config_url_redact(const char *url, bool hides_path, struct buf *out)
{
	const char *authority = strstr(url, "://") + 3;
	size_t length = strcspn(authority, "/?#");
	const char *host = memrchr(authority, '@', length);
	const char *path = authority + length;
	size_t path_length = strcspn(path, "?#");

	buf_append(out, url, (size_t)(authority - url));
	if (host != NULL)
		buf_append_string(out, REDACTED "@");
	host = host != NULL ? host + 1 : authority;
	buf_append(out, host, (size_t)(path - host));
	if (hides_path && path_length > 1)
		buf_append_string(out, "/" REDACTED);
	else
		buf_append(out, path, path_length);
	if (path[path_length] != '\0')
		buf_printf(out, "%c" REDACTED, path[path_length]);
}
