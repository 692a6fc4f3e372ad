// SPDX-License-Identifier: MIT
/*
 * One try each, one after another: whoever asks waits for the answer.
 */
#include "tool/check_receivers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/alerting/body.h"
#include "daemon/alerting/errand.h"
#include "daemon/model/process.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "tool/command.h"

#define HOST_SIZE 256
#define TEST_APP  "heapwatch-test"
#define TEST_TEXT "A test by heapwatch check receivers: nothing leaks, and it is over at once."

DEFINE_CLEANUP(struct process, process_free)
DEFINE_CLEANUP(struct config, config_free)

/* An alert and its end. */
struct test_alert {
	char *bodies[2];
};

static void test_alert_done(struct test_alert *alert)
{
	free(alert->bodies[0]);
	free(alert->bodies[1]);
}

/* Leaks nothing: the sort of the alert is that of the most usual one, at the lowest severity. */
static struct process *make_process(uint64_t now_ns)
{
	const struct process_facts facts = {
	    .key = {.pid = getpid(), .start_ticks = now_ns},
	    .start_ns = now_ns,
	    .app = TEST_APP,
	    PROCESS_FACTS_UNKNOWN,
	};
	struct process *process = process_new(&facts, now_ns, 1);

	if (process == NULL || process_set_app(process, TEST_APP) < 0)
		return process_free(process);
	process->evidence = calloc(EVIDENCE_MAX, sizeof(*process->evidence));
	if (process->evidence == NULL)
		return process_free(process);
	(void)snprintf(process->evidence[process->evidence_count++], EVIDENCE_TEXT_SIZE, "%s",
	               TEST_TEXT);
	return process;
}

static int make_alert(const struct config *config, struct test_alert *ret_alert)
{
	uint64_t now_unix_ns = clock_realtime_ns();
	_cleanup_(process_freep) struct process *process = make_process(now_unix_ns);
	_cleanup_(freep) char *dedup_key = NULL;
	char host[HOST_SIZE] = "";
	struct body_source source = {
	    .condition = CONDITION_LEAK,
	    .severity = SEVERITY_INFO,
	    .process = process,
	    .host = host,
	    .labels = config->external_labels,
	    .label_count = config->external_label_count,
	    .starts_unix_ns = now_unix_ns,
	    .process_start_unix_ns = now_unix_ns,
	};

	if (process == NULL)
		return -1;
	(void)gethostname(host, sizeof(host) - 1); /* else it has no name */
	dedup_key = body_dedup_key(&source, now_unix_ns);
	if (dedup_key == NULL)
		return -1;
	source.dedup_key = dedup_key;
	ret_alert->bodies[0] = body_write(&source);
	ret_alert->bodies[1] =
	    body_resolve(ret_alert->bodies[0] != NULL ? ret_alert->bodies[0] : "",
	                 clock_realtime_ns(), RESOLUTION_EXIT);
	return ret_alert->bodies[1] != NULL ? 0 : -1;
}

static bool send_alert(const struct receiver_config *receiver, const struct test_alert *alert,
                       struct post_result *ret_result)
{
	struct errand errand = {.config = receiver};
	size_t i;

	for (i = 0; i < 2; i++) {
		if (errand_add(&errand, alert->bodies[i]) < 0)
			return false;
		errand_run(&errand);
		errand_done(&errand);
		*ret_result = errand.result;
		if (errand.result.outcome != POST_DELIVERED)
			return false;
	}
	return true;
}

static bool check_receiver(const char *path, const struct receiver_config *receiver,
                           const struct test_alert *alert)
{
	struct post_result result = {.error = "no memory"};
	bool has_it = send_alert(receiver, alert, &result);

	(void)printf("%s: receiver %s: %s", path, receiver->name, has_it ? "ok" : "failed");
	if (result.status != 0)
		(void)printf(", status %u", result.status);
	if (!has_it && result.error[0] != '\0')
		(void)printf(", %s", result.error);
	(void)printf("\n");
	return has_it;
}

static void print_warning(void *context, const char *message)
{
	(void)context;
	(void)fprintf(stderr, "warning: %s\n", message);
}

int check_receivers(const char *path, char *ret_detail, size_t detail_size)
{
	char message[CONFIG_MESSAGE_SIZE];
	_cleanup_(config_freep) struct config *config = NULL;
	_cleanup_(test_alert_done) struct test_alert alert = {{NULL, NULL}};
	size_t taken = 0;
	size_t i;

	if (config_load(path, print_warning, NULL, &config, message) < 0) {
		(void)fprintf(stderr, "%s\n", message);
		return STATUS_USAGE;
	}
	if (make_alert(config, &alert) < 0) {
		(void)fprintf(stderr, "%s: cannot make a test alert\n", path);
		return STATUS_FAILURE;
	}
	for (i = 0; i < config->receiver_count; i++)
		taken += check_receiver(path, &config->receivers[i], &alert);
	(void)snprintf(ret_detail, detail_size, "%zu receivers took the test alert", taken);
	return taken == config->receiver_count ? STATUS_OK : STATUS_FAILURE;
}
