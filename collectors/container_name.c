// SPDX-License-Identifier: MIT
/* A row per directory in which logs are kept by name; see container_name.h. */
#include "collectors/container_name.h"

#include <ctype.h>
#include <string.h>

#define CONTAINER_ID_LENGTH (CONTAINER_ID_SIZE - 1)

/* ---- pieces ---- */

/* What stands before the separator; false when it is not there, or the piece is empty or long. */
static bool take(const char **at, char separator, char *out, size_t size)
{
	const char *end = strchr(*at, separator);
	const char *slash = strchr(*at, '/');
	size_t length;

	if (end == NULL || (slash != NULL && slash < end))
		return false;
	length = (size_t)(end - *at);
	if (length == 0 || length >= size)
		return false;
	memcpy(out, *at, length);
	out[length] = '\0';
	*at = end + 1;
	return true;
}

bool container_is_id(const char *text, size_t length)
{
	size_t i;

	if (length != CONTAINER_ID_LENGTH)
		return false;
	for (i = 0; i < length; i++) {
		if (!isxdigit((unsigned char)text[i]) || isupper((unsigned char)text[i]))
			return false;
	}
	return true;
}

static bool take_id(const char **at, char separator, char out[CONTAINER_ID_SIZE])
{
	return strnlen(*at, CONTAINER_ID_SIZE) == CONTAINER_ID_SIZE &&
	       (*at)[CONTAINER_ID_LENGTH] == separator &&
	       container_is_id(*at, CONTAINER_ID_LENGTH) &&
	       take(at, separator, out, CONTAINER_ID_SIZE);
}

/* ---- directories ---- */

/* "CONTAINER-ID.log" has the last dash before the id. */
static bool parse_link(const char *at, struct container_name *name)
{
	const char *dash;
	const char *id;
	size_t length;

	if (!take(&at, '_', name->pod, sizeof(name->pod)) ||
	    !take(&at, '_', name->name_space, sizeof(name->name_space)))
		return false;
	dash = strrchr(at, '-');
	if (dash == NULL || dash == at)
		return false;
	id = dash + 1;
	length = (size_t)(dash - at);
	if (length >= sizeof(name->container) || memchr(at, '/', length) != NULL ||
	    !take_id(&id, '.', name->id))
		return false;
	memcpy(name->container, at, length);
	name->container[length] = '\0';
	return true;
}

/* The directory of the pod alone will do. */
static bool parse_pod_directory(const char *at, struct container_name *name)
{
	size_t length;

	if (!take(&at, '_', name->name_space, sizeof(name->name_space)) ||
	    !take(&at, '_', name->pod, sizeof(name->pod)))
		return false;
	length = strcspn(at, "/");
	if (length == 0 || length >= sizeof(name->pod_uid))
		return false;
	memcpy(name->pod_uid, at, length);
	name->pod_uid[length] = '\0';
	at += length + (at[length] == '/');
	(void)take(&at, '/', name->container, sizeof(name->container));
	return true;
}

static bool parse_id_directory(const char *at, struct container_name *name)
{
	return take_id(&at, '/', name->id);
}

bool container_name_of_log(const char *path, struct container_name *ret_name)
{
	static const struct {
		const char *directory;
		bool (*parse)(const char *at, struct container_name *name);
	} rows[] = {
	    {"/var/log/containers/", parse_link},
	    {"/var/log/pods/", parse_pod_directory},
	    {"/docker/containers/", parse_id_directory},
	    {"/overlay-containers/", parse_id_directory},
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct container_name name = {.pod = ""};
		const char *at = strstr(path, rows[i].directory);

		if (at != NULL && rows[i].parse(at + strlen(rows[i].directory), &name)) {
			*ret_name = name;
			return true;
		}
	}
	return false;
}

/* ---- pods ---- */

/* Kubernetes makes hashes of these letters (k8s.io/apimachinery/pkg/util/rand). */
static bool is_hash(const char *text, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (text[i] == '\0' || strchr("bcdfghjklmnpqrstvwxz2456789", text[i]) == NULL)
			return false;
	}
	return true;
}

static bool is_ordinal(const char *text)
{
	return text[0] != '\0' && strlen(text) <= 5 && text[strspn(text, "0123456789")] == '\0';
}

void container_name_of_pod(const char *pod_name, char *out, size_t size)
{
	size_t length = strlen(pod_name);
	const char *dash = strrchr(pod_name, '-');
	const char *before;

	if (dash != NULL && dash != pod_name && strlen(dash + 1) == 5 && is_hash(dash + 1, 5)) {
		length = (size_t)(dash - pod_name); /* DaemonSet, Job; ReplicaSet: one more */
		before = memrchr(pod_name, '-', length);
		if (before != NULL && before != pod_name) {
			size_t hash_length = (size_t)(dash - before) - 1;
			if (hash_length >= 6 && hash_length <= 10 &&
			    is_hash(before + 1, hash_length))
				length = (size_t)(before - pod_name);
		}
	} else if (dash != NULL && dash != pod_name && is_ordinal(dash + 1)) {
		length = (size_t)(dash - pod_name); /* StatefulSet */
	}
	if (length >= size)
		length = size - 1;
	memcpy(out, pod_name, length);
	out[length] = '\0';
}
