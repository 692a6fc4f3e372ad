// SPDX-License-Identifier: MIT
/* See origin.h. */
#include "daemon/exposition/origin.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The host and port of "https://host:port"; "null", as from a sandboxed page, has none. */
static const char *authority_of(const char *origin)
{
	static const char *const schemes[] = {"http://", "https://"};
	size_t i;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncasecmp(origin, schemes[i], strlen(schemes[i])) == 0)
			return origin + strlen(schemes[i]);
	return NULL;
}

bool origin_is_cross(const char *host, const char *origin, const char *sec_fetch_site)
{
	const char *authority;

	/* "none": typed or bookmarked. "same-site" is another port or a sister's host. */
	if (sec_fetch_site != NULL && strcmp(sec_fetch_site, "same-origin") != 0 &&
	    strcmp(sec_fetch_site, "none") != 0)
		return true;
	if (origin == NULL)
		return false;
	authority = authority_of(origin);
	return host == NULL || authority == NULL || strcasecmp(authority, host) != 0;
}
