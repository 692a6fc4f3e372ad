// SPDX-License-Identifier: MIT
/*
 * Container ids are taken only as runtimes write them: docker/ID, docker-ID.scope,
 * cri-containerd-ID.scope, crio-ID.scope, libpod-ID.scope, nerdctl-ID.scope, and a bare ID under
 * kubepods (containerd with cgroupfs) or right below the root of our own container's hierarchy
 * ("/../ID").
 */
#include "collectors/proc/cgroup_path.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define CONTAINER_ID_LENGTH   ((size_t)CONTAINER_ID_SIZE - 1)
#define POD_UID_LENGTH        ((size_t)POD_UID_SIZE - 1)
#define STATIC_POD_UID_LENGTH ((size_t)32)

struct component {
	const char *text;
	size_t length;
};

static bool has_controller(const char *list, size_t length, const char *name)
{
	size_t name_length = strlen(name);

	while (length > 0) {
		const char *comma = memchr(list, ',', length);
		size_t item = comma != NULL ? (size_t)(comma - list) : length;
		if (item == name_length && memcmp(list, name, item) == 0)
			return true;
		if (comma == NULL)
			break;
		list += item + 1;
		length -= item + 1;
	}
	return false;
}

static int copy_path(char out[CGROUP_PATH_SIZE], const char *path, size_t length)
{
	if (length >= CGROUP_PATH_SIZE)
		return -ENAMETOOLONG;
	memcpy(out, path, length);
	out[length] = '\0';
	return 0;
}

/* "4:memory:/docker/…" or "0::/system.slice/…" */
static int parse_line(const char *line, size_t length, struct cgroup_paths *paths)
{
	const char *end = line + length;
	const char *controllers = memchr(line, ':', length);
	const char *path;
	size_t controllers_length;

	if (controllers == NULL)
		return 0;
	controllers++;
	path = memchr(controllers, ':', (size_t)(end - controllers));
	if (path == NULL)
		return 0;
	controllers_length = (size_t)(path - controllers);
	path++;
	if (controllers_length == 0)
		return copy_path(paths->unified, path, (size_t)(end - path));
	if (has_controller(controllers, controllers_length, "memory"))
		return copy_path(paths->memory, path, (size_t)(end - path));
	if (has_controller(controllers, controllers_length, "name=systemd"))
		return copy_path(paths->systemd, path, (size_t)(end - path));
	return 0;
}

int cgroup_paths_parse(const char *text, struct cgroup_paths *ret_paths)
{
	struct cgroup_paths paths = {.memory = "", .unified = "", .systemd = ""};

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		int r = parse_line(text, length, &paths);
		if (r < 0)
			return r;
		text += length;
		if (*text == '\n')
			text++;
	}
	if (paths.memory[0] == '\0' && paths.unified[0] == '\0' && paths.systemd[0] == '\0')
		return -EBADMSG;
	*ret_paths = paths;
	return 0;
}

const char *cgroup_paths_main(const struct cgroup_paths *paths)
{
	if (paths->systemd[0] != '\0' && strcmp(paths->systemd, "/") != 0)
		return paths->systemd;
	if (paths->unified[0] != '\0' && strcmp(paths->unified, "/") != 0)
		return paths->unified;
	return paths->memory[0] != '\0' ? paths->memory : "/";
}

static bool next_component(const char **at, struct component *ret_component)
{
	while (**at == '/')
		(*at)++;
	if (**at == '\0')
		return false;
	ret_component->text = *at;
	ret_component->length = strcspn(*at, "/");
	*at += ret_component->length;
	return true;
}

static bool starts_with(const struct component *component, const char *prefix)
{
	return component->length >= strlen(prefix) &&
	       memcmp(component->text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const struct component *component, const char *suffix)
{
	size_t length = strlen(suffix);

	return component->length > length &&
	       memcmp(component->text + component->length - length, suffix, length) == 0;
}

static bool component_is(const struct component *component, const char *text)
{
	return component->length == strlen(text) && starts_with(component, text);
}

/*
 * "docker-ID.scope" with systemd as the driver, "crio-ID" with cgroupfs; "SLICE:cri-containerd:ID"
 * where containerd is told the names of systemd and makes cgroups itself.
 */
static bool parse_container_scope(const struct component *component, char *out)
{
	static const char *const prefixes[] = {"docker-", "cri-containerd-", "crio-", "libpod-",
	                                       "nerdctl-"};
	struct component id = *component;
	const char *colon = memrchr(id.text, ':', id.length);
	size_t i;

	if (ends_with(&id, ".scope"))
		id.length -= strlen(".scope");
	if (colon != NULL &&
	    container_is_id(colon + 1, (size_t)(id.text + id.length - colon) - 1)) {
		memcpy(out, colon + 1, CONTAINER_ID_LENGTH);
		return true;
	}
	for (i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t length = strlen(prefixes[i]);
		if (starts_with(&id, prefixes[i]) &&
		    container_is_id(id.text + length, id.length - length)) {
			memcpy(out, id.text + length, CONTAINER_ID_LENGTH);
			return true;
		}
	}
	return false;
}

static bool is_dash_of_uid(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* A UUID whose dashes systemd has as "_", or the 32 digits by which kubelet names a static pod. */
static bool is_pod_uid(const char *text, size_t length)
{
	size_t i;

	if (length != POD_UID_LENGTH && length != STATIC_POD_UID_LENGTH)
		return false;
	for (i = 0; i < length; i++) {
		bool is_dash = length == POD_UID_LENGTH && is_dash_of_uid(i);

		if (is_dash ? text[i] != '-' && text[i] != '_' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/* "pod<uid>" (cgroupfs) or "kubepods-burstable-pod<uid with _>.slice" (systemd). */
static void parse_pod(const struct component *component, char out[POD_UID_SIZE])
{
	static const size_t lengths[] = {POD_UID_LENGTH, STATIC_POD_UID_LENGTH};
	struct component name = *component;
	const char *colon = memchr(name.text, ':', name.length);
	size_t i;

	if (colon != NULL)
		name.length = (size_t)(colon - name.text);
	if (ends_with(&name, ".slice"))
		name.length -= strlen(".slice");
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		const char *uid = name.text + name.length - lengths[i];

		if (name.length < lengths[i] + strlen("pod") || memcmp(uid - 3, "pod", 3) != 0 ||
		    !is_pod_uid(uid, lengths[i]))
			continue;
		memcpy(out, uid, lengths[i]);
		out[lengths[i]] = '\0';
		if (lengths[i] == POD_UID_LENGTH)
			out[8] = out[13] = out[18] = out[23] = '-';
	}
}

static void parse_unit(const struct component *component, char out[CGROUP_UNIT_SIZE])
{
	if (!ends_with(component, ".service") || component->length >= CGROUP_UNIT_SIZE ||
	    starts_with(component, "user@")) {
		/* What follows a user manager or a session is not a system unit. */
		return;
	}
	memcpy(out, component->text, component->length);
	out[component->length] = '\0';
}

void cgroup_names_parse(const char *path, struct cgroup_names *ret_names)
{
	struct cgroup_names names = {.unit = "", .container_id = "", .pod_uid = ""};
	struct component component;
	bool is_runtime = false; /* the parent is a runtime's, so that a bare id is a container */
	bool is_user = false;
	bool is_scope = false;

	while (next_component(&path, &component)) {
		if (is_runtime && container_is_id(component.text, component.length))
			memcpy(names.container_id, component.text, CONTAINER_ID_LENGTH);
		else if (!parse_container_scope(&component, names.container_id))
			is_scope = is_scope || ends_with(&component, ".scope");
		parse_pod(&component, names.pod_uid);
		parse_unit(&component, names.unit);
		is_user = is_user || starts_with(&component, "user@") ||
		          starts_with(&component, "session-") ||
		          component_is(&component, "user.slice");
		is_runtime = component_is(&component, "docker") || component_is(&component, "..") ||
		             starts_with(&component, "kubepods") || names.pod_uid[0] != '\0';
	}
	if (is_user || is_scope || names.container_id[0] != '\0')
		names.unit[0] = '\0';
	*ret_names = names;
}
