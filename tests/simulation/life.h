// SPDX-License-Identifier: MIT
/*
 * Lives a world: collections and /proc samples go into the model, the model is scored when it is
 * due, and alerts are raised as the defaults of alerting say. The same code as in the daemon, on
 * virtual time.
 */
#ifndef HEAPWATCH_TESTS_SIMULATION_LIFE_H
#define HEAPWATCH_TESTS_SIMULATION_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulation/world.h"

struct outcome {
	double days;
	bool is_exhausted; /* it died of its memory */
	double end;
	double onset;
	size_t alerts;       /* raised, also before the onset */
	size_t early_alerts; /* of them, before the onset of a leak */
	bool is_detected;    /* an alert was on after the onset */
	double detected_at;
	/* Forecasts given while an alert was on, of processes that did exhaust their memory. */
	size_t forecasts;
	size_t covered; /* the end came between the 10th and the 90th percentile */
	size_t evaluations;
	uint64_t scoring_ns; /* real time spent in scoring */
};

/* False without memory. */
bool life_play(const struct world *world, struct random *random, struct outcome *ret_outcome);

#endif
