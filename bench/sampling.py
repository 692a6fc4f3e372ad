#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What watching N idle Node processes costs: heapwatchd, process-exporter and the floors.

All are measured in one run over the same processes, in CPU time from schedstat; wall time says
nothing on a busy machine. heapwatchd runs with smaps_budget 0 and is not scraped while its passes
are measured, so that no rendering is in the figures. Exits 1 when a requirement is missed.

Environment: BENCH_PROCESSES (100,500,1000), BENCH_PASSES (60), BENCH_INTERVAL_MS (1000).
"""
import os
import re
import socket
import statistics
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'tests', 'e2e'))
from harness import Skip, Suite, check, in_namespace, node_path, pids, tool  # noqa: E402

COUNTS = [int(n) for n in os.environ.get('BENCH_PROCESSES', '100,500,1000').split(',')]
PASSES = int(os.environ.get('BENCH_PASSES', '60'))
INTERVAL_MS = int(os.environ.get('BENCH_INTERVAL_MS', '1000'))
SCRAPES = 10
CONFIG = 'sampling: { interval: %dms, smaps_budget: %%s }\ndiscovery: { min_age: 0s }\n' % INTERVAL_MS

FLOOR_RATIO_MAX = 3.0
EXPORTER_RATIO_MIN = 40.0
RSS_BASE_BYTES = 12e6
RSS_PROCESS_BYTES = 10e3


def cpu_ns(pid):
    """Of all threads that live; none of the measured programs ends one meanwhile."""
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, task), encoding='ascii') as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def rss_bytes(pid):
    with open('/proc/%d/statm' % pid, encoding='ascii') as statm:
        return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


class Fleet:
    """Idle Node processes, started eight at a time."""

    def __init__(self, suite, node):
        self.suite, self.node = suite, node
        self.script = suite.app('idle')
        self.processes = []

    def grow(self, count):
        while len(self.processes) < count:
            self.processes.append(self.suite.node(self.node, self.script))
            if len(self.processes) % 8 == 0:
                self.wait_idle(self.processes[-8:])
        self.wait_idle(self.processes)

    def wait_idle(self, processes):
        """Until start-up is over: they use no more CPU."""
        last = [-1]

        def idle():
            total = sum(cpu_ns(process.pid) for process in processes)
            is_idle, last[0] = total - last[0] < 2e6, total
            return is_idle and all(os.stat('/proc/%d/exe' % p.pid).st_size > 1 << 24
                                   for p in processes)
        self.suite.wait_until('%d programs to be idle' % len(processes), idle, 60)


def start_floor(fleet, mode):
    program = os.path.join(os.environ.get('top_builddir', os.path.join(HERE, '..', 'build')),
                           'bench', 'floor')
    process = fleet.suite.spawn([program, mode, str(INTERVAL_MS), str(PASSES)], stdin=-1, stdout=-1)
    process.child.stdin.write(''.join('%d\n' % p.pid for p in fleet.processes).encode())
    process.child.stdin.close()
    return process


def floor_result(process):
    check(process.wait(PASSES * INTERVAL_MS / 1000 + 60) == 0, 'floor failed')
    return int(process.child.stdout.read()) / 1e6


def measure_passes(suite, fleet):
    """(CPU ms a pass, RSS, kept floor, opening floor), side by side in the same minute."""
    config = CONFIG % '0ms'
    daemon = suite.daemon(config=config)
    # Not by a scrape, which would render: by its fds, of which each process takes some.
    suite.wait_until('all processes to be held', lambda: len(os.listdir(
        '/proc/%d/fd' % daemon.pid)) > 2 * len(fleet.processes), 30)
    time.sleep(5 * INTERVAL_MS / 1000)
    floors = [start_floor(fleet, mode) for mode in ('kept', 'open')]
    begin_ns, begin = cpu_ns(daemon.pid), time.monotonic()
    time.sleep(PASSES * INTERVAL_MS / 1000)
    passes = (time.monotonic() - begin) * 1000 / INTERVAL_MS
    cpu_ms = (cpu_ns(daemon.pid) - begin_ns) / 1e6 / passes
    rss = rss_bytes(daemon.pid)
    found = pids(daemon.scrape())
    check(found == {process.pid for process in fleet.processes}, '%d followed' % len(found))
    result = (cpu_ms, rss, *(floor_result(floor) for floor in floors))
    check(daemon.stop() == 0, 'heapwatchd did not end well')
    return result


def measure_scrapes(suite, fleet):
    """Scrapes while passes and smaps_rollup go on; the first after a pass renders for all others."""
    daemon = suite.daemon(config=CONFIG % '2ms')
    suite.wait_until('all processes', lambda: len(pids(daemon.scrape())) == len(fleet.processes), 60)
    seconds = []
    size = 0
    for _ in range(100):
        begin = time.perf_counter()
        size = len(daemon.get('/metrics')[1])
        seconds.append(time.perf_counter() - begin)
        time.sleep(INTERVAL_MS / 1000 / 7)
    begin_ns = cpu_ns(daemon.pid)
    for _ in range(SCRAPES):
        daemon.get('/metrics')
    cpu_ms = (cpu_ns(daemon.pid) - begin_ns) / 1e6 / SCRAPES
    check(daemon.stop() == 0, 'heapwatchd did not end well')
    return statistics.median(seconds), max(seconds), size, cpu_ms


def measure_exporter(suite):
    """(CPU ms a scrape, RSS) of process-exporter that groups by the name node."""
    log_path = suite.path('exporter.log')
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    with open(log_path, 'wb') as log:
        exporter = suite.spawn([tool('prometheus-process-exporter'), '-procnames', 'node',
                                '-web.listen-address', '127.0.0.1:%d' % port], stderr=log)

    def scrape():
        with urllib.request.urlopen('http://127.0.0.1:%d/metrics' % port, timeout=60) as answer:
            text = answer.read().decode()
        found = re.search(r'^namedprocess_namegroup_num_procs\{groupname="node"\} (\d+)', text, re.M)
        return found and int(found.group(1))
    count = suite.wait_until('process-exporter', scrape, 60)
    begin_ns = cpu_ns(exporter.pid)
    for _ in range(SCRAPES):
        scrape()
    cpu_ms = (cpu_ns(exporter.pid) - begin_ns) / 1e6 / SCRAPES
    rss = rss_bytes(exporter.pid)
    exporter.stop(9)
    return cpu_ms, rss, count


def report(title, value, requirement=None, is_met=True):
    print('  %-46s %14s  %s' % (title, value, '' if requirement is None else
                                requirement + (' ok' if is_met else ' MISSED')), flush=True)
    return is_met


def bench(suite, fleet, count):
    """Prints the figures over count processes; False when a requirement is missed."""
    fleet.grow(count)
    cpu_ms, rss, kept_ms, open_ms = measure_passes(suite, fleet)
    latency, worst, size, render_ms = measure_scrapes(suite, fleet)
    exporter_ms, exporter_rss, seen = measure_exporter(suite)
    check(seen == count, 'process-exporter sees %s of %d' % (seen, count))
    rss_max = RSS_BASE_BYTES + RSS_PROCESS_BYTES * count
    print('%d processes, %d passes of %d ms' % (count, PASSES, INTERVAL_MS))
    report('floor: kept fds, pread stat + statm', '%.2f ms' % kept_ms)
    report('floor: open stat + statm', '%.2f ms' % open_ms)
    report('process-exporter, CPU a scrape', '%.0f ms' % exporter_ms)
    report('process-exporter, RSS', '%.1f MB' % (exporter_rss / 1e6))
    is_met = [
        report('heapwatchd, CPU a pass', '%.2f ms' % cpu_ms),
        report('  / floor of kept fds', '%.2f' % (cpu_ms / kept_ms), '<= %g' % FLOOR_RATIO_MAX,
               cpu_ms <= FLOOR_RATIO_MAX * kept_ms),
        report('  process-exporter / heapwatchd', '%.0f' % (exporter_ms / cpu_ms),
               '>= %g' % EXPORTER_RATIO_MIN, exporter_ms >= EXPORTER_RATIO_MIN * cpu_ms),
        report('heapwatchd, RSS', '%.2f MB' % (rss / 1e6), '<= %.1f MB' % (rss_max / 1e6),
               rss <= rss_max),
    ]
    report('heapwatchd, scrape: median, worst', '%.1f, %.1f ms' % (latency * 1e3, worst * 1e3))
    report('heapwatchd, CPU a scrape (%.0f KB)' % (size / 1e3), '%.2f ms' % render_ms)
    return all(is_met)


def main():
    with Suite('bench', 3600) as suite:
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        fleet = Fleet(suite, node_path('20.20.2'))
        results = [bench(suite, fleet, count) for count in COUNTS]
        sys.exit(0 if all(results) else 1)


main()
