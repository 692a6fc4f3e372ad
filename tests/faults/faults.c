// SPDX-License-Identifier: MIT
/*
 * The wrapped calls, one row for each kind, and the loop over n.
 */
#include "tests/faults/faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/numbers.h"

enum kind { KIND_MEMORY, KIND_OPEN, KIND_READ, KIND_STAT, KIND_WRITE, KIND_COUNT };

static const struct {
	const char *name;
	int error;
} kinds[] = {
    [KIND_MEMORY] = {"allocation", ENOMEM},
    [KIND_OPEN] = {"open", EMFILE},
    [KIND_READ] = {"read", EIO},
    [KIND_STAT] = {"stat", EIO},
    [KIND_WRITE] = {"write", ENOSPC},
};

/* Of the child, which tells the parent how many calls there were. */
static struct {
	bool is_armed;
	bool is_hit;
	enum kind kind;
	uint64_t at; /* 0: never */
	uint64_t count;
} fault;

static bool fails(enum kind kind)
{
	if (!fault.is_armed || kind != fault.kind || ++fault.count != fault.at)
		return false;
	fault.is_hit = true;
	errno = kinds[kind].error;
	return true;
}

/* ---- the calls ---- */

#define WRAP(kind, type, failure, name, parameters, arguments)          \
	type __real_##name parameters;                                  \
	type __wrap_##name parameters;                                  \
	type __wrap_##name parameters                                   \
	{                                                               \
		return fails(kind) ? failure : __real_##name arguments; \
	}

WRAP(KIND_MEMORY, void *, NULL, malloc, (size_t size), (size))
WRAP(KIND_MEMORY, void *, NULL, calloc, (size_t count, size_t size), (count, size))
WRAP(KIND_MEMORY, void *, NULL, realloc, (void *at, size_t size), (at, size))
WRAP(KIND_MEMORY, void *, NULL, reallocarray, (void *at, size_t count, size_t size),
     (at, count, size))
WRAP(KIND_MEMORY, char *, NULL, strdup, (const char *text), (text))
WRAP(KIND_OPEN, DIR *, NULL, opendir, (const char *path), (path))
WRAP(KIND_OPEN, int, GLOB_ABORTED, glob,
     (const char *pattern, int flags, int (*failed)(const char *path, int error),
      glob_t *ret_matches),
     (pattern, flags, failed, ret_matches))
WRAP(KIND_READ, ssize_t, -1, read, (int fd, void *bytes, size_t size), (fd, bytes, size))
WRAP(KIND_READ, ssize_t, -1, __read_chk, (int fd, void *bytes, size_t size, size_t room),
     (fd, bytes, size, room))
WRAP(KIND_READ, ssize_t, -1, pread, (int fd, void *bytes, size_t size, off_t at),
     (fd, bytes, size, at))
WRAP(KIND_READ, ssize_t, -1, __pread_chk, (int fd, void *bytes, size_t size, off_t at, size_t room),
     (fd, bytes, size, at, room))
WRAP(KIND_READ, struct dirent *, NULL, readdir, (DIR * directory), (directory))
WRAP(KIND_STAT, int, -1, stat, (const char *path, struct stat *ret_status), (path, ret_status))
WRAP(KIND_STAT, int, -1, lstat, (const char *path, struct stat *ret_status), (path, ret_status))
WRAP(KIND_STAT, int, -1, fstat, (int fd, struct stat *ret_status), (fd, ret_status))
WRAP(KIND_WRITE, ssize_t, -1, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))

/* The mode is passed on whether it is there or not, as libc itself does. */
#define WRAP_OPEN(name, parameters, arguments)                                        \
	int __real_##name(parameters, int flags, ...);                                \
	int __wrap_##name(parameters, int flags, ...);                                \
	int __wrap_##name(parameters, int flags, ...)                                 \
	{                                                                             \
		va_list more;                                                         \
		mode_t mode;                                                          \
                                                                                      \
		va_start(more, flags);                                                \
		mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;             \
		va_end(more);                                                         \
		return fails(KIND_OPEN) ? -1 : __real_##name(arguments, flags, mode); \
	}

#define PARAMETERS(...) __VA_ARGS__
WRAP_OPEN(open, const char *path, path)
WRAP_OPEN(openat, PARAMETERS(int directory, const char *path), PARAMETERS(directory, path))

/* ---- a child ---- */

void faults_begin(void)
{
	fault.is_armed = true;
}

bool faults_end(void)
{
	bool was_armed = fault.is_armed;

	fault.is_armed = false;
	return was_armed;
}

bool faults_hit(void)
{
	return fault.is_hit;
}

void faults_broken(const char *format, ...)
{
	va_list arguments;

	fault.is_armed = false;
	va_start(arguments, format);
	(void)fprintf(stderr, "# %s %llu: ", kinds[fault.kind].name, (unsigned long long)fault.at);
	(void)vfprintf(stderr, format, arguments);
	(void)fputc('\n', stderr);
	va_end(arguments);
	_exit(FAULTS_BROKEN);
}

/* Runs work with the n-th call failing; returns its wait status, and how many calls there were. */
static int run_child(void (*work)(void), enum kind kind, uint64_t at, uint64_t *ret_count)
{
	int ends[2];
	int status = -1;
	pid_t pid;

	*ret_count = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		fault.kind = kind;
		fault.at = at;
		fault.count = 0;
		work();
		fault.is_armed = false;
		if (write(ends[1], &fault.count, sizeof(fault.count)) != sizeof(fault.count))
			_exit(FAULTS_BROKEN);
		exit(EXIT_SUCCESS); /* not _exit: leaks are looked for */
	}
	(void)close(ends[1]);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		status = -1;
	if (read(ends[0], ret_count, sizeof(*ret_count)) != sizeof(*ret_count))
		*ret_count = 0;
	(void)close(ends[0]);
	return status;
}

static uint64_t calls_max(void)
{
	const char *text = getenv("TORTURE_CALLS");
	uint64_t calls;

	return text != NULL && number_parse_u64(text, strlen(text), &calls) == 0 && calls > 0
	           ? calls
	           : UINT64_MAX;
}

static bool is_well(int status)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static unsigned torture_kind(void (*work)(void), enum kind kind, uint64_t count)
{
	uint64_t step = (count - 1) / calls_max() + 1;
	unsigned problems = 0;
	uint64_t unused;
	uint64_t at;

	for (at = 1; at <= count; at += step) {
		int status = run_child(work, kind, at, &unused);

		if (is_well(status))
			continue;
		problems++;
		if (WIFSIGNALED(status))
			printf("# %s %llu: ended by signal %d\n", kinds[kind].name,
			       (unsigned long long)at, WTERMSIG(status));
	}
	return problems;
}

static void work_once(void (*work)(void), const char *one)
{
	const char *colon = strchr(one, ':');
	enum kind kind;

	for (kind = 0; kind < KIND_COUNT && colon != NULL; kind++)
		if (strncmp(one, kinds[kind].name, (size_t)(colon - one)) == 0)
			fault.kind = kind;
	if (colon == NULL || number_parse_u64(colon + 1, strlen(colon + 1), &fault.at) < 0)
		faults_broken("TORTURE_ONE is to be KIND:NUMBER");
	fault.count = 0;
	work();
}

int faults_torture(const char *name, void (*work)(void))
{
	const char *one = getenv("TORTURE_ONE");
	enum kind kind;
	uint64_t count;
	unsigned problems;

	if (one != NULL) {
		work_once(work, one);
		return EXIT_SUCCESS;
	}
	printf("1..%d\n", KIND_COUNT);
	for (kind = 0; kind < KIND_COUNT; kind++) {
		bool is_sound = is_well(run_child(work, kind, 0, &count));

		problems = is_sound && count > 0 ? torture_kind(work, kind, count) : 0;
		printf("%s %d - %s: %llu calls of kind %s\n",
		       is_sound && problems == 0 ? "ok" : "not ok", (int)kind + 1, name,
		       (unsigned long long)count, kinds[kind].name);
	}
	return EXIT_SUCCESS; /* problems are in the TAP output */
}
