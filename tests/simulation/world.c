// SPDX-License-Identifier: MIT
/*
 * The classes of programs, each a shape of load, a healthy growth, a leak, or several of them.
 */
#include "tests/simulation/world.h"

#include <string.h>

#define TURN 6.283185307179586

/* ---- what all have ---- */

static void common(struct world *world, struct random *random)
{
	memset(world, 0, sizeof(*world));
	world->length = random_log_uniform(random, 6 * HOUR, 21 * DAY);
	world->limit = exp2(floor(random_uniform(random, 8, 13))); /* 256 … 4096 */
	world->memory_limit = 1.5 * world->limit + 200;
	world->death = random_uniform(random, 0.86, 0.98);
	world->base = random_uniform(random, 0.02, 0.22) * world->limit;
	world->warmup = random_log_uniform(random, 20, 300);
	world->wander_sigma = random_uniform(random, 0, 0.06);
	world->wander_time = random_uniform(random, 20, 600);
	world->week_factor = 1;
	world->load_step_factor = 1;
	world->creep_size = random_uniform(random, 2, 40);
	world->creep_time = fmin(random_log_normal(random, 2 * HOUR, 1), 12 * HOUR);
	world->outside_noise = random_uniform(random, 0.1, 1.2);
	world->garbage_rate = world->base * random_log_uniform(random, 0.0003, 0.02);
	world->growth_factor = random_uniform(random, 1.25, 2.2);
	world->growth_max = world->limit * random_uniform(random, 0.1, 0.5);
	world->floating = random_uniform(random, 0.003, 0.03);
}

/* Most caches and pools are full within the hour, few take many hours. */
static double fill_time(const struct world *world, struct random *random)
{
	return fmin(fmax(random_log_normal(random, 1500, 1.1), 120), 0.5 * world->length);
}

static double cache_size(const struct world *world, struct random *random)
{
	return fmin(world->base * random_log_uniform(random, 0.1, 3),
	            0.55 * world->limit - world->base);
}

/* ---- shapes of load ---- */

static void steady(struct world *world, struct random *random)
{
	(void)world;
	(void)random;
}

static void idle(struct world *world, struct random *random)
{
	world->garbage_rate *= random_uniform(random, 0.001, 0.02);
	world->wander_sigma = 0.002;
}

static void diurnal(struct world *world, struct random *random)
{
	world->day_depth = random_uniform(random, 0.4, 0.9);
	world->day_phase = random_uniform(random, 0, TURN);
	world->sessions = world->base * random_uniform(random, 0.1, 1.5);
}

static void weekly(struct world *world, struct random *random)
{
	diurnal(world, random);
	world->week_factor = random_uniform(random, 0.4, 0.9);
}

static void bursty(struct world *world, struct random *random)
{
	world->burst_period = random_uniform(random, 60, 3600);
	world->burst_share = random_uniform(random, 0.05, 0.3);
	world->burst_factor = random_uniform(random, 2, 6);
	world->sessions = world->base * random_uniform(random, 0.02, 0.15);
}

static void saw_tooth(struct world *world, struct random *random)
{
	world->saw_period = random_log_uniform(random, 300, 4 * HOUR);
	world->saw_size = world->base * random_uniform(random, 0.3, 2);
}

static void batch_spikes(struct world *world, struct random *random)
{
	world->spike_period = random_log_uniform(random, HOUR, DAY);
	world->spike_width = random_uniform(random, 60, 2400);
	world->spike_size = world->base * random_uniform(random, 0.5, 3);
}

static void lazy_gc(struct world *world, struct random *random)
{
	world->growth_max = world->limit;
	world->growth_factor = random_uniform(random, 3, 4.5);
	world->garbage_rate *= random_uniform(random, 0.3, 1);
	world->base = fmin(world->base, 0.12 * world->limit);
}

static void traffic_step(struct world *world, struct random *random)
{
	world->load_step_at = world->length * random_uniform(random, 0.05, 0.6);
	world->load_step_factor = random_uniform(random, 1.3, 3);
	world->sessions = world->base * random_uniform(random, 0.1, 0.6);
}

static void traffic_ramp(struct world *world, struct random *random)
{
	world->ramp_time = fmax(fill_time(world, random), HOUR);
	world->sessions = world->base * random_uniform(random, 0.3, 1.5);
}

static void drifting(struct world *world, struct random *random)
{
	world->wander_sigma = random_uniform(random, 0.05, 0.2);
	world->wander_time = world->length * random_uniform(random, 0.03, 0.12);
}

/* ---- healthy growth ---- */

static void slow_warmup(struct world *world, struct random *random)
{
	world->warmup = random_log_uniform(random, 300, 2 * HOUR);
}

static void lru_cache(struct world *world, struct random *random)
{
	world->cache_time = fill_time(world, random);
	world->cache_power = random_uniform(random, 0.6, 1);
	world->cache_size = cache_size(world, random);
}

static void zipf_cache(struct world *world, struct random *random)
{
	world->cache_time = 4 * fill_time(world, random);
	world->cache_power = random_uniform(random, 0.3, 0.7);
	world->cache_size = cache_size(world, random);
}

static void saturating_cache(struct world *world, struct random *random)
{
	world->cache_time = fill_time(world, random) / 2;
	world->cache_size = cache_size(world, random);
}

/* Entries of unique keys: as steep at the end as at the start. */
static void ttl_cache(struct world *world, struct random *random)
{
	world->cache_time = fill_time(world, random);
	world->cache_power = 1;
	world->cache_size = fmin(cache_size(world, random), world->base);
}

static void tenants(struct world *world, struct random *random)
{
	size_t i;

	world->step_count = 1 + (size_t)random_uniform(random, 0, STEPS_MAX);
	for (i = 0; i < world->step_count; i++)
		world->step_at[i] = world->length * random_uniform(random, 0.05, 0.6);
	world->step_size = world->base * random_uniform(random, 0.15, 0.7);
}

static void buffer_pool(struct world *world, struct random *random)
{
	world->pool_time = fill_time(world, random);
	world->pool_size = random_uniform(random, 10, 60);
}

static void deploys(struct world *world, struct random *random)
{
	world->restarts = 2 + (size_t)random_uniform(random, 0, 10);
	world->length = fmax(world->length, (double)(world->restarts + 1) * 3 * HOUR);
	lru_cache(world, random);
}

const struct world_class world_classes[] = {
    {"steady", steady, NULL, LEAK_NOWHERE, false},
    {"idle", idle, NULL, LEAK_NOWHERE, false},
    {"diurnal", diurnal, NULL, LEAK_NOWHERE, false},
    {"weekly", weekly, NULL, LEAK_NOWHERE, false},
    {"bursty", bursty, NULL, LEAK_NOWHERE, false},
    {"saw-tooth", saw_tooth, NULL, LEAK_NOWHERE, false},
    {"batch-spikes", batch_spikes, NULL, LEAK_NOWHERE, false},
    {"lazy-gc", lazy_gc, NULL, LEAK_NOWHERE, false},
    {"traffic-step", traffic_step, NULL, LEAK_NOWHERE, false},
    {"traffic-ramp", traffic_ramp, NULL, LEAK_NOWHERE, false},
    {"drifting", drifting, NULL, LEAK_NOWHERE, false},
    {"slow-warm-up", steady, slow_warmup, LEAK_NOWHERE, false},
    {"lru-cache", steady, lru_cache, LEAK_NOWHERE, false},
    {"lru-diurnal", diurnal, lru_cache, LEAK_NOWHERE, false},
    {"zipf-cache", steady, zipf_cache, LEAK_NOWHERE, false},
    {"zipf-bursty", bursty, zipf_cache, LEAK_NOWHERE, false},
    {"saturating", steady, saturating_cache, LEAK_NOWHERE, false},
    {"ttl-cache", steady, ttl_cache, LEAK_NOWHERE, false},
    {"tenants", steady, tenants, LEAK_NOWHERE, false},
    {"buffer-pool", steady, buffer_pool, LEAK_NOWHERE, false},
    {"deploys", steady, deploys, LEAK_NOWHERE, false},
    {"leak", steady, NULL, LEAK_IN_HEAP, false},
    {"leak-diurnal", diurnal, NULL, LEAK_IN_HEAP, false},
    {"leak-weekly", weekly, NULL, LEAK_IN_HEAP, false},
    {"leak-bursty", bursty, NULL, LEAK_IN_HEAP, false},
    {"leak-saw-tooth", saw_tooth, NULL, LEAK_IN_HEAP, false},
    {"leak-batch", batch_spikes, NULL, LEAK_IN_HEAP, false},
    {"leak-lazy-gc", lazy_gc, NULL, LEAK_IN_HEAP, false},
    {"leak-lru", steady, lru_cache, LEAK_IN_HEAP, false},
    {"leak-zipf", steady, zipf_cache, LEAK_IN_HEAP, false},
    {"leak-late", steady, NULL, LEAK_IN_HEAP, true},
    {"leak-late-diurnal", diurnal, NULL, LEAK_IN_HEAP, true},
    {"leak-late-tenants", steady, tenants, LEAK_IN_HEAP, true},
    {"leak-outside", steady, NULL, LEAK_OUTSIDE, false},
    {"leak-out-diurnal", diurnal, NULL, LEAK_OUTSIDE, false},
    {"leak-out-late", steady, NULL, LEAK_OUTSIDE, true},
    {"leak-release", deploys, NULL, LEAK_IN_HEAP, true},
};

const size_t world_class_count = sizeof(world_classes) / sizeof(world_classes[0]);

/* ---- the leak ---- */

/* 0.5 MiB a day … 1 MiB/s, but exhausting what there is in hours to weeks. */
#define LEAK_RATE_MIN       (0.5 / DAY)
#define LEAK_RATE_MAX       1.0
#define EXHAUSTION_TIME_MIN HOUR

static void add_leak(struct world *world, const struct world_class *class, struct random *random)
{
	double room = world->limit * world->death - world_live(world, HOUR, HOUR);

	if (class->place == LEAK_OUTSIDE)
		room = world->memory_limit - world->limit * 0.3;
	world->place = class->place;
	world->leak_rate = random_log_uniform(random, LEAK_RATE_MIN,
	                                      fmin(LEAK_RATE_MAX, room / EXHAUSTION_TIME_MIN));
	world->onset = class->is_late ? world->length * random_uniform(random, 0.25, 0.5) : 0;
	world->length = fmin(world->length, world->onset + 1.5 * room / world->leak_rate);
}

void world_make(struct world *world, const struct world_class *class, struct random *random)
{
	common(world, random);
	class->shape(world, random);
	if (class->growth != NULL)
		class->growth(world, random);
	if (class->place != LEAK_NOWHERE)
		add_leak(world, class, random);
	world->step = fmin(fmax(world->length / 6000, 10), 120);
}

/* ---- as time goes on ---- */

double world_load(const struct world *world, double at)
{
	double load = 1 + world->day_depth * sin(at / DAY * TURN + world->day_phase);

	if ((size_t)(at / DAY) % 7 >= 5)
		load *= world->week_factor;
	if (world->burst_period > 0)
		load *= fmod(at, world->burst_period) < world->burst_share * world->burst_period
		            ? world->burst_factor
		            : 0.8;
	if (world->ramp_time > 0)
		load *= 0.2 + 0.8 * fmin(at / world->ramp_time, 1);
	if (world->load_step_at > 0 && at > world->load_step_at)
		load *= world->load_step_factor;
	return load;
}

static double cache_live(const struct world *world, double age)
{
	if (world->cache_size <= 0)
		return 0;
	if (world->cache_power <= 0)
		return world->cache_size * (1 - exp(-age / world->cache_time));
	return world->cache_size * pow(fmin(age / world->cache_time, 1), world->cache_power);
}

static double spike_live(const struct world *world, double at)
{
	double into;
	double height;

	if (world->spike_size <= 0)
		return 0;
	into = fmod(at, world->spike_period) / world->spike_width;
	height = 0.5 + fmod(floor(at / world->spike_period) * 0.618, 1) / 2;
	return into < 1 ? world->spike_size * height * (1 - into) : 0;
}

double world_live(const struct world *world, double age, double at)
{
	double live = world->base * (0.3 + 0.7 * (1 - exp(-age / world->warmup)));
	size_t i;

	live += world->sessions * world_load(world, at) + cache_live(world, age);
	live += spike_live(world, at);
	if (world->saw_period > 0)
		live += world->saw_size * fmod(at, world->saw_period) / world->saw_period;
	for (i = 0; i < world->step_count; i++) {
		if (age > world->step_at[i])
			live += world->step_size;
	}
	return live;
}

double world_outside(const struct world *world, double age)
{
	double outside = 12 + world->creep_size * (1 - exp(-age / world->creep_time));

	if (world->pool_time > 0)
		outside += world->pool_size * fmin(age / world->pool_time, 1);
	return outside;
}
