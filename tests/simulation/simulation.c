// SPDX-License-Identifier: MIT
/*
 * Thousands of process-days at the full time scale of production: what the verdict, with the
 * default settings of alerting, would have cost and brought. Prints a table by class of program and
 * asserts ranges. Without an argument a slice of a few seconds; simulation SEEDS plays that many
 * worlds of each class; a second argument is the first seed.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/numbers.h"
#include "tests/simulation/life.h"

#define SEEDS_DEFAULT 1
#define LONG_SEEDS    10 /* from here on the ranges are narrow */
#define LEAKS_MAX     65536
#define LEAD_MIN      600.0 /* an alert that comes later before the end is too late */

struct tally {
	size_t worlds;
	double days;
	size_t alerts;
	size_t alarmed; /* worlds with a wrong alert */
	size_t early;
	size_t exhausted;
	size_t slow; /* leaks that did not exhaust anything */
	size_t slow_detected;
	size_t warned;               /* exhausted, with an alert in time */
	size_t episodes;             /* leaks with an alert */
	size_t episode_alerts;       /* alerts of these */
	double fractions[LEAKS_MAX]; /* of the time to exhaustion until the alert; 1 without one */
	size_t forecasts;
	size_t covered;
	size_t evaluations;
	uint64_t scoring_ns;
};

static struct tally healthy;
static struct tally leaking;
static struct tally class_tally;

static void add_leak(struct tally *tally, const struct outcome *outcome)
{
	double fraction = (outcome->detected_at - outcome->onset) / (outcome->end - outcome->onset);

	tally->early += outcome->early_alerts > 0;
	if (outcome->is_detected) {
		tally->episodes++;
		tally->episode_alerts += outcome->alerts - outcome->early_alerts;
	}
	if (!outcome->is_exhausted) {
		tally->slow++;
		tally->slow_detected += outcome->is_detected;
		return;
	}
	if (tally->exhausted < LEAKS_MAX)
		tally->fractions[tally->exhausted] = outcome->is_detected ? fraction : 1;
	tally->exhausted++;
	tally->warned += outcome->is_detected && outcome->end - outcome->detected_at >= LEAD_MIN;
}

static void add(struct tally *tally, const struct outcome *outcome, bool is_leak)
{
	tally->worlds++;
	tally->days += outcome->days;
	tally->forecasts += outcome->forecasts;
	tally->covered += outcome->covered;
	tally->evaluations += outcome->evaluations;
	tally->scoring_ns += outcome->scoring_ns;
	if (is_leak) {
		add_leak(tally, outcome);
		return;
	}
	tally->alerts += outcome->alerts;
	tally->alarmed += outcome->alerts > 0;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static double quantile(struct tally *tally, double share)
{
	size_t count = tally->exhausted < LEAKS_MAX ? tally->exhausted : LEAKS_MAX;

	if (count == 0)
		return 0;
	qsort(tally->fractions, count, sizeof(double), compare);
	return tally->fractions[(size_t)(share * (double)(count - 1) + 0.5)];
}

static double ratio(size_t part, size_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void print_healthy(const char *name, const struct tally *tally)
{
	printf("# %-18s %6zu %9.1f %8zu %8.4f\n", name, tally->worlds, tally->days, tally->alarmed,
	       tally->days > 0 ? (double)tally->alerts / tally->days : 0);
}

static void print_leaking(const char *name, struct tally *tally)
{
	printf("# %-18s %6zu %9.1f %5zu %8zu %7.2f %6.2f %7.2f %6.2f %8.2f %7zu/%zu\n", name,
	       tally->worlds, tally->days, tally->early, tally->exhausted, quantile(tally, 0.5),
	       quantile(tally, 0.9), ratio(tally->warned, tally->exhausted),
	       ratio(tally->episode_alerts, tally->episodes),
	       ratio(tally->covered, tally->forecasts), tally->slow_detected, tally->slow);
}

static bool play_class(size_t number, size_t first, size_t seeds)
{
	const struct world_class *class = &world_classes[number];
	bool is_leak = class->place != LEAK_NOWHERE;
	struct outcome outcome;
	struct random random;
	struct world world;
	size_t seed;

	memset(&class_tally, 0, sizeof(class_tally));
	for (seed = first; seed < first + seeds; seed++) {
		random_seed(&random, number * 1000003 + seed);
		world_make(&world, class, &random);
		if (!life_play(&world, &random, &outcome))
			return false;
		add(&class_tally, &outcome, is_leak);
		add(is_leak ? &leaking : &healthy, &outcome, is_leak);
	}
	if (is_leak)
		print_leaking(class->name, &class_tally);
	else
		print_healthy(class->name, &class_tally);
	(void)fflush(stdout);
	return true;
}

/* Of a slice of a few worlds, and of many; what is aimed at is in docs/scoring.md. */
static void check(const char *what, double value, const double ranges[2][2], bool is_long)
{
	static size_t number;
	const double *range = ranges[is_long];

	printf("%s %zu - %s: %.4g (%g..%g)\n",
	       value >= range[0] && value <= range[1] ? "ok" : "not ok", ++number, what, value,
	       range[0], range[1]);
}

static void check_all(bool is_long)
{
	static const double per_day[2][2] = {{0, 0.20}, {0, 0.025}};
	static const double median[2][2] = {{0, 0.40}, {0, 0.20}};
	static const double most[2][2] = {{0, 0.90}, {0, 0.55}};
	static const double warned[2][2] = {{0.75, 1}, {0.95, 1}};
	static const double alerts[2][2] = {{1, 1.4}, {1, 1.1}};
	static const double covered[2][2] = {{0.55, 1}, {0.70, 0.90}};

	check("false alerts per healthy process-day", (double)healthy.alerts / healthy.days,
	      per_day, is_long);
	check("median share of the time to exhaustion until the alert", quantile(&leaking, 0.5),
	      median, is_long);
	check("90th percentile of that share", quantile(&leaking, 0.9), most, is_long);
	check("share of exhaustions with an alert 10 minutes before",
	      ratio(leaking.warned, leaking.exhausted), warned, is_long);
	check("alerts per leak", ratio(leaking.episode_alerts, leaking.episodes), alerts, is_long);
	check("share of ends within the 80 % forecast", ratio(leaking.covered, leaking.forecasts),
	      covered, is_long);
	printf("1..6\n");
}

static bool play_all(size_t first, size_t seeds)
{
	size_t i;

	printf("# %-18s %6s %9s %8s %8s\n", "healthy", "worlds", "days", "alarmed", "per day");
	for (i = 0; i < world_class_count; i++) {
		if (i > 0 && world_classes[i].place != LEAK_NOWHERE &&
		    world_classes[i - 1].place == LEAK_NOWHERE)
			printf("# %-18s %6s %9s %5s %8s %7s %6s %7s %6s %8s %s\n", "leaking",
			       "worlds", "days", "early", "ran out", "median", "p90", "warned",
			       "flaps", "coverage", "slow found");
		if (!play_class(i, first, seeds))
			return false;
	}
	print_healthy("all healthy", &healthy);
	print_leaking("all leaking", &leaking);
	return true;
}

int main(int argc, char **argv)
{
	uint64_t seeds = SEEDS_DEFAULT;
	uint64_t first = 0;

	if ((argc > 1 && number_parse_u64(argv[1], strlen(argv[1]), &seeds) < 0) ||
	    (argc > 2 && number_parse_u64(argv[2], strlen(argv[2]), &first) < 0) || seeds == 0) {
		(void)fprintf(stderr, "usage: simulation [SEEDS [FIRST]]\n");
		return 2;
	}
	if (!play_all((size_t)first, (size_t)seeds)) {
		printf("Bail out! out of memory\n");
		return 1;
	}
	printf("# %.0f process-days, %zu evaluations, %.0f us each\n", healthy.days + leaking.days,
	       healthy.evaluations + leaking.evaluations,
	       (double)(healthy.scoring_ns + leaking.scoring_ns) / 1e3 /
	           (double)(healthy.evaluations + leaking.evaluations));
	check_all(seeds >= LONG_SEEDS);
	return 0;
}
