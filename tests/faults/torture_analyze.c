// SPDX-License-Identifier: MIT
/*
 * heapwatch analyze with a failure anywhere: its JSON says the same as ever, or it says that
 * something is wrong. Reports for people may do without a word or a chart then.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/file.h"
#include "tests/faults/faults.h"
#include "tool/command.h"

#define OUTPUT_MAX ((size_t)256 * 1024)

static const char *const formats[] = {"--format=json", "--format=text", "--format=svg"};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

static struct output {
	int status;
	char out[OUTPUT_MAX];
	size_t error_length;
} references[FORMAT_COUNT], output;

/* Lets what is written to fd go to memory until it is given back. */
static int divert(FILE *stream, int fd, int *ret_memory)
{
	int saved = dup(fd);

	*ret_memory = memfd_create("output", MFD_CLOEXEC);
	if (saved < 0 || *ret_memory < 0 || fflush(stream) != 0 || dup2(*ret_memory, fd) < 0)
		faults_broken("cannot divert output");
	return saved;
}

static void give_back(FILE *stream, int fd, int saved)
{
	if (fflush(stream) != 0 || dup2(saved, fd) < 0)
		_exit(FAULTS_BROKEN);
	(void)close(saved);
}

static void analyze(const char *format, struct output *ret_output)
{
	static char path[PATH_MAX];
	char name[] = "analyze";
	char option[32];
	char *arguments[] = {name, option, path, NULL};
	size_t length;
	int out;
	int error;
	int saved_out = divert(stdout, STDOUT_FILENO, &out);
	int saved_error = divert(stderr, STDERR_FILENO, &error);

	(void)snprintf(path, sizeof(path), "%s/tests/fixtures/analyze/churn.log",
	               getenv("top_srcdir"));
	(void)snprintf(option, sizeof(option), "%s", format);
	faults_begin();
	ret_output->status = command_analyze(3, arguments);
	(void)faults_end();
	give_back(stdout, STDOUT_FILENO, saved_out);
	give_back(stderr, STDERR_FILENO, saved_error);
	if (file_pread_text(out, ret_output->out, sizeof(ret_output->out), &length) < 0)
		faults_broken("cannot read the output");
	ret_output->error_length = (size_t)lseek(error, 0, SEEK_END);
	(void)close(out);
	(void)close(error);
}

static void work(void)
{
	size_t i;

	for (i = 0; i < FORMAT_COUNT; i++) {
		analyze(formats[i], &output);
		if (i == 0 && output.status == 0 && output.error_length == 0 &&
		    strcmp(output.out, references[i].out) != 0)
			faults_broken("%s says something else and no word of it", formats[i]);
		if (output.status != 0 && output.error_length == 0)
			faults_broken("%s fails without a word", formats[i]);
		if (output.status != 0 && !faults_hit())
			faults_broken("%s fails", formats[i]);
	}
}

int main(void)
{
	size_t i;

	if (getenv("top_srcdir") == NULL)
		return EXIT_FAILURE;
	for (i = 0; i < FORMAT_COUNT; i++)
		analyze(formats[i], &references[i]);
	return faults_torture("analyze", work);
}
