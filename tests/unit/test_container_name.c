// SPDX-License-Identifier: MIT
/*
 * Which container a process is in: from /proc/PID/cgroup as each runtime makes it, with version 1
 * and 2 of cgroups and either driver, and from the paths and files by which runtimes name
 * containers.
 */
#include "collectors/container_name.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/proc/cgroup_path.h"
#include "collectors/proc/container.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

#define PATH_SIZE 4096

#define ID         "4f5c9d2b7a1e8c3f6d0b9a8e7c6d5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e"
#define OTHER_ID   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define POD        "8f3c1d2e-1111-2222-3333-444455556666"
#define STATIC_POD "9b2c7f1e0a3d4c5b6e7f8a9b0c1d2e3f"

/* ---- cgroups ---- */

START_TEST(test_each_runtime_and_driver_is_understood)
{
	static const struct {
		const char *fixture;
		const char *pod_uid;
	} cases[] = {
	    {"containerd-v1-cgroupfs", POD},   {"containerd-v1-mixed", POD},
	    {"containerd-v1-systemd", POD},    {"containerd-v2-cgroupfs", POD},
	    {"containerd-v2-guaranteed", POD}, {"containerd-v2-kind", POD},
	    {"containerd-v2-neighbour", POD},  {"containerd-v2-nerdctl", ""},
	    {"containerd-v2-sidecar", ""},     {"containerd-v2-static-pod", STATIC_POD},
	    {"containerd-v2-systemd", POD},    {"crio-v1-cgroupfs", POD},
	    {"crio-v1-systemd", POD},          {"crio-v2-cgroupfs", POD},
	    {"crio-v2-systemd", POD},          {"docker-v1-cgroupfs", ""},
	    {"docker-v1-systemd", ""},         {"docker-v2-cgroupfs", ""},
	    {"docker-v2-rootless", ""},        {"docker-v2-systemd", ""},
	    {"podman-v1-cgroupfs", ""},        {"podman-v1-systemd", ""},
	    {"podman-v2-cgroupfs", ""},        {"podman-v2-pod", ""},
	    {"podman-v2-rootless", ""},        {"podman-v2-systemd", ""},
	};
	const char *top = getenv("top_srcdir");
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char path[PATH_SIZE];
		char text[CGROUP_TEXT_SIZE];
		struct cgroup_paths paths;
		struct cgroup_names names;
		size_t length;

		(void)snprintf(path, sizeof(path), "%s/tests/fixtures/cgroup/%s.txt",
		               top != NULL ? top : ".", cases[i].fixture);
		ck_assert_int_eq(file_read_text_at(AT_FDCWD, path, text, sizeof(text), &length), 0);
		ck_assert_int_eq(cgroup_paths_parse(text, &paths), 0);
		cgroup_names_parse(cgroup_paths_main(&paths), &names);
		ck_assert_msg(strcmp(names.container_id, ID) == 0 &&
		                  strcmp(names.pod_uid, cases[i].pod_uid) == 0 &&
		                  names.unit[0] == '\0',
		              "%s gives container=%s pod=%s unit=%s", cases[i].fixture,
		              names.container_id, names.pod_uid, names.unit);
	}
}
END_TEST

/* ---- paths of logs ---- */

START_TEST(test_paths_of_logs_name_containers)
{
	static const struct {
		const char *path;
		struct container_name name;
	} cases[] = {
	    {"/var/log/containers/shop-7d9f8b6c5d-x2x4z_prod_app-" ID ".log",
	     {"shop-7d9f8b6c5d-x2x4z", "prod", "app", ID, ""}},
	    {"/host/var/log/containers/db-0_prod_my-app-" ID ".log",
	     {"db-0", "prod", "my-app", ID, ""}},
	    {"/var/log/pods/prod_shop-7d9f8b6c5d-x2x4z_" POD "/app/3.log",
	     {"shop-7d9f8b6c5d-x2x4z", "prod", "app", "", POD}},
	    {"/var/log/pods/prod_shop_" POD, {"shop", "prod", "", "", POD}},
	    {"/var/lib/docker/containers/" ID "/" ID "-json.log", {"", "", "", ID, ""}},
	    {"/var/lib/containers/storage/overlay-containers/" ID "/userdata/ctr.log",
	     {"", "", "", ID, ""}},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct container_name *expected = &cases[i].name;
		struct container_name name;

		ck_assert_msg(container_name_of_log(cases[i].path, &name), "%s", cases[i].path);
		ck_assert_str_eq(name.pod, expected->pod);
		ck_assert_str_eq(name.name_space, expected->name_space);
		ck_assert_str_eq(name.container, expected->container);
		ck_assert_str_eq(name.id, expected->id);
		ck_assert_str_eq(name.pod_uid, expected->pod_uid);
	}
}
END_TEST

START_TEST(test_other_paths_name_nothing)
{
	static const char *const paths[] = {
	    "",
	    "/var/log/containers/",
	    "/var/log/containers/shop.log",
	    "/var/log/containers/a_b.log",
	    "/var/log/containers/a_b_c-0123.log",
	    "/var/log/containers/a_b_-" ID ".log",
	    "/var/log/containers/a_b_c-" ID,
	    "/var/log/containers/a_b_c/d-" ID ".log",
	    "/var/log/containers/_b_c-" ID ".log",
	    "/var/log/pods/prod/shop_x/0.log",
	    "/var/log/pods/prod_shop_/app/0.log",
	    "/var/log/pods/prod_shop_0123456789012345678901234567890123456789/app/0.log",
	    "/var/lib/docker/containers/0123/x-json.log",
	    "/var/lib/docker/containers/" ID,
	    "/srv/app.log",
	};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container_name name;
		ck_assert_msg(!container_name_of_log(paths[i], &name), "%s", paths[i]);
	}
}
END_TEST

/* ---- files of runtimes ---- */

static char root[PATH_SIZE];

static void put(const char *name, const char *text)
{
	char path[PATH_SIZE * 2];
	char *slash;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", root, name);
	for (slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(close(fd), 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static void open_root(void)
{
	const char *base = getenv("TMPDIR");

	(void)snprintf(root, sizeof(root), "%s/container.XXXXXX", base != NULL ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void close_root(void)
{
	ck_assert_int_eq(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void check_found(const char *id, const char *pod_uid, const char *pod, const char *container)
{
	struct cgroup_names names = {.unit = ""};
	struct container_name name;

	(void)snprintf(names.container_id, sizeof(names.container_id), "%s", id);
	(void)snprintf(names.pod_uid, sizeof(names.pod_uid), "%s", pod_uid);
	ck_assert_int_eq(container_find_name(root, &names, &name), container != NULL);
	if (container == NULL)
		return;
	ck_assert_str_eq(name.pod, pod);
	ck_assert_str_eq(name.container, container);
}

START_TEST(test_files_of_runtimes_name_containers)
{
	open_root();
	check_found(ID, POD, NULL, NULL);
	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" OTHER_ID "\",\"names\":[\"no\"]},{\"id\":\"" ID
	    "\",\"names\":[\"podman-cart\"]}]");
	check_found(ID, "", "", "podman-cart");
	put("var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":\"/docker-cart\"}");
	check_found(ID, "", "", "docker-cart");
	put("var/log/pods/prod_cart-0_" POD "/app/0.log", "");
	check_found(ID, POD, "cart-0", "");
	put("var/log/containers/cart-0_prod_app-" ID ".log", "");
	check_found(ID, POD, "cart-0", "app");
	check_found(OTHER_ID, POD, "cart-0", "");
	check_found(OTHER_ID, "", "", "no");
	check_found("", "", NULL, NULL);
	close_root();
}
END_TEST

START_TEST(test_damaged_files_name_nothing)
{
	open_root();
	put("var/lib/docker/containers/" ID "/config.v2.json", "{\"Name\":7");
	put("var/lib/containers/storage/overlay-containers/containers.json",
	    "[{\"id\":\"" ID "\",\"names\":[]},7]");
	check_found(ID, "", NULL, NULL);
	close_root();
}
END_TEST

UNIT_MAIN("container_name", test_each_runtime_and_driver_is_understood,
          test_paths_of_logs_name_containers, test_other_paths_name_nothing,
          test_files_of_runtimes_name_containers, test_damaged_files_name_nothing)
