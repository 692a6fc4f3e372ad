// SPDX-License-Identifier: MIT
/*
 * Any bytes as a web configuration: refused with a message that names the file, or accepted, and
 * then its suites and curves have a priority string or none that fits.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "daemon/exposition/web_config.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "tests/fuzz/fuzz.h"

DEFINE_CLEANUP(struct web_config, web_config_free)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(web_config_freep) struct web_config *config = NULL;
	char message[CONFIG_MESSAGE_SIZE] = "";
	const struct config_source source = {"d/f", (const char *)data, size};
	int result = web_config_parse(&source, &config, message);
	enum tls_key_kind kind;

	if (result < 0) {
		assert(result == -EINVAL && config == NULL);
		assert(strncmp(message, "d/f:", 4) == 0 && strlen(message) < sizeof(message));
		return 0;
	}
	for (kind = TLS_KEY_RSA; kind <= TLS_KEY_ECDSA; kind++) {
		struct buf priority = BUF_INIT(65536);

		result = web_config_priority(&config->tls, kind, &priority);
		assert(result == -EINVAL || (result == 0 && priority.length > 4));
		buf_done(&priority);
	}
	return 0;
}
