// SPDX-License-Identifier: MIT
/*
 * Every way to rotate a log, with heapwatch running, restarted and killed meanwhile: each line is
 * counted exactly once, or what was lost is counted.
 */
#include "tests/unit/gclog_fixture.h"

enum daemon_life { DAEMON_UP, DAEMON_RESTARTED, DAEMON_KILLED, DAEMON_LIFE_COUNT };

static const char *const life_names[] = {"up", "restarted", "killed"};

/* The descriptor of whoever writes; a rotation may replace it. Lines 4 to 6 are put by it. */
struct rotation {
	const char *name;
	int (*rotate)(int fd);
	/* What was written between the latest keeping and a crash is gone from the disk, too. */
	bool erases;
};

static int rotate_nothing(int fd)
{
	put_gc(fd, 4);
	put_gc(fd, 5);
	put_gc(fd, 6);
	return fd;
}

static int rotate_by_rename(int fd)
{
	int new_fd;

	put_gc(fd, 4);
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	put_gc(fd, 5); /* the writer is slow to open the new one */
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 6);
	(void)close(fd);
	return new_fd;
}

static int rotate_with_partial_line(int fd)
{
	int new_fd;

	put_gc(fd, 4);
	put(fd, "[7:0xa]  5 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 6);
	put(fd, "(5.5) MB, 1.05 / 0.00 ms  task; \n");
	(void)close(fd);
	return new_fd;
}

static int rotate_by_deletion(int fd)
{
	int new_fd;

	ck_assert_int_eq(unlink(path_of("app.log")), 0);
	new_fd = writer("app.log", O_APPEND);
	put_gc(new_fd, 4);
	put_gc(new_fd, 5);
	put_gc(new_fd, 6);
	(void)close(fd);
	return new_fd;
}

static int rotate_by_truncation(int fd)
{
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 4);
	put_gc(fd, 5);
	put_gc(fd, 6);
	return fd;
}

static int rotate_by_truncation_and_growth(int fd)
{
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put_gc(fd, 4);
	put_gc(fd, 5);
	put_gc(fd, 6);
	put(fd, "and much that the application has to say of itself, beyond the old place\n");
	put(fd, "and much that the application has to say of itself, beyond the old place\n");
	return fd;
}

static int rotate_by_symlink(int fd)
{
	int new_fd = writer("b", O_APPEND);

	put_gc(fd, 4);
	ck_assert_int_eq(symlink("b", path_of("link")), 0);
	ck_assert_int_eq(rename(path_of("link"), path_of("app.log")), 0);
	put_gc(new_fd, 5);
	put_gc(new_fd, 6);
	(void)close(fd);
	return new_fd;
}

static int rotate_late(int fd)
{
	put_gc(fd, 4);
	ck_assert_int_eq(rename(path_of("app.log"), path_of("app.log.1")), 0);
	put_gc(fd, 5);
	put_gc(fd, 6);
	return fd;
}

static const struct rotation rotations[] = {
    {"none", rotate_nothing, false},
    {"rename", rotate_by_rename, false},
    {"rename in the middle of a line", rotate_with_partial_line, false},
    {"deletion", rotate_by_deletion, true},
    {"truncation", rotate_by_truncation, true},
    {"truncation and growth", rotate_by_truncation_and_growth, true},
    {"symbolic link", rotate_by_symlink, false},
    {"the new file is late", rotate_late, false},
};

/* The line that is read is in the state already, or only in what the crash forgot. */
static void read_third(int fd, enum daemon_life life)
{
	if (life == DAEMON_KILLED)
		keep();
	put_gc(fd, 3);
	run_until_seen(3);
	if (life == DAEMON_RESTARTED)
		keep();
}

static unsigned times_seen(unsigned uptime_ms)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < test.seen_count; i++)
		count += test.seen[i].uptime_ms == uptime_ms;
	return count;
}

static void check_rotation(const struct rotation *rotation, enum daemon_life life)
{
	unsigned lost_count = 0;
	unsigned i;
	int fd;

	set_up();
	if (rotation->rotate == rotate_by_symlink)
		ck_assert_int_eq(symlink("a", path_of("app.log")), 0);
	fd = start_with_two_lines(O_APPEND);
	read_third(fd, life);
	if (life != DAEMON_UP)
		stop();
	fd = rotation->rotate(fd);
	if (life != DAEMON_UP) {
		start_again();
		process(7);
	}
	for (i = 0; i < 3; i++)
		look();
	for (i = 1; i <= 6; i++) {
		ck_assert_msg(times_seen(i) < 2, "%s, %s: line %u is counted twice", rotation->name,
		              life_names[life], i);
		if (i != 3 || life != DAEMON_KILLED || !rotation->erases)
			lost_count += times_seen(i) == 0;
	}
	ck_assert_msg(lost_count == 0, "%s, %s: %u lines are missing", rotation->name,
	              life_names[life], lost_count);
	(void)close(fd);
	tear_down();
}

START_TEST(test_rotation_matrix)
{
	enum daemon_life life;
	size_t i;

	tear_down(); /* each case has its own */
	for (i = 0; i < sizeof(rotations) / sizeof(rotations[0]); i++)
		for (life = 0; life < DAEMON_LIFE_COUNT; life++)
			check_rotation(&rotations[i], life);
	set_up();
	start(NULL);
}
END_TEST

GCLOG_MAIN("gclog_restart", test_rotation_matrix)
