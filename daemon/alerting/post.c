// SPDX-License-Identifier: MIT
/*
 * A server that closes without close_notify gives an error beside its status (GnuTLS), so the
 * status decides where there is one.
 */
#include "daemon/alerting/post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "lib/cleanup.h"

#define CONNECT_TIMEOUT_MS 5000L
#define TIMEOUT_MS         10000L
#define ANSWER_BYTES_MAX   65536
#define URL_BYTES_MAX      16384

static inline void curl_cleanupp(CURL **curl)
{
	curl_easy_cleanup(*curl);
}

static inline void curl_slistp(struct curl_slist **list)
{
	curl_slist_free_all(*list);
}

int post_setup(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -EIO;
}

/* Counts, and ends the transfer when it is too much. */
static size_t take_answer(char *bytes, size_t size, size_t count, void *data)
{
	size_t *taken = data;

	(void)bytes;
	*taken += size * count;
	return *taken > ANSWER_BYTES_MAX ? 0 : size * count;
}

static int check_abort(void *data, curl_off_t total_down, curl_off_t down, curl_off_t total_up,
                       curl_off_t up)
{
	const atomic_bool *is_aborted = data;

	(void)total_down;
	(void)down;
	(void)total_up;
	(void)up;
	return atomic_load(is_aborted);
}

static struct curl_slist *headers_of(const struct receiver_request *request)
{
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
	size_t i;

	for (i = 0; list != NULL && i < request->header_count; i++) {
		struct curl_slist *longer = curl_slist_append(list, request->headers[i]);

		if (longer == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list; /* libcurl waits for no 100: the server of a webhook rarely sends one */
}

static void set_limits(CURL *curl, const struct post *post, size_t *taken)
{
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* waits for no slow resolver */
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, taken);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_abort);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, post->is_aborted);
}

static void set_request(CURL *curl, const struct post *post, struct curl_slist *headers)
{
	(void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "heapwatch/" PACKAGE_VERSION);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
	                       (curl_off_t)post->request->body.length);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, buf_string(&post->request->body));
	if (post->ca_file != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, post->ca_file);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (post->cert_file != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_SSLCERT, post->cert_file);
		(void)curl_easy_setopt(curl, CURLOPT_SSLKEY, post->key_file);
	}
}

static enum post_outcome outcome_of(CURLcode code, long status)
{
	if (status >= 200 && status < 300)
		return POST_DELIVERED;
	if (status == 408 || status == 429 || status >= 500)
		return POST_RETRY;
	if (status >= 300)
		return POST_REFUSED;
	return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ? POST_REFUSED
	                                                                         : POST_RETRY;
}

static void take_result(CURL *curl, CURLcode code, struct post_result *result)
{
	curl_off_t retry_after_seconds = 0;
	long status = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_seconds);
	result->outcome = outcome_of(code, status);
	result->status = (unsigned)status;
	result->retry_after_seconds = retry_after_seconds > 0 ? (uint64_t)retry_after_seconds : 0;
	if (code != CURLE_OK)
		(void)snprintf(result->error, sizeof(result->error), "%s",
		               curl_easy_strerror(code));
}

static void append_url(const struct post *post, struct buf *url)
{
	size_t length = strlen(post->url);

	if (*post->path != '\0' && length > 0 && post->url[length - 1] == '/')
		length--;
	buf_append(url, post->url, length);
	buf_append_string(url, post->path);
}

void post_perform(const struct post *post, struct post_result *ret_result)
{
	_cleanup_(curl_cleanupp) CURL *curl = curl_easy_init();
	_cleanup_(curl_slistp) struct curl_slist *headers = headers_of(post->request);
	_cleanup_(buf_done) struct buf url = BUF_INIT(URL_BYTES_MAX);
	size_t taken = 0;

	append_url(post, &url);
	*ret_result = (struct post_result){.outcome = POST_RETRY};
	if (curl == NULL || headers == NULL || buf_failed(&url)) {
		(void)snprintf(ret_result->error, sizeof(ret_result->error), "no memory");
		return;
	}
	set_limits(curl, post, &taken);
	(void)curl_easy_setopt(curl, CURLOPT_URL, buf_string(&url));
	set_request(curl, post, headers);
	take_result(curl, curl_easy_perform(curl), ret_result);
}
