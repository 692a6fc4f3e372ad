// SPDX-License-Identifier: MIT
/* What becomes of explanations whose process ends, and of inspectors that were left open. */
#include "daemon/explaining.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "collectors/inspector/ledger.h"
#include "collectors/inspector/subject.h"
#include "config/config.h"
#include "daemon/exposition/metrics.h"
#include "daemon/model/model.h"
#include "lib/clock.h"
#include "tests/unit/unit.h"

#define PROCESSES 300 /* more outcomes than are kept */

struct pool {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data; /* NULL: nothing was submitted */
};

static int submit(void *context, void (*work)(void *data), void (*done)(void *data), void *data)
{
	struct pool *pool = context;

	ck_assert_ptr_null(pool->data);
	*pool = (struct pool){.work = work, .done = done, .data = data};
	return 0;
}

static void run(struct pool *pool)
{
	struct pool job = *pool;

	ck_assert_ptr_nonnull(job.data);
	pool->data = NULL;
	job.work(job.data);
	job.done(job.data);
}

static const struct config config = {.inspector = {.mode = INSPECTOR_ATTACH}};

static struct process *find_process(struct model *model, const struct process_key *key)
{
	const struct process_facts facts = {
	    .key = *key,
	    .app = "shop",
	    PROCESS_FACTS_UNKNOWN,
	};

	ck_assert_int_eq(model_process_found(model, 0, &facts), 0);
	return model_find(model, key);
}

START_TEST(test_processes_that_end_meanwhile_leave_nothing)
{
	const struct model_options model_options = {
	    .processes_max = 10, .apps_max = 10, .time_scale = 1};
	struct pool pool = {.data = NULL};
	const struct collector_host host = {.context = &pool, .submit = submit};
	struct explaining_options options = {
	    .config = &config, .host = &host, .procfs_path = "/nonexistent"};
	struct explaining *explaining;
	struct explaining_status status;
	const struct process_exit end = {.cause = EXIT_CAUSE_EXIT};
	uint64_t i;

	options.model = model_new(&model_options);
	explaining = explaining_new(&options);
	ck_assert_ptr_nonnull(explaining);
	for (i = 0; i < PROCESSES; i++) {
		const struct process_key key = {.pid = 10, .start_ticks = i};
		const struct process *process = find_process(options.model, &key);

		ck_assert_int_eq(explaining_start(explaining, process), 0);
		ck_assert_int_eq(explaining_start(explaining, process), -EBUSY);
		model_process_exited(options.model, &key, &end);
		model_advance(options.model, (i + 1) * 24 * NS_PER_HOUR);
		ck_assert_ptr_null(model_find(options.model, &key));
		run(&pool);
		explaining_tick(explaining);
	}
	explaining_measure(explaining, &status);
	ck_assert_uint_eq(status.failed_count, PROCESSES);
	(void)explaining_free(explaining);
	(void)model_free(options.model);
}
END_TEST

START_TEST(test_what_was_left_open_is_looked_at)
{
	const struct model_options model_options = {
	    .processes_max = 10, .apps_max = 10, .time_scale = 1};
	char directory[] = "/tmp/heapwatch-explaining-XXXXXX";
	struct pool pool = {.data = NULL};
	const struct collector_host host = {.context = &pool, .submit = submit};
	struct explaining_options options = {.config = &config,
	                                     .host = &host,
	                                     .procfs_path = "/proc",
	                                     .storage_path = mkdtemp(directory)};
	struct subject subject = SUBJECT_INIT;
	struct ledger_entry entry = {.state = LEDGER_OPEN, .port = 1};
	struct explaining *explaining;
	struct ledger ledger;
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/inspectors", directory);
	ck_assert_int_eq(subject_open("/proc", getpid(), &subject), 0);
	entry.key = subject.key;
	subject_close(&subject);
	ck_assert_int_eq(ledger_open(path, &ledger), 0);
	ck_assert_int_eq(ledger_put(&ledger, &entry), 0);
	options.model = model_new(&model_options);
	explaining = explaining_new(&options);
	explaining_tick(explaining);
	run(&pool);
	ck_assert_int_eq(ledger_open(path, &ledger), 0);
	ck_assert_int_eq(ledger_find(&ledger, &entry.key)->state, LEDGER_CLOSED);
	explaining_tick(explaining);
	ck_assert_ptr_null(pool.data); /* nothing is left to be looked at */
	(void)explaining_free(explaining);
	(void)model_free(options.model);
	(void)unlink(path);
	(void)rmdir(directory);
}
END_TEST

UNIT_MAIN("explaining", test_processes_that_end_meanwhile_leave_nothing,
          test_what_was_left_open_is_looked_at)
