// SPDX-License-Identifier: MIT
/*
 * Every way to rotate a log, with heapwatch running, restarted and killed meanwhile: each line is
 * counted exactly once, or what was lost is counted.
 */
#include "tests/unit/gclog_fixture.h"

enum daemon_life { DAEMON_UP, DAEMON_RESTARTED, DAEMON_KILLED, DAEMON_LIFE_COUNT };

static const char *const life_names[] = {"up", "restarted", "killed"};

/* The descriptor of whoever writes; a rotation may replace it. Lines 4 to 6 are put by it, and line
 * 7 by who writes then; without one the new file comes only then. */
struct rotation {
	const char *name;
	int (*rotate)(int fd);
	const char *pattern; /* of what is followed; NULL: app.log */
	/* What was written between the latest keeping and a crash is gone from the disk, too. */
	bool erases;
};

static int rotate_last(int fd)
{
	put_gc(fd, 6);
	return fd;
}

static int rotate_nothing_but_last(int fd)
{
	put_gc(fd, 5);
	return rotate_last(fd);
}

static int rotate_nothing(int fd)
{
	put_gc(fd, 4);
	return rotate_nothing_but_last(fd);
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
	(void)close(fd);
	return -1;
}

/* The daemon may look at any moment between two writes; slowly: it does. */
static void look_if_up(void)
{
	if (test.collector != NULL)
		look();
}

static int rotate_slowly(int fd)
{
	static const char line[] = "[7:0xa]  4 ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 "
	                           "ms  task; \n";
	size_t i;

	for (i = 0; line[i] != '\0'; i++) {
		const char byte[] = {line[i], '\0'};

		put(fd, byte);
		if (test.collector != NULL && i % 8 == 0)
			pass();
	}
	return rotate_nothing_but_last(fd);
}

/* As logrotate and pm2-logrotate do it, each with its names. */
static int rotate_by_copy(int fd, const char *name)
{
	put_gc(fd, 4); /* read by nobody before it is gone */
	copy_to(name, "app.log");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	return rotate_nothing_but_last(fd);
}

static int rotate_by_copytruncate(int fd)
{
	return rotate_by_copy(fd, "app.log.1");
}

static int rotate_by_copytruncate_with_date(int fd)
{
	return rotate_by_copy(fd, "app__2026-11-22_00-00-00.log");
}

static int rotate_by_copytruncate_and_look(int fd)
{
	put_gc(fd, 4);
	copy_to("app.log.1", "app.log");
	look_if_up(); /* at the copy of a file that is not truncated yet */
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	look_if_up();
	ck_assert_int_eq(rename(path_of("app.log.1"), path_of("app.log.2")), 0);
	look_if_up();
	return rotate_nothing_but_last(fd);
}

static int rotate_by_copytruncate_in_a_line(int fd)
{
	put(fd, "[7:0xa]  4 ms: Scavenge 4.1 (5.2) -> 3.6 ");
	copy_to("app.log.1", "app.log");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	put(fd, "(5.5) MB, 1.05 / 0.00 ms  task; \n");
	return rotate_nothing_but_last(fd);
}

static int rotate_by_two_copytruncates(int fd)
{
	put_gc(fd, 4);
	copy_to("app.log.1", "app.log");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	look_if_up();
	put_gc(fd, 5);
	if (test.collector == NULL)
		return rotate_last(fd); /* what was between two rotations is known to no one */
	ck_assert_int_eq(rename(path_of("app.log.1"), path_of("app.log.2")), 0);
	look();
	put_gc(fd, 6);
	copy_to("app.log.1", "app.log");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	return fd;
}

/* With nothing in its name or place that tells of what. */
static int rotate_into_archive(int fd)
{
	ck_assert_int_eq(mkdir(path_of("archive"), 0700), 0);
	return rotate_by_copy(fd, "archive/7.log");
}

static int rotate_into_archive_and_look(int fd)
{
	ck_assert_int_eq(mkdir(path_of("archive"), 0700), 0);
	put_gc(fd, 4);
	copy_to("archive/7.log", "app.log");
	look_if_up();
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	look_if_up();
	return rotate_nothing_but_last(fd);
}

static int back_up(int fd)
{
	ck_assert_int_eq(mkdir(path_of("archive"), 0700), 0);
	put_gc(fd, 4);
	look_if_up();
	copy_to("archive/7.log", "app.log");
	look_if_up();
	put_gc(fd, 5);
	look_if_up();
	copy_to("archive/8.log", "app.log");
	put_gc(fd, 6);
	copy_to("archive/7.log", "app.log"); /* over the one before */
	return fd;
}

static int rotate_by_copy_alone(int fd)
{
	put_gc(fd, 4);
	copy_to("app.log.bak", "app.log");
	return rotate_nothing_but_last(fd);
}

#define ARCHIVE "app.log archive/*.log"

static const struct rotation rotations[] = {
    {"none", rotate_nothing, NULL, false},
    {"none, and the writer is slow", rotate_slowly, NULL, false},
    {"rename", rotate_by_rename, NULL, false},
    {"rename, the old one matches too", rotate_by_rename, "app.log*", false},
    {"rename in the middle of a line", rotate_with_partial_line, NULL, false},
    {"deletion", rotate_by_deletion, NULL, true},
    {"truncation", rotate_by_truncation, NULL, true},
    {"truncation and growth", rotate_by_truncation_and_growth, NULL, true},
    {"symbolic link", rotate_by_symlink, NULL, false},
    {"symbolic link, all match", rotate_by_symlink, "*", false},
    {"the new file is late", rotate_late, NULL, false},
    {"copytruncate", rotate_by_copytruncate, NULL, false},
    {"copytruncate, the copy matches", rotate_by_copytruncate, "app.log*", false},
    {"copytruncate with a date", rotate_by_copytruncate_with_date, NULL, false},
    {"copytruncate with a date, it matches", rotate_by_copytruncate_with_date, "*.log", false},
    {"copytruncate step by step", rotate_by_copytruncate_and_look, NULL, false},
    {"copytruncate step by step, all match", rotate_by_copytruncate_and_look, "*", false},
    {"copytruncate in the middle of a line", rotate_by_copytruncate_in_a_line, NULL, false},
    {"copytruncate in a line, it matches", rotate_by_copytruncate_in_a_line, "app.*", false},
    {"copytruncate into an archive, it matches", rotate_into_archive, ARCHIVE, false},
    {"copytruncate into an archive step by step", rotate_into_archive_and_look, ARCHIVE, false},
    {"copies in an archive, they match", back_up, ARCHIVE, false},
    {"copytruncate twice", rotate_by_two_copytruncates, NULL, false},
    {"copytruncate twice, all match", rotate_by_two_copytruncates, "*", false},
    {"a copy and no rotation", rotate_by_copy_alone, "app.log*", false},
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

static void check_lines(const struct rotation *rotation, enum daemon_life life, unsigned count)
{
	unsigned i;

	for (i = 0; i < 3; i++)
		look();
	for (i = 1; i <= count; i++) {
		ck_assert_msg(times_seen(i) < 2, "%s, %s: line %u is counted twice", rotation->name,
		              life_names[life], i);
		if (i == 3 && life == DAEMON_KILLED && rotation->erases)
			continue;
		ck_assert_msg(times_seen(i) == 1, "%s, %s: line %u is missing", rotation->name,
		              life_names[life], i);
	}
}

static void check_rotation(const struct rotation *rotation, enum daemon_life life)
{
	int fd;

	set_up();
	if (rotation->rotate == rotate_by_symlink)
		ck_assert_int_eq(symlink("a", path_of("app.log")), 0);
	fd = start_pattern_with_two_lines(O_APPEND, rotation->pattern);
	read_third(fd, life);
	if (life != DAEMON_UP)
		stop();
	fd = rotation->rotate(fd);
	if (life != DAEMON_UP) {
		start_again();
		process(7);
	}
	check_lines(rotation, life, 6);
	if (fd < 0)
		fd = writer("app.log", O_APPEND);
	put_gc(fd, 7);
	check_lines(rotation, life, 7);
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
