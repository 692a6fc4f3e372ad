// SPDX-License-Identifier: MIT
/*
 * libcurl, loaded for the first receiver: it brings some thirty libraries along, 4 MB of
 * resident memory that a heapwatchd without receivers does without. dlopen(3), libcurl(3).
 */
#ifndef HEAPWATCH_DAEMON_ALERTING_CURL_LIBRARY_H
#define HEAPWATCH_DAEMON_ALERTING_CURL_LIBRARY_H

#include <curl/curl.h>

/* The functions that are used, as libcurl names them without "curl_". */
struct curl_library {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *curl);
	CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *curl);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *curl);
	CURLMcode (*multi_perform)(CURLM *multi, int *running);
	CURLMcode (*multi_poll)(CURLM *multi, struct curl_waitfd *more, unsigned more_count,
	                        int timeout_ms, int *ready);
	CURLMcode (*multi_wakeup)(CURLM *multi);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
	const char *(*multi_strerror)(CURLMcode code);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *text);
	void (*slist_free_all)(struct curl_slist *list);
};

/* Loaded and set up, the same from every thread; NULL when that failed. */
const struct curl_library *curl_library(void);

#endif
