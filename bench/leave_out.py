#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What choosing by results is worth: leave one family out, and how often a score is a leak.

usage: leave_out.py BENCH_DIR HEAPWATCH

For each family of recordings the dial that matters most, how long a rise must last (all durations
by one factor), is chosen anew on the other families, by F1 and then by delay; the family is judged
with what was chosen. Beside it stand the shipped durations, and how many of the runs that held a
score were leaks. The demands and their other constants were chosen with all families in sight; that
no script can take back.
"""
import collections
import math
import os
import statistics
import sys

import leaks

FACTORS = (0.8, 0.9, 1, 1.1, 1.25)
SHIPPED = 1
BINS = (0, 0.2, 0.5, 0.8, 0.95, 1.01)


def judge_all(bench, heapwatch):
    """By factor: the runs of both regimes."""
    return {factor: [dict(run, regime=regime, family=leaks.family(run))
                     for regime, hold in leaks.REGIMES
                     for run in leaks.evaluate(bench, heapwatch, regime, hold, factor)]
            for factor in FACTORS}


def rank(runs):
    """F1, then an early alarm."""
    found = leaks.measures(runs)
    both = found['precision'] + found['recall']
    f1 = 2 * found['precision'] * found['recall'] / both if both else 0
    delays = [run.get('delay_frac', 1) for run in runs if run['leak']]
    return f1, -statistics.median(delays)


def leave_out(judged):
    """The runs, each judged by the factor that the other families chose; and these factors."""
    chosen = collections.Counter()
    runs = []
    for family in sorted({run['family'] for run in judged[SHIPPED]}):
        ranks = {factor: rank([run for run in runs_of if run['family'] != family])
                 for factor, runs_of in judged.items()}
        best = max(ranks, key=ranks.get)
        chosen[best] += 1
        runs += [run for run in judged[best] if run['family'] == family]
    return runs, chosen


def show(title, runs):
    for regime, _ in leaks.REGIMES:
        found = leaks.measures([run for run in runs if run['regime'] == regime])
        print(f'{title:20} {regime:11} precision {found["precision"]:.3f} '
              f'recall {found["recall"]:.3f} median delay {found["median delay"]:.3f}')


def wilson(part, whole):
    """95 % interval of a share."""
    z = 1.96
    middle = (part + z * z / 2) / (whole + z * z)
    half = z / (whole + z * z) * math.sqrt(part * (whole - part) / whole + z * z / 4)
    return max(middle - half, 0), min(middle + half, 1)


def show_calibration(runs):
    print('held score   runs  leaks  share  95 %')
    for low, high in zip(BINS, BINS[1:]):
        inside = [run['leak'] for run in runs if low <= run['held'] < high]
        if inside:
            interval = wilson(sum(inside), len(inside))
            print(f'{low:.2f}-{min(high, 1):.2f}    {len(inside):4}  {sum(inside):5}  '
                  f'{statistics.mean(inside):.2f}   {interval[0]:.2f}-{interval[1]:.2f}')


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    judged = judge_all(sys.argv[1], os.path.abspath(sys.argv[2]))
    runs, chosen = leave_out(judged)
    show('as shipped', judged[SHIPPED])
    show('left out', runs)
    for factor, runs_of in judged.items():
        f1, delay = rank(runs_of)
        print(f'durations / {factor}: F1 {f1:.3f}, delay {-delay:.3f} (a miss counts as 1), '
              f'chosen {chosen[factor]} times')
    show_calibration(judged[SHIPPED])


if __name__ == '__main__':
    main()
