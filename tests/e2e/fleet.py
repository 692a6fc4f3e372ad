#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One heapwatchd beside a fleet of leaking and healthy programs, scraped by a real Prometheus.

Everything that needs a verdict lives in here, since a verdict takes most of a minute even when a
minute stands for an hour: four versions of Node, two workers of one app, worker threads, logs that
are rotated while the program leaks, and restarts of heapwatchd in the middle of it.
"""
import os
import signal
import subprocess
import threading

from harness import (NODE_VERSIONS, Prometheus, Skip, Suite, any_node, check, gc_counts, gc_lines,
                     in_namespace, kind, node_path, pid_of, pids, prometheus_query, score)

CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
"""
FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=1']
VERDICT_SECONDS = 100


class Tearer(threading.Thread):
    """Writes what a program prints into a file in blocks that end in the middle of lines."""

    def __init__(self, process, path):
        super().__init__(daemon=True)
        self.process, self.path = process, path
        self.start()

    def run(self):
        with open(self.path, 'wb', buffering=0) as out:
            while block := self.process.child.stdout.read(777):
                out.write(block)


class Rotator(threading.Thread):
    """Writes what a program prints into a file that is renamed and begun anew, as logrotate does."""

    def __init__(self, process, path, lines_per_file):
        super().__init__(daemon=True)
        self.process, self.path, self.lines_per_file = process, path, lines_per_file
        self.files = []
        self.start()

    def run(self):
        line_count = self.lines_per_file
        out = None
        for line in self.process.child.stdout:
            if line_count >= self.lines_per_file:
                if out:
                    out.close()
                    rotated = '%s.%d' % (self.path, len(self.files))
                    os.rename(self.path, rotated)
                    self.files.append(rotated)
                out = open(self.path, 'wb', buffering=0)
                line_count = 0
            out.write(line)
            line_count += 1

    def all_files(self):
        return [*self.files, self.path]


class CopyTruncate:
    """Rotates a log that its writer keeps open: what was in it is kept for the count."""

    def __init__(self, suite, path):
        self.suite, self.path, self.copies = suite, path, []

    def rotate(self, process):
        """While the writer stands still and everything was read, as a careful operator would."""
        copy = '%s.%d' % (self.path, len(self.copies))
        with open(self.path, 'rb') as source, open(copy, 'wb') as target:
            target.write(source.read())
        os.truncate(self.path, 0)
        self.copies.append(copy)
        process.send(signal.SIGCONT)

    def all_files(self):
        return [*self.copies, self.path]


class Fleet:
    """The programs, by the name of their app."""

    def __init__(self, suite):
        self.suite = suite
        self.by_app = {}
        self.logs = {}
        self.leaking, self.healthy = [], []

    def start(self, program, app, node, log=None, **options):
        log = log or self.suite.path('%s-%d.log' % (app, len(self.logs.get(app, ()))))
        process = self.suite.node(node, self.suite.app(program, app), log, FLAGS, **options)
        self.by_app.setdefault(app, []).append(process)
        self.logs.setdefault(app, []).append(log)
        return process

    def start_versions(self):
        missing = []
        for version in NODE_VERSIONS:
            try:
                node = node_path(version)
            except Skip as skip:
                missing.append(str(skip))
                continue
            major = version.split('.', maxsplit=1)[0]
            self.leaking.append('leaking-' + major)
            self.start('leaking', self.leaking[-1], node)
            self.healthy.append('healthy-' + major)
            self.start('leaking', self.healthy[-1], node, env={'KEEP': '0'})
        return missing

    def start_piped(self, app, node):
        """Its collections go through a pipe; who reads it writes the log, which --gc.log names."""
        script = self.suite.app('leaking', app)
        process = self.suite.spawn([node, '--trace-gc', *FLAGS, script], stdout=subprocess.PIPE)
        self.by_app[app] = [process]
        self.logs[app] = [os.path.join(self.suite.directory('gclogs'), app + '.log')]
        return process, self.logs[app][0]

    def processes(self):
        return [process for processes in self.by_app.values() for process in processes]

    def freeze(self):
        for process in self.processes():
            process.send(signal.SIGSTOP)

    def thaw(self):
        for process in self.processes():
            process.send(signal.SIGCONT)


def wait_for_counts(suite, daemon, app, files, slot=None, pid=None):
    """Every line counted, and none twice: the program stands still meanwhile."""
    expected = gc_lines(*files, pid=pid)
    check(expected['full'] >= 3, '%s collected too little: %s' % (app, expected))

    def equal():
        found = gc_counts(daemon.scrape(), app, slot)
        check(found == expected, '%s: exported %s, in the log %s' % (app, found, expected))
        return True
    suite.wait_until('the collections of %s to be counted' % app, equal, 10)


def start_prometheus(suite, daemon):
    return Prometheus(suite, [{'job_name': 'heapwatch', 'static_configs': [
        {'targets': ['127.0.0.1:%d' % daemon.port]}]}]).port


def query(port, expression):
    """{app: value} of an instant query."""
    return {row['metric'].get('app', ''): float(row['value'][1])
            for row in prometheus_query(port, expression)}


def slots_of(samples):
    return {(labels['app'], labels['slot']): labels['pid']
            for labels, _ in samples.find('heapwatch_process_info')}


def leaking_found(daemon, apps):
    """True once all of them score above 0.8."""
    def condition():
        samples = daemon.scrape()
        late = {app: score(samples, app) for app in apps if not score(samples, app) > 0.8}
        check(not late, 'not found yet: %s' % late)
        return samples
    return condition


def check_verdicts(suite, daemon, fleet):
    for app in fleet.leaking:
        with suite.case('%s scores above 0.8, kind js-heap' % app):
            samples = suite.wait_until('a verdict on %s' % app,
                                       leaking_found(daemon, [app]), VERDICT_SECONDS)
            check(kind(samples, app) == ['js-heap'], 'kind %s' % kind(samples, app))
            growth = samples.value('heapwatch_leak_growth_bytes_per_second', app=app, slot='0',
                                   kind='js-heap')
            # KEEP is 400 entries of 1000 bytes and a key a second.
            check(3e5 < growth < 9e5, 'growth of %g B/s' % growth)
            median = samples.value('heapwatch_leak_time_to_exhaustion_seconds', app=app, slot='0',
                                   percentile='50')
            check(30 < median < 1200, '%g s to exhaustion' % median)
    for app in fleet.healthy:
        with suite.case('%s scores below 0.3' % app):
            samples = daemon.scrape()
            check(score(samples, app) < 0.3, 'score %g' % score(samples, app))
            check(kind(samples, app) == ['none'], 'kind %s' % kind(samples, app))
            check(samples.value('heapwatch_leak_confidence', app=app, slot='0') > 0,
                  'no evidence at all')


def check_workers(suite, daemon, fleet):
    with suite.case('two workers of one app have the slots 0 and 1'):
        samples = suite.wait_until('both workers', lambda: len(
            daemon.scrape().find('heapwatch_process_info', app='pair')) == 2 and daemon.scrape(), 5)
        found = {pid_of(samples, 'pair', slot) for slot in (0, 1)}
        check(found == {process.pid for process in fleet.by_app['pair']}, 'pids %s' % found)
    with suite.case('of two workers the leaking one is named'):
        leaking = fleet.by_app['pair'][0].pid

        def told_apart():
            samples = daemon.scrape()
            for slot in (0, 1):
                value = score(samples, 'pair', slot)
                check(value > 0.8 if pid_of(samples, 'pair', slot) == leaking else value < 0.3,
                      'slot %d: score %g' % (slot, value))
            return True
        suite.wait_until('a verdict on both workers', told_apart, VERDICT_SECONDS)
    with suite.case('isolates of worker threads are told apart, the leaking one shows'):
        samples = suite.wait_until('a verdict on the worker thread',
                                   leaking_found(daemon, ['threads']), VERDICT_SECONDS)
        live = {labels['isolate']: value for labels, value
                in samples.find('heapwatch_heap_live_bytes', app='threads')}
        check(set(live) == {'main', 'worker-1'}, 'isolates %s' % sorted(live))
        check(live['worker-1'] > 1.5 * live['main'], 'live bytes %s' % live)


def check_counts(suite, daemon, fleet, rotator, truncated):
    with suite.case('a log rotated by copytruncate while the program leaks: each collection once'):
        check(len(truncated.copies) >= 2, 'rotated %d times' % len(truncated.copies))
        wait_for_counts(suite, daemon, 'truncated', truncated.all_files())
        check(daemon.scrape().value('heapwatch_gclog_truncations_total') >= 2, 'not noticed')
    with suite.case('a log rotated by rename while the program leaks: each collection once'):
        check(len(rotator.files) >= 2, 'rotated %d times' % len(rotator.files))
        wait_for_counts(suite, daemon, 'renamed', rotator.all_files())
    for app in fleet.leaking + fleet.healthy + ['threads']:
        with suite.case('%s: each line of its log is counted once, for its kind' % app):
            wait_for_counts(suite, daemon, app, fleet.logs[app])
    with suite.case('a log that is written in blocks, lines torn in two: each collection once'):
        wait_for_counts(suite, daemon, 'torn', fleet.logs['torn'])
        check(daemon.scrape().value('heapwatch_gclog_lines_total', result='torn') == 0,
              'a line that had no end yet was taken for one')
    with suite.case('two programs that write into one log: each collection for its process'):
        for slot in (0, 1):
            wait_for_counts(suite, daemon, 'shared', fleet.logs['shared'][:1], slot,
                            pid_of(daemon.scrape(), 'shared', slot))
    with suite.case('pair: collections go to the worker that made them'):
        samples = daemon.scrape()
        for process, log in zip(fleet.by_app['pair'], fleet.logs['pair']):
            slot = [s for s in (0, 1) if pid_of(samples, 'pair', s) == process.pid][0]
            wait_for_counts(suite, daemon, 'pair', [log], slot)


def truncate_once(suite, daemon, fleet, truncated):
    process = fleet.by_app['truncated'][0]
    process.send(signal.SIGSTOP)
    wait_for_counts(suite, daemon, 'truncated', truncated.all_files())
    truncated.rotate(process)


def check_restart(suite, daemon, flags, number, fleet):
    """Ends heapwatchd and starts it again over the same state; the fleet goes on."""
    name = signal.Signals(number).name
    with suite.case('%s and a new start: same slots, the score is back at once' % name):
        before = slots_of(daemon.scrape())
        status = daemon.stop(number)
        check(status == (0 if number == signal.SIGTERM else -number), 'ended with %d' % status)
        daemon = suite.daemon(*flags, config=CONFIG)
        samples = suite.wait_until('the scores to be back', leaking_found(daemon, fleet.leaking), 20)
        check(slots_of(samples) == before, 'slots %s, were %s' % (slots_of(samples), before))
        for app in fleet.healthy:
            check(score(samples, app) < 0.3, '%s: score %g' % (app, score(samples, app)))
    with suite.case('%s and a new start: collections before it are counted, once' % name):
        fleet.freeze()
        for app in fleet.leaking + fleet.healthy:
            wait_for_counts(suite, daemon, app, fleet.logs[app])
        fleet.thaw()
    return daemon


def check_app_restart(suite, daemon, fleet, node):
    with suite.case('a restarted app takes its slot again, the old series are gone'):
        old = fleet.by_app['pair'][1]
        slot = [s for s in (0, 1) if pid_of(daemon.scrape(), 'pair', s) == old.pid][0]
        before = daemon.scrape().total('heapwatch_process_exits_total', app='pair')
        old.stop(signal.SIGKILL)
        suite.wait_until('the old one to be gone',
                         lambda: old.pid not in pids(daemon.scrape()), 5)
        samples = daemon.scrape()
        check(not samples.find('heapwatch_leak_score', app='pair', slot=str(slot)),
              'it still has a score')
        new = fleet.start('leaking', 'pair', node)
        suite.wait_until('the new one in slot %d' % slot,
                         lambda: pid_of(daemon.scrape(), 'pair', slot) == new.pid, 10)
        after = daemon.scrape().total('heapwatch_process_exits_total', app='pair')
        check(after == before + 1, 'exits %g, were %g' % (after, before))
        inherited = score(daemon.scrape(), 'pair', slot)
        check(inherited < 0.3, 'the new one inherits a score of %g' % inherited)


def check_prometheus(suite, port, fleet):
    with suite.case('a PromQL query tells the leaking from the healthy'):
        def agreed():
            found = query(port, 'heapwatch_leak_score{slot="0"}')
            wrong = {app: found.get(app) for app in fleet.leaking if not found.get(app, 0) > 0.8}
            wrong.update({app: found.get(app) for app in fleet.healthy
                          if not found.get(app, 1) < 0.3})
            check(not wrong, 'scores %s' % wrong)
            return True
        suite.wait_until('Prometheus to have it', agreed, 15)
    with suite.case('no healthy app ever came to 0.3 in what Prometheus recorded'):
        peaks = query(port, 'max by (app) (max_over_time(heapwatch_leak_score{app=~"healthy.*"}[5m]))')
        check(set(peaks) == set(fleet.healthy), 'apps %s' % sorted(peaks))
        check(max(peaks.values()) < 0.3, 'highest scores %s' % peaks)
    with suite.case('Prometheus had no failed scrape and histograms that add up'):
        check(query(port, 'min_over_time(up[5m])') == {'': 1.0}, 'a scrape failed')
        quantiles = query(port, 'max by (app) (histogram_quantile(0.99, '
                                'rate(heapwatch_gc_pause_seconds_bucket[30s])))')
        for app in fleet.leaking:
            check(0 < quantiles[app] < 1, 'p99 pause of %s: %g s' % (app, quantiles[app]))


def main():
    with Suite('fleet') as suite:
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        node = any_node()
        fleet = Fleet(suite)
        missing = fleet.start_versions()
        fleet.start('leaking', 'pair', node)
        fleet.start('leaking', 'pair', node, env={'KEEP': '0'})
        fleet.start('worker', 'threads', node)
        Tearer(*fleet.start_piped('torn', node))
        for _ in range(2):
            fleet.start('leaking', 'shared', node, suite.path('shared.log'), env={'KEEP': '0'})
        fleet.start('leaking', 'truncated', node)
        rotator = Rotator(*fleet.start_piped('renamed', node), 150)
        truncated = CopyTruncate(suite, fleet.logs['truncated'][0])
        flags = ['--gc.log=' + suite.path('gclogs/*.log'),
                 '--storage.path=' + suite.directory('storage')]
        daemon = suite.daemon(*flags, config=CONFIG)
        for reason in missing:
            with suite.case('leaking and healthy programs on one more version'):
                raise Skip(reason)
        with suite.case('every Node process is found, nothing else'):
            expected = {process.pid for process in fleet.processes()}

            def all_found():
                found = pids(daemon.scrape())
                check(found == expected, 'found %s, started %s' % (found, expected))
                return True
            suite.wait_until('the whole fleet', all_found, 15)
        port = None
        with suite.case('Prometheus starts'):
            port = start_prometheus(suite, daemon)
        with suite.case('the copytruncate log can be rotated twice'):
            for count in (5, 10):
                suite.wait_until('%d full collections more' % count, lambda: gc_lines(
                    truncated.path)['full'] >= 5, 40)
                truncate_once(suite, daemon, fleet, truncated)
        check_verdicts(suite, daemon, fleet)
        check_workers(suite, daemon, fleet)
        if port:
            check_prometheus(suite, port, fleet)
        fleet.freeze()
        check_counts(suite, daemon, fleet, rotator, truncated)
        fleet.thaw()
        check_app_restart(suite, daemon, fleet, node)
        daemon = check_restart(suite, daemon, flags, signal.SIGTERM, fleet)
        check_restart(suite, daemon, flags, signal.SIGKILL, fleet)


main()
