// SPDX-License-Identifier: MIT
/* The state on disk: given back whole or not at all, and never a reason to fail. */
#include "daemon/kept.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/collection.h"
#include "daemon/model/model.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

#define MB (UINT64_C(1) << 20)

static char directory[] = "/tmp/heapwatch-kept-XXXXXX";
static char path[64];
static struct config *config;

static uint64_t host_now_ns(void *context)
{
	(void)context;
	return clock_boottime_ns();
}

static struct collector_watch *host_watch_fd(void *context, int fd, void (*readable)(void *data),
                                             void *data)
{
	(void)context;
	(void)fd;
	(void)readable;
	(void)data;
	return NULL; /* looked at in each pass instead */
}

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	work(data);
	done(data);
	return 0;
}

static const struct collector_host host = {
    .now_ns = host_now_ns, .watch_fd = host_watch_fd, .submit = host_submit};

static const struct process_facts facts = {
    .key = {.pid = 10, .start_ticks = 7},
    .start_ns = NS_PER_SECOND,
    .app = "shop",
    PROCESS_FACTS_UNKNOWN,
};

/* One life of the daemon. */
struct life {
	struct model *model;
	struct collection *collection;
	struct kept *kept;
};

static struct life begin(void)
{
	const struct model_options options = {.processes_max = 8, .apps_max = 8, .time_scale = 1};
	const struct collector_options collector_options = {
	    .config = config, .procfs_path = directory, .rootfs_path = directory};
	struct life life = {.model = model_new(&options)};

	ck_assert_ptr_nonnull(life.model);
	life.collection = collection_new(&collector_options, &host, life.model);
	ck_assert_ptr_nonnull(life.collection);
	life.kept = kept_open(directory, &host);
	ck_assert_ptr_nonnull(life.kept);
	kept_restore(life.kept, life.model, life.collection);
	ck_assert_int_eq(model_process_found(life.model, 2 * NS_PER_SECOND, &facts), 0);
	return life;
}

static void end(struct life *life)
{
	ck_assert_ptr_null(kept_close(life->kept, life->model, life->collection));
	(void)collection_free(life->collection);
	(void)model_free(life->model);
}

static void save(const struct life *life, uint64_t at_seconds)
{
	kept_save(life->kept, life->model, life->collection, at_seconds * NS_PER_SECOND);
}

static void collect(const struct life *life)
{
	const struct gc_event event = {.kind = GC_MARK_COMPACT,
	                               .isolate = 0xa,
	                               .uptime_ns = NS_PER_SECOND,
	                               .used_before_bytes = 9 * MB,
	                               .used_after_bytes = 5 * MB};

	model_gc(life->model, &facts.key, 3 * NS_PER_SECOND, &event);
}

/* Full collections that are known of the process. */
static uint64_t collections(const struct life *life)
{
	const struct process *process = model_find(life->model, &facts.key);

	return process->isolate_count == 0 ? 0
	                                   : process->isolates[0]->totals[GC_GENERATION_FULL].count;
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/state", directory);
	config = config_new_default();
	ck_assert_ptr_nonnull(config);
}

START_TEST(test_what_was_known_is_known_again)
{
	struct life life;
	struct life crashed;

	set_up();
	life = begin();
	ck_assert_uint_eq(collections(&life), 0);
	collect(&life);
	save(&life, 10);
	collect(&life);
	end(&life);
	life = begin();
	ck_assert_uint_eq(collections(&life), 2);
	collect(&life);
	end(&life); /* ended before its first pass: what was there stays */
	life = begin();
	ck_assert_uint_eq(collections(&life), 2);
	collect(&life);
	save(&life, 10);
	crashed = life; /* nothing is closed before the next one begins */
	life = begin();
	ck_assert_uint_eq(collections(&life), 3);
	end(&life);
	end(&crashed);
}
END_TEST

START_TEST(test_damaged_state_is_set_aside)
{
	char aside[80];
	struct life life;
	struct stat status;
	int fd;

	set_up();
	life = begin();
	collect(&life);
	save(&life, 10);
	end(&life);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "X", 1, 40), 1);
	(void)close(fd);
	life = begin();
	ck_assert_uint_eq(collections(&life), 0);
	(void)snprintf(aside, sizeof(aside), "%s.damaged", path);
	ck_assert_int_eq(stat(aside, &status), 0);
	ck_assert_int_lt(stat(path, &status), 0);
	collect(&life);
	save(&life, 10);
	end(&life);
	life = begin();
	ck_assert_uint_eq(collections(&life), 1);
	end(&life);
}
END_TEST

START_TEST(test_what_is_no_file_is_set_aside_and_a_fifo_does_not_block)
{
	struct life life;

	set_up();
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	life = begin();
	save(&life, 10);
	ck_assert_uint_eq(kept_error_count(life.kept), 0);
	end(&life);
}
END_TEST

START_TEST(test_failed_write_is_counted_and_tried_again)
{
	char temporary[80];
	struct life life;

	set_up();
	(void)snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	ck_assert_int_eq(mkdir(temporary, 0700), 0); /* in the way of the writer */
	life = begin();
	collect(&life);
	save(&life, 10);
	save(&life, 20);
	ck_assert_uint_eq(kept_error_count(life.kept), 2);
	ck_assert_uint_eq(collections(&life), 1);
	ck_assert_int_eq(rmdir(temporary), 0);
	save(&life, 30);
	ck_assert_uint_eq(kept_error_count(life.kept), 2);
	end(&life);
	life = begin();
	ck_assert_uint_eq(collections(&life), 1);
	end(&life);
	ck_assert_uint_eq(kept_error_count(NULL), 0);
}
END_TEST

UNIT_MAIN("kept", test_what_was_known_is_known_again, test_damaged_state_is_set_aside,
          test_what_is_no_file_is_set_aside_and_a_fifo_does_not_block,
          test_failed_write_is_counted_and_tried_again)
