#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Inspectors that are open: what is read through them, and that nobody is harmed by it.

HEAPWATCH_E2E_NODES (blank-separated) are other versions of Node than those of the harness.
"""
import os
import re
import signal
import time

import harness
from debugger import Debugger
from harness import Failure, Suite, any_node, check, comment, gc_counts, gc_lines, need_root, node_path, tool

CONFIG = """
sampling: { interval: 1s }
discovery: { min_age: 0s }
gc_log: { follow_stdout: false }
"""
# Only the heapwatchd that vanishes may attach to the process that it leaves behind.
OTHERS = CONFIG + """
apps:
- { match: { script: "*/orphan.js" }, inspector: { mode: off } }
"""
VERSIONS = os.environ.get('HEAPWATCH_E2E_NODES', ' '.join(harness.NODE_VERSIONS)).split()
OPEN = '--inspect=127.0.0.1:0'


def read(path):
    with open(path, encoding='utf-8', errors='replace') as file:
        return file.read()


class App:
    """One process with its inspector open; its stdout and stderr are files."""

    def __init__(self, suite, name, node, env=None, flags=(OPEN,)):
        self.name, self.out, self.err = name, suite.path(name + '.out'), suite.path(name + '.err')
        with open(self.err, 'wb') as err:
            self.process = suite.node(node, suite.app('inspected', name), self.out,
                                      [*flags, '--expose-gc'], env=env, stderr=err)
        self.pid = self.process.pid

    def says(self, line):
        return read(self.out).split('\n').count(line)

    def port(self):
        return int(re.search(r'ws://127\.0\.0\.1:(\d+)/', read(self.err)).group(1))


def sources(daemon, name):
    labels, _ = daemon.scrape().one('heapwatch_process_info', app=name)
    return labels['sources'].split(',')


def wait_attached(suite, daemon, app):
    suite.wait_until('heapwatchd to be attached to ' + app.name,
                     lambda: 'inspector' in sources(daemon, app.name), 30)


def attempts(daemon, result):
    return daemon.scrape().value('heapwatch_inspector_attach_total', result=result)


def count_round(suite, daemon, app, rounds=3):
    """What V8 prints from here on is counted. A collection that was printed and not yet fetched
    at the start of a round makes it fail; the next one begins when it has been fetched."""
    lines, counts = gc_lines(app.out), gc_counts(daemon.scrape(), app.name)
    done = app.says('done')
    app.process.send(signal.SIGUSR2)
    suite.wait_until('the collections', lambda: app.says('done') > done, 30)
    try:
        suite.wait_until('as many collections as V8 printed', lambda: (
            {kind: count - lines[kind] for kind, count in gc_lines(app.out).items()}
            == {kind: count - counts[kind]
                for kind, count in gc_counts(daemon.scrape(), app.name).items()}), 25)
    except Failure:
        if rounds == 1:
            raise
        count_round(suite, daemon, app, rounds - 1)


def check_counts(suite, daemon, version):
    with suite.case('Node %s: heaps, workers and every collection that --trace-gc prints' % version):
        name = 'node' + version.split('.', maxsplit=1)[0]
        worker = int(version.split('.', maxsplit=1)[0]) >= 12
        app = App(suite, name, node_path(version), {'WORKER': '1'} if worker else {})
        wait_attached(suite, daemon, app)
        isolates = 2 if worker else 1
        suite.wait_until('every isolate', lambda: len(
            daemon.scrape().find('heapwatch_heap_used_bytes', app=name)) == isolates, 20)
        count_round(suite, daemon, app)
        samples = daemon.scrape()
        check(gc_counts(samples, name)['full'] >= 6, 'full collections were asked for')
        limits = samples.find('heapwatch_heap_limit_bytes', app=name)
        check(len(limits) == isolates and all(labels['estimated'] == 'false'
                                              for labels, _ in limits), 'limits: %r' % limits)
        check(samples.value('heapwatch_external_memory_bytes', app=name, isolate='main') > 0,
              'external memory')
        check(samples.value('heapwatch_heap_space_used_bytes', app=name, isolate='main',
                            space='old_space') > 0, 'old space')
        probe = daemon.get('/probe?target=pid:%d' % app.pid)[1]
        for family in ('nodejs_eventloop_lag_seconds', 'nodejs_active_handles_total',
                       'nodejs_active_requests_total'):
            check(re.search(r'^%s \d' % family, probe, re.M), family)
        check(app.process.is_running(), 'the application has ended')
        app.process.stop()


def check_ends(suite, daemon, version):
    with suite.case('Node %s: a process that ends is not held up, whichever way' % version):
        ways = {'exit': 7, 'drain': 0, 'throws': 1}
        apps = {way: App(suite, way + version.split('.', maxsplit=1)[0], node_path(version),
                         {'INSPECTED': way}) for way in ways}
        for app in apps.values():
            wait_attached(suite, daemon, app)
        for way, app in apps.items():
            start = time.monotonic()
            app.process.send(signal.SIGUSR2)
            status = app.process.wait(20)
            check(status == ways[way], '%s: status %r' % (way, status))
            comment('%s: %.2f s' % (way, time.monotonic() - start))


def check_busy(suite, daemon, node):
    with suite.case('a process in an endless loop and one in a system call live on'):
        busy = App(suite, 'busy', node, {'INSPECTED': 'busy'})
        blocked = App(suite, 'blocked', node, {'INSPECTED': 'blocked'})
        suite.wait_until('the system call to be over',
                         lambda: blocked.says('unblocked') > 0, 40)
        alive = blocked.says('alive')
        suite.wait_until('it to go on', lambda: blocked.says('alive') > alive + 1, 20)
        check(busy.process.is_running() and blocked.process.is_running(), 'one has ended')
        wait_attached(suite, daemon, busy)  # V8 interrupts the loop to answer
        busy.process.kill()
        blocked.process.kill()


def check_debugger(suite, daemon, node):
    with suite.case('a debugger that is attached already is not disturbed'):
        app = App(suite, 'debugged', node)
        suite.wait_until('the inspector', lambda: 'ws://' in read(app.err), 20)
        debugger = Debugger(app.port())
        wait_attached(suite, daemon, app)
        for _ in range(3):
            debugger.calculate()
        debugger.close()
        check(app.process.is_running(), 'the application has ended')
        app.process.kill()


def check_modules(suite, daemon, node):
    with suite.case('an application of ECMAScript modules alone'):
        process = suite.node(node, os.path.join(harness.APPS, 'leak-module.mjs'), flags=[OPEN])
        suite.wait_until('its collections', lambda: sum(gc_counts(
            daemon.scrape(), 'leak-module').values()) > 0, 60)
        check('inspector' in sources(daemon, 'leak-module'), 'they come from elsewhere')
        check(process.is_running(), 'the application has ended')
        process.kill()


def check_stopped(suite, node):
    with suite.case('a heapwatchd that is stopped holds up the end of a process until it ends'):
        daemon = suite.daemon('--inspector=attach', config=OTHERS)
        app = App(suite, 'held', node, {'INSPECTED': 'exit'})
        wait_attached(suite, daemon, app)
        daemon.send(signal.SIGSTOP)
        app.process.send(signal.SIGUSR2)
        suite.wait_until('the application to wait', lambda: 'Waiting for the debugger' in read(
            app.err) or not app.process.is_running(), 20)
        comment('held up: %s' % app.process.is_running())
        daemon.stop(signal.SIGKILL)  # as systemd's watchdog does
        check(app.process.wait(20) == 7, 'it ended otherwise than told')


def check_others(suite, daemon, node):
    with suite.case('other servers of a process are asked once; public inspectors not at all'):
        server = App(suite, 'server', node, {'SERVE': '1'}, flags=())
        public = App(suite, 'public', node, flags=('--inspect=0.0.0.0:0',))
        suite.wait_until('the server to be asked',
                         lambda: server.says('asked /json/version') > 0, 30)
        marker = App(suite, 'marker', node)
        wait_attached(suite, daemon, marker)
        check(attempts(daemon, 'not_inspector') >= 1, 'the attempt is counted')
        check(server.says('asked /json/version') == 1, 'it was asked again')
        check('Debugger attached' not in read(public.err), 'a public inspector was used')
        for app in (server, public, marker):
            app.process.kill()


def check_network(suite, daemon, node):
    with suite.case('the inspector of a process in another network namespace'):
        need_root()
        tool('unshare')
        tool('ip')
        script = suite.app('inspected', 'elsewhere')
        process = suite.spawn(['unshare', '--net', 'sh', '-c',
                               'ip link set lo up && exec "$@"', 'sh', node,
                               '--inspect=127.0.0.1:9229', script])
        suite.wait_until('heapwatchd to be attached',
                         lambda: 'inspector' in sources(daemon, 'elsewhere'), 30)
        check(process.is_running(), 'the application has ended')
        process.kill()


def check_log_and_inspector(suite, node):
    with suite.case('with a log and an inspector each collection counts once'):
        daemon = suite.daemon('--inspector=attach', config=OTHERS.replace(
            'follow_stdout: false', 'follow_stdout: true'))
        app = App(suite, 'both', node)
        suite.wait_until('both sources', lambda: {'gclog', 'inspector'} <= set(
            sources(daemon, 'both')) or app.process.send(signal.SIGUSR2), 30)
        suite.wait_until('the collections', lambda: app.says('done') > 0, 60)
        suite.wait_until('as many collections as V8 printed', lambda: gc_lines(app.out) ==
                         gc_counts(daemon.scrape(), 'both'), 60)
        time.sleep(3)  # two polls at least: nothing is added by them
        check(gc_lines(app.out) == gc_counts(daemon.scrape(), 'both'), 'counted twice')
        app.process.kill()
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def check_polite_end(suite, daemon, node):
    with suite.case('a heapwatchd that ends takes its ring along'):
        app = App(suite, 'polite', node)
        wait_attached(suite, daemon, app)
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        suite.wait_until('the ring to stop', lambda: app.says('observer stopped') > 0, 15)
        check(app.process.is_running(), 'the application has ended')
        app.process.kill()


def check_vanished(suite, node):
    """heapwatchd is killed at once; what becomes of the ring is looked at later."""
    daemon = suite.daemon('--inspector=attach', config=CONFIG)
    app = App(suite, 'orphan', node, {'INSPECTED': 'churn'})
    wait_attached(suite, daemon, app)
    daemon.stop(signal.SIGKILL)
    return app


def check_orphan(suite, app):
    with suite.case('the ring stops by itself when heapwatchd has vanished'):
        suite.wait_until('the ring to stop', lambda: app.says('observer stopped') > 0, 60)
        check(app.says('observer stopped') == 1, 'somebody else was attached')
        check(app.process.is_running(), 'the application has ended')
        app.process.kill()


def main():
    with Suite('inspector', int(os.environ.get('HEAPWATCH_E2E_SECONDS', '330'))) as suite:
        node = any_node()
        orphan = check_vanished(suite, node)
        daemon = suite.daemon('--inspector=attach', config=OTHERS)
        for version in VERSIONS:
            check_counts(suite, daemon, version)
            check_ends(suite, daemon, version)
        check_busy(suite, daemon, node)
        check_debugger(suite, daemon, node)
        check_modules(suite, daemon, node)
        check_others(suite, daemon, node)
        check_network(suite, daemon, node)
        check_polite_end(suite, daemon, node)
        check_stopped(suite, node)
        check_log_and_inspector(suite, node)
        check_orphan(suite, orphan)


main()
