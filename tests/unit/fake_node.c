// SPDX-License-Identifier: MIT
/*
 * A program that is a Node.js runtime as far as its ELF file tells: it exports node::Start and
 * names a version. It does what bytes on stdin say, and ends with stdin, so that none is left
 * behind: 'e' exits with status 7, 's' dies of SIGSEGV, 'x' becomes argv[2] by exec. It writes one
 * byte when it is ready.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

__attribute__((visibility("default"), used)) int _ZN4node5StartEiPPc(int argc, char **argv);

static const char *volatile release_url =
    "https://nodejs.org/download/release/v20.20.2/node-v20.20.2.tar.gz";

int _ZN4node5StartEiPPc(int argc, char **argv)
{
	char command;

	if (release_url == NULL || write(STDERR_FILENO, "r", 1) != 1)
		return EXIT_FAILURE;
	while (read(STDIN_FILENO, &command, 1) == 1) {
		if (command == 'e')
			return 7;
		if (command == 's') {
			(void)signal(SIGSEGV, SIG_DFL);
			(void)raise(SIGSEGV);
		}
		if (command == 'x' && argc > 2)
			(void)execv(argv[2], argv + 2);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	return _ZN4node5StartEiPPc(argc, argv);
}
