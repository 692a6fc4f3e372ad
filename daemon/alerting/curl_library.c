// SPDX-License-Identifier: MIT
#include "daemon/alerting/curl_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The flavour that shares its TLS library with libmicrohttpd comes first. */
static const char *const names[] = {"libcurl-gnutls.so.4", "libcurl.so.4"};

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
    {"curl_global_init", offsetof(struct curl_library, global_init)},
    {"curl_easy_init", offsetof(struct curl_library, easy_init)},
    {"curl_easy_cleanup", offsetof(struct curl_library, easy_cleanup)},
    {"curl_easy_setopt", offsetof(struct curl_library, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct curl_library, easy_getinfo)},
    {"curl_easy_strerror", offsetof(struct curl_library, easy_strerror)},
    {"curl_multi_init", offsetof(struct curl_library, multi_init)},
    {"curl_multi_cleanup", offsetof(struct curl_library, multi_cleanup)},
    {"curl_multi_add_handle", offsetof(struct curl_library, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct curl_library, multi_remove_handle)},
    {"curl_multi_perform", offsetof(struct curl_library, multi_perform)},
    {"curl_multi_poll", offsetof(struct curl_library, multi_poll)},
    {"curl_multi_wakeup", offsetof(struct curl_library, multi_wakeup)},
    {"curl_multi_info_read", offsetof(struct curl_library, multi_info_read)},
    {"curl_multi_strerror", offsetof(struct curl_library, multi_strerror)},
    {"curl_slist_append", offsetof(struct curl_library, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl_library, slist_free_all)},
};

static struct curl_library loaded;
static bool is_loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool find_functions(void *library)
{
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (function == NULL)
			return false;
		memcpy((char *)&loaded + functions[i].offset, &function, sizeof(function));
	}
	return true;
}

/* It stays until the end: threads may be within it. */
static void load(void)
{
	void *library = NULL;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && library == NULL; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	is_loaded = library != NULL && find_functions(library) &&
	            loaded.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

const struct curl_library *curl_library(void)
{
	(void)pthread_once(&once, load); /* fails for no valid argument */
	return is_loaded ? &loaded : NULL;
}
