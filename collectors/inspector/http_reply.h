// SPDX-License-Identifier: MIT
/*
 * The reply of an HTTP/1 server, from the bytes that have come so far (RFC 9112). Pure, and only
 * what V8's inspector in Node needs: no chunked bodies, no continuation lines. The bytes are
 * hostile input: whatever is ambiguous is an error.
 */
#ifndef HEAPWATCH_COLLECTORS_INSPECTOR_HTTP_REPLY_H
#define HEAPWATCH_COLLECTORS_INSPECTOR_HTTP_REPLY_H

#include <stddef.h>

#define HTTP_REPLY_HEAD_MAX ((size_t)8 * 1024)
#define HTTP_REPLY_BODY_MAX ((size_t)64 * 1024)

/* Pointers into the text that was parsed. */
struct http_reply {
	unsigned status;
	const char *head; /* status line and headers, with the empty line behind them */
	size_t head_length;
	const char *body; /* without a Content-Length it is empty */
	size_t body_length;
};

/*
 * 0: the reply is complete; bytes behind it are not looked at. -EAGAIN: more must come. -EBADMSG:
 * not HTTP. -EMSGSIZE: above the maxima.
 */
int http_reply_parse(const char *text, size_t length, struct http_reply *ret_reply)
    __attribute__((warn_unused_result));

/*
 * The value of one header without the blanks around it, whatever the case of its name. -ENOENT;
 * -EBADMSG: it is there twice.
 */
int http_reply_header(const struct http_reply *reply, const char *name, const char **ret_value,
                      size_t *ret_length) __attribute__((warn_unused_result));

#endif
