// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "lib/digest.h"
#include "tests/unit/unit.h"

static void check_hex(const uint8_t *bytes, size_t length, const char *expected)
{
	char text[2 * DIGEST_SHA256_BYTES + 1] = "";
	size_t i;

	for (i = 0; i < length; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	ck_assert_str_eq(text, expected);
}

START_TEST(test_digests_are_those_of_the_standards)
{
	uint8_t sha1[DIGEST_SHA1_BYTES];
	uint8_t hmac[DIGEST_SHA256_BYTES];

	/* FIPS 180, RFC 4231 test case 2 */
	ck_assert_int_eq(digest_sha1("abc", 3, sha1), 0);
	check_hex(sha1, sizeof(sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
	ck_assert_int_eq(digest_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, hmac),
	                 0);
	check_hex(hmac, sizeof(hmac),
	          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
END_TEST

START_TEST(test_base64_pads)
{
	/* RFC 4648, section 10 */
	static const char *const rows[][2] = {{"f", "Zg=="},         {"fo", "Zm8="},
	                                      {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
	                                      {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	char text[DIGEST_BASE64_SIZE(6)];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(digest_base64(rows[i][0], strlen(rows[i][0]), text), 0);
		ck_assert_str_eq(text, rows[i][1]);
	}
}
END_TEST

UNIT_MAIN("digest", test_digests_are_those_of_the_standards, test_base64_pads)
