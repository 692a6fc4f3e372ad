#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Judges the leak score on recorded runs, per regime, with 95 % intervals over families.

usage: leaks.py BENCH_DIR HEAPWATCH

BENCH_DIR holds evaluate.py and runs/. A family is a program with its twins: families are drawn with
replacement, not runs, for runs of one program are no independent evidence. The constants are those
of daemon/scoring/terms.c, chosen by people who saw these runs: see leave_out.py for what that may
be worth.
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

REGIMES = (('accelerated', '5'), ('realistic', '50'))
DRAWS = 2000


def evaluate(bench, heapwatch, regime, hold, factor=1):
    """The runs as judged with all durations of scoring divided by factor."""
    time_scale = '{time_scale}'
    if factor != 1:
        time_scale = '$(echo {time_scale} %g | awk "{ print \\$1 * \\$2 }")' % factor
    command = (f'{heapwatch} analyze --format=timeline --time-scale={time_scale} --proc={{proc}} '
               '--times={gc_times} --heap-limit={limit_mb}MiB {gc}')
    with tempfile.NamedTemporaryFile(suffix='.json') as out:
        subprocess.run([sys.executable, os.path.join(bench, 'evaluate.py'), '--regime', regime,
                        '--hold', hold, '--cmd', command, '--json', out.name, '--quiet'],
                       check=True, stdout=subprocess.DEVNULL)
        with open(out.name, encoding='utf-8') as file:
            return json.load(file)['runs']


def family(run):
    for twin in ('-fixed', '-control', '-bound'):
        run_kind = run['kind'].removesuffix(twin)
        if run_kind != run['kind']:
            return run_kind
    return run['kind']


def measures(runs):
    leaks = [run for run in runs if run['leak']]
    healthy = [run for run in runs if not run['leak']]
    found = sum(run['detected'] for run in leaks)
    wrong = sum(run['false_alarm'] for run in healthy) + sum(run['early'] > 0 for run in leaks)
    pairs = [(leak['held'] > other['held']) + (leak['held'] == other['held']) / 2
             for leak in leaks for other in healthy]
    delays = [run['delay_frac'] for run in leaks if 'delay_frac' in run]
    kinds = [run['kind_right'] for run in leaks if 'kind_right' in run]
    return {'precision': found / max(1, found + wrong), 'recall': found / max(1, len(leaks)),
            'AUC held': statistics.mean(pairs) if pairs else 1.0,
            'median delay': statistics.median(delays) if delays else 1.0,
            'kind right': statistics.mean(kinds) if kinds else 1.0}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    random.seed(1)
    for regime, hold in REGIMES:
        runs = evaluate(sys.argv[1], os.path.abspath(sys.argv[2]), regime, hold)
        families = {}
        for run in runs:
            families.setdefault(family(run), []).append(run)
        draws = []
        for _ in range(DRAWS):
            names = random.choices(list(families), k=len(families))
            draws.append(measures([run for name in names for run in families[name]]))
        print(f'{regime}: {len(runs)} runs of {len(families)} families')
        for name, value in measures(runs).items():
            spread = sorted(draw[name] for draw in draws)
            print(f'  {name:13} {value:.3f}  {spread[DRAWS // 40]:.3f}..{spread[-DRAWS // 40]:.3f}')


if __name__ == '__main__':
    main()
