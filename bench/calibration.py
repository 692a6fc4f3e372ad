#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws how often a run was a leak, by the highest score that it held for five minutes.

usage: calibration.py BENCH_DIR HEAPWATCH SVG

Both regimes of recorded runs together, judged as by leaks.py. Prints the table of docs/scoring.md
and writes its plot. The intervals are Wilson's at 95 %, as if runs were independent.
"""
import math
import os
import sys

import leaks

EDGES = (0, 0.2, 0.5, 0.8, 0.95, 1)
NORMAL_95 = 1.96
LEFT, TOP, WIDTH, HEIGHT = 60, 20, 440, 300


def wilson(part, whole):
    share = part / whole
    z2 = NORMAL_95 ** 2 / whole
    middle = (share + z2 / 2) / (1 + z2)
    half = NORMAL_95 * math.sqrt(share * (1 - share) / whole + z2 / whole / 4) / (1 + z2)
    return max(0, middle - half), min(1, middle + half)


def bins_of(runs):
    for low, high in zip(EDGES, EDGES[1:]):
        inside = [run for run in runs
                  if low <= run['held'] < high or high == EDGES[-1] and run['held'] >= high]
        if inside:
            yield low, high, len(inside), sum(bool(run['leak']) for run in inside)


def x_of(score):
    return LEFT + score * WIDTH


def y_of(share):
    return TOP + (1 - share) * HEIGHT


def text(x, y, words, extra=''):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="middle"{extra}>{words}</text>'


def frame():
    yield f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH}" height="{HEIGHT}" class="frame"/>'
    for tenth in range(0, 11, 2):
        value = tenth / 10
        yield text(x_of(value), TOP + HEIGHT + 18, f'{value:g}')
        yield text(LEFT - 18, y_of(value) + 4, f'{value:g}')
    yield text(LEFT + WIDTH / 2, TOP + HEIGHT + 38, 'highest score held for five minutes')
    yield text(16, TOP + HEIGHT / 2, 'share of runs that leak',
               f' transform="rotate(-90 16 {TOP + HEIGHT / 2:.0f})"')
    yield f'<path d="M{x_of(0)} {y_of(0)}L{x_of(1)} {y_of(1)}" class="even"/>'
    yield f'<path d="M{x_of(0.8):.0f} {y_of(0)}V{y_of(1)}" class="alarm"/>'
    yield text(x_of(0.8), TOP - 6, 'alarm')


def marks(rows):
    for low, high, count, found in rows:
        x = x_of((low + high) / 2)
        lower, upper = wilson(found, count)
        yield f'<path d="M{x:.1f} {y_of(lower):.1f}V{y_of(upper):.1f}" class="interval"/>'
        yield (f'<path d="M{x_of(low):.1f} {y_of(found / count):.1f}H{x_of(high):.1f}" '
               'class="share"/>')
        yield f'<circle cx="{x:.1f}" cy="{y_of(found / count):.1f}" r="4"/>'
        yield text(x, y_of((lower + upper) / 2) + 4, f'{found}/{count}', ' dx="20"')


def draw(rows):
    style = ('text{font:12px sans-serif;fill:#333}.frame{fill:#fff;stroke:#333}'
             '.even{stroke:#bbb;stroke-dasharray:4}.alarm{stroke:#c33;stroke-dasharray:2}'
             '.interval{stroke:#27c;stroke-width:2}.share{stroke:#27c}circle{fill:#27c}')
    return '\n'.join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 40} '
        f'{TOP + HEIGHT + 50}">',
        '<title>Share of leaks by held score, 95 % intervals</title>', f'<style>{style}</style>',
        '<rect width="100%" height="100%" fill="#fff"/>', *frame(), *marks(rows), '</svg>', ''])


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    runs = []
    for regime, hold in leaks.REGIMES:
        runs += leaks.evaluate(sys.argv[1], os.path.abspath(sys.argv[2]), regime, hold)
    rows = list(bins_of(runs))
    print('| held score | runs | leaks | share of leaks | 95 % |\n| --- | --- | --- | --- | --- |')
    for low, high, count, found in rows:
        lower, upper = wilson(found, count)
        print(f'| {low:.2f}-{high:.2f} | {count} | {found} | {found / count:.2f} '
              f'| {lower:.2f}-{upper:.2f} |')
    with open(sys.argv[3], 'w', encoding='utf-8') as file:
        file.write(draw(rows))


if __name__ == '__main__':
    main()
