// SPDX-License-Identifier: MIT
/*
 * The kernel lists listening sockets first, so a few pages of net/tcp hold them all. Which of them
 * are the process's own is told by the inodes of its descriptors.
 */
#include "collectors/inspector/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/proc/command_line.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/numbers.h"

#define TEXT_SIZE   ((size_t)128 * 1024)
#define PATH_SIZE   64
#define LINK_SIZE   64
#define FDS_MAX     65536
#define FIELD_COUNT 10 /* of a row of net/tcp, up to the inode */

/* ---- flags ---- */

/* The text may end where it ends, without a NUL. */
static bool is_made_of(const char *text, size_t length, const char *letters)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (text[i] == '\0' || strchr(letters, text[i]) == NULL)
			return false;
	return true;
}

static bool is_loopback_name(const char *host, size_t length)
{
	static const char *const names[] = {"localhost", "[::1]", "::1"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (length == strlen(names[i]) && memcmp(host, names[i], length) == 0)
			return true;
	return length > 4 && memcmp(host, "127.", 4) == 0 &&
	       is_made_of(host, length, "0123456789.");
}

/* "9229", "127.0.0.1", "127.0.0.1:9229", "[::1]:9229"; nothing else changes anything. */
static void read_address(const char *value, size_t length, struct find_flags *flags)
{
	const char *colon = memrchr(value, ':', length);
	const char *bracket = memrchr(value, ']', length);
	const char *port = colon != NULL && (bracket == NULL || colon > bracket) ? colon + 1 : NULL;
	size_t host_length = port != NULL ? (size_t)(colon - value) : length;
	uint64_t number;

	if (port == NULL && is_made_of(value, length, "0123456789"))
		port = value;
	if (port != NULL && number_parse_u64(port, length - (size_t)(port - value), &number) == 0 &&
	    number <= UINT16_MAX) {
		flags->has_port = true;
		flags->port = (uint16_t)number;
	}
	if (port != value && host_length > 0)
		flags->is_public = !is_loopback_name(value, host_length);
}

struct flag_row {
	const char *name;
	bool opens;
	bool takes_address;
	bool refuses;
};

/* Node takes "_" for "-". */
static bool is_name(const char *word, size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length && name[i] != '\0'; i++)
		if (word[i] != name[i] && !(word[i] == '_' && name[i] == '-'))
			return false;
	return i == length && name[i] == '\0';
}

/* is_behind: a script, it seems, so that it is either's. */
static void read_flag(const char *word, size_t length, bool is_behind, struct find_flags *flags)
{
	static const struct flag_row rows[] = {
	    {"--inspect", true, true, false},
	    {"--inspect-brk", true, true, false},
	    {"--inspect-wait", true, true, false},
	    {"--inspect-port", false, true, false},
	    {"--debug-port", false, true, false},
	    {"--disable-sigusr1", false, false, true},
	    {"--permission", false, false, true},
	    {"--experimental-permission", false, false, true},
	};
	const char *equals = memchr(word, '=', length);
	size_t name_length = equals != NULL ? (size_t)(equals - word) : length;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!is_name(word, name_length, rows[i].name))
			continue;
		/* --inspect-port takes its address from the next word, too. */
		flags->is_unclear |=
		    rows[i].takes_address && (is_behind || (equals == NULL && !rows[i].opens));
		if (is_behind)
			continue;
		flags->is_open |= rows[i].opens;
		flags->is_refused |= rows[i].refuses;
		if (rows[i].takes_address && equals != NULL)
			read_address(equals + 1, length - name_length - 1, flags);
	}
}

void find_flags_of_command_line(const char *text, size_t length, struct find_flags *flags)
{
	const char *end = text + length;
	const char *word = memchr(text, '\0', length); /* behind the program's own name */
	bool is_behind = false;

	while (word != NULL && ++word < end) {
		const char *next = memchr(word, '\0', (size_t)(end - word));
		size_t word_length = next != NULL ? (size_t)(next - word) : (size_t)(end - word);

		/* What follows a script, or "--", is the application's. The value of another flag
		 * ("-r module") looks like a script, though. */
		if (word_length == 2 && memcmp(word, "--", 2) == 0)
			return;
		is_behind |= word_length == 0 || word[0] != '-';
		read_flag(word, word_length, is_behind, flags);
		word = next;
	}
}

void find_flags_of_node_options(const char *text, struct find_flags *flags)
{
	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		read_flag(text, length, false, flags);
		flags->is_unclear |= memchr(text, '"', length) != NULL; /* words with blanks */
		text += length + (text[length] == ' ');
	}
}

/* ---- listeners ---- */

/* Fields of a line, separated by blanks; false when there are fewer. */
static bool split(const char *line, size_t length, const char *fields[FIELD_COUNT],
                  size_t lengths[FIELD_COUNT])
{
	size_t at = 0;
	size_t i;

	for (i = 0; i < FIELD_COUNT; i++) {
		while (at < length && line[at] == ' ')
			at++;
		fields[i] = line + at;
		while (at < length && line[at] != ' ')
			at++;
		lengths[i] = (size_t)(line + at - fields[i]);
		if (lengths[i] == 0)
			return false;
	}
	return true;
}

/*
 * ADDRESS:PORT in hexadecimal digits; each 32 bits of the address in the byte order of the host
 * (net/ipv4/tcp_ipv4.c, get_tcp4_sock), the port as a number.
 */
static bool read_local(const char *text, size_t length, bool is_ipv6,
                       struct inspector_address *address)
{
	static const uint8_t last_words[2][4] = {{127, 0, 0, 1}, {0, 0, 0, 1}};
	size_t digits = is_ipv6 ? 32 : 8;
	char expected[33];
	uint32_t word;
	uint64_t port;

	memcpy(&word, last_words[is_ipv6], sizeof(word));
	(void)snprintf(expected, sizeof(expected), "%s%08X",
	               is_ipv6 ? "000000000000000000000000" : "", word);
	if (length != digits + 5 || text[digits] != ':' || memcmp(text, expected, digits) != 0 ||
	    number_parse_hex(text + digits + 1, 4, &port) < 0)
		return false;
	*address = (struct inspector_address){.port = (uint16_t)port, .is_ipv6 = is_ipv6};
	return true;
}

static bool read_row(const char *line, size_t length, bool is_ipv6, struct find_listener *listener)
{
	const char *fields[FIELD_COUNT];
	size_t lengths[FIELD_COUNT];

	return split(line, length, fields, lengths) && lengths[3] == 2 &&
	       memcmp(fields[3], "0A", 2) == 0 && /* TCP_LISTEN */
	       read_local(fields[1], lengths[1], is_ipv6, &listener->address) &&
	       number_parse_u64(fields[9], lengths[9], &listener->inode) == 0;
}

size_t find_listeners(const char *text, size_t length, bool is_ipv6,
                      struct find_listener *ret_listeners, size_t max_count)
{
	const char *end = text + length;
	size_t count = 0;

	while (text < end && count < max_count) {
		const char *next = memchr(text, '\n', (size_t)(end - text));
		size_t line_length = next != NULL ? (size_t)(next - text) : (size_t)(end - text);

		if (read_row(text, line_length, is_ipv6, &ret_listeners[count]))
			count++;
		text = next != NULL ? next + 1 : end;
	}
	return count;
}

/* ---- /proc ---- */

struct search {
	int proc_fd;
	pid_t pid;
	char *text; /* owned, TEXT_SIZE */
	struct find_listener listeners[FIND_LISTENERS_MAX];
	size_t count;
};

static int read_text(struct search *search, const char *name, size_t *ret_length)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%d/%s", search->pid, name);
	return file_read_text_at(search->proc_fd, path, search->text, TEXT_SIZE, ret_length);
}

/* What cannot be read says nothing: listeners are what counts. */
static void read_flags(struct search *search, struct find_flags *flags)
{
	const char *options = NULL;
	size_t length;

	*flags = FIND_FLAGS_INIT;
	if (read_text(search, "environ", &length) == 0)
		options = environment_find(search->text, length, "NODE_OPTIONS");
	if (options != NULL)
		find_flags_of_node_options(options, flags);
	if (read_text(search, "cmdline", &length) == 0)
		find_flags_of_command_line(search->text, length, flags);
}

static int read_listeners(struct search *search)
{
	size_t length;
	int r = read_text(search, "net/tcp", &length);

	if (r < 0)
		return r;
	search->count =
	    find_listeners(search->text, length, false, search->listeners, FIND_LISTENERS_MAX);
	if (read_text(search, "net/tcp6", &length) == 0) /* there may be no IPv6 */
		search->count +=
		    find_listeners(search->text, length, true, search->listeners + search->count,
		                   FIND_LISTENERS_MAX - search->count);
	return 0;
}

/* The likeliest first: the port of its flags, then the default one, then the others. */
static unsigned likelihood(const struct find_result *result, const struct find_listener *listener)
{
	if (listener->address.port == result->flags.port)
		return 2;
	return listener->address.port == INSPECTOR_DEFAULT_PORT;
}

static void add_candidate(struct find_result *result, const struct find_listener *listener)
{
	size_t at = 0;

	while (at < result->candidate_count &&
	       likelihood(result, &result->candidates[at]) >= likelihood(result, listener))
		at++;
	if (at == FIND_CANDIDATES_MAX)
		return;
	if (result->candidate_count < FIND_CANDIDATES_MAX)
		result->candidate_count++;
	memmove(&result->candidates[at + 1], &result->candidates[at],
	        (result->candidate_count - 1 - at) * sizeof(result->candidates[0]));
	result->candidates[at] = *listener;
}

static void match_descriptor(const struct search *search, int directory_fd, const char *name,
                             struct find_result *result)
{
	static const char prefix[] = "socket:[";
	char link[LINK_SIZE];
	uint64_t inode;
	size_t length;
	size_t i;

	if (file_read_link_at(directory_fd, name, link, sizeof(link)) < 0 ||
	    strncmp(link, prefix, sizeof(prefix) - 1) != 0)
		return;
	length = strcspn(link + sizeof(prefix) - 1, "]");
	if (number_parse_u64(link + sizeof(prefix) - 1, length, &inode) < 0)
		return;
	for (i = 0; i < search->count; i++)
		if (search->listeners[i].inode == inode)
			add_candidate(result, &search->listeners[i]);
}

static int match_descriptors(const struct search *search, struct find_result *result)
{
	const struct dirent *entry;
	char path[PATH_SIZE];
	DIR *directory;
	unsigned count = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%d/fd", search->pid);
	fd = openat(search->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	directory = fdopendir(fd);
	if (directory == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	/* The only user of this stream: readdir is safe. */
	while (count++ < FDS_MAX && (entry = readdir(directory)) != NULL)
		match_descriptor(search, fd, entry->d_name, result);
	(void)closedir(directory);
	return 0;
}

static bool is_other_network(const struct search *search)
{
	char path[PATH_SIZE];
	char own[LINK_SIZE];
	char its[LINK_SIZE];

	(void)snprintf(path, sizeof(path), "%d/ns/net", search->pid);
	return file_read_link_at(AT_FDCWD, "/proc/thread-self/ns/net", own, sizeof(own)) >= 0 &&
	       file_read_link_at(search->proc_fd, path, its, sizeof(its)) >= 0 &&
	       strcmp(own, its) != 0;
}

void find_candidates(int proc_fd, pid_t pid, struct find_result *ret_result)
{
	_cleanup_(freep) struct search *search = calloc(1, sizeof(*search));
	_cleanup_(freep) char *text = malloc(TEXT_SIZE);

	memset(ret_result, 0, sizeof(*ret_result));
	if (search == NULL || text == NULL) {
		ret_result->error = -ENOMEM;
		return;
	}
	search->proc_fd = proc_fd;
	search->pid = pid;
	search->text = text;
	read_flags(search, &ret_result->flags);
	ret_result->error = read_listeners(search);
	if (ret_result->error == 0 && search->count > 0) {
		ret_result->error = match_descriptors(search, ret_result);
		ret_result->is_other_network = is_other_network(search);
	}
}
