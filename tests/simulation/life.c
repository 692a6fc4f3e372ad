// SPDX-License-Identifier: MIT
/*
 * A process as V8 makes it look: a live set, garbage until the next full collection, floating
 * garbage after it, committed memory that follows, and memory outside.
 */
#include "tests/simulation/life.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "daemon/alerting/episode.h"
#include "daemon/model/model.h"
#include "daemon/scoring/scoring.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/units.h"

/*
 * Virtual time between evaluations of an old process: the verdict on days does not change within
 * minutes, and thousands of days are to be simulated in minutes. Where a rise is about to be
 * called, it is looked at as often as by the daemon.
 */
#define EVALUATE_MIN       60.0
#define EVALUATE_AGE_SHARE (1.0 / 300)
#define EVALUATE_ALL_SCORE 0.3
#define FORECASTS_MAX      64

#define ORIGIN_NS     NS_PER_DAY
#define GARBAGE_YOUNG 20

struct forecast {
	double at;
	double p10;
	double p90;
};

struct life {
	const struct world *world;
	struct random *random;
	struct model *model;
	struct process_key key;
	double now;
	double born;
	double wander;
	double leaked;
	double work; /* load times time */
	double garbage;
	double trigger; /* V8 collects when the heap is this full */
	double used;
	double committed;
	double outside_noise;
	double evaluated;
	const struct config *config;
	struct episode alert;
	struct forecast forecasts[FORECASTS_MAX];
	size_t forecast_count;
	struct outcome *outcome;
};

DEFINE_CLEANUP(struct model, model_free)
DEFINE_CLEANUP(struct config, config_free)

static uint64_t at_ns(double seconds)
{
	return ORIGIN_NS + (uint64_t)(seconds * 1e9);
}

static uint64_t bytes(double mib)
{
	return (uint64_t)(fmax(mib, 0) * (double)MIB);
}

static bool start_process(struct life *life)
{
	const struct process_facts facts = {
	    .key = {.pid = life->key.pid + 1, .start_ticks = 1},
	    .start_ns = at_ns(life->now),
	    .app = "simulated",
	    .script = "",
	    .node_version = "20.20.2",
	    .container_id = "",
	    .pod_uid = "",
	    .container_name = "",
	    .unit = "",
	    .max_old_space_bytes = bytes(life->world->limit),
	};

	life->key = facts.key;
	life->born = life->now;
	life->leaked = 0;
	life->work = 0;
	life->garbage = 0;
	life->used = 0;
	life->committed = 6;
	life->trigger = fmax(life->world->base * 1.3, 6);
	life->alert = (struct episode){0};
	life->evaluated = life->now;
	return model_process_found(life->model, at_ns(life->now), &facts) == 0;
}

static void stop_process(struct life *life)
{
	const struct process_exit exit = {.at_ns = at_ns(life->now), .cause = EXIT_CAUSE_EXIT};

	model_process_exited(life->model, &life->key, &exit);
}

/* Mean-reverting noise: after long it has this deviation, and it forgets in this time. */
static double wander(struct life *life, double value, double sigma, double time)
{
	double share = fmin(life->world->step / time, 1);

	return value - value * share + random_normal(life->random) * sigma * sqrt(2 * share);
}

static double live_set(struct life *life, double load)
{
	const struct world *world = life->world;
	double leak = world->place != LEAK_NOWHERE && life->now > world->onset
	                  ? world->leak_rate * load * world->step
	                  : 0;
	double live;

	life->leaked += leak;
	life->work += load * world->step;
	life->wander = wander(life, life->wander, world->wander_sigma, world->wander_time);
	live = world_live(world, life->now - life->born, life->now) +
	       world->base * fmax(life->wander, -0.25);
	return world->place == LEAK_IN_HEAP ? live + life->leaked : live;
}

static void send_gc(struct life *life, enum gc_kind kind, double before)
{
	const struct gc_event event = {
	    .kind = kind,
	    .isolate = 1,
	    .uptime_ns = (uint64_t)((life->now - life->born) * 1e9),
	    .used_before_bytes = bytes(before),
	    .committed_before_bytes = bytes(life->committed),
	    .used_after_bytes = bytes(life->used),
	    .committed_after_bytes = bytes(life->committed),
	    .pause_ns = NS_PER_MS,
	    .average_mutator_utilization = 0.95,
	    .current_mutator_utilization = 0.95,
	};

	model_gc(life->model, &life->key, at_ns(life->now), &event);
}

static void collect(struct life *life, double live, double load)
{
	const struct world *world = life->world;
	double young = GARBAGE_YOUNG * world->garbage_rate * load * world->step;
	double before = life->used + young;
	bool is_full;

	life->garbage += world->garbage_rate * load * world->step;
	is_full = live + life->garbage >= fmin(life->trigger, 0.95 * world->limit) ||
	          live > 0.9 * world->limit;
	if (is_full) {
		life->used = live * (1 + fabs(random_normal(life->random)) * world->floating) +
		             0.02 * life->garbage;
		life->garbage = 0;
		life->trigger =
		    fmax(fmin(live * world->growth_factor, live + world->growth_max), live + 3);
		life->committed = fmax(life->used * 1.1 + 2, 0.8 * life->committed);
	} else {
		life->used = (live + life->garbage) * 1.02;
		life->committed = fmax(life->committed, (live + life->garbage) * 1.05 + 2);
	}
	send_gc(life, is_full ? GC_MARK_COMPACT : GC_SCAVENGE, before);
}

static double sample(struct life *life)
{
	const struct world *world = life->world;
	double anon;

	life->outside_noise = wander(life, life->outside_noise, world->outside_noise, 200);
	anon = life->committed + world_outside(world, life->now - life->born) +
	       life->outside_noise + (world->place == LEAK_OUTSIDE ? life->leaked : 0);
	model_memory_detail(life->model, &life->key,
	                    &(struct memory_detail){
	                        .at_ns = at_ns(life->now),
	                        .limit_bytes = bytes(world->memory_limit),
	                        .limit_usage_bytes = bytes(anon + 30),
	                        .limit_is_cgroup = true,
	                    });
	model_memory(life->model, &life->key,
	             &(struct memory_sample){
	                 .at_ns = at_ns(life->now),
	                 .rss_bytes = bytes(anon + 30),
	                 .rss_shared_bytes = bytes(30),
	                 .user_cpu_ns = (uint64_t)(life->work * 1e8),
	                 .threads = 11,
	             });
	return anon + 30;
}

/* ---- alerts ---- */

static void raise_alert(struct life *life)
{
	struct outcome *outcome = life->outcome;
	bool is_leaking = life->world->place != LEAK_NOWHERE && life->now >= life->world->onset;

	outcome->alerts++;
	if (life->world->place != LEAK_NOWHERE && !is_leaking)
		outcome->early_alerts++;
}

static void note_detection(struct life *life)
{
	struct outcome *outcome = life->outcome;

	if (life->world->place == LEAK_NOWHERE || life->now < life->world->onset ||
	    outcome->is_detected)
		return;
	outcome->is_detected = true;
	outcome->detected_at = life->now;
}

static bool is_alert(const struct life *life)
{
	return life->alert.phase == EPISODE_FIRING;
}

static void follow_alert(struct life *life, const struct process *process)
{
	const struct episode_limits limits = {.config = &life->config->alerting, .time_scale = 1};

	if (episode_advance(&life->alert, CONDITION_LEAK, process, &limits, at_ns(life->now)) ==
	    EPISODE_FIRED)
		raise_alert(life);
	if (is_alert(life))
		note_detection(life);
}

static void keep_forecast(struct life *life, const struct verdict *verdict)
{
	if (!is_alert(life) || life->forecast_count == FORECASTS_MAX)
		return;
	/* About as many early in the episode as late: each when a tenth more has passed. */
	if (life->forecast_count > 0 &&
	    life->now - life->world->onset <
	        1.1 * (life->forecasts[life->forecast_count - 1].at - life->world->onset))
		return;
	life->forecasts[life->forecast_count++] = (struct forecast){
	    life->now, verdict->exhaustion_p10_seconds, verdict->exhaustion_p90_seconds};
}

static void evaluate(struct life *life)
{
	static const struct scoring_options options = {.time_scale = 1};
	struct process *process = model_find(life->model, &life->key);
	double wait = process->verdict.score < EVALUATE_ALL_SCORE
	                  ? fmax(EVALUATE_MIN, EVALUATE_AGE_SHARE * (life->now - life->born))
	                  : 0;
	struct timespec before;
	struct timespec after;

	if (life->now - life->evaluated < wait ||
	    !scoring_is_due(process, at_ns(life->now), &options))
		return;
	life->evaluated = life->now;
	(void)clock_gettime(CLOCK_MONOTONIC, &before);
	scoring_evaluate(process, at_ns(life->now), &options);
	(void)clock_gettime(CLOCK_MONOTONIC, &after);
	life->outcome->evaluations++;
	life->outcome->scoring_ns += (uint64_t)(after.tv_sec - before.tv_sec) * NS_PER_SECOND +
	                             (uint64_t)after.tv_nsec - (uint64_t)before.tv_nsec;
	follow_alert(life, process);
	keep_forecast(life, &process->verdict);
}

/* ---- from start to end ---- */

static bool live_on(struct life *life)
{
	const struct world *world = life->world;
	double load = world_load(world, life->now) * fmax(0, 1 + 0.3 * random_normal(life->random));
	double live = live_set(life, load);

	if (live > world->death * world->limit)
		return false;
	collect(life, live, load);
	if (sample(life) > world->memory_limit)
		return false;
	evaluate(life);
	return true;
}

static void count_forecasts(const struct life *life, struct outcome *outcome)
{
	size_t i;

	for (i = 0; outcome->is_exhausted && i < life->forecast_count; i++) {
		double left = outcome->end - life->forecasts[i].at;

		outcome->forecasts++;
		outcome->covered +=
		    life->forecasts[i].p10 <= left && left <= life->forecasts[i].p90;
	}
}

static double life_length_of(const struct world *world)
{
	if (world->place == LEAK_NOWHERE || world->restarts == 0)
		return world->length / (double)(world->restarts + 1);
	return world->onset / (double)world->restarts;
}

bool life_play(const struct world *world, struct random *random, struct outcome *ret_outcome)
{
	const struct model_options options = {.processes_max = 4, .apps_max = 4, .time_scale = 1};
	_cleanup_(model_freep) struct model *model = model_new(&options);
	_cleanup_(config_freep) struct config *config = config_new_default();
	struct life life = {.world = world,
	                    .random = random,
	                    .model = model,
	                    .config = config,
	                    .outcome = ret_outcome};
	double life_length = life_length_of(world);
	size_t restarts = 0;

	memset(ret_outcome, 0, sizeof(*ret_outcome));
	if (model == NULL || config == NULL || !start_process(&life))
		return false;
	ret_outcome->onset = world->onset;
	while (life.now < world->length && !ret_outcome->is_exhausted) {
		life.now += world->step;
		if (restarts < world->restarts && life.now - life.born >= life_length) {
			restarts++;
			stop_process(&life);
			if (!start_process(&life))
				return false;
		}
		ret_outcome->is_exhausted = !live_on(&life);
	}
	ret_outcome->end = life.now;
	ret_outcome->days = life.now / DAY;
	count_forecasts(&life, ret_outcome);
	return true;
}
