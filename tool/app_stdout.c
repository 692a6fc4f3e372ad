// SPDX-License-Identifier: MIT
/*
 * The pseudo-terminal passes bytes as they are: what a newline means is decided once, by the
 * terminal behind it. Sources: pty(7), pipe(7), fcntl(2).
 */
#include "tool/app_stdout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "lib/cleanup.h"

/*
 * As large as an unprivileged process may make it: Node never waits for a pipe, so what V8 prints
 * while it is full is lost, and so is what stands behind it when process.exit() is called.
 */
#define PIPE_SIZE_BYTES (1 << 20)
#define PTY_NAME_SIZE   64

static int open_pipe(struct app_stdout *channel)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE_BYTES); /* or the usual size */
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
		int error = -errno;

		(void)close(ends[0]); /* new, unused */
		(void)close(ends[1]);
		return error;
	}
	channel->source = ends[0];
	channel->target = ends[1];
	return 0;
}

void app_stdout_resize(const struct app_stdout *channel)
{
	struct winsize size;

	if (channel->is_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(channel->source, TIOCSWINSZ, &size); /* or it keeps the old one */
}

static int open_slave(int master)
{
	struct termios settings;
	char name[PTY_NAME_SIZE];
	int slave;
	int error;

	if (grantpt(master) < 0 || unlockpt(master) < 0)
		return -errno;
	error = ptsname_r(master, name, sizeof(name));
	if (error != 0)
		return -error;
	slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return -errno;
	if (tcgetattr(STDOUT_FILENO, &settings) == 0) {
		settings.c_oflag &= ~(tcflag_t)OPOST;
		settings.c_lflag &= ~(tcflag_t)ECHO;
		(void)tcsetattr(slave, TCSANOW, &settings); /* or the usual settings */
	}
	return slave;
}

static int open_terminal(struct app_stdout *channel)
{
	_cleanup_(closep) int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave;

	if (master < 0)
		return -errno;
	slave = open_slave(master);
	if (slave < 0)
		return slave;
	if (fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) < 0) {
		int error = -errno;

		(void)close(slave); /* new, unused */
		return error;
	}
	channel->source = TAKE_FD(master);
	channel->target = slave;
	channel->is_terminal = true;
	app_stdout_resize(channel);
	return 0;
}

int app_stdout_open(struct app_stdout *channel)
{
	*channel = (struct app_stdout){.source = -1, .target = -1};
	return isatty(STDOUT_FILENO) == 1 ? open_terminal(channel) : open_pipe(channel);
}

/* An open file description of our own, as far as there can be one: then O_NONBLOCK is ours, too. */
void app_stdout_take(struct app_stdout *channel)
{
	struct stat status;
	int fd;

	if (fstat(STDOUT_FILENO, &status) < 0)
		return;
	if (S_ISREG(status.st_mode)) { /* never keeps us waiting */
		channel->is_private = true;
		return;
	}
	if (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))
		return;
	fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return; /* another user's: small pieces, then */
	channel->is_private = dup3(fd, STDOUT_FILENO, O_CLOEXEC) >= 0;
	(void)close(fd); /* a duplicate stays */
}

ssize_t app_stdout_write(const struct app_stdout *channel, const char *bytes, size_t length)
{
	ssize_t sent;

	if (channel->is_private)
		return write(STDOUT_FILENO, bytes, length);
	sent = send(STDOUT_FILENO, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0 || errno != ENOTSOCK)
		return sent;
	/* a pipe that poll(2) calls writable takes this much at once */
	return write(STDOUT_FILENO, bytes, length < PIPE_BUF ? length : PIPE_BUF);
}

void app_stdout_close_source(struct app_stdout *channel)
{
	if (channel->source >= 0)
		(void)close(channel->source); /* nothing is left to be read */
	channel->source = -1;
}

/* The descriptor stays in use, so that no other file gets the number. */
void app_stdout_close_own(void)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)dup3(fd, STDOUT_FILENO, O_CLOEXEC);
		(void)close(fd); /* a duplicate stays */
	}
}
