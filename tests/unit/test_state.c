// SPDX-License-Identifier: MIT
/* Slots on disk: kept over a restart, not over a reboot, and never a reason to fail. */
#include "daemon/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/model/model.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/heapwatch-state-XXXXXX";

static int submit_at_once(void *context, void (*work)(void *data), void (*done)(void *data),
                          void *data)
{
	unsigned *jobs = context;

	(*jobs)++;
	work(data);
	done(data);
	return 0;
}

static unsigned job_count;
static const struct collector_host host = {.context = &job_count, .submit = submit_at_once};

static struct model *make_model(void)
{
	const struct model_options options = {.processes_max = 8, .apps_max = 8, .time_scale = 1};
	struct model *model = model_new(&options);

	ck_assert_ptr_nonnull(model);
	return model;
}

static void add_process(struct model *model, pid_t pid)
{
	const struct process_facts facts = {
	    .key = {.pid = pid, .start_ticks = 7},
	    .app = "shop",
	    PROCESS_FACTS_UNKNOWN,
	};

	ck_assert_int_eq(model_process_found(model, NS_PER_SECOND, &facts), 0);
}

static struct state *open_state(struct model *model)
{
	struct state *state = NULL;

	ck_assert_int_eq(state_open(directory, true, &host, model, &state), 0);
	ck_assert_ptr_nonnull(state);
	return state;
}

static unsigned slot_of(struct model *model, pid_t pid)
{
	const struct process_key key = {.pid = pid, .start_ticks = 7};
	const struct process *process = model_find(model, &key);

	ck_assert_ptr_nonnull(process);
	return process->slot;
}

START_TEST(test_slot_is_the_same_after_a_restart)
{
	struct model *model = make_model();
	struct state *state;
	const struct process_key first = {.pid = 10, .start_ticks = 7};
	const struct process_exit exit = {.cause = EXIT_CAUSE_EXIT};

	ck_assert_ptr_nonnull(mkdtemp(directory));
	state = open_state(model);
	add_process(model, 10);
	add_process(model, 11);
	model_process_exited(model, &first, &exit); /* 11 keeps slot 1 though 0 is free */
	state_save(state, model);
	job_count = 0;
	state_save(state, model);
	ck_assert_uint_eq(job_count, 0); /* nothing has changed */
	state_close(state, model);
	model_free(model);

	model = make_model();
	state = open_state(model);
	add_process(model, 12);
	add_process(model, 11);
	ck_assert_uint_eq(slot_of(model, 11), 1);
	ck_assert_uint_eq(slot_of(model, 12), 0);
	state_close(state, model);
	model_free(model);
}
END_TEST

START_TEST(test_slots_of_another_boot_are_ignored)
{
	char path[64];
	char text[4096];
	size_t length;
	struct model *model = make_model();
	struct state *state;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/slots", directory);
	state = open_state(model);
	add_process(model, 10);
	add_process(model, 11);
	state_close(state, model);
	model_free(model);
	ck_assert_int_eq(file_read_text_at(AT_FDCWD, path, text, sizeof(text), &length), 0);
	text[5] = text[5] == 'x' ? 'y' : 'x'; /* the first character of the boot id */
	ck_assert_int_eq(file_replace(path, text, length), 0);

	model = make_model();
	state = open_state(model);
	add_process(model, 11);
	ck_assert_uint_eq(slot_of(model, 11), 0);
	state_close(state, model);
	model_free(model);
}
END_TEST

START_TEST(test_a_path_that_cannot_be_written_gives_no_state)
{
	struct model *model = make_model();
	char untouched;
	struct state *state = (struct state *)&untouched;
	char file[] = "/tmp/heapwatch-state-XXXXXX";
	int fd = mkstemp(file);

	ck_assert_int_ge(fd, 0);
	(void)fchmod(fd, 0700); /* as a directory that may be entered */
	ck_assert_int_eq(state_open("/proc/heapwatch", true, &host, model, &state), -ENOENT);
	ck_assert_int_eq(state_open(file, true, &host, model, &state), -ENOTDIR);
	ck_assert_ptr_eq(state, (struct state *)&untouched);
	ck_assert_int_eq(state_open("/proc/heapwatch", false, &host, model, &state), 0);
	ck_assert_ptr_null(state);
	state_save(NULL, model);
	ck_assert_ptr_null(state_close(NULL, model));
	model_free(model);
	(void)close(fd);
	(void)unlink(file);
}
END_TEST

UNIT_MAIN("state", test_slot_is_the_same_after_a_restart, test_slots_of_another_boot_are_ignored,
          test_a_path_that_cannot_be_written_gives_no_state)
