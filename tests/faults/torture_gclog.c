// SPDX-License-Identifier: MIT
/*
 * The gclog collector with a failure anywhere: it goes on, no line is counted twice, what was
 * written once all is well again is counted, and what is missing of before shows in a counter.
 */
#include "tests/faults/faults.h"
#include "tests/unit/gclog_fixture.h"

#define LINES 9

/* Each name has its lines, told apart by isolate. */
static const struct {
	const char *name;
	uint64_t isolate;
} logs[] = {{"app.log", 0xa}, {"other.log", 0xb}};

static void put_line(const int fds[2], unsigned number)
{
	size_t i;

	for (i = 0; i < 2; i++)
		put_gc_of(fds[i], 7, logs[i].isolate, number);
}

/* ---- a sink that does not fail: it is the test's own ---- */

static void sound_gc(void *context, const struct process_key *key, uint64_t at_ns,
                     const struct gc_event *event)
{
	bool was_armed = faults_end();

	sink_gc(context, key, at_ns, event);
	if (was_armed)
		faults_begin();
}

static void sound_error(void *context, const char *collector, enum collector_error error)
{
	bool was_armed = faults_end();

	sink_error(context, collector, error);
	if (was_armed)
		faults_begin();
}

/* ---- the collector, in which anything may fail ---- */

static void tortured_look(void)
{
	int i;

	for (i = 0; i < 5; i++) {
		test.now_ns += 5 * NS_PER_SECOND;
		faults_begin();
		(void)gclog_collector.pass(test.collector, test.now_ns);
		(void)faults_end();
	}
}

static void tortured_start(void)
{
	static char pattern[PATH_MAX];

	(void)snprintf(pattern, sizeof(pattern), "%s", path_of("*.log*"));
	test.options.gc_log_globs.values[0] = pattern;
	test.options.gc_log_globs.count = 1;
	faults_begin();
	test.collector = gclog_collector.create(&test.options, &test.host, &test.sink);
	(void)faults_end();
	if (test.collector == NULL && !faults_hit())
		faults_broken("it does not start");
	/* a daemon that cannot start says so and ends; the next one may */
	if (test.collector == NULL)
		test.collector = gclog_collector.create(&test.options, &test.host, &test.sink);
}

/* ---- what is to be ---- */

static unsigned times_seen(uint64_t isolate, unsigned number)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < test.seen_count; i++)
		count += test.seen[i].isolate == isolate && test.seen[i].uptime_ms == number;
	return count;
}

static bool is_loss_told(void)
{
	unsigned errors = 0;
	size_t i;

	for (i = 0; i < COLLECTOR_ERROR_COUNT; i++)
		errors += test.errors[i];
	return errors > 0 || counter(LOST, NULL) > 0 ||
	       counter("heapwatch_gclog_lines_total", "torn") > 0;
}

static void check_lines(unsigned certain_from)
{
	unsigned number;
	size_t i;

	for (i = 0; i < 2; i++)
		for (number = 1; number <= LINES; number++) {
			unsigned count = times_seen(logs[i].isolate, number);

			if (count > 1)
				faults_broken("line %u of %s is counted %u times", number,
				              logs[i].name, count);
			if (count == 0 && (number >= certain_from || !is_loss_told()))
				faults_broken("line %u of %s is missing", number, logs[i].name);
		}
}

static void rotate(int fds[2])
{
	copy_to("app.log.1", "app.log");
	ck_assert_int_eq(ftruncate(fds[0], 0), 0);
	ck_assert_int_eq(rename(path_of("other.log"), path_of("other.log.1")), 0);
	(void)close(fds[1]);
	fds[1] = writer("other.log", O_APPEND);
}

/* Through all that happens to logs: a start, growth, rotation, a restart. */
START_TEST(test_life)
{
	int fds[2];

	set_up();
	test.sink.gc = sound_gc;
	test.sink.error = sound_error;
	fds[0] = writer(logs[0].name, O_APPEND);
	fds[1] = writer(logs[1].name, O_APPEND);
	put_line(fds, 1);
	tortured_start();
	process(7);
	tortured_look();
	put_line(fds, 2);
	put_line(fds, 3);
	tortured_look();
	put_line(fds, 4);
	rotate(fds);
	put_line(fds, 5);
	tortured_look();
	put_line(fds, 6);
	tortured_look();
	keep();
	stop();
	tortured_start();
	faults_begin();
	gclog_collector.restore(test.collector, buf_string(&test.kept), test.kept.length);
	(void)faults_end();
	process(7);
	put_line(fds, 7);
	tortured_look();
	look();
	put_line(fds, 8);
	put_line(fds, 9);
	look();
	check_lines(8);
	(void)close(fds[0]);
	(void)close(fds[1]);
	tear_down();
}
END_TEST

/* The assertions of the fixture want a test around them. */
static void work(void)
{
	Suite *suite = suite_create("torture");
	TCase *cases = tcase_create("torture");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(cases, test_life);
	suite_add_tcase(suite, cases);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	if (srunner_ntests_failed(runner) > 0)
		faults_broken("%s", tr_msg(srunner_failures(runner)[0]));
	srunner_free(runner);
}

int main(void)
{
	(void)unsetenv("CK_TAP_LOG_FILE_NAME"); /* the plan is that of the whole */
	return faults_torture("gclog", work);
}
