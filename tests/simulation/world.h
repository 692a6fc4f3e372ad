// SPDX-License-Identifier: MIT
/*
 * One simulated program: how its live set, its garbage and its memory outside the heap go with
 * time. Sizes are MiB, times seconds of production.
 */
#ifndef HEAPWATCH_TESTS_SIMULATION_WORLD_H
#define HEAPWATCH_TESTS_SIMULATION_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/simulation/random.h"

#define HOUR 3600.0
#define DAY  86400.0

enum leak_place { LEAK_NOWHERE, LEAK_IN_HEAP, LEAK_OUTSIDE };

#define STEPS_MAX 4

struct world {
	double length;       /* simulated time */
	double step;         /* between two looks at the process */
	double limit;        /* of the heap */
	double memory_limit; /* of the container */
	double death;        /* share of the heap limit at which V8 gives up */
	/* The live set at rest, and what it wanders. */
	double base;
	double warmup;
	double wander_sigma;
	double wander_time;
	/* Load: 1 on average; day and week, bursts, a ramp after the start, a step. */
	double day_depth;
	double day_phase;
	double week_factor; /* of the load on two days of seven */
	double burst_period;
	double burst_share;
	double burst_factor;
	double ramp_time;
	double load_step_at;
	double load_step_factor;
	double sessions; /* live set per unit of load */
	/* Further parts of the live set. */
	double cache_size;
	double cache_time;  /* until full, or the time constant */
	double cache_power; /* 1: linear until full; below: repeated keys; 0: exponential */
	double saw_size;
	double saw_period;
	double spike_size;
	double spike_period;
	double spike_width;
	double step_size;
	double step_at[STEPS_MAX];
	size_t step_count;
	/* Outside the heap: allocators creep, pools fill. */
	double creep_size;
	double creep_time;
	double pool_size;
	double pool_time;
	double outside_noise;
	/* Collections. */
	double garbage_rate;  /* promoted, per second at load 1 */
	double growth_factor; /* of the live set, at which V8 collects again … */
	double growth_max;    /* … but by this much at most */
	double floating;      /* garbage that a full collection leaves, share of the live set */
	/* The leak. */
	enum leak_place place;
	double leak_rate; /* per second at load 1 */
	double onset;
	size_t restarts; /* deploys, evenly spread; the last of them brings the leak, if any */
};

struct world_class {
	const char *name;
	void (*shape)(struct world *world, struct random *random);
	void (*growth)(struct world *world, struct random *random); /* healthy; may be NULL */
	enum leak_place place;
	bool is_late;
};

extern const struct world_class world_classes[];
extern const size_t world_class_count;

void world_make(struct world *world, const struct world_class *class, struct random *random);

double world_load(const struct world *world, double at);
/* Live set at an age without what leaked and wandered; at: time since the simulation began. */
double world_live(const struct world *world, double age, double at);
double world_outside(const struct world *world, double age);

#endif
