// SPDX-License-Identifier: MIT
/*
 * The job works on copies; the ledger of what was opened is its own while it runs, for there is
 * only one at a time. An outcome stays until its process is gone.
 */
#include "daemon/explaining.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Without memory an insertion leaves the element out instead of ending the program. */
#define HASH_NONFATAL_OOM 1
/* The default function falls through in a switch, of which clang warns in the caller. */
#define HASH_FUNCTION(key, length, hash) HASH_OAT(key, length, hash)
#include <uthash.h>

#include "collectors/inspector/access.h"
#include "collectors/inspector/explain.h"
#include "collectors/inspector/ledger.h"
#include "config/config.h"
#include "daemon/alerting/alerting.h"
#include "daemon/exposition/json.h"
#include "daemon/exposition/metrics.h"
#include "daemon/exposition/sites.h"
#include "daemon/model/model.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define DURATION_NS  (30 * NS_PER_SECOND)
#define LOOK_MIN_NS  NS_PER_MINUTE
#define LOOK_MAX_NS  NS_PER_HOUR
#define OUTCOMES_MAX 256
#define REPORT_MAX   ((size_t)256 * 1024)
#define PATH_SIZE    4200

enum outcome_state { OUTCOME_RUNNING, OUTCOME_DONE, OUTCOME_FAILED };

struct outcome {
	uint64_t hash_key[2]; /* pid, start_ticks: struct process_key has padding */
	struct process_key key;
	enum outcome_state state;
	bool is_of_episode;
	uint64_t started_unix_ns;
	char *report; /* owned; JSON, when done */
	char error[ACCESS_MESSAGE_SIZE];
	UT_hash_handle hh;
};

struct job {
	struct explaining *owner;
	struct process_key key; /* pid 0: only to close what a crash left open */
	char procfs_path[PATH_SIZE];
	bool may_signal;
	double growth_bytes_per_second; /* of the heap, at least; 0: unknown */
	int cancel_fd;
	/* Results. */
	int error;
	struct access_outcome access;
	struct explain_result result;
};

struct explaining {
	struct explaining_options options;
	struct ledger ledger;
	bool has_ledger;
	int cancel_fd;
	struct job *job;       /* NULL: none is under way */
	uint64_t next_look_ns; /* at what may still be open; UINT64_MAX: nothing is */
	uint64_t look_period_ns;
	struct outcome *outcomes;
	struct explaining_status status;
};

/* ---- outcomes ---- */

static struct outcome *find_outcome(const struct explaining *explaining,
                                    const struct process_key *key)
{
	const uint64_t wanted[2] = {(uint64_t)key->pid, key->start_ticks};
	struct outcome *outcome = NULL;

	HASH_FIND(hh, explaining->outcomes, wanted, sizeof(wanted), outcome);
	return outcome;
}

static void remove_outcome(struct explaining *explaining, struct outcome *outcome)
{
	HASH_DEL(explaining->outcomes, outcome);
	free(outcome->report);
	free(outcome);
}

/* The process's, emptied; NULL without memory or room. */
static struct outcome *begin_outcome(struct explaining *explaining, const struct process_key *key)
{
	struct outcome *outcome = find_outcome(explaining, key);

	if (outcome == NULL) {
		if (HASH_COUNT(explaining->outcomes) >= OUTCOMES_MAX)
			return NULL;
		outcome = calloc(1, sizeof(*outcome));
		if (outcome == NULL)
			return NULL;
		outcome->key = *key;
		outcome->hash_key[0] = (uint64_t)key->pid;
		outcome->hash_key[1] = key->start_ticks;
		HASH_ADD(hh, explaining->outcomes, hash_key, sizeof(outcome->hash_key), outcome);
		if (outcome->hh.tbl == NULL) {
			free(outcome);
			return NULL;
		}
	}
	free(outcome->report);
	outcome->report = NULL;
	outcome->state = OUTCOME_RUNNING;
	outcome->started_unix_ns = clock_realtime_ns();
	return outcome;
}

/* ---- the job, in the pool ---- */

static int sample(void *context, const struct access *access,
                  char reterr_message[ACCESS_MESSAGE_SIZE])
{
	struct job *job = context;
	const struct explain_options options = {.pid = access->pid,
	                                        .address = access->address,
	                                        .inner_pid = access->inner_pid,
	                                        .duration_ns = DURATION_NS,
	                                        .growth_bytes_per_second =
	                                            job->growth_bytes_per_second,
	                                        .cancel_fd = access->cancel_fd};

	return explain_run(&options, &job->result, reterr_message);
}

static void work(void *data)
{
	struct job *job = data;
	struct explaining *explaining = job->owner;
	const struct access_request request = {
	    .procfs_path = job->procfs_path,
	    .pid = job->key.pid,
	    .key = &job->key,
	    .ledger = job->may_signal ? &explaining->ledger : NULL,
	    .cancel_fd = job->cancel_fd,
	    .context = job,
	    .run = sample,
	};

	if (explaining->has_ledger)
		opening_recover(job->procfs_path, &explaining->ledger); /* logged */
	if (job->key.pid != 0)
		job->error = access_run(&request, &job->access);
}

/* ---- its results, on the loop ---- */

static void cut(char *out, size_t size, const char *text)
{
	size_t length = strnlen(text, size - 1);

	while (length > 0 && text[length] != '\0' && ((unsigned char)text[length] & 0xC0) == 0x80)
		length--; /* not within a character */
	memcpy(out, text, length);
	out[length] = '\0';
}

static void give_to_model(struct process *process, const struct explanation *explanation)
{
	struct leak_sites sites = {.count = 0};

	for (; sites.count < explanation->site_count && sites.count < LEAK_SITES_MAX;
	     sites.count++) {
		const struct explanation_site *source = &explanation->sites[sites.count];
		struct leak_site *site = &sites.items[sites.count];

		cut(site->function, sizeof(site->function), source->function);
		cut(site->script, sizeof(site->script), source->script);
		site->line = source->line;
		site->samples = source->samples;
		site->share = source->share;
	}
	process_set_sites(process, &sites);
}

static char *write_report(const struct explanation *explanation)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(REPORT_MAX);
	struct json json = {.out = &text};

	sites_write(&json, explanation);
	return buf_failed(&text) ? NULL : strdup(buf_string(&text));
}

static void note_success(struct explaining *explaining, struct process *process,
                         struct outcome *outcome, const struct explanation *explanation)
{
	explaining->status.done_count++;
	log_info("explained pid=%d app=\"%s\" function=\"%s\" script=\"%s\" line=%u",
	         process->shown_pid, process->app,
	         explanation->site_count > 0 ? explanation->sites[0].function : "",
	         explanation->site_count > 0 ? explanation->sites[0].script : "",
	         explanation->site_count > 0 ? explanation->sites[0].line : 0);
	outcome->report = write_report(explanation);
	outcome->state = outcome->report != NULL ? OUTCOME_DONE : OUTCOME_FAILED;
	give_to_model(process, explanation);
	if (explaining->options.alerting != NULL && explanation->site_count > 0)
		alerting_explained(explaining->options.alerting, process);
}

static void take_result(struct explaining *explaining, struct job *job)
{
	struct process *process = model_find(explaining->options.model, &job->key);
	struct outcome *outcome = find_outcome(explaining, &job->key);

	if (job->access.was_asked)
		explaining->status.openings[job->access.opening]++;
	if (outcome == NULL || process == NULL) {
		explaining->status.failed_count++;
		if (outcome != NULL)
			remove_outcome(explaining, outcome); /* its process is gone */
	} else if (job->error == 0) {
		note_success(explaining, process, outcome, &job->result.explanation);
	} else {
		explaining->status.failed_count++;
		outcome->state = OUTCOME_FAILED;
		memcpy(outcome->error, job->access.message, sizeof(outcome->error));
		log_warnx("cannot explain pid=%d app=\"%s\" reason=\"%s\"", process->shown_pid,
		          process->app, outcome->error);
	}
}

/* It may stay open while another debugger is connected, or open late. */
static void plan_look(struct explaining *explaining, bool is_first)
{
	uint64_t period_ns = is_first ? LOOK_MIN_NS : 2 * explaining->look_period_ns;

	explaining->look_period_ns = period_ns < LOOK_MAX_NS ? period_ns : LOOK_MAX_NS;
	explaining->next_look_ns = ledger_is_settled(&explaining->ledger)
	                               ? UINT64_MAX
	                               : clock_boottime_ns() + explaining->look_period_ns;
}

static void done(void *data)
{
	struct job *job = data;
	struct explaining *explaining = job->owner;

	explaining->job = NULL;
	plan_look(explaining, job->key.pid != 0);
	if (job->key.pid != 0)
		take_result(explaining, job);
	explain_result_done(&job->result);
	free(job);
}

/* ---- beginning ---- */

static const struct app_rule *rule_of(const struct explaining *explaining,
                                      const struct process *process)
{
	const struct config *config = explaining->options.config;

	return process->rule == 0 || process->rule > config->app_count
	           ? NULL
	           : &config->apps[process->rule - 1];
}

static bool may_signal(const struct explaining *explaining, const struct process *process)
{
	const struct app_rule *rule = rule_of(explaining, process);
	enum inspector_mode mode =
	    rule != NULL ? rule->inspector_mode : explaining->options.config->inspector.mode;

	return mode == INSPECTOR_SIGNAL && explaining->has_ledger;
}

/* What is outside the heap, or is code, is not what sampling sees grow. */
static double heap_growth(const struct process *process)
{
	return process->verdict.kind == LEAK_KIND_JS_HEAP
	           ? fmax(0, process->verdict.growth_lower_bytes_per_second)
	           : 0;
}

/* process: NULL to recover only. */
static int submit(struct explaining *explaining, const struct process *process)
{
	const struct collector_host *host = explaining->options.host;
	struct job *job = calloc(1, sizeof(*job));
	int r;

	if (job == NULL)
		return -ENOMEM;
	job->owner = explaining;
	if (process != NULL) {
		job->key = process->key;
		job->may_signal = may_signal(explaining, process);
		job->growth_bytes_per_second = heap_growth(process);
	}
	job->cancel_fd = explaining->cancel_fd;
	(void)snprintf(job->procfs_path, sizeof(job->procfs_path), "%s",
	               explaining->options.procfs_path);
	r = host->submit(host->context, work, done, job);
	if (r < 0) {
		free(job);
		return r;
	}
	explaining->job = job;
	return 0;
}

int explaining_start(struct explaining *explaining, const struct process *process)
{
	struct outcome *outcome;
	int r;

	if (explaining->job != NULL)
		return -EBUSY;
	if (process->key.pid != process->shown_pid)
		return -ESRCH; /* known from its log alone */
	outcome = begin_outcome(explaining, &process->key);
	if (outcome == NULL)
		return -ENOMEM;
	outcome->is_of_episode = process->is_alerting;
	r = submit(explaining, process);
	if (r < 0)
		remove_outcome(explaining, outcome);
	else
		log_info("explaining pid=%d app=\"%s\"", process->shown_pid, process->app);
	return r;
}

/* ---- episodes ---- */

static void clear_what_is_over(struct explaining *explaining)
{
	struct outcome *outcome, *next;

	HASH_ITER(hh, explaining->outcomes, outcome, next)
	{
		struct process *process = model_find(explaining->options.model, &outcome->key);

		if (outcome->state == OUTCOME_RUNNING)
			continue;
		if (process == NULL) {
			remove_outcome(explaining, outcome);
		} else if (outcome->is_of_episode && !process->is_alerting) {
			outcome->is_of_episode = false; /* the next one asks again */
			process_set_sites(process, NULL);
		} else if (process->is_alerting && process->sites != NULL) {
			outcome->is_of_episode = true; /* was asked for before it fired */
		}
	}
}

static bool is_wanted(const struct explaining *explaining, const struct process *process)
{
	const struct app_rule *rule = rule_of(explaining, process);
	const struct outcome *outcome = find_outcome(explaining, &process->key);

	return process->is_alerting && rule != NULL && rule->explain == EXPLAIN_ON_ALERT &&
	       process->key.pid == process->shown_pid &&
	       (outcome == NULL || !outcome->is_of_episode);
}

void explaining_tick(struct explaining *explaining)
{
	struct process *const *processes;
	size_t count = model_processes(explaining->options.model, &processes);
	size_t i;

	clear_what_is_over(explaining);
	for (i = 0; i < count && explaining->job == NULL; i++) {
		if (!is_wanted(explaining, processes[i]))
			continue;
		if (explaining_start(explaining, processes[i]) < 0)
			return; /* the next tick tries again */
	}
	if (explaining->job == NULL && clock_boottime_ns() >= explaining->next_look_ns)
		(void)submit(explaining, NULL); /* else with the next tick */
}

/* ---- what is told ---- */

int explaining_write(const struct explaining *explaining, const struct process *process,
                     struct buf *out)
{
	static const char *const states[] = {
	    [OUTCOME_RUNNING] = "running", [OUTCOME_DONE] = "done", [OUTCOME_FAILED] = "failed"};
	const struct outcome *outcome = find_outcome(explaining, &process->key);
	struct json json = {.out = out};

	if (outcome == NULL)
		return -ENOENT;
	json_begin_object(&json, NULL);
	json_string(&json, "state", states[outcome->state]);
	json_number(&json, "started_time", ns_to_seconds(outcome->started_unix_ns));
	if (outcome->state == OUTCOME_FAILED)
		json_string(&json, "error", outcome->error);
	if (outcome->report != NULL) {
		buf_append_char(out, ',');
		buf_append_string(out, outcome->report);
	}
	json_end_object(&json);
	buf_append_char(out, '\n');
	return 0;
}

void explaining_measure(const struct explaining *explaining, struct explaining_status *ret_status)
{
	*ret_status = explaining->status;
}

/* ---- start and end ---- */

static void open_ledger(struct explaining *explaining)
{
	char path[LEDGER_PATH_SIZE];
	int r;

	if (explaining->options.storage_path == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/inspectors", explaining->options.storage_path);
	r = ledger_open(path, &explaining->ledger);
	if (r < 0)
		log_warn(r, "cannot read what inspectors were opened, opening none path=\"%s\"",
		         path);
	explaining->has_ledger = r == 0;
}

struct explaining *explaining_new(const struct explaining_options *options)
{
	struct explaining *explaining = calloc(1, sizeof(*explaining));

	if (explaining == NULL)
		return NULL;
	explaining->options = *options;
	explaining->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (explaining->cancel_fd < 0) {
		free(explaining);
		return NULL;
	}
	open_ledger(explaining);
	explaining->look_period_ns = LOOK_MIN_NS;
	explaining->next_look_ns = ledger_is_settled(&explaining->ledger) ? UINT64_MAX : 0;
	return explaining;
}

void explaining_abort(struct explaining *explaining)
{
	const uint64_t one = 1;

	if (explaining != NULL && write(explaining->cancel_fd, &one, sizeof(one)) < 0)
		log_warn(-errno, "cannot cancel an explanation, awaiting it");
}

struct explaining *explaining_free(struct explaining *explaining)
{
	struct outcome *outcome, *next;

	if (explaining == NULL)
		return NULL;
	HASH_ITER(hh, explaining->outcomes, outcome, next)
	{
		remove_outcome(explaining, outcome);
	}
	closep(&explaining->cancel_fd);
	free(explaining);
	return NULL;
}

void explaining_reconfigure(struct explaining *explaining, const struct config *config)
{
	if (explaining != NULL)
		explaining->options.config = config;
}
