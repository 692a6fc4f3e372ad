// SPDX-License-Identifier: MIT
/*
 * discover → collect → observe → score → alert → expose: each sampling interval one pass of every
 * collector, then the verdicts that are due, a slice at a time. Requests are answered from what is
 * known.
 */
#include "daemon/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "config/config.h"
#include "daemon/alerting/alerting.h"
#include "daemon/collection.h"
#include "daemon/explaining.h"
#include "daemon/exposition/http.h"
#include "daemon/exposition/metrics.h"
#include "daemon/kept.h"
#include "daemon/loop.h"
#include "daemon/model/model.h"
#include "daemon/privileges.h"
#include "daemon/scoring/scoring.h"
#include "daemon/self.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/site.h"
#include "daemon/state.h"
#include "daemon/web.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/units.h"

#define SLICE_NS         (5 * NS_PER_MS) /* of scoring between two turns of the loop */
#define ALERT_TICK_MS    1000
#define ONCE_PASSES      3
#define ONCE_INTERVAL_MS 500
#define EXPOSITION_MAX   (256U << 20)
#define DEFAULT_LISTEN   ":10765"

struct daemon {
	const struct daemon_options *options;
	struct config *config; /* owned; replaced as a whole */
	struct reload *reload;
	struct loop *loop;
	struct collector_host host;
	struct model *model;
	struct state *state;
	struct kept *kept;             /* NULL: nothing is kept */
	struct alerting *alerting;     /* NULL at a glance (--once) */
	struct explaining *explaining; /* likewise */
	struct collection *collection;
	struct self_status self;
	struct scoring_options scoring;
	uint64_t pass_count;
	size_t next_scored;
	bool is_scoring; /* verdicts of the last pass are still due */
	int result;

	struct loop_timer *pass_timer;
	struct loop_timer *resume_timer; /* of a pass that did not end in one go */
	struct loop_timer *scoring_timer;
	struct loop_timer *alert_timer;
	struct loop_timer *watchdog_timer;
	struct site *site;
	struct web *web;
};

/* ---- scoring: what is due, in slices ---- */

static void on_alert_timer(void *data)
{
	struct daemon *daemon = data;

	alerting_tick(daemon->alerting, clock_boottime_ns());
	alerting_measure(daemon->alerting, &daemon->self.alerting);
	explaining_tick(daemon->explaining);
	explaining_measure(daemon->explaining, &daemon->self.explaining);
	daemon->self.loop_turn_max_seconds = ns_to_seconds(loop_turn_max_ns(daemon->loop));
}

static void score_slice(void *data)
{
	struct daemon *daemon = data;
	struct process *const *processes;
	size_t count = model_processes(daemon->model, &processes);
	uint64_t now_ns = clock_boottime_ns();
	uint64_t deadline_ns = now_ns + SLICE_NS;

	for (; daemon->next_scored < count; daemon->next_scored++) {
		if (!scoring_is_due(processes[daemon->next_scored], now_ns, &daemon->scoring))
			continue;
		scoring_evaluate(processes[daemon->next_scored], now_ns, &daemon->scoring);
		now_ns = clock_boottime_ns();
		if (now_ns >= deadline_ns) {
			loop_timer_start(daemon->scoring_timer, 0, 0); /* others have their turn */
			return;
		}
	}
	if (daemon->alerting != NULL && !alerting_pass(daemon->alerting, now_ns)) {
		loop_timer_start(daemon->scoring_timer, 0, 0);
		return;
	}
	daemon->is_scoring = false;
	site_advance(daemon->site);
}

/* ---- a pass ---- */

static void finish_once(struct daemon *daemon);

static void first_pass_done(struct daemon *daemon)
{
	if (daemon->options->is_once)
		return;
	log_info("ready processes=%zu",
	         model_processes(daemon->model, &(struct process *const *){NULL}));
	site_ready(daemon->site);
	service_ready();
}

static void finish_pass(struct daemon *daemon)
{
	model_advance(daemon->model, clock_boottime_ns());
	if (daemon->is_scoring)
		site_advance(daemon->site); /* what was collected is shown before all are scored */
	daemon->is_scoring = true;
	daemon->next_scored = 0;
	score_slice(daemon);
	state_save(daemon->state, daemon->model);
	kept_save(daemon->kept, daemon->model, daemon->collection, clock_boottime_ns());
	daemon->self.storage_errors = kept_error_count(daemon->kept);
	if (daemon->pass_count++ == 0)
		first_pass_done(daemon);
	if (daemon->options->is_once && daemon->pass_count == ONCE_PASSES)
		finish_once(daemon);
}

static void on_resume(void *data)
{
	struct daemon *daemon = data;

	if (collection_resume(daemon->collection))
		finish_pass(daemon);
	else
		loop_timer_start(daemon->resume_timer, 0, 0);
}

static void on_pass(void *data)
{
	struct daemon *daemon = data;

	loop_timer_stop(daemon->resume_timer);
	if (collection_pass(daemon->collection))
		finish_pass(daemon);
	else
		loop_timer_start(daemon->resume_timer, 0, 0);
}

/* ---- exposition ---- */

static void finish_once(struct daemon *daemon)
{
	struct buf body = BUF_INIT(EXPOSITION_MAX);

	daemon->result = site_print_metrics(daemon->site, &body);
	if (daemon->result == 0 && fwrite(buf_string(&body), 1, body.length, stdout) != body.length)
		daemon->result = -EIO;
	if (fflush(stdout) != 0)
		daemon->result = -errno;
	if (daemon->result < 0)
		log_error(daemon->result, "cannot print the exposition");
	buf_done(&body);
	loop_stop(daemon->loop);
}

static int reload_for_http(void *context, reload_answer answer, void *data)
{
	struct daemon *daemon = context;
	int r;

	service_reloading();
	r = reload_request(daemon->reload, answer, data);
	if (r < 0)
		service_reloaded();
	return r;
}

static int start_web(struct daemon *daemon)
{
	static const struct option_list fallback = {.values = {DEFAULT_LISTEN}, .count = 1};
	const struct daemon_options *options = daemon->options;
	const struct option_list *addresses =
	    options->listen_addresses.count > 0 ? &options->listen_addresses : &fallback;
	struct web_options web_options = {
	    .http = {.listen_addresses = addresses->values,
	             .listen_count = addresses->count,
	             .host = &daemon->host,
	             .requests_max = options->requests_max,
	             .reload = options->allows_reload ? reload_for_http : NULL,
	             .reload_context = daemon},
	    .config_path = options->web_config_path,
	    .uses_manager_sockets = options->uses_manager_sockets,
	};

	site_serve(daemon->site, &web_options.http);
	daemon->web = web_start(&web_options, daemon->loop, &daemon->host);
	return daemon->web == NULL ? -EINVAL : 0;
}

static int make_explaining(struct daemon *daemon)
{
	const struct explaining_options options = {
	    .config = daemon->config,
	    .host = &daemon->host,
	    .model = daemon->model,
	    .alerting = daemon->alerting,
	    .procfs_path = daemon->options->procfs_path,
	    .storage_path = daemon->state != NULL ? daemon->options->storage_path : NULL,
	};

	daemon->explaining = explaining_new(&options);
	return daemon->explaining == NULL ? -ENOMEM : 0;
}

static int make_alerting(struct daemon *daemon)
{
	const struct alerting_options options = {
	    .config = daemon->config,
	    .storage_path = daemon->state != NULL ? daemon->options->storage_path : NULL,
	    .host = &daemon->host,
	    .model = daemon->model,
	};

	if (daemon->options->is_once)
		return 0; /* a glance tells nobody */
	daemon->alerting = alerting_new(&options);
	return daemon->alerting == NULL ? -ENOMEM : make_explaining(daemon);
}

static int make_site(struct daemon *daemon)
{
	const struct site_options options = {
	    .telemetry_path = daemon->options->telemetry_path,
	    .model = daemon->model,
	    .collection = daemon->collection,
	    .self = &daemon->self,
	    .explaining = daemon->options->allows_admin ? daemon->explaining : NULL,
	};

	daemon->site = site_new(&options);
	return daemon->site == NULL ? -ENOMEM : 0;
}

/* ---- reload ---- */

static void start_passes(struct daemon *daemon, uint64_t first_ms)
{
	uint64_t interval_ms = daemon->config->sampling.interval_ns / NS_PER_MS;

	if (daemon->options->is_once)
		interval_ms = ONCE_INTERVAL_MS;
	loop_timer_start(daemon->pass_timer, first_ms, interval_ms);
}

/* Between two callbacks nobody holds a pointer into the old one but those who are told here. */
static void apply_config(struct daemon *daemon, struct config *config)
{
	struct config *old = daemon->config;
	struct model_options model_options;

	config_keep_unreloadable(config, old, settings_warn, NULL);
	if (privileges_needed(config).signals && !privileges_needed(old).signals)
		log_warnx("inspector.mode: signals to other users' processes need a restart: "
		          "the right was given up at the start");
	daemon->config = config;
	model_options = model_options_of(config);
	model_reconfigure(daemon->model, &model_options);
	collection_reconfigure(daemon->collection, config);
	if (daemon->alerting != NULL)
		alerting_reconfigure(daemon->alerting, config);
	explaining_reconfigure(daemon->explaining, config);
	if (config->sampling.interval_ns != old->sampling.interval_ns)
		start_passes(daemon, config->sampling.interval_ns / NS_PER_MS);
	config_free(old);
}

static void on_config_loaded(void *context, struct config *config, const char *message)
{
	struct daemon *daemon = context;

	daemon->self.config_reload_successful = config != NULL;
	site_advance(daemon->site);
	if (config == NULL) {
		log_errorx("the configuration is wrong, keeping the old one: %s", message);
	} else {
		apply_config(daemon, config);
		daemon->self.config_reload_success_timestamp_seconds =
		    ns_to_seconds(clock_realtime_ns());
		log_info("the configuration is reloaded");
	}
	service_reloaded();
}

static void request_reload(struct daemon *daemon)
{
	int r = reload_for_http(daemon, NULL, NULL);

	if (r < 0)
		log_warn(r, "cannot read the configuration, keeping the old one");
}

/* ---- start and end ---- */

static void on_watchdog(void *data)
{
	(void)data;
	service_alive();
}

static void on_signal(void *data, int signal)
{
	struct daemon *daemon = data;

	if (signal == SIGHUP) {
		request_reload(daemon);
		return;
	}
	log_info("stopping signal=%d", signal);
	service_stopping();
	loop_stop(daemon->loop);
}

static int watch_signals(struct daemon *daemon)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]) && r >= 0; i++)
		r = loop_on_signal(daemon->loop, signals[i], on_signal, daemon);
	return r;
}

static int make_timers(struct daemon *daemon)
{
	daemon->pass_timer = loop_timer_new(daemon->loop, on_pass, daemon);
	daemon->resume_timer = loop_timer_new(daemon->loop, on_resume, daemon);
	daemon->scoring_timer = loop_timer_new(daemon->loop, score_slice, daemon);
	daemon->alert_timer = loop_timer_new(daemon->loop, on_alert_timer, daemon);
	daemon->watchdog_timer = loop_timer_new(daemon->loop, on_watchdog, daemon);
	if (daemon->alert_timer == NULL || daemon->pass_timer == NULL ||
	    daemon->resume_timer == NULL || daemon->scoring_timer == NULL ||
	    daemon->watchdog_timer == NULL)
		return -ENOMEM;
	return 0;
}

static int make_collectors(struct daemon *daemon)
{
	const struct collector_options options = {
	    .config = daemon->config,
	    .procfs_path = daemon->options->procfs_path,
	    .rootfs_path = daemon->options->rootfs_path,
	    .storage_path = daemon->state != NULL ? daemon->options->storage_path : NULL,
	    .gc_log_globs = daemon->options->gc_log_globs,
	};

	daemon->collection = collection_new(&options, &daemon->host, daemon->model);
	if (daemon->collection == NULL)
		return -EINVAL;
	if (daemon->state != NULL)
		daemon->kept = kept_open(daemon->options->storage_path, &daemon->host);
	kept_restore(daemon->kept, daemon->model, daemon->collection);
	return 0;
}

static int make_model(struct daemon *daemon)
{
	const struct model_options options = model_options_of(daemon->config);

	daemon->model = model_new(&options);
	if (daemon->model == NULL)
		return -ENOMEM;
	daemon->scoring.time_scale = options.time_scale;
	if (daemon->options->is_once)
		return 0; /* a glance leaves no trace */
	return state_open(daemon->options->storage_path, daemon->options->storage_is_required,
	                  &daemon->host, daemon->model, &daemon->state);
}

static int make_reload(struct daemon *daemon)
{
	const struct reload_options options = {
	    .host = &daemon->host,
	    .load = daemon->options->load_config,
	    .load_context = daemon->options->load_context,
	    .loaded = on_config_loaded,
	    .context = daemon,
	};

	daemon->reload = reload_new(&options);
	return daemon->reload == NULL ? -ENOMEM : 0;
}

static int set_up(struct daemon *daemon)
{
	int r;

	daemon->loop = loop_new();
	if (daemon->loop == NULL)
		return -ENOMEM;
	daemon->host = loop_host(daemon->loop);
	self_describe(&daemon->self);
	r = make_reload(daemon);
	if (r >= 0)
		r = make_model(daemon);
	if (r >= 0)
		r = make_timers(daemon);
	if (r >= 0)
		r = make_collectors(daemon);
	if (r >= 0)
		r = make_alerting(daemon);
	if (r >= 0)
		r = make_site(daemon);
	if (r >= 0)
		r = watch_signals(daemon);
	if (r >= 0 && !daemon->options->is_once)
		r = start_web(daemon);
	return r;
}

struct daemon *daemon_new(const struct daemon_options *options)
{
	struct daemon *daemon = calloc(1, sizeof(*daemon));
	int r;

	if (daemon == NULL) {
		config_free(options->config);
		return NULL;
	}
	daemon->options = options;
	daemon->config = options->config;
	r = set_up(daemon);
	if (r < 0) {
		log_error(r, "cannot start");
		return daemon_free(daemon);
	}
	return daemon;
}

struct daemon *daemon_free(struct daemon *daemon)
{
	if (daemon == NULL)
		return NULL;
	if (daemon->alerting != NULL)
		alerting_abort(daemon->alerting);
	explaining_abort(daemon->explaining);
	if (daemon->loop != NULL)
		loop_drain(daemon->loop);
	web_stop(daemon->web);
	(void)site_free(daemon->site);
	kept_close(daemon->kept, daemon->model, daemon->collection);
	(void)explaining_free(daemon->explaining);
	(void)alerting_free(daemon->alerting);
	collection_free(daemon->collection);
	state_close(daemon->state, daemon->model);
	model_free(daemon->model);
	loop_free(daemon->loop);
	reload_free(daemon->reload);
	config_free(daemon->config);
	free(daemon);
	return NULL;
}

int daemon_run(struct daemon *daemon)
{
	uint64_t watchdog_ms = service_watchdog_interval_ms();

	if (watchdog_ms > 0)
		loop_timer_start(daemon->watchdog_timer, watchdog_ms, watchdog_ms);
	if (daemon->alerting != NULL)
		loop_timer_start(daemon->alert_timer, ALERT_TICK_MS, ALERT_TICK_MS);
	start_passes(daemon, 0);
	loop_run(daemon->loop);
	return daemon->result;
}
