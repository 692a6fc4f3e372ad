// SPDX-License-Identifier: MIT
/*
 * Calls of GnuTLS with its results turned into ours.
 */
#include "lib/digest.h"

#include <errno.h>
#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

int digest_sha1(const void *bytes, size_t length, uint8_t ret_digest[DIGEST_SHA1_BYTES])
{
	return gnutls_hash_fast(GNUTLS_DIG_SHA1, bytes, length, ret_digest) < 0 ? -EIO : 0;
}

int digest_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                       uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
	return gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_length, bytes, length, ret_digest) < 0
	           ? -EIO
	           : 0;
}

int digest_base64(const void *bytes, size_t length, char *out)
{
	gnutls_datum_t text = {NULL, 0};
	/* Only read, though the type does not say so. */
	gnutls_datum_t data = {(unsigned char *)(uintptr_t)bytes, (unsigned)length};

	if (gnutls_base64_encode2(&data, &text) < 0)
		return -EIO;
	memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	gnutls_free(text.data);
	return 0;
}
