// SPDX-License-Identifier: MIT
/*
 * A line is "36 35 98:0 /root /point rw,noatime shared:1 - type source rw,memory": the optional
 * fields before " - " vary in number. Blanks in paths are written as octal escapes.
 */
#include "collectors/proc/mountinfo.h"

#include <errno.h>
#include <string.h>

struct line {
	const char *at;
	const char *end;
};

static bool next_field(struct line *line, const char **ret_field, size_t *ret_length)
{
	const char *blank;

	if (line->at >= line->end)
		return false;
	blank = memchr(line->at, ' ', (size_t)(line->end - line->at));
	if (blank == NULL)
		blank = line->end;
	*ret_field = line->at;
	*ret_length = (size_t)(blank - line->at);
	line->at = blank + 1;
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

static bool unescape(const char *field, size_t length, char out[CGROUP_PATH_SIZE])
{
	size_t used = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		if (used + 1 >= CGROUP_PATH_SIZE)
			return false;
		if (field[i] == '\\' && i + 3 < length && is_octal(field[i + 1]) &&
		    is_octal(field[i + 2]) && is_octal(field[i + 3])) {
			out[used++] = (char)((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
			                     (field[i + 3] - '0'));
			i += 3;
		} else {
			out[used++] = field[i];
		}
	}
	out[used] = '\0';
	return true;
}

static bool list_has(const char *list, size_t length, const char *item)
{
	size_t item_length = strlen(item);
	const char *end = list + length;

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *item_end = comma != NULL ? comma : end;
		if ((size_t)(item_end - list) == item_length &&
		    memcmp(list, item, item_length) == 0)
			return true;
		list = item_end + 1;
	}
	return false;
}

static bool parse_line(struct line line, const char *controller, struct cgroup_mount *mount)
{
	const char *fields[6];
	size_t lengths[6];
	const char *wanted_type = controller != NULL ? "cgroup" : "cgroup2";
	struct cgroup_mount found;
	size_t i;

	for (i = 0; i < 5; i++) {
		if (!next_field(&line, &fields[i], &lengths[i]))
			return false;
	}
	if (!unescape(fields[3], lengths[3], found.root) ||
	    !unescape(fields[4], lengths[4], found.point))
		return false;
	do {
		if (!next_field(&line, &fields[0], &lengths[0]))
			return false;
	} while (lengths[0] != 1 || fields[0][0] != '-');
	for (i = 0; i < 3; i++) {
		if (!next_field(&line, &fields[i], &lengths[i]))
			return false;
	}
	if (lengths[0] != strlen(wanted_type) || memcmp(fields[0], wanted_type, lengths[0]) != 0 ||
	    (controller != NULL && !list_has(fields[2], lengths[2], controller)))
		return false;
	*mount = found;
	return true;
}

int mountinfo_find_cgroup(const char *text, const char *controller, struct cgroup_mount *ret_mount)
{
	bool is_found = false;

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		struct line line = {text, text + length};
		is_found = parse_line(line, controller, ret_mount) || is_found;
		text += length;
		text += *text == '\n';
	}
	return is_found ? 0 : -ENOENT;
}

const char *mountinfo_below(const struct cgroup_mount *mount, const char *path)
{
	size_t length = strlen(mount->root);

	if (mount->point[0] == '\0')
		return NULL;
	if (length > 0 && mount->root[length - 1] == '/')
		length--; /* the root of the hierarchy */
	if (strncmp(path, mount->root, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return NULL;
	path += length;
	if (strstr(path, "/..") != NULL)
		return NULL; /* outside of what our cgroup namespace shows */
	return strcmp(path, "/") == 0 ? "" : path;
}
