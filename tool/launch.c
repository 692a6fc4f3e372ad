// SPDX-License-Identifier: MIT
/*
 * Only what execvp(3) would find in PATH is looked at, and only arguments of a program: what a
 * script does with its arguments is not known.
 */
#include "tool/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/proc/elf.h"
#include "lib/cleanup.h"
#include "lib/file.h"

static char trace_flag[] = "--trace-gc";

/* ---- programs ---- */

static bool is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Where execvp(3) finds it; false: nowhere. */
static bool find_program(const char *name, char out[PATH_MAX])
{
	const char *search = getenv("PATH");
	const char *at;
	size_t length;

	if (strchr(name, '/') != NULL) {
		(void)snprintf(out, PATH_MAX, "%s", name);
		return is_program(out);
	}
	for (at = search != NULL ? search : "/bin:/usr/bin"; *name != '\0'; at += length + 1) {
		length = strcspn(at, ":");
		if (snprintf(out, PATH_MAX, "%.*s%s%s", (int)length, at, length > 0 ? "/" : "",
		             name) < PATH_MAX &&
		    is_program(out))
			return true;
		if (at[length] == '\0')
			break;
	}
	return false;
}

/* 0 with the facts of an ELF file; negative errno for a script, or what cannot be read. */
static int inspect_program(const char *name, struct elf_facts *ret_facts)
{
	char path[PATH_MAX];
	_cleanup_(closep) int fd = -1;

	if (!find_program(name, path))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return elf_inspect(fd, ret_facts);
}

/* A single executable application gives its arguments to the application. */
static bool takes_flags(const struct elf_facts *facts)
{
	return facts->is_node && !facts->is_single_executable;
}

static bool may_name_node(const char *argument)
{
	return strchr(argument, '/') != NULL || strcmp(argument, "node") == 0 ||
	       strcmp(argument, "nodejs") == 0;
}

/* The index of the argument that is a Node executable, or -1. */
static int find_node(int argc, char **argv)
{
	struct elf_facts facts = {0};
	int i;

	if (inspect_program(argv[0], &facts) < 0)
		return -1;
	if (takes_flags(&facts))
		return 0;
	for (i = 1; i < argc && !facts.is_node; i++)
		if (may_name_node(argv[i]) && inspect_program(argv[i], &facts) == 0 &&
		    takes_flags(&facts))
			return i;
	return -1;
}

/* ---- the preloaded script ---- */

/* Beside the program (in the directory where it is built), else where it is installed. */
static bool find_script(char out[PATH_MAX])
{
	static const char *const places[] = {"/preload.js", "/../share/heapwatch/preload.js"};
	char directory[PATH_MAX];
	char *slash;
	size_t i;

	if (file_read_link_at(AT_FDCWD, "/proc/self/exe", directory, sizeof(directory)) >= 0 &&
	    (slash = strrchr(directory, '/')) != NULL) {
		*slash = '\0';
		for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
			if (snprintf(out, PATH_MAX, "%s%s", directory, places[i]) < PATH_MAX &&
			    access(out, R_OK) == 0)
				return true;
	}
	(void)snprintf(out, PATH_MAX, "%s", PKGDATADIR "/preload.js");
	return access(out, R_OK) == 0;
}

/* Before what is there already, so that the trace begins first. Quotes: Node 12 and later. */
static int plan_preload(struct launch *launch)
{
	const char *present = getenv("NODE_OPTIONS");
	const char *quote;
	char script[PATH_MAX];

	if (!find_script(script))
		return -ENOENT;
	quote = strchr(script, ' ') != NULL ? "\"" : "";
	if (present != NULL && present[0] == '\0')
		present = NULL;
	if (asprintf(&launch->node_options, "--require %s%s%s%s%s", quote, script, quote,
	             present != NULL ? " " : "", present != NULL ? present : "") < 0) {
		launch->node_options = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* ---- the plan ---- */

int launch_plan(struct launch *ret_launch, int argc, char **argv)
{
	int node = find_node(argc, argv);
	size_t front = node < 0 ? (size_t)argc : (size_t)node + 1;
	struct launch launch = {.argv = calloc((size_t)argc + 2, sizeof(*argv))};

	if (launch.argv == NULL)
		return -ENOMEM;
	memcpy(launch.argv, argv, front * sizeof(*argv));
	if (node >= 0) {
		launch.argv[front] = trace_flag;
		memcpy(launch.argv + front + 1, argv + front,
		       ((size_t)argc - front) * sizeof(*argv));
	} else {
		int error = plan_preload(&launch);

		if (error < 0) {
			launch_done(&launch);
			return error;
		}
	}
	*ret_launch = launch;
	return 0;
}

void launch_done(struct launch *launch)
{
	free(launch->argv);
	free(launch->node_options);
	*launch = (struct launch){NULL, NULL};
}
