// SPDX-License-Identifier: MIT
/*
 * Paths come from the process, so they are opened through its own root, never through ours, and
 * only regular files are read: O_NONBLOCK keeps a FIFO from holding us.
 */
#include "collectors/proc/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/container_name.h"
#include "collectors/proc/command_line.h"
#include "collectors/proc/container.h"
#include "collectors/proc/executables.h"
#include "collectors/proc/naming.h"
#include "collectors/proc/pm2.h"
#include "collectors/proc/stat.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/units.h"
#include "lib/utf8.h"

#define PATH_SIZE         4096
#define NAME_SIZE         256
#define SHOWN_SIZE        1024 /* of a path or name that is shown */
#define ARGV_RULE_SIZE    (8 * KIB)
#define COMMAND_LINE_SIZE (64 * KIB)
#define ENVIRONMENT_SIZE  (256 * KIB)
#define JSON_SIZE         (64 * KIB)

/* Working memory of one collection. */
struct work {
	const struct facts_source *source;
	struct facts *facts;
	int root_fd; /* /proc/PID/root; -1: denied */
	char command_line[COMMAND_LINE_SIZE];
	char environment[ENVIRONMENT_SIZE];
	size_t environment_length;
	char json[JSON_SIZE];
	char text[STATUS_TEXT_SIZE];
	char directory[PATH_SIZE]; /* cwd of the process */
	char script[PATH_SIZE];
	char path[PATH_SIZE];
	struct pm2_app pm2;
};

_Static_assert(STATUS_TEXT_SIZE >= CGROUP_TEXT_SIZE, "struct work.text serves both");

static bool is_denial(int error)
{
	return error == -EACCES || error == -EPERM;
}

static void note_error(struct work *work, int error)
{
	if (is_denial(error))
		work->facts->is_denied = true;
}

/* proc(5): the mode of a file asks for CAP_DAC_READ_SEARCH, what is behind it for ptrace rights. */
static void note_lack(struct work *work, int error, enum process_fact fact)
{
	static const enum process_need needs[PROCESS_FACT_COUNT] = {
	    [PROCESS_FACT_ENVIRONMENT] = PROCESS_NEED_PTRACE_AND_READ_SEARCH,
	    [PROCESS_FACT_FILES] = PROCESS_NEED_PTRACE,
	    [PROCESS_FACT_OPEN_FILES] = PROCESS_NEED_PTRACE_AND_READ_SEARCH,
	    [PROCESS_FACT_MAPS] = PROCESS_NEED_PTRACE,
	};

	note_error(work, error);
	if (is_denial(error))
		work->facts->needs[fact] = needs[fact];
}

/* The length, 0 with "" or a negative errno. */
static ssize_t read_text(struct work *work, const char *name, char *out, size_t size)
{
	size_t length = 0;
	int r = file_read_text_at(work->source->directory_fd, name, out, size, &length);

	note_error(work, r);
	if (r == 0)
		return (ssize_t)length;
	out[0] = '\0';
	return r;
}

static void read_link(struct work *work, const char *name, char *out, size_t size)
{
	int r = file_read_link_at(work->source->directory_fd, name, out, size);

	if (r < 0) {
		note_error(work, r);
		out[0] = '\0';
	}
}

static int set_string(char **string, const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

static int set_clean_string(char **string, const char *text)
{
	char clean[SHOWN_SIZE];

	utf8_clean(clean, sizeof(clean), text);
	return set_string(string, clean);
}

/* ---- script and package ---- */

static bool stat_in_root(const struct work *work, const char *path, struct stat *ret_status)
{
	while (*path == '/')
		path++;
	return work->root_fd >= 0 &&
	       fstatat(work->root_fd, *path != '\0' ? path : ".", ret_status, 0) == 0;
}

/* As require() would find it: the file, or the file without its extension. */
static bool script_exists(struct work *work, const char *path)
{
	struct stat status;

	if (stat_in_root(work, path, &status))
		return true;
	return snprintf(work->path, sizeof(work->path), "%s.js", path) < (int)sizeof(work->path) &&
	       stat_in_root(work, work->path, &status);
}

static int find_script(struct work *work, const struct command_line *line)
{
	const char *script = line->script;

	work->script[0] = '\0';
	if (work->source->is_single_executable) {
		read_link(work, "exe", work->script, sizeof(work->script));
		return set_clean_string(&work->facts->script, work->script);
	}
	/* PM2 runs apps through a container script of its own. */
	if (work->pm2.script[0] != '\0' &&
	    (script == NULL || strstr(script, "/ProcessContainer") != NULL))
		script = work->pm2.script;
	if (script != NULL)
		naming_resolve(work->directory, script, work->script, sizeof(work->script));
	/* A title is believed only when what it names is there. */
	if (script != NULL && line->is_rewritten && !script_exists(work, work->script))
		work->script[0] = '\0';
	work->facts->is_launcher = naming_is_launcher(work->script);
	return set_clean_string(&work->facts->script, work->script);
}

/* Reads a small regular file; the length, 0 when there is none. */
static size_t read_regular(int directory_fd, const char *path, char *out, size_t size)
{
	_cleanup_(closep) int fd =
	    openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	size_t length;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_size >= (off_t)size || file_pread_text(fd, out, size, &length) < 0)
		return 0;
	return length;
}

/* The directory of the script; the script itself where a directory was given ("node ."). */
static int find_package(struct work *work)
{
	char name[NAME_SIZE] = "";
	struct stat status;
	char *slash;
	size_t length;

	if (work->script[0] == '/' && work->root_fd >= 0 && !work->source->is_single_executable &&
	    snprintf(work->path, sizeof(work->path), "%s", work->script) > 0) {
		slash = strrchr(work->path, '/');
		if (!stat_in_root(work, work->path, &status) || !S_ISDIR(status.st_mode))
			*slash = '\0';
		length = strlen(work->path);
		if (length + sizeof("/package.json") <= sizeof(work->path)) {
			memcpy(work->path + length, "/package.json", sizeof("/package.json"));
			length = read_regular(work->root_fd, work->path + strspn(work->path, "/"),
			                      work->json, sizeof(work->json));
			(void)naming_json_string(work->json, length, "name", name, sizeof(name));
		}
	}
	return set_string(&work->facts->package_name, name);
}

/* ---- names from the environment and the runtime ---- */

static int name_container(struct work *work, const char *app, const char *whole)
{
	int r = set_clean_string(&work->facts->container, app);

	return r < 0 ? r : set_clean_string(&work->facts->container_name, whole);
}

static int name_after_runtime(struct work *work, const struct container_name *name)
{
	char app[NAME_SIZE];
	char whole[SHOWN_SIZE];

	if (name->pod[0] == '\0')
		return name_container(work, name->container, name->container);
	container_name_of_pod(name->pod, app, sizeof(app));
	(void)snprintf(whole, sizeof(whole), "%s/%s%s%s", name->name_space, name->pod,
	               name->container[0] != '\0' ? "/" : "", name->container);
	return name_container(work, app, whole);
}

/* The name of the host is that of the pod, or one that was given; by default it is the short id. */
static int name_after_host(struct work *work)
{
	const struct cgroup_names *names = &work->facts->cgroup_names;
	const char *host =
	    environment_find(work->environment, work->environment_length, "HOSTNAME");
	bool is_pod = names->pod_uid[0] != '\0' ||
	              environment_find(work->environment, work->environment_length,
	                               "KUBERNETES_SERVICE_HOST") != NULL;
	char app[NAME_SIZE];

	if (host == NULL || (!is_pod && strncmp(names->container_id, host, strlen(host)) == 0))
		return name_container(work, "", "");
	if (!is_pod)
		return name_container(work, host, host);
	container_name_of_pod(host, app, sizeof(app));
	return name_container(work, app, host);
}

static int find_container(struct work *work)
{
	const struct cgroup_names *names = &work->facts->cgroup_names;
	struct container_name name;

	if (names->container_id[0] == '\0' && names->pod_uid[0] == '\0')
		return name_container(work, "", "");
	if (container_find_name(work->source->rootfs_path, names, &name))
		return name_after_runtime(work, &name);
	return name_after_host(work);
}

static int find_cgroup(struct work *work)
{
	struct facts *facts = work->facts;

	facts->cgroup_paths = calloc(1, sizeof(*facts->cgroup_paths));
	if (facts->cgroup_paths == NULL)
		return -ENOMEM;
	if (read_text(work, "cgroup", work->text, CGROUP_TEXT_SIZE) <= 0 ||
	    cgroup_paths_parse(work->text, facts->cgroup_paths) < 0) {
		facts_forget_paths(facts);
		return 0;
	}
	cgroup_names_parse(cgroup_paths_main(facts->cgroup_paths), &facts->cgroup_names);
	return 0;
}

/* ---- stdout ---- */

static bool names_same_file(const char *path, const struct executable_key *file)
{
	struct executable_key found;

	return executable_identify(AT_FDCWD, path, &found) == 0 && found.device == file->device &&
	       found.inode == file->inode;
}

/* The plain path, the same under the root of the process, or else the open file itself. */
static int find_stdout(struct work *work)
{
	const struct facts_source *source = work->source;
	struct executable_key file;
	struct stat status;
	char link[PATH_SIZE / 2];

	if (fstatat(source->directory_fd, "fd/1", &status, 0) < 0) {
		note_lack(work, -errno, PROCESS_FACT_OPEN_FILES);
		return set_string(&work->facts->stdout_path, "");
	}
	if (!S_ISREG(status.st_mode) ||
	    executable_identify(source->directory_fd, "fd/1", &file) < 0)
		return set_string(&work->facts->stdout_path, "");
	work->facts->stdout_file = (struct file_identity){file.device, file.inode};
	read_link(work, "fd/1", link, sizeof(link));
	if (link[0] == '/' && names_same_file(link, &file))
		return set_string(&work->facts->stdout_path, link);
	if (link[0] == '/' &&
	    snprintf(work->path, sizeof(work->path), "%s/%d/root%s", source->procfs_path,
	             (int)source->pid, link) < (int)sizeof(work->path) &&
	    names_same_file(work->path, &file))
		return set_string(&work->facts->stdout_path, work->path);
	(void)snprintf(work->path, sizeof(work->path), "%s/%d/fd/1", source->procfs_path,
	               (int)source->pid);
	return set_string(&work->facts->stdout_path, work->path);
}

/* ---- all of it ---- */

static int join_arguments(struct work *work, size_t length)
{
	size_t i;

	while (length > 0 && work->command_line[length - 1] == '\0')
		length--;
	if (length >= ARGV_RULE_SIZE)
		length = ARGV_RULE_SIZE - 1;
	work->facts->argv = calloc(1, length + 1);
	if (work->facts->argv == NULL)
		return -ENOMEM;
	for (i = 0; i < length; i++)
		work->facts->argv[i] =
		    (char)(work->command_line[i] != '\0' ? work->command_line[i] : ' ');
	return 0;
}

static void find_namespaces(struct work *work)
{
	ssize_t length = read_text(work, "status", work->text, sizeof(work->text));
	struct process_status status;

	if (length <= 0 || status_parse(work->text, (size_t)length, &status) < 0)
		return;
	memcpy(work->facts->namespace_pids, status.namespace_pids, sizeof(status.namespace_pids));
	work->facts->namespace_count = status.namespace_count;
}

static void read_environment(struct work *work)
{
	ssize_t length = read_text(work, "environ", work->environment, sizeof(work->environment));

	work->environment_length = length > 0 ? (size_t)length : 0;
	note_lack(work, (int)length, PROCESS_FACT_ENVIRONMENT);
}

/* Opening is what is refused; nothing is read. */
static void try_maps(struct work *work)
{
	_cleanup_(closep) int fd = openat(work->source->directory_fd, "maps", O_RDONLY | O_CLOEXEC);

	note_lack(work, fd < 0 ? -errno : 0, PROCESS_FACT_MAPS);
}

static int find_all(struct work *work)
{
	ssize_t got = read_text(work, "cmdline", work->command_line, sizeof(work->command_line));
	size_t length = got > 0 ? (size_t)got : 0;
	struct facts *facts = work->facts;
	struct command_line line = {.script = NULL};
	char *node_options;
	int r = join_arguments(work, length);

	read_environment(work);
	try_maps(work);
	read_link(work, "cwd", work->directory, sizeof(work->directory));
	find_namespaces(work);
	if (!work->source->is_single_executable)
		command_line_parse(work->command_line, length, &line);
	node_options =
	    environment_find(work->environment, work->environment_length, "NODE_OPTIONS");
	if (node_options != NULL)
		command_line_add_node_options(&line, node_options);
	facts->max_old_space_bytes = line.max_old_space_bytes;
	facts->max_semi_space_bytes = line.max_semi_space_bytes;
	facts->traces_gc = line.traces_gc;
	pm2_find(work->environment, work->environment_length, &work->pm2);
	if (r < 0 || find_script(work, &line) < 0 || find_package(work) < 0 ||
	    set_clean_string(&facts->pm2_name, work->pm2.name) < 0 || find_cgroup(work) < 0 ||
	    find_container(work) < 0 || find_stdout(work) < 0)
		return -ENOMEM;
	return 0;
}

int facts_collect(const struct facts_source *source, struct facts *ret_facts)
{
	struct work *work = malloc(sizeof(*work));
	struct facts facts = {.script = NULL};
	int r;

	if (work == NULL)
		return -ENOMEM;
	work->source = source;
	work->facts = &facts;
	work->root_fd = openat(source->directory_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (work->root_fd < 0)
		note_lack(work, -errno, PROCESS_FACT_FILES);
	r = find_all(work);
	closep(&work->root_fd);
	free(work);
	if (r < 0)
		facts_done(&facts);
	else
		*ret_facts = facts;
	return r;
}

void facts_forget_paths(struct facts *facts)
{
	free(facts->cgroup_paths);
	facts->cgroup_paths = NULL;
}

void facts_done(struct facts *facts)
{
	free(facts->script);
	free(facts->argv);
	free(facts->pm2_name);
	free(facts->package_name);
	free(facts->container);
	free(facts->container_name);
	free(facts->stdout_path);
	facts_forget_paths(facts);
	*facts = (struct facts){.script = NULL};
}
