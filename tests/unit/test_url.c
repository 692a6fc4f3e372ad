// SPDX-License-Identifier: MIT
/* What of a URL may be shown; which URLs are taken is tested with the receivers. */
#include "config/url.h"
#include "lib/buf.h"
#include "tests/unit/unit.h"

START_TEST(test_secrets_are_redacted)
{
	static const struct {
		const char *url;
		const char *with_path;
		const char *without_path;
	} rows[] = {
	    {"http://h", "http://h", "http://h"},
	    {"https://h:8080/", "https://h:8080/", "https://h:8080/"},
	    {"https://me:pw@h/a/b", "https://<redacted>@h/a/b", "https://<redacted>@h/<redacted>"},
	    {"http://a@b@h/x?token=1#f", "http://<redacted>@h/x?<redacted>",
	     "http://<redacted>@h/<redacted>?<redacted>"},
	    {"http://h?k=v", "http://h?<redacted>", "http://h?<redacted>"},
	    {"http://[::1]:9/p#frag", "http://[::1]:9/p#<redacted>",
	     "http://[::1]:9/<redacted>#<redacted>"},
	    {"http://h/a@b", "http://h/a@b", "http://h/<redacted>"},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = BUF_INIT(1024);

		config_url_redact(rows[i].url, false, &out);
		ck_assert_str_eq(buf_string(&out), rows[i].with_path);
		ck_assert(config_url_is_valid(buf_string(&out)));
		buf_clear(&out);
		config_url_redact(rows[i].url, true, &out);
		ck_assert_str_eq(buf_string(&out), rows[i].without_path);
		ck_assert(config_url_is_valid(buf_string(&out)));
		buf_done(&out);
	}
}
END_TEST

UNIT_MAIN("url", test_secrets_are_redacted)
