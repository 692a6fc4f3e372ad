// SPDX-License-Identifier: MIT
/*
 * heapwatch, the command-line tool beside heapwatchd.
 */
#include "tool/command.h"

int main(int argc, char **argv)
{
	return command_main(argc, argv);
}
