#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatchd under churn: a Node process starts and another ends each second.

Its own memory, fds and series must be flat. SOAK_SECONDS says for how long (180 unless given).
The first third is warm-up; the medians of the second and the last third are compared.
"""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))
from harness import (Skip, Suite, any_node, check, comment, gc_counts,  # noqa: E402
                     gc_lines, in_namespace, pids)

SECONDS = float(os.environ.get('SOAK_SECONDS', '180'))
ALIVE = 6        # processes of the churn that live at a time
NAMES = 10       # of their apps
CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
"""
# An allocator's free lists need some room; a leak of 150 bytes per process is above it in an hour.
RSS_GROWTH_MAX_BYTES = 512 * 1024
FD_GROWTH_MAX = 2
SERIES_GROWTH_MAX = 0.05


class Usage:
    """What heapwatchd itself holds, once a second."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.rows = []

    def sample(self):
        with open('/proc/%d/statm' % self.daemon.pid, encoding='ascii') as statm:
            rss_bytes = int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')
        fd_count = len(os.listdir('/proc/%d/fd' % self.daemon.pid))
        self.rows.append((rss_bytes, fd_count, self.daemon.scrape().count()))

    def thirds(self, column):
        """Medians of the second and of the last third."""
        third = len(self.rows) // 3
        values = [row[column] for row in self.rows]
        return statistics.median(values[third:2 * third]), statistics.median(values[2 * third:])


class Churn:
    """A ring of processes of which the oldest makes room for a new one."""

    def __init__(self, suite, node):
        self.suite, self.node = suite, node
        self.scripts = [suite.app('leaking', 'churn-%d' % i) for i in range(NAMES)]
        self.alive = []
        self.started_count = 0

    def turn(self):
        if len(self.alive) >= ALIVE:
            self.end(self.alive.pop(0))
        number = self.started_count
        log = self.suite.path('churn-%d.log' % number)
        self.alive.append((self.suite.node(self.node, self.scripts[number % NAMES], log,
                                           ['--max-semi-space-size=1']), log))
        self.started_count += 1

    def end(self, entry):
        process, log = entry
        # Each third ends by itself as a well-behaved program does, the others abruptly.
        process.stop(15 if self.started_count % 3 == 0 else 9)
        self.suite.processes.remove(process)
        os.unlink(log)

    def end_all(self):
        while self.alive:
            self.end(self.alive.pop())


def run(usage, churn):
    begin = time.monotonic()
    turn = 0
    while time.monotonic() - begin < SECONDS:
        churn.turn()
        usage.sample()
        turn += 1
        time.sleep(max(0.0, begin + turn - time.monotonic()))


def main():
    with Suite('churn', SECONDS + 120) as suite:
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        node = any_node()
        stays_log = suite.path('stays.log')
        stays = suite.node(node, suite.app('leaking', 'stays'), stays_log, ['--max-semi-space-size=1'],
                           env={'KEEP': '0'})
        daemon = suite.daemon(config=CONFIG)
        usage, churn = Usage(daemon), Churn(suite, node)
        run(usage, churn)
        for column, what in enumerate(('RSS', 'fds', 'series')):
            comment('%s: medians of the second and last third %d, %d; largest %d' % (
                what, *usage.thirds(column), max(row[column] for row in usage.rows)))
        with suite.case('own RSS is flat'):
            before, after = usage.thirds(0)
            check(after - before <= RSS_GROWTH_MAX_BYTES, 'grew by %d bytes' % (after - before))
        with suite.case('own fds are flat'):
            before, after = usage.thirds(1)
            check(after - before <= FD_GROWTH_MAX, 'from %d to %d' % (before, after))
        with suite.case('the number of series is bounded by what runs at a time'):
            before, after = usage.thirds(2)
            check(after <= before * (1 + SERIES_GROWTH_MAX), 'from %d to %d' % (before, after))
        with suite.case('every end was counted, and what stays is still followed'):
            churn.end_all()
            suite.wait_until('only one process to be left',
                             lambda: pids(daemon.scrape()) == {stays.pid}, 10)
            exits = daemon.scrape().total('heapwatch_process_exits_total')
            check(exits >= churn.started_count - NAMES, '%d exits of %d starts'
                  % (exits, churn.started_count))
            stays.send(19)
            suite.wait_until('its collections', lambda: gc_counts(
                daemon.scrape(), 'stays') == gc_lines(stays_log), 10)
        with suite.case('fds of ended processes are given back'):
            # A log is held for a minute longer: its writer may be started again.
            suite.wait_until('few fds', lambda: len(os.listdir(
                '/proc/%d/fd' % daemon.pid)) <= usage.rows[0][1] + FD_GROWTH_MAX, 90)


main()
