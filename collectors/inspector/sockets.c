// SPDX-License-Identifier: MIT
#include "collectors/inspector/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/numbers.h"

#define LINE_SIZE       512
#define ROWS_MAX        200000 /* lines of one table that are read */
#define TCP_ESTABLISHED 1      /* include/net/tcp_states.h */
#define TCP_LISTEN      10

/* The next word of a line; its length is 0 at the end. */
static const char *next_word(const char **at, size_t *ret_length)
{
	const char *word = *at + strspn(*at, " \n");

	*ret_length = strcspn(word, " \n");
	*at = word + *ret_length;
	return word;
}

/* sl local_address rem_address st … */
int socket_row_parse(const char *line, struct socket_row *ret_row)
{
	enum { LOCAL = 1, STATE = 3, WORDS };
	const char *words[WORDS];
	size_t lengths[WORDS];
	uint64_t port, state;
	const char *colon;
	size_t i;

	for (i = 0; i < WORDS; i++)
		words[i] = next_word(&line, &lengths[i]);
	colon = memchr(words[LOCAL], ':', lengths[LOCAL]);
	if (colon == NULL || words[LOCAL] + lengths[LOCAL] != colon + 5 ||
	    number_parse_hex(colon + 1, 4, &port) < 0 ||
	    number_parse_hex(words[STATE], lengths[STATE], &state) < 0)
		return -EBADMSG;
	*ret_row = (struct socket_row){.port = (uint16_t)port,
	                               .is_listening = state == TCP_LISTEN,
	                               .is_established = state == TCP_ESTABLISHED};
	return 0;
}

static int scan_table(int process_fd, const char *name, uint16_t port, struct port_use *use)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int fd = openat(process_fd, name, O_RDONLY | O_CLOEXEC);
	char line[LINE_SIZE];
	struct socket_row row;
	size_t i;

	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	if (file == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	for (i = 0; i < ROWS_MAX && fgets(line, sizeof(line), file) != NULL; i++) {
		if (socket_row_parse(line, &row) < 0 || row.port != port)
			continue;
		use->is_taken |= row.is_listening;
		use->connection_count += row.is_established;
	}
	return 0;
}

int sockets_port_use(int process_fd, uint16_t port, struct port_use *ret_use)
{
	struct port_use use = {.is_taken = false};
	int r = scan_table(process_fd, "net/tcp", port, &use);

	if (r == 0)
		r = scan_table(process_fd, "net/tcp6", port, &use);
	if (r < 0 && r != -ENOENT) /* a kernel without IPv6 */
		return r;
	*ret_use = use;
	return 0;
}
