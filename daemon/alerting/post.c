// SPDX-License-Identifier: MIT
/*
 * A server that closes without close_notify gives an error beside its status (GnuTLS), so the
 * status decides where there is one.
 */
#include "daemon/alerting/post.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alerting/curl_library.h"
#include "lib/cleanup.h"

#define CONNECT_TIMEOUT_MS 5000L
#define TIMEOUT_MS         10000L
#define ANSWER_BYTES_MAX   65536
#define URL_BYTES_MAX      16384

/* What one request needs. */
struct transfer {
	const struct curl_library *library;
	CURL *curl;
	struct curl_slist *headers;
};

static void transfer_done(struct transfer *transfer)
{
	if (transfer->library == NULL)
		return;
	transfer->library->easy_cleanup(transfer->curl);
	transfer->library->slist_free_all(transfer->headers);
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

static struct curl_slist *headers_of(const struct curl_library *library,
                                     const struct receiver_request *request)
{
	struct curl_slist *list = library->slist_append(NULL, "Content-Type: application/json");
	size_t i;

	for (i = 0; list != NULL && i < request->header_count; i++) {
		struct curl_slist *longer = library->slist_append(list, request->headers[i]);

		if (longer == NULL) {
			library->slist_free_all(list);
			return NULL;
		}
		list = longer;
	}
	return list; /* libcurl waits for no 100: the server of a webhook rarely sends one */
}

static void set_limits(const struct transfer *transfer, const struct post *post, size_t *taken)
{
	CURLcode (*const set)(CURL *, CURLoption, ...) = transfer->library->easy_setopt;
	CURL *curl = transfer->curl;

	(void)set(curl, CURLOPT_NOSIGNAL, 1L);
	(void)set(curl, CURLOPT_QUICK_EXIT, 1L); /* waits for no slow resolver */
	(void)set(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	(void)set(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	(void)set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)set(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)set(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	(void)set(curl, CURLOPT_WRITEFUNCTION, take_answer);
	(void)set(curl, CURLOPT_WRITEDATA, taken);
	(void)set(curl, CURLOPT_NOPROGRESS, 0L);
	(void)set(curl, CURLOPT_XFERINFOFUNCTION, check_abort);
	(void)set(curl, CURLOPT_XFERINFODATA, post->is_aborted);
}

static void set_request(const struct transfer *transfer, const struct post *post)
{
	CURLcode (*const set)(CURL *, CURLoption, ...) = transfer->library->easy_setopt;
	CURL *curl = transfer->curl;

	(void)set(curl, CURLOPT_USERAGENT, "heapwatch/" PACKAGE_VERSION);
	(void)set(curl, CURLOPT_HTTPHEADER, transfer->headers);
	(void)set(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->request->body.length);
	(void)set(curl, CURLOPT_POSTFIELDS, buf_string(&post->request->body));
	if (post->ca_file != NULL) {
		(void)set(curl, CURLOPT_CAINFO, post->ca_file);
		(void)set(curl, CURLOPT_CAPATH, NULL);
	}
	if (post->cert_file != NULL) {
		(void)set(curl, CURLOPT_SSLCERT, post->cert_file);
		(void)set(curl, CURLOPT_SSLKEY, post->key_file);
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

static void take_result(const struct transfer *transfer, CURLcode code, struct post_result *result)
{
	const struct curl_library *library = transfer->library;
	curl_off_t retry_after_seconds = 0;
	long status = 0;

	(void)library->easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)library->easy_getinfo(transfer->curl, CURLINFO_RETRY_AFTER, &retry_after_seconds);
	result->outcome = outcome_of(code, status);
	result->status = (unsigned)status;
	result->retry_after_seconds = retry_after_seconds > 0 ? (uint64_t)retry_after_seconds : 0;
	if (code != CURLE_OK)
		(void)snprintf(result->error, sizeof(result->error), "%s",
		               library->easy_strerror(code));
}

static void append_url(const struct post *post, struct buf *url)
{
	size_t length = strlen(post->url);

	if (*post->path != '\0' && length > 0 && post->url[length - 1] == '/')
		length--;
	buf_append(url, post->url, length);
	buf_append_string(url, post->path);
}

/* NULL, or what is missing. */
static const char *begin(struct transfer *transfer, const struct receiver_request *request)
{
	transfer->library = curl_library();
	if (transfer->library == NULL)
		return "libcurl cannot be loaded";
	transfer->curl = transfer->library->easy_init();
	transfer->headers = headers_of(transfer->library, request);
	return transfer->curl == NULL || transfer->headers == NULL ? "no memory" : NULL;
}

void post_perform(const struct post *post, struct post_result *ret_result)
{
	_cleanup_(transfer_done) struct transfer transfer = {.library = NULL};
	_cleanup_(buf_done) struct buf url = BUF_INIT(URL_BYTES_MAX);
	const char *problem = begin(&transfer, post->request);
	size_t taken = 0;

	append_url(post, &url);
	*ret_result = (struct post_result){.outcome = POST_RETRY};
	if (problem == NULL && buf_failed(&url))
		problem = "no memory";
	if (problem != NULL) {
		(void)snprintf(ret_result->error, sizeof(ret_result->error), "%s", problem);
		return;
	}
	set_limits(&transfer, post, &taken);
	(void)transfer.library->easy_setopt(transfer.curl, CURLOPT_URL, buf_string(&url));
	set_request(&transfer, post);
	take_result(&transfer, transfer.library->easy_perform(transfer.curl), ret_result);
}
