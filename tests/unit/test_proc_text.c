// SPDX-License-Identifier: MIT
/* The pure parsers of the proc collector: stat, status, mountinfo, cgroup. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/proc/cgroup_path.h"
#include "collectors/proc/mountinfo.h"
#include "collectors/proc/stat.h"
#include "lib/units.h"
#include "tests/unit/unit.h"

#define ID          "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD         "8f3c1d2e-1111-2222-3333-444455556666"
#define POD_SYSTEMD "8f3c1d2e_1111_2222_3333_444455556666"

#define STAT_TAIL                                                                                 \
	" S 1 2 3 0 -1 4194304 500 0 0 0 70 30 0 0 20 0 7 0 123456 1000000 250 1844674407 1 2 3 " \
	"4 5 6 0 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 9\n"

START_TEST(test_stat_is_read_behind_any_comm)
{
	static const char *const comms[] = {"node", "MainThread", "a b", ") R 1 2",
	                                    "x\ny", "((",         ""};
	size_t i;

	for (i = 0; i < sizeof(comms) / sizeof(comms[0]); i++) {
		char text[STAT_TEXT_SIZE];
		struct process_stat stat;
		int status;
		int length = snprintf(text, sizeof(text), "42 (%s)" STAT_TAIL, comms[i]);
		ck_assert_int_eq(stat_parse(text, (size_t)length, &stat), 0);
		ck_assert_int_eq(stat.state, 'S');
		ck_assert_uint_eq(stat.user_ticks, 70);
		ck_assert_uint_eq(stat.system_ticks, 30);
		ck_assert_uint_eq(stat.threads, 7);
		ck_assert_uint_eq(stat.start_ticks, 123456);
		ck_assert_uint_eq(stat.virtual_bytes, 1000000);
		ck_assert_int_eq(stat_parse_exit_status(text, (size_t)length, &status), 0);
		ck_assert_int_eq(status, 9);
	}
}
END_TEST

START_TEST(test_damaged_stat_is_refused)
{
	static const char *const texts[] = {
	    "",
	    "42",
	    "42 (node",
	    "42 (node)",
	    "42 (node) ",
	    "42 (node) S 1 2 3",
	    "42 (node) S 1 2 3 0 -1 4 5 0 0 0 x 30 0 0 20 0 7 0 1 1",
	    "42 (node) S 1 2 3 0 -1 4 5 0 0 0 99999999999999999999999 30 0 0 20 0 7 0 1 1"};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct process_stat stat = {.threads = 77};
		int status = 5;
		ck_assert_int_eq(stat_parse(texts[i], strlen(texts[i]), &stat), -EBADMSG);
		ck_assert_uint_eq(stat.threads, 77);
		ck_assert_int_eq(stat_parse_exit_status(texts[i], strlen(texts[i]), &status),
		                 -EBADMSG);
	}
}
END_TEST

START_TEST(test_statm_has_three_numbers)
{
	struct process_statm statm;

	ck_assert_int_eq(statm_parse("300 20 10 5 0 60 0\n", 19, &statm), 0);
	ck_assert_uint_eq(statm.size_pages, 300);
	ck_assert_uint_eq(statm.resident_pages, 20);
	ck_assert_uint_eq(statm.shared_pages, 10);
	ck_assert_int_eq(statm_parse("300 20", 6, &statm), -EBADMSG);
	ck_assert_int_eq(statm_parse("", 0, &statm), -EBADMSG);
}
END_TEST

START_TEST(test_status_gives_memory_and_namespaces)
{
	static const char text[] =
	    "Name:\tRssAnon: 1 kB\nVmData:\t 12 kB\nNSpid:\t900\t12\t1\nVmSwap:\t      8 kB\n"
	    "RssAnon:\t   100 kB\nRssFile:\t   50 kB\nRssShmem:\t   2 kB\n";
	static const char zombie[] = "Name:\tnode\nNSpid:\t900\n";
	static const char deep[] = "NSpid:\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\n";
	static const char half[] = "RssAnon:\t   100 kB\n";
	struct process_status status;

	ck_assert_int_eq(status_parse(text, sizeof(text) - 1, &status), 0);
	ck_assert(status.has_memory);
	ck_assert_uint_eq(status.rss_anon_bytes, 100 * KIB);
	ck_assert_uint_eq(status.rss_file_bytes, 50 * KIB);
	ck_assert_uint_eq(status.rss_shmem_bytes, 2 * KIB);
	ck_assert_uint_eq(status.swap_bytes, 8 * KIB);
	ck_assert_uint_eq(status.data_bytes, 12 * KIB);
	ck_assert_uint_eq(status.namespace_count, 3);
	ck_assert_int_eq(status.namespace_pids[0], 900);
	ck_assert_int_eq(status.namespace_pids[2], 1);
	ck_assert_int_eq(status_parse(zombie, sizeof(zombie) - 1, &status), 0);
	ck_assert(!status.has_memory);
	ck_assert_int_eq(status_parse(deep, sizeof(deep) - 1, &status), 0);
	ck_assert_uint_eq(status.namespace_count, NAMESPACE_DEPTH_MAX);
	ck_assert_int_eq(status_parse(half, sizeof(half) - 1, &status), -EBADMSG);
}
END_TEST

START_TEST(test_soft_limit_of_files_is_found)
{
	static const char some[] =
	    "Limit                     Soft Limit           Hard Limit           Units     \n"
	    "Max processes             unlimited            unlimited            processes \n"
	    "Max open files            1024                 524288               files     \n";
	static const char all[] = "Max open files            unlimited            unlimited\n";

	ck_assert_uint_eq(limits_parse_max_fds(some, sizeof(some) - 1), 1024);
	ck_assert_uint_eq(limits_parse_max_fds(all, sizeof(all) - 1), UINT64_MAX);
	ck_assert_uint_eq(limits_parse_max_fds("", 0), 0);
}
END_TEST

START_TEST(test_number_is_found_by_its_whole_key)
{
	static const char text[] = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\nlast 5";
	uint64_t value;

	ck_assert_int_eq(text_find_number(text, sizeof(text) - 1, "oom_kill", &value), 0);
	ck_assert_uint_eq(value, 3);
	ck_assert_int_eq(text_find_number(text, sizeof(text) - 1, "last", &value), 0);
	ck_assert_uint_eq(value, 5);
	ck_assert_int_eq(text_find_number(text, sizeof(text) - 1, "oom", &value), -ENOENT);
	ck_assert_int_eq(text_find_number("key x\n", 6, "key", &value), -EBADMSG);
}
END_TEST

START_TEST(test_cgroup_paths_of_each_kind_of_host)
{
	struct cgroup_paths paths;

	ck_assert_int_eq(cgroup_paths_parse("0::/system.slice/a.service\n", &paths), 0);
	ck_assert_str_eq(paths.unified, "/system.slice/a.service");
	ck_assert_str_eq(paths.memory, "");
	ck_assert_str_eq(cgroup_paths_main(&paths), "/system.slice/a.service");
	ck_assert_int_eq(
	    cgroup_paths_parse("9:name=systemd:/sys/a.service\n4:cpu,memory:/m\n0::/\n", &paths),
	    0);
	ck_assert_str_eq(paths.memory, "/m");
	ck_assert_str_eq(cgroup_paths_main(&paths), "/sys/a.service");
	ck_assert_int_eq(cgroup_paths_parse("4:memory:/docker/x", &paths), 0);
	ck_assert_str_eq(cgroup_paths_main(&paths), "/docker/x");
	ck_assert_int_eq(cgroup_paths_parse("4:memory_x:/y\n3\n2:cpu\n", &paths), -EBADMSG);
	ck_assert_int_eq(cgroup_paths_parse("", &paths), -EBADMSG);
}
END_TEST

START_TEST(test_overlong_cgroup_path_is_refused)
{
	char text[CGROUP_PATH_SIZE + 16] = "0::/";
	struct cgroup_paths paths;

	memset(text + 4, 'a', CGROUP_PATH_SIZE);
	ck_assert_int_eq(cgroup_paths_parse(text, &paths), -ENAMETOOLONG);
}
END_TEST

START_TEST(test_names_in_cgroup_paths)
{
	static const struct {
		const char *path;
		const char *unit;
		const char *container_id;
		const char *pod_uid;
	} cases[] = {
	    {"/system.slice/checkout.service", "checkout.service", "", ""},
	    {"/system.slice/app@1.service/worker", "app@1.service", "", ""},
	    {"/system.slice/run-r1.scope", "", "", ""},
	    {"/user.slice/user-0.slice/session-3.scope", "", "", ""},
	    {"/user.slice/user-1.slice/user@1.service/app.slice/a.service", "", "", ""},
	    {"/init.scope", "", "", ""},
	    {"/", "", "", ""},
	    {"/docker/" ID, "", ID, ""},
	    {"/system.slice/docker-" ID ".scope", "", ID, ""},
	    {"/machine.slice/libpod-" ID ".scope/container", "", ID, ""},
	    {"/kubepods/burstable/pod" POD "/" ID, "", ID, POD},
	    {"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" POD_SYSTEMD
	     ".slice/cri-containerd-" ID ".scope",
	     "", ID, POD},
	    {"/kubepods.slice/kubepods-pod" POD_SYSTEMD ".slice/crio-" ID ".scope", "", ID, POD},
	    {"/../cri-containerd-" ID ".scope", "", ID, ""},
	    /* Not exactly 64 hex digits, or nobody's runtime. */
	    {"/docker/" ID "0", "", "", ""},
	    {"/docker/0123456789ab", "", "", ""},
	    {"/docker/G123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", "",
	     ""},
	    {"/jobs/" ID, "", "", ""},
	    {"/system.slice/docker-" ID "0.scope", "", "", ""},
	    {"/kubepods/pod8f3c1d2e-1111-2222-3333-44445555666/x", "", "", ""},
	    {"/kubepods/pod8f3c1d2e+1111-2222-3333-444455556666/x", "", "", ""},
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_names names;
		cgroup_names_parse(cases[i].path, &names);
		ck_assert_msg(strcmp(names.unit, cases[i].unit) == 0 &&
		                  strcmp(names.container_id, cases[i].container_id) == 0 &&
		                  strcmp(names.pod_uid, cases[i].pod_uid) == 0,
		              "%s gives unit=%s container=%s pod=%s", cases[i].path, names.unit,
		              names.container_id, names.pod_uid);
	}
}
END_TEST

START_TEST(test_cgroup_mounts_are_found)
{
	static const char text[] =
	    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
	    "35 31 0:32 /docker/x /sys/fs/cgroup/my\\040mem ro shared:3 master:1 - cgroup c "
	    "rw,memory\n"
	    "36 31 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
	    "broken\n42 31 0:38 / /x rw\n43 31 0:38 / /y rw -\n";
	struct cgroup_mount mount;

	ck_assert_int_eq(mountinfo_find_cgroup(text, "memory", &mount), 0);
	ck_assert_str_eq(mount.root, "/docker/x");
	ck_assert_str_eq(mount.point, "/sys/fs/cgroup/my mem");
	ck_assert_int_eq(mountinfo_find_cgroup(text, NULL, &mount), 0);
	ck_assert_str_eq(mount.point, "/sys/fs/cgroup/unified");
	ck_assert_int_eq(mountinfo_find_cgroup(text, "blkio", &mount), -ENOENT);
}
END_TEST

START_TEST(test_cgroup_is_located_below_its_mount)
{
	static const struct {
		const char *root;
		const char *path;
		const char *below; /* NULL: not shown by the mount */
	} cases[] = {{"/", "/", ""},
	             {"/", "/a/b", "/a/b"},
	             {"/docker/x", "/docker/x", ""},
	             {"/docker/x", "/docker/x/y", "/y"},
	             {"/docker/x", "/docker/xy", NULL},
	             {"/docker/x", "/other", NULL},
	             {"/", "/../other", NULL},
	             {"/../..", "/../../kubepods/p", "/kubepods/p"},
	             {"/../..", "/../..", ""}};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cgroup_mount mount = {.point = "/sys/fs/cgroup"};
		const char *below;
		(void)snprintf(mount.root, sizeof(mount.root), "%s", cases[i].root);
		below = mountinfo_below(&mount, cases[i].path);
		ck_assert_pstr_eq(below, cases[i].below);
	}
	ck_assert_ptr_null(mountinfo_below(&(struct cgroup_mount){.root = "/"}, "/a"));
}
END_TEST

UNIT_MAIN("proc_text", test_stat_is_read_behind_any_comm, test_damaged_stat_is_refused,
          test_statm_has_three_numbers, test_status_gives_memory_and_namespaces,
          test_soft_limit_of_files_is_found, test_number_is_found_by_its_whole_key,
          test_cgroup_paths_of_each_kind_of_host, test_overlong_cgroup_path_is_refused,
          test_names_in_cgroup_paths, test_cgroup_mounts_are_found,
          test_cgroup_is_located_below_its_mount)
