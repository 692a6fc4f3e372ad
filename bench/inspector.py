#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What an inspector session costs the process, in CPU time a request.

Two HTTP servers of one kind on one core, so that whatever else runs slows both alike, each under as
much load as it answers. One is attached to, by heapwatchd with its ring, or explained besides, by
`heapwatch explain`; the inspector of the other one is closed. The three seconds after an
explanation are told apart: V8 compiles again what its last collection forgot. CPU is that of all
threads, from schedstat. In a round both take either part, and its ratio is the geometric mean of the
two, so that neither which process it is nor what came before counts. Told are the median of the
rounds, its 95 % interval (bootstrap), and the same for two bare servers. Exits 1 when a median is
above its bound.

Environment: BENCH_NODES (20.20.2), BENCH_ROUNDS (8), BENCH_SECONDS (10, of bare and attached),
BENCH_EXPLAIN_SECONDS (30), BENCH_CONNECTIONS (16), BENCH_RATE (requests a second; 0: as many as are
answered), BENCH_PARTS (bare attached explaining), BENCH_SEED (1).
"""
import contextlib
import math
import os
import random
import signal
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'tests', 'e2e'))
from harness import Suite, check, comment, heapwatchd_path, in_namespace, node_path, tool  # noqa: E402

NODES = os.environ.get('BENCH_NODES', '20.20.2').split()
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '8'))
SECONDS = float(os.environ.get('BENCH_SECONDS', '10'))
EXPLAIN_SECONDS = int(os.environ.get('BENCH_EXPLAIN_SECONDS', '30'))
CONNECTIONS = os.environ.get('BENCH_CONNECTIONS', '16')
RATE = os.environ.get('BENCH_RATE', '0')
BOUNDS = {'bare': math.inf, 'attached': 1.05, 'explaining': 1.10, 'after it': math.inf}
PARTS = os.environ.get('BENCH_PARTS', 'bare attached explaining').split()
CONFIG = 'sampling: { interval: 5s }\ndiscovery: { min_age: 0s }\ngc_log: { follow_stdout: false }\n'
BUILD = os.path.dirname(heapwatchd_path())


def cpu_ns(pid):
    """Of all threads that live; none ends in a phase."""
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, task), encoding='ascii') as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def on_core(*argv):
    """Servers share one core; whoever asks them has the others, if there are any."""
    cores = sorted(os.sched_getaffinity(0))
    return [tool('taskset'), '--cpu-list', ','.join(map(str, cores[1:] or cores)), *argv]


class Server:
    """One of those that are measured."""

    def __init__(self, suite, version):
        core = str(min(os.sched_getaffinity(0)))
        self.process = suite.spawn([tool('taskset'), '--cpu-list', core, node_path(version),
                                    os.path.join(HERE, 'http_server.js')],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.port = self._line().split()[1]

    def _line(self):
        line = self.process.child.stdout.readline().decode()
        check(line, 'the server has ended')
        return line.strip()

    def toggle(self, state):
        self.process.send(signal.SIGUSR2)
        check(self._line() == state, 'the inspector is not ' + state)


def load(servers, wait):
    """CPU microseconds a request of each while wait() runs."""
    generators = [subprocess.Popen(
        on_core(os.path.join(BUILD, 'bench', 'http_load'), server.port, CONNECTIONS, RATE),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE) for server in servers]
    begin = [cpu_ns(server.pid) for server in servers]
    wait()
    used = [cpu_ns(server.pid) - one for server, one in zip(servers, begin)]
    for generator in generators:
        generator.stdin.close()
    counts = [int(generator.stdout.read()) for generator in generators]
    check(all(generator.wait() == 0 for generator in generators), 'the load broke off')
    return [one / 1e3 / count for one, count in zip(used, counts)]


@contextlib.contextmanager
def attached(suite, server):
    server.toggle('open')
    daemon = suite.daemon('--inspector=attach', config=CONFIG)
    suite.wait_until('heapwatchd to be attached', lambda: any(
        'inspector' in labels['sources'].split(',')
        for labels, _ in daemon.scrape().find('heapwatch_process_info')), 30)
    yield
    check(daemon.stop() == 0, 'heapwatchd did not end well')
    server.toggle('closed')


def explain(server):
    run = subprocess.run([os.path.join(BUILD, 'heapwatch'), 'explain',
                          '--duration=%ds' % EXPLAIN_SECONDS, str(server.pid)],
                         capture_output=True, text=True, check=False)
    check(run.returncode == 0, run.stderr)


def compare(servers, part, wait):
    """CPU a request of the first to that of the second one."""
    first, second = load(servers, wait)
    comment('%s: %.1f us, beside it %.1f' % (part, first, second))
    return {part: first / second}


def measure(suite, servers, part):
    def idle():
        time.sleep(SECONDS)
    if part == 'bare':
        return compare(servers, part, idle)
    with attached(suite, servers[0]):
        if part == 'attached':
            return compare(servers, part, idle)
        return {**compare(servers, part, lambda: explain(servers[0])),
                **compare(servers, 'after it', lambda: time.sleep(3))}


def interval(ratios):
    medians = sorted(statistics.median(random.choices(ratios, k=len(ratios))) for _ in range(2000))
    return medians[50], medians[1949]


def bench(suite, version):
    servers = [Server(suite, version), Server(suite, version)]
    load(servers, lambda: time.sleep(SECONDS))  # until they are compiled
    ratios = {part: [] for part in BOUNDS}
    for _ in range(ROUNDS):
        for part in random.sample(PARTS, len(PARTS)):
            one, other = measure(suite, servers, part), measure(suite, servers[::-1], part)
            for name, ratio in one.items():
                ratios[name].append(math.sqrt(ratio * other[name]))
    for server in servers:
        server.process.stop()
    print('Node %s, %d rounds' % (version, ROUNDS))
    measured = {part: bound for part, bound in BOUNDS.items() if ratios[part]}
    for part, bound in measured.items():
        median = statistics.median(ratios[part])
        print('  %-10s x %.3f, 95 %% interval %.3f to %.3f, rounds %.2f to %.2f%s' % (
            part, median, *interval(ratios[part]), min(ratios[part]), max(ratios[part]),
            '' if median <= bound else ': above %.2f' % bound), flush=True)
    return all(statistics.median(ratios[part]) <= bound for part, bound in measured.items())


def main():
    random.seed(int(os.environ.get('BENCH_SEED', '1')))
    with Suite('bench-inspector', 3600 * 4) as suite:
        check(in_namespace(), 'needs a pid namespace of its own')
        met = [bench(suite, version) for version in NODES]
        if not all(met):
            sys.exit(1)


main()
