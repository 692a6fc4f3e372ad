// SPDX-License-Identifier: MIT
/* Episodes of processes as they live, end, and outlive heapwatchd. */
#include "daemon/alerting/alerting.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/model/model.h"
#include "daemon/model/sites.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "tests/unit/unit.h"

#define FILE_MAX 65536

static char directory[] = "/tmp/heapwatch-alerting-XXXXXX";
static char path[64];
static struct config *config;
static bool pool_is_stopped;

static struct {
	void (*work)(void *data);
	void (*done)(void *data);
	void *data;
} job;

static void run_job(void)
{
	if (job.work != NULL) {
		job.work(job.data);
		job.work = NULL;
		job.done(job.data);
	}
}

static int host_submit(void *context, void (*work)(void *data), void (*done)(void *data),
                       void *data)
{
	(void)context;
	job.work = work;
	job.done = done;
	job.data = data;
	if (!pool_is_stopped)
		run_job();
	return 0;
}

static const struct collector_host host = {.submit = host_submit};

struct life {
	struct model *model;
	struct alerting *alerting;
	struct process *process;
	uint64_t now_ns;
};

static const struct process_key key = {.pid = 10, .start_ticks = 7};

static void find_process(struct life *life)
{
	const struct process_facts facts = {
	    .key = key,
	    .start_ns = NS_PER_SECOND,
	    .app = "shop",
	    PROCESS_FACTS_UNKNOWN,
	};

	ck_assert_int_eq(model_process_found(life->model, 0, &facts), 0);
	life->process = model_find(life->model, &key);
	life->process->is_exported = true;
}

static struct life begin(void)
{
	const struct model_options options = {.processes_max = 10, .apps_max = 10, .time_scale = 1};
	struct life life = {.now_ns = clock_boottime_ns() + NS_PER_HOUR};
	struct alerting_options alerting_options = {
	    .config = config, .storage_path = directory, .host = &host};

	life.model = model_new(&options);
	alerting_options.model = life.model;
	life.alerting = alerting_new(&alerting_options);
	ck_assert_ptr_nonnull(life.alerting);
	return life;
}

static void end(struct life *life)
{
	(void)alerting_free(life->alerting);
	(void)model_free(life->model);
}

static void set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/alerts", directory);
	config = config_new_default();
	config->alerting.min_uptime_ns = 0;
	config->alerting.hold_ns = 0;
}

static void clean_up(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(directory), 0);
	(void)config_free(config);
}

static void pass(struct life *life)
{
	while (!alerting_pass(life->alerting, life->now_ns))
		;
}

static void judge(struct life *life, double score, enum leak_state state)
{
	life->process->verdict = (struct verdict){.score = score,
	                                          .confidence = 1,
	                                          .state = state,
	                                          .exhaustion_p50_seconds = (double)INFINITY,
	                                          .at_ns = life->now_ns};
	pass(life);
	life->now_ns += NS_PER_MINUTE;
}

static void end_process(struct life *life, enum exit_cause cause)
{
	const struct process_exit exit = {.at_ns = life->now_ns, .cause = cause};

	model_process_exited(life->model, &key, &exit);
	life->process = NULL;
}

/* How often text is in the file: every alert written since it was begun anew. */
static unsigned written(const char *text)
{
	static char bytes[FILE_MAX];
	size_t length;
	unsigned count = 0;
	const char *at = bytes;

	ck_assert_int_eq(file_read_text_at(AT_FDCWD, path, bytes, sizeof(bytes), &length), 0);
	while ((at = memmem(at, (size_t)(bytes + length - at), text, strlen(text))) != NULL) {
		count++;
		at++;
	}
	return count;
}

#define LEAK(status) "\"status\":\"" status "\",\"condition\":\"leak\""

START_TEST(test_alerting_is_shown_once_it_is_safe)
{
	struct life life = begin();

	find_process(&life);
	pool_is_stopped = true;
	judge(&life, 0.9, LEAK_STATE_LEAK);
	judge(&life, 0.9, LEAK_STATE_LEAK);
	ck_assert(!life.process->is_alerting);
	run_job();
	judge(&life, 0.9, LEAK_STATE_LEAK);
	ck_assert(life.process->is_alerting);
	ck_assert(life.process->alerts[CONDITION_LEAK].is_firing);
	ck_assert_int_eq(life.process->alerts[CONDITION_LEAK].severity, SEVERITY_INFO);
	ck_assert_uint_gt(life.process->alerts[CONDITION_LEAK].since_ns, 0);
	ck_assert(!life.process->alerts[CONDITION_THRASH].is_firing);
	pool_is_stopped = false;
	judge(&life, 0.1, LEAK_STATE_STABLE);
	ck_assert(!life.process->is_alerting);
	ck_assert(!life.process->alerts[CONDITION_LEAK].is_firing);
	ck_assert_uint_eq(written(LEAK("firing")), 1);
	ck_assert_uint_eq(written("\"resolved_reason\":\"floor_returned\""), 1);
	end(&life);
}
END_TEST

START_TEST(test_ends_resolve_with_their_cause_and_are_alerts)
{
	static const struct {
		enum exit_cause cause;
		bool is_heap_oom;
		const char *reason;
		const char *condition; /* of the alert of its own */
	} rows[] = {
	    {EXIT_CAUSE_EXIT, false, "exit", NULL},
	    {EXIT_CAUSE_SIGNAL, false, "exit", NULL},
	    {EXIT_CAUSE_OOM_KILL, false, "oom_kill", "oom_kill"},
	    {EXIT_CAUSE_SIGNAL, true, "heap_oom", "heap_oom"},
	};
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct life life = begin();

		find_process(&life);
		judge(&life, 0.9, LEAK_STATE_LEAK);
		if (rows[i].is_heap_oom)
			model_incident(life.model, &key, 0, life.now_ns, HEAP_INCIDENT_FATAL_OOM);
		end_process(&life, rows[i].cause);
		(void)snprintf(text, sizeof(text), "\"resolved_reason\":\"%s\"", rows[i].reason);
		ck_assert_uint_eq(written(text), 1);
		(void)snprintf(text, sizeof(text), "\"firing\",\"condition\":\"%s\"",
		               rows[i].condition != NULL ? rows[i].condition : "none");
		ck_assert_uint_eq(written(text), rows[i].condition != NULL);
		/* Some time later that is resolved, too. */
		while (!alerting_pass(life.alerting, clock_boottime_ns() + NS_PER_HOUR))
			;
		(void)snprintf(text, sizeof(text), "\"resolved\",\"condition\":\"%s\"",
		               rows[i].condition != NULL ? rows[i].condition : "none");
		ck_assert_uint_eq(written(text), rows[i].condition != NULL);
		end(&life);
		ck_assert_int_eq(unlink(path), 0);
	}
}
END_TEST

START_TEST(test_no_condition_hides_another)
{
	struct life life = begin();

	find_process(&life);
	judge(&life, 0.95, LEAK_STATE_THRASH);
	ck_assert_uint_eq(written(LEAK("firing")), 1);
	ck_assert_uint_eq(written("\"firing\",\"condition\":\"thrash\""), 1);
	judge(&life, 0.95, LEAK_STATE_LEAK);
	ck_assert_uint_eq(written("\"resolved\",\"condition\":\"thrash\""), 1);
	ck_assert_uint_eq(written(LEAK("resolved")), 0);
	ck_assert(life.process->is_alerting);
	end(&life);
}
END_TEST

/* The same alert again, now with what was found; nothing of a process that has none. */
START_TEST(test_an_explanation_is_told_with_the_alert_that_is_firing)
{
	static const struct leak_sites sites = {
	    .count = 1, .items = {{.function = "onRequest", .script = "/srv/a.js", .line = 41}}};
	struct life life = begin();

	find_process(&life);
	process_set_sites(life.process, &sites);
	judge(&life, 0.1, LEAK_STATE_STABLE);
	alerting_explained(life.alerting, life.process);
	ck_assert_int_lt(access(path, F_OK), 0);
	process_set_sites(life.process, NULL);
	judge(&life, 0.9, LEAK_STATE_LEAK);
	process_set_sites(life.process, &sites);
	alerting_explained(life.alerting, life.process);
	ck_assert_uint_eq(written(LEAK("firing")), 2);
	ck_assert_uint_eq(written("\"sites\":[]"), 1);
	ck_assert_uint_eq(written("\"sites\":[{\"function\":\"onRequest\""), 1);
	judge(&life, 0.1, LEAK_STATE_STABLE);
	ck_assert_uint_eq(written(LEAK("resolved")), 1);
	ck_assert_uint_eq(written("\"sites\":[{\"function\":\"onRequest\""), 2);
	alerting_explained(life.alerting, life.process); /* it is over */
	ck_assert_uint_eq(written(LEAK("firing")), 2);
	end(&life);
}
END_TEST

START_TEST(test_an_episode_goes_on_after_a_restart)
{
	struct life life = begin();

	find_process(&life);
	judge(&life, 0.9, LEAK_STATE_LEAK);
	end(&life);
	life = begin();
	find_process(&life);
	judge(&life, 0.9, LEAK_STATE_LEAK);
	ck_assert(life.process->is_alerting);
	ck_assert_uint_eq(written(LEAK("firing")), 1);
	judge(&life, 0.1, LEAK_STATE_STABLE);
	ck_assert_uint_eq(written(LEAK("resolved")), 1);
	end(&life);
}
END_TEST

static struct ended_alerts ended_of(const struct life *life)
{
	static struct alerting_status status;

	alerting_measure(life->alerting, &status);
	return status.ended;
}

START_TEST(test_an_alert_about_who_is_gone_is_shown_after_a_restart_too)
{
	struct life life = begin();
	struct ended_alerts before;
	struct ended_alerts after;

	find_process(&life);
	ck_assert_uint_eq(ended_of(&life).count, 0);
	end_process(&life, EXIT_CAUSE_OOM_KILL);
	before = ended_of(&life);
	end(&life);
	life = begin();
	after = ended_of(&life);
	ck_assert_uint_eq(before.count, 1);
	ck_assert_str_eq(before.items[0].app, "shop");
	ck_assert_uint_eq(before.items[0].slot, 0);
	ck_assert_int_eq(before.items[0].shown_pid, 10);
	ck_assert_int_eq(before.items[0].condition, CONDITION_OOM_KILL);
	ck_assert_int_eq(before.items[0].severity, SEVERITY_CRITICAL);
	ck_assert_uint_eq(after.count, 1);
	ck_assert_str_eq(after.items[0].app, "shop");
	ck_assert_int_eq(after.items[0].shown_pid, 10);
	ck_assert_uint_le(after.items[0].since_ns, before.items[0].since_ns + NS_PER_SECOND);
	ck_assert_uint_ge(after.items[0].since_ns + NS_PER_SECOND, before.items[0].since_ns);
	end(&life);
}
END_TEST

START_TEST(test_a_death_that_is_met_again_after_a_crash_is_told_once)
{
	struct life life = begin();

	find_process(&life);
	model_incident(life.model, &key, 0, life.now_ns, HEAP_INCIDENT_FATAL_OOM);
	end_process(&life, EXIT_CAUSE_EXIT);
	ck_assert_uint_eq(written("\"condition\":\"heap_oom\""), 1);
	end(&life);
	life = begin();
	find_process(&life);
	model_incident(life.model, &key, 0, life.now_ns, HEAP_INCIDENT_FATAL_OOM);
	end_process(&life, EXIT_CAUSE_EXIT);
	ck_assert_uint_eq(written("\"condition\":\"heap_oom\""), 1);
	end(&life);
}
END_TEST

START_TEST(test_who_went_during_a_restart_is_resolved)
{
	struct life life = begin();

	find_process(&life);
	judge(&life, 0.9, LEAK_STATE_LEAK);
	end(&life);
	life = begin();
	while (!alerting_pass(life.alerting, clock_boottime_ns()))
		;
	ck_assert_uint_eq(written(LEAK("resolved")), 0); /* it may yet be found */
	while (!alerting_pass(life.alerting, life.now_ns))
		;
	ck_assert_uint_eq(written(LEAK("resolved")), 1);
	ck_assert_uint_eq(written("\"resolved_reason\":\"exit\""), 1);
	end(&life);
}
END_TEST

START_TEST(test_the_rule_of_an_app_counts)
{
	struct app_rule rule = {.alerting = config->alerting};
	struct life life;

	rule.alerting.threshold = 0.99;
	config->apps = &rule;
	config->app_count = 1;
	life = begin();
	find_process(&life);
	life.process->rule = 1;
	judge(&life, 0.95, LEAK_STATE_LEAK);
	ck_assert(!life.process->is_alerting);
	judge(&life, 0.995, LEAK_STATE_LEAK);
	ck_assert(life.process->is_alerting);
	end(&life);
	config->apps = NULL;
	config->app_count = 0;
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    test_alerting_is_shown_once_it_is_safe,
	    test_ends_resolve_with_their_cause_and_are_alerts,
	    test_no_condition_hides_another,
	    test_an_explanation_is_told_with_the_alert_that_is_firing,
	    test_an_episode_goes_on_after_a_restart,
	    test_an_alert_about_who_is_gone_is_shown_after_a_restart_too,
	    test_a_death_that_is_met_again_after_a_crash_is_told_once,
	    test_who_went_during_a_restart_is_resolved,
	    test_the_rule_of_an_app_counts,
	};
	Suite *suite = suite_create("alerting");
	TCase *cases = tcase_create("alerting");
	SRunner *runner = srunner_create(suite);
	size_t i;

	tcase_add_checked_fixture(cases, set_up, clean_up);
	for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(cases, tests[i]);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_ENV);
	srunner_free(runner);
	return EXIT_SUCCESS;
}
