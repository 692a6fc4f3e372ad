// SPDX-License-Identifier: MIT
/*
 * Digests and base64, by GnuTLS, which is there for TLS anyway. All fail with -EIO only where the
 * library refuses (no memory, or SHA-1 in FIPS mode).
 */
#ifndef HEAPWATCH_LIB_DIGEST_H
#define HEAPWATCH_LIB_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA1_BYTES   20
#define DIGEST_SHA256_BYTES 32

/* Bytes of the base64 of so many bytes, with its NUL. */
#define DIGEST_BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1)

int digest_sha1(const void *bytes, size_t length, uint8_t ret_digest[DIGEST_SHA1_BYTES])
    __attribute__((warn_unused_result));
int digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                       uint8_t ret_digest[DIGEST_SHA256_BYTES]) __attribute__((warn_unused_result));
/* out has DIGEST_BASE64_SIZE(length) bytes. */
int digest_base64(const void *bytes, size_t length, char *out) __attribute__((warn_unused_result));

#endif
