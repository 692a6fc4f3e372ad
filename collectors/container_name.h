// SPDX-License-Identifier: MIT
/*
 * What the path of a container's log says of the container: kubelet and runtimes keep logs by name.
 * Names of Kubernetes hold no underscore, so that the parts are told apart. Pure.
 *
 *	/var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
 *	/var/log/pods/NAMESPACE_POD_UID/CONTAINER/N.log
 *	/var/lib/docker/containers/ID/ID-json.log
 *	/var/lib/containers/storage/overlay-containers/ID/userdata/ctr.log
 */
#ifndef HEAPWATCH_COLLECTORS_CONTAINER_NAME_H
#define HEAPWATCH_COLLECTORS_CONTAINER_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define KUBERNETES_NAME_SIZE 254 /* RFC 1123, as Kubernetes limits names of pods */
#define CONTAINER_ID_SIZE    65  /* 64 hex digits */
#define POD_UID_SIZE         37

/* "" where the path does not say it. */
struct container_name {
	char pod[KUBERNETES_NAME_SIZE];
	char name_space[KUBERNETES_NAME_SIZE];
	char container[KUBERNETES_NAME_SIZE];
	char id[CONTAINER_ID_SIZE];
	char pod_uid[POD_UID_SIZE];
};

/* Below any root. False for a path that is no container's log. */
bool container_name_of_log(const char *path, struct container_name *ret_name);
/* 64 hex digits in lower case. */
bool container_is_id(const char *text, size_t length);
/*
 * "checkout-7d9f8b6c5d-x2x4z" → "checkout": what the controllers of Kubernetes append to the name
 * of a pod is cut.
 */
void container_name_of_pod(const char *pod_name, char *out, size_t size);

#endif
