#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Followed logs: how soon a line is seen on /metrics, and logs that are no files."""
import os
import signal
import statistics
import time

from harness import Suite, any_node, check, comment, gc_counts

# Passes are so rare that what is seen soon was not seen by one.
CONFIG = """
sampling: { interval: 5s }
discovery: { min_age: 0s }
"""
LINES = 20
SECONDS_MAX = 2.0
POLL_SECONDS = 0.02


def gc_line(pid, uptime_ms):
    return ('[%d:0x5581d5a2d000] %8d ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 ms  '
            '(average mu = 1.000, current mu = 1.000) allocation failure; \n' % (pid, uptime_ms))


def seconds_until_seen(daemon, app, count):
    start = time.monotonic()
    while gc_counts(daemon.scrape(), app)['young'] < count:
        check(time.monotonic() - start < 20, 'line %d never appears' % count)
        time.sleep(POLL_SECONDS)
    return time.monotonic() - start


def check_latency(suite, node):
    with suite.case('a line is seen on /metrics soon after it was written'):
        log = suite.write('app.log', '')
        daemon = suite.daemon('--gc.log=' + log, config=CONFIG)
        process = suite.node(node, suite.app('idle', 'latency'))
        born = time.monotonic()
        suite.wait_until('the process to be found', lambda: daemon.scrape().find(
            'heapwatch_process_info', app='latency'), 20)
        seen = []
        with open(log, 'a', encoding='ascii', buffering=1) as out:
            for count in range(1, LINES + 1):
                out.write(gc_line(process.pid, (time.monotonic() - born) * 1000))
                seen.append(seconds_until_seen(daemon, 'latency', count))
                time.sleep(0.07 * (count % 7))  # at every phase of a pass and of a page
        comment('seen after %.3f s in the median, %.3f s at worst of %d lines'
                % (statistics.median(seen), max(seen), LINES))
        check(max(seen) <= SECONDS_MAX, 'seen only after %.2f s' % max(seen))
        process.stop()
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def check_fifo(suite, node):
    with suite.case('a FIFO that Node itself writes into is followed, and Node lives on without it'):
        fifo = suite.path('gc.fifo')
        os.mkfifo(fifo)
        daemon = suite.daemon('--gc.log=' + fifo, config=CONFIG)
        process = suite.node(node, suite.app('leaking', 'piped'), fifo,
                             ['--max-semi-space-size=1'])
        suite.wait_until('collections', lambda: gc_counts(
            daemon.scrape(), 'piped')['young'] > 20, 30)
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        daemon = suite.daemon('--gc.log=' + fifo, config=CONFIG)
        suite.wait_until('collections after a restart', lambda: gc_counts(
            daemon.scrape(), 'piped')['young'] > 20, 30)
        check(process.is_running(), 'Node has ended')
        process.stop(signal.SIGKILL)
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def main():
    with Suite('logs', 120) as suite:
        node = any_node()
        check_latency(suite, node)
        check_fifo(suite, node)


main()
