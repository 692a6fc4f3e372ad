// SPDX-License-Identifier: MIT
/*
 * A server that closes without close_notify gives an error beside its status (GnuTLS), so the
 * status decides where there is one.
 */
#include "daemon/alerting/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "daemon/alerting/curl_library.h"
#include "lib/cleanup.h"

#define CONNECT_TIMEOUT_MS 5000L
#define TIMEOUT_MS         10000L
#define ANSWER_BYTES_MAX   65536
#define URL_BYTES_MAX      16384
#define WAIT_MS            1000

struct poster {
	const struct curl_library *library;
	CURLM *multi;
	struct post_transfer *transfers; /* list */
};

/* What one post needs while it is under way. */
struct post_transfer {
	const struct curl_library *library;
	struct post *post;
	CURL *curl;
	struct curl_slist *headers;
	size_t taken_bytes;
	struct post_transfer *prev; /* list: utlist.h */
	struct post_transfer *next;
};

static struct post_transfer *post_transfer_free(struct post_transfer *transfer)
{
	transfer->library->easy_cleanup(transfer->curl);
	transfer->library->slist_free_all(transfer->headers);
	free(transfer);
	return NULL;
}

DEFINE_CLEANUP(struct post_transfer, post_transfer_free)

/* Counts, and ends the transfer when it is too much. */
static size_t take_answer(char *bytes, size_t size, size_t count, void *data)
{
	struct post_transfer *transfer = data;

	(void)bytes;
	transfer->taken_bytes += size * count;
	return transfer->taken_bytes > ANSWER_BYTES_MAX ? 0 : size * count;
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

static void set_limits(struct post_transfer *transfer)
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
	(void)set(curl, CURLOPT_WRITEDATA, transfer);
	(void)set(curl, CURLOPT_PRIVATE, transfer);
}

static void set_request(const struct post_transfer *transfer, const struct post *post)
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

static void take_result(const struct post_transfer *transfer, CURLcode code,
                        struct post_result *result)
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

/* ---- one post ---- */

static void append_url(const struct post *post, struct buf *url)
{
	size_t length = strlen(post->url);

	if (*post->path != '\0' && length > 0 && post->url[length - 1] == '/')
		length--;
	buf_append(url, post->url, length);
	buf_append_string(url, post->path);
}

static struct post_transfer *transfer_new(const struct curl_library *library, struct post *post)
{
	_cleanup_(post_transfer_freep) struct post_transfer *transfer =
	    calloc(1, sizeof(*transfer));
	_cleanup_(buf_done) struct buf url = BUF_INIT(URL_BYTES_MAX);

	if (transfer == NULL)
		return NULL;
	transfer->library = library;
	transfer->post = post;
	transfer->curl = library->easy_init();
	transfer->headers = headers_of(library, post->request);
	append_url(post, &url);
	if (transfer->curl == NULL || transfer->headers == NULL || buf_failed(&url))
		return NULL;
	set_limits(transfer);
	(void)library->easy_setopt(transfer->curl, CURLOPT_URL, buf_string(&url));
	set_request(transfer, post);
	return TAKE_PTR(transfer);
}

static void finish(struct poster *poster, struct post_transfer *transfer)
{
	struct post *post = transfer->post;

	(void)poster->library->multi_remove_handle(poster->multi, transfer->curl);
	DL_DELETE(poster->transfers, transfer);
	post->transfer = post_transfer_free(transfer);
	post->is_over = true;
}

static void fail(struct post *post, const char *what)
{
	post->result = (struct post_result){.outcome = POST_RETRY};
	(void)snprintf(post->result.error, sizeof(post->result.error), "%s", what);
	post->is_over = true;
}

/* NULL, or what is missing. */
static const char *begin(struct poster *poster, struct post *post)
{
	_cleanup_(post_transfer_freep) struct post_transfer *transfer = NULL;

	if (poster == NULL)
		return "libcurl cannot be loaded";
	transfer = transfer_new(poster->library, post);
	if (transfer == NULL ||
	    poster->library->multi_add_handle(poster->multi, transfer->curl) != CURLM_OK)
		return "no memory";
	DL_APPEND(poster->transfers, transfer);
	post->transfer = TAKE_PTR(transfer);
	return NULL;
}

void poster_begin(struct poster *poster, struct post *post)
{
	const char *problem;

	post->is_over = false;
	post->result = (struct post_result){.outcome = POST_RETRY};
	problem = begin(poster, post);
	if (problem != NULL)
		fail(post, problem);
}

void poster_cancel(struct poster *poster, struct post *post)
{
	if (post->is_over)
		return;
	if (post->transfer != NULL)
		finish(poster, post->transfer);
	fail(post, "heapwatchd ends");
}

/* ---- all of them ---- */

static bool take_results(struct poster *poster)
{
	const struct curl_library *library = poster->library;
	bool is_any = false;
	const CURLMsg *message;
	int left;

	while ((message = library->multi_info_read(poster->multi, &left)) != NULL) {
		struct post_transfer *transfer = NULL;
		CURLcode code = message->data.result; /* message goes with its handle */

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)library->easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		take_result(transfer, code, &transfer->post->result);
		finish(poster, transfer);
		is_any = true;
	}
	return is_any;
}

/* What libcurl cannot go on with ends here, so that nobody waits for it for ever. */
static void fail_all(struct poster *poster, CURLMcode code)
{
	while (poster->transfers != NULL) {
		struct post *post = poster->transfers->post;

		finish(poster, poster->transfers);
		fail(post, poster->library->multi_strerror(code));
	}
}

void poster_wait(struct poster *poster)
{
	const struct curl_library *library = poster->library;
	int running = 0;
	CURLMcode code = library->multi_perform(poster->multi, &running);

	if (code == CURLM_OK && take_results(poster))
		return;
	if (code == CURLM_OK)
		code = library->multi_poll(poster->multi, NULL, 0, WAIT_MS, NULL);
	if (code == CURLM_OK)
		code = library->multi_perform(poster->multi, &running);
	if (code == CURLM_OK)
		(void)take_results(poster);
	else
		fail_all(poster, code);
}

void poster_wake(struct poster *poster)
{
	(void)poster->library->multi_wakeup(poster->multi); /* else it takes a second */
}

struct poster *poster_new(void)
{
	const struct curl_library *library = curl_library();
	struct poster *poster;

	if (library == NULL)
		return NULL;
	poster = calloc(1, sizeof(*poster));
	if (poster == NULL)
		return NULL;
	poster->library = library;
	poster->multi = library->multi_init();
	return poster->multi != NULL ? poster : poster_free(poster);
}

struct poster *poster_free(struct poster *poster)
{
	if (poster == NULL)
		return NULL;
	while (poster->transfers != NULL)
		poster_cancel(poster, poster->transfers->post);
	if (poster->multi != NULL)
		(void)poster->library->multi_cleanup(poster->multi);
	free(poster);
	return NULL;
}
