#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What following idle logs costs: CPU of heapwatchd per second, without them and with them.

No process is watched and nobody scrapes. Exits 1 when the logs cost more than they may.

Environment: BENCH_LOGS (1000), BENCH_SECONDS (40: two looks at everything).
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'tests', 'e2e'))
from harness import Suite, check  # noqa: E402

LOGS = int(os.environ.get('BENCH_LOGS', '1000'))
SECONDS = int(os.environ.get('BENCH_SECONDS', '40'))
SETTLE_SECONDS = 7  # the first pass and all of the past
CPU_MS_MAX = 0.5
LINE = ('[7:0x5581d5a2d000] 100 ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 ms  '
        '(average mu = 1.000, current mu = 1.000) allocation failure; \n')


def cpu_ns(pid):
    total = 0
    for task in os.listdir('/proc/%d/task' % pid):
        with open('/proc/%d/task/%s/schedstat' % (pid, task), encoding='ascii') as schedstat:
            total += int(schedstat.read().split()[0])
    return total


def cpu_ms_per_second(suite, *flags):
    daemon = suite.daemon(*flags)
    time.sleep(SETTLE_SECONDS)
    start, start_ns = time.monotonic(), cpu_ns(daemon.pid)
    time.sleep(SECONDS)
    spent_ns = cpu_ns(daemon.pid) - start_ns
    seconds = time.monotonic() - start
    daemon.stop()
    return spent_ns / 1e6 / seconds


def main():
    with Suite('idle_logs', 300) as suite:
        for number in range(LOGS):
            suite.write('logs/%d.log' % number, LINE)
        alone = cpu_ms_per_second(suite)
        followed = cpu_ms_per_second(suite, '--gc.log=' + suite.path('logs/*.log'))
        print('idle: %.3f ms CPU per second without logs, %.3f with %d (at most %.1f more)'
              % (alone, followed, LOGS, CPU_MS_MAX))
        check(followed - alone <= CPU_MS_MAX, 'idle logs cost too much')


main()
