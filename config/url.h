// SPDX-License-Identifier: MIT
/*
 * URLs of receivers: which are taken, and what of them may be shown.
 */
#ifndef HEAPWATCH_CONFIG_URL_H
#define HEAPWATCH_CONFIG_URL_H

#include <stdbool.h>

struct buf;

/* http:// or https://, a host, an optional port, no blanks. */
bool config_url_is_valid(const char *url);
/*
 * Appends a valid URL with its credentials, its query and fragment and, if hides_path, its path
 * replaced by "<redacted>"; still a valid URL.
 */
void config_url_redact(const char *url, bool hides_path, struct buf *out);

#endif
