#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatch explain: the code that leaks is named, through an inspector that is open or that is opened
by signal; and no process is harmed by the signal, which would end those that are refused.

With EXPLAIN_MATRIX=1 on every version of Node that is there (make check-explain)."""
import contextlib
import ctypes
import fcntl
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request

import harness
from debugger import Debugger, listeners
from harness import Failure, Skip, Suite, any_node, check, comment, free_port, node_path

IS_MATRIX = bool(os.environ.get('EXPLAIN_MATRIX'))
VERSIONS = ('16.20.2', '20.20.2', '26.10.0')
PORT = 9229  # of whoever is asked by signal
# Program, function, line where it begins. V8 names functions after what they are given to, or not.
LEAKS = (
    ('leak-array', ('(anonymous)', 'setInterval', 'LeakingClass'), (3, 8)),
    ('leak-listeners', ('onRequest', 'late'), (4, 6)),
    ('leak-closure', ('replace',), (4,)),
    ('leak-buffer', ('receive',), (4,)),
    ('leak-map', ('(anonymous)', 'rows.Array.from', 'render', 'lookup'), (5, 6, 9)),
    ('leak-promises', ('query', 'send', 'serve', '(anonymous)', 'setInterval'), (5, 8, 13, 16)),
    ('leak-module.mjs', ('open', 'loop', 'Session'), (4, 11, 15)),
    ('leak-worker', ('keep',), (5,)),
    ('leak-pool', ('keep',), (7,)),
)


def versions():
    if not IS_MATRIX:
        return VERSIONS
    found = glob.glob(os.path.join(harness.cache_dir(), 'node-*', 'bin', 'node'))
    names = [path.split(os.sep)[-3][len('node-'):] for path in found]
    return sorted(names, key=lambda name: [int(part) for part in name.split('.')])


def heapwatch():
    return os.path.join(os.path.dirname(harness.heapwatchd_path()), 'heapwatch')


def program(name):
    return os.path.join(harness.APPS, name if '.' in name else name + '.js')


def own_network():
    """A network namespace of this suite: nobody else's inspector is at the default port."""
    harness.need_root()
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:  # CLONE_NEWNET
        raise Skip('no network namespace of its own')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack('16sh22x', b'lo', 0x1 | 0x40))  # SIOCSIFFLAGS: up
    if not harness.in_namespace():
        raise Skip('needs a namespace of its own')
    os.makedirs('/run/heapwatch-inspector', mode=0o700, exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'mode=0700', 'tmpfs',
                    '/run/heapwatch-inspector'], check=True)


def explain(suite, pid, *options):
    """A run that is under way."""
    return suite.spawn([heapwatch(), 'explain', *options, str(pid)],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(run, seconds=60):
    """(status, stdout, stderr)"""
    try:
        out, error = run.child.communicate(timeout=seconds * harness.PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failure('heapwatch explain does not end') from None
    return run.child.returncode, out.decode(), error.decode()


# ---- the right code is named ----

def check_sites(name, functions, lines, result):
    status, out, error = result
    check(status == 0, '%s: status %d: %s' % (name, status, error))
    report = json.loads(out)
    check(report['sites'], '%s: no site: %s' % (name, out))
    site = report['sites'][0]
    check(site['script'] == program(name) and site['function'] in functions and
          site['line'] in lines, '%s: %s' % (name, out))
    check(site['samples'] >= 10 and 0 < site['share'] <= 1 and site['stack'], out)
    check(0 < report['confidence'] <= 1, out)
    check(report['thread'] == (2 if name == 'leak-worker' else 0), out)
    return '%s %s:%d %.0f %% of %d samples' % (name, site['function'], site['line'],
                                               100 * site['share'], site['samples'])


def start_leak(suite, node, name):
    """The program, once it leaks or listens, and what explains it."""
    port = free_port()
    process = suite.spawn([node, '--inspect=127.0.0.1:%d' % port, program(name)],
                          stdout=subprocess.PIPE)
    suite.wait_until('the inspector', lambda: port in listeners(), 20)
    if name in ('leak-worker', 'leak-pool'):
        check(process.child.stdout.readline() == b'leaking\n', 'no worker leaks')
    return process, explain(suite, process.pid, '--duration=10s', '--format=json')


def start_leaks(suite, version):
    """All of them at once: sampling is little but waiting."""
    with suite.case('programs leak on Node %s' % version):
        node = node_path(version)
        names = [row for row in LEAKS if int(version.split('.')[0]) >= 14 or
                 # It has them only with a flag, or in parts.
                 row[0] not in ('leak-worker', 'leak-pool', 'leak-module.mjs')]
        return [(*row, *start_leak(suite, node, row[0])) for row in names]
    return []


def check_pool(name, process, out):
    """Workers that could not answer are told of, and none is harmed."""
    notes = json.loads(out)['notes']
    check(any('worker threads were not sampled' in note for note in notes), '%s: %s' % (name, out))
    process.send(signal.SIGUSR2)
    check(process.child.stdout.readline() == b'all work\n', 'a worker is harmed')


def check_leaks(suite, version, started):
    with suite.case('the leaks are named on Node %s' % version):
        check(started, 'none was started', Skip)
        for name, functions, lines, process, run in started:
            result = finish(run)
            comment(check_sites(name, functions, lines, result))
            check(process.is_running(), name + ' has ended')
            if name == 'leak-pool':
                check_pool(name, process, result[1])
            process.stop(signal.SIGKILL)


def check_warm(suite, version):
    """The whole path from the timer to what is kept is one piece of optimised code by then."""
    with suite.case('code that V8 inlined into Node is named on Node %s' % version):
        port = free_port()
        process = suite.spawn([node_path(version), '--inspect=127.0.0.1:%d' % port,
                               program('leak-warm')], stdout=subprocess.PIPE)
        check(process.child.stdout.readline() == b'warm\n', 'it does not get warm')
        comment(check_sites('leak-warm', ('remember', 'Session', '(anonymous)', 'setInterval'),
                            (5, 9, 13), finish(explain(suite, process.pid, '--duration=5s',
                                                       '--format=json'))))
        check(process.is_running(), 'it has ended')
        process.stop(signal.SIGKILL)


def check_formats(suite, node):
    with suite.case('what is written loads in DevTools and draws flame graphs'):
        ports = [free_port(), free_port()]
        processes = [suite.spawn([node, '--inspect=127.0.0.1:%d' % port, program('leak-array')])
                     for port in ports]
        suite.wait_until('the inspectors', lambda: set(ports) <= listeners(), 20)
        folded = explain(suite, processes[0].pid, '--duration=4s', '--format=folded')
        profile = explain(suite, processes[1].pid, '--duration=4s', '--format=heapprofile')
        status, out, error = finish(folded)
        check(status == 0, error)
        for line in out.splitlines():
            stack, count = line.rsplit(' ', 1)
            check(stack and int(count) > 0, line)
        status, out, error = finish(profile)
        check(status == 0, error)
        head = json.loads(out)['head']
        check(head['callFrame']['functionName'] == '(root)' and head['children'], out[:1000])
        check(set(ports) <= listeners(), 'an inspector that was open is closed')
        for process in processes:
            process.stop(signal.SIGKILL)


def check_exit(suite, node):
    with suite.case('a process that ends while it is explained is told, and not held up'):
        port = free_port()
        process = suite.spawn([node, '--inspect=127.0.0.1:%d' % port, program('leak-array')],
                              stderr=subprocess.PIPE)
        suite.wait_until('the inspector', lambda: port in listeners(), 20)
        run = explain(suite, process.pid, '--duration=60s')
        for line in process.child.stderr:
            if b'Debugger attached' in line:
                break
        time.sleep(3)  # nothing tells of sampling
        check(process.stop(signal.SIGTERM) == -signal.SIGTERM, 'it ended otherwise')
        status, out, error = finish(run, 20)
        check(status == 1 and not out and 'the conversation ended' in error, out + error)


def check_snapshot(suite, node):
    with suite.case('a heap snapshot is taken, unless memory is short or the file is there'):
        port = free_port()
        process = suite.spawn([node, '--inspect=127.0.0.1:%d' % port, program('leak-array')],
                              stdout=subprocess.PIPE)
        # The inspector is open before the program runs.
        check(process.child.stdout.readline() == b'leaking\n', 'it does not leak')
        path = suite.path('leak.heapsnapshot')
        argv = [heapwatch(), 'snapshot', 'take', str(process.pid), path]
        taken = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
        check(taken.returncode == 0 and taken.stdout == path + '\n', taken.stderr)
        check('stands still for about' in taken.stderr, taken.stderr)
        summary = subprocess.run([heapwatch(), 'snapshot', 'summary', path], capture_output=True,
                                 text=True, check=False, timeout=60)
        check('LeakingClass' in summary.stdout, summary.stdout + summary.stderr)
        again = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        check(again.returncode == 1 and 'File exists' in again.stderr, again.stderr)
        check(process.is_running(), 'the process has ended')
    with suite.case('two are taken, and what grew between them is told'):
        directory = suite.directory('watch')
        argv = [heapwatch(), 'snapshot', 'watch', '--interval=4s', '--format=json',
                str(process.pid)]
        watched = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120,
                                 cwd=directory)
        check(watched.returncode == 0, watched.stderr)
        check(len(os.listdir(directory)) == 2, os.listdir(directory))
        first = json.loads(watched.stdout)['rows'][0]
        check(first['name'] == 'LeakingClass' and first['new_count'] > 1000, first)
        check(first['deleted_count'] == 0, 'ids are not those of before: %s' % first)
        check(process.is_running(), 'the process has ended')
    with suite.case('a process that ends while it is watched is told'):
        argv[3] = '--interval=1h'
        watching = suite.spawn(argv, stderr=subprocess.PIPE, cwd=suite.directory('ends'))
        for line in watching.child.stderr:
            if b' follows in ' in line:
                break
        process.stop(signal.SIGKILL)
        rest = watching.child.stderr.read().decode()
        check(rest and watching.child.wait(20) == 1, rest)


# ---- by signal ----

class Patient:
    """Processes that were started early: they are to be old enough to be asked."""

    def __init__(self, suite):
        self.suite = suite
        self.born = {}
        self.processes = []

    def start(self, node, *argv):
        process = self.suite.spawn([node, *argv])
        self.born[process.pid] = time.monotonic()
        self.processes.append(process)
        return process

    def await_age(self, process):
        rest = self.born[process.pid] + 6 - time.monotonic()
        if rest > 0:
            time.sleep(rest)  # nothing tells of an age


def refused(suite, process, text):
    status, out, error = finish(explain(suite, process.pid, '--inspector=signal',
                                        '--duration=2s'))
    check(status == 1 and text in error, 'status %d: %s%s' % (status, out, error))
    check(process.is_running(), 'the process has ended')
    check(PORT not in listeners(), 'an inspector is open')


def check_opening(suite, version, patient, process):
    with suite.case('an inspector is opened by signal and closed on Node %s' % version):
        patient.await_age(process)
        status, out, error = finish(explain(suite, process.pid, '--inspector=signal',
                                            '--duration=4s', '--format=json'))
        check(status == 0 and json.loads(out)['sites'], 'status %d: %s%s' % (status, out, error))
        for step in ('sending SIGUSR1', 'the inspector is open', 'result=closed'):
            check(step in error, 'not in the log: %s\n%s' % (step, error))
        check(PORT not in listeners(), 'the inspector is still open')
        check(process.is_running(), 'the process has ended')


def check_own_handler(suite, patient, process, notes):
    with suite.case('a handler of its own runs once, and the process is not asked again'):
        patient.await_age(process)
        refused(suite, process, 'a handler of its own')
        refused(suite, process, 'it was asked before')
        with open(notes, encoding='ascii') as text:
            check(text.read() == 'ready\nsignal\n', 'not one signal')


def check_once(suite, process, notes):
    with suite.case('process.once() that has fired is refused; the signal would have ended it'):
        process.send(signal.SIGUSR1)
        suite.wait_until('the handler to run', lambda: 'signal' in open(
            notes, encoding='ascii').read(), 10)
        refused(suite, process, 'does not catch SIGUSR1')
        check(process.stop(signal.SIGUSR1) == -signal.SIGUSR1, 'it survived the signal')


def check_booting(suite, node):
    with suite.case('a process that boots is refused; the signal would have ended it'):
        process = suite.spawn([node, program('leak-array')])
        refused(suite, process, 'only just started')
        process.stop(signal.SIGKILL)
        for _ in range(20):  # it may be quicker than we are
            process = suite.spawn([node, program('leak-array')])
            process.send(signal.SIGUSR1)
            with contextlib.suppress(Failure):
                if process.wait(0.5) == -signal.SIGUSR1:
                    return
            process.stop(signal.SIGKILL)
        raise Failure('it survived the signal 20 times')


def check_disabled(suite, patient, processes):
    with suite.case('--disable-sigusr1 and --permission are respected'):
        check(processes, 'no Node that has the flags', Skip)
        for process in processes:
            patient.await_age(process)
            refused(suite, process, 'its flags forbid')


def check_port_taken(suite, process):
    with suite.case('a port that is taken is left alone'):
        with socket.create_server(('127.0.0.1', PORT)):
            status, _, error = finish(explain(suite, process.pid, '--inspector=signal',
                                              '--duration=2s'))
            check(status == 1 and 'port of its inspector is taken' in error, error)
            check(process.is_running(), 'the process has ended')


def check_other_user(suite, node):
    with suite.case('a process of another user is left alone'):
        copy = shutil.copy(node, suite.path('node'))  # where that user may run it
        script = suite.app('leak-array')
        process = suite.spawn([copy, script], user=65534, group=65534)
        suite.wait_until('it to run', lambda: os.readlink(
            '/proc/%d/exe' % process.pid) == copy, 10)
        refused(suite, process, 'it runs as another user')
        process.stop(signal.SIGKILL)


def check_crash(suite, process, other):
    with suite.case('what a crash left open is closed by the next run'):
        run = explain(suite, process.pid, '--inspector=signal', '--duration=60s')
        suite.wait_until('the inspector to open', lambda: PORT in listeners(), 20)
        run.kill()
        check(PORT in listeners(), 'the inspector closed by itself')
        status, _, error = finish(explain(suite, other.pid, '--inspector=signal',
                                          '--duration=2s'))
        check(status == 0 and error.count('result=closed') == 2, error)
        check(PORT not in listeners(), 'the inspector is still open')
        check(process.is_running() and other.is_running(), 'a process has ended')


def check_second_debugger(suite, process, other):
    with suite.case('what another debugger is connected to stays open, until it is gone'):
        run = explain(suite, process.pid, '--inspector=signal', '--duration=3s')
        suite.wait_until('the inspector to open', lambda: PORT in listeners(), 20)
        debugger = Debugger(PORT)
        status, _, error = finish(run)
        check(status == 0 and 'result=busy' in error and 'stays open' in error, error)
        time.sleep(1)  # a timer of the end would have fired
        check(PORT in listeners(), 'the inspector was closed under a debugger')
        debugger.calculate()
        debugger.close()
        status, _, error = finish(explain(suite, other.pid, '--inspector=signal',
                                          '--duration=2s'))
        check(status == 0 and error.count('result=closed') == 2, error)
        check(PORT not in listeners(), 'the inspector is still open')
        check(process.is_running() and other.is_running(), 'a process has ended')


def check_interrupted(suite, process):
    with suite.case('an interrupted run closes what it opened'):
        run = explain(suite, process.pid, '--inspector=signal', '--duration=60s')
        suite.wait_until('the inspector to open', lambda: PORT in listeners(), 20)
        run.send(signal.SIGINT)
        status, _, error = finish(run)
        check(status == -signal.SIGINT and 'result=closed' in error, error)
        check(PORT not in listeners(), 'the inspector is still open')
        check(process.is_running(), 'the process has ended')


def check_signals(suite, node):
    patient = Patient(suite)
    asked = []
    for version in versions():
        with contextlib.suppress(Skip):
            asked.append((version, patient.start(node_path(version), program('leak-array'))))
    process = patient.start(node, program('leak-array'))
    notes = suite.path('once')
    once = patient.start(node, program('sigusr1'), 'once', notes)
    own = patient.start(node, program('sigusr1'), 'on', suite.path('own'))
    disabled = []
    for version, *flags in (('22.23.3', '--disable-sigusr1'),
                            ('26.10.0', '--permission', '--allow-fs-read=*')):
        with contextlib.suppress(Skip):
            disabled.append(patient.start(node_path(version), *flags, program('leak-array')))
    check_booting(suite, node)
    check_other_user(suite, node)
    for version, candidate in asked:
        check_opening(suite, version, patient, candidate)
    patient.await_age(process)
    check_once(suite, once, notes)
    check_port_taken(suite, process)
    check_interrupted(suite, process)
    check_crash(suite, process, asked[0][1])
    check_second_debugger(suite, process, asked[0][1])
    check_own_handler(suite, patient, own, suite.path('own'))
    check_disabled(suite, patient, disabled)
    for one in patient.processes:
        one.kill()


# ---- heapwatchd ----

DAEMON = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
discovery: { min_age: 0 }
alerting: { threshold: 0.6, clear: 0.3 }
apps:
  - match: { script: "*/on-alert.js" }
    inspector: { mode: attach, explain: on_alert }
  - match: { script: "*/leak-closure.js" }
    inspector: { mode: signal }
"""
# Two that sample one process get in each other's way: the process of the alert is left to one of them.
OTHER = DAEMON.replace('{ mode: attach, explain: on_alert }', '{ mode: off }')


def get_json(daemon, path):
    status, text = daemon.get(path)
    check(status == 200, '%s: %d %s' % (path, status, text))
    return json.loads(text)


def start_daemon(suite, node):
    daemon = suite.daemon('--web.enable-admin-api', config=DAEMON)
    log = suite.path('on-alert.log')
    port = free_port()
    suite.node(node, suite.app('leaking', 'on-alert'), log,
               ['--inspect=127.0.0.1:%d' % port, '--max-old-space-size=128',
                '--max-semi-space-size=1'])
    return daemon


def check_requests(suite, node):
    with suite.case('explanations over HTTP are refused where they are not allowed'):
        daemon = suite.daemon(config=DAEMON)
        process = suite.spawn([node, program('leak-array')])
        path = '/api/v1/processes/leak-array/0'
        suite.wait_until('the process', lambda: get_json(daemon, path)['pid'] == process.pid, 20)
        check(daemon.get(path + '/explain', 'POST')[0] == 403, 'not 403')
        check(daemon.get(path, 'POST')[0] == 405, 'not 405')
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        daemon = suite.daemon('--web.enable-admin-api', config=DAEMON)
        suite.wait_until('the process', lambda: get_json(daemon, path)['pid'] == process.pid, 20)
        check(daemon.get('/api/v1/processes/none/0/explain', 'POST')[0] == 404, 'not 404')
        check(daemon.get(path + '/explain')[0] == 404, 'explained already')
        request = urllib.request.Request(daemon.url(path + '/explain'), method='POST',
                                         headers={'Origin': 'http://elsewhere.example'})
        try:
            urllib.request.urlopen(request, timeout=5)
            raise Failure('another origin is let in')
        except urllib.error.HTTPError as error:
            check(error.code == 403, 'not 403')
        # No inspector is open, and the app is not to be signalled.
        check(daemon.get(path + '/explain', 'POST')[0] == 202, 'not 202')
        suite.wait_until('the end', lambda: get_json(
            daemon, path + '/explain')['state'] == 'failed', 20)
        check(process.is_running() and PORT not in listeners(), 'the process was signalled')
        status, _, error = finish(explain(suite, 'leak-array/0', '--url=' + daemon.url(''),
                                          '--duration=2s'))
        check(status == 1 and 'pid %d: no inspector' % process.pid in error, error)
        status, _, error = finish(explain(suite, 'none/0', '--url=' + daemon.url('')))
        check(status == 1 and 'it answered 404' in error, error)
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def explain_path(suite, daemon, process):
    """There are others of its app."""
    row = suite.wait_until('the process', lambda: next(
        (row for row in get_json(daemon, '/api/v1/processes')['processes']
         if row['pid'] == process.pid), None), 20)
    return '/api/v1/processes/%s/%d/explain' % (row['app'], int(row['slot']))


def check_signalled(suite, daemon, process, path):
    with suite.case('heapwatchd opens an inspector by signal where it may, and closes it'):
        report = suite.wait_until('the explanation', lambda: get_json(
            daemon, path)['state'] != 'running' and get_json(daemon, path), 60)
        # It has run for a while: V8 may have made it a part of Node's timers.
        check(report['state'] == 'done' and report['sites'] and
              (report['sites'][0]['function'] == 'replace' or
               'only in Node.js itself' in report['notes'][0]), str(report))
        check(PORT not in listeners(), 'the inspector is still open')
        suite.wait_until('the opening to be counted', lambda: daemon.scrape().value(
            'heapwatch_inspector_openings_total', result='opened') == 1, 20)
        check(process.is_running(), 'the process has ended')
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def check_on_alert(suite, daemon):
    with suite.case('heapwatchd explains a process of which it alerts'):
        def site():
            found = daemon.scrape().find('heapwatch_leak_site_share_ratio', app='on-alert',
                                         rank='1')
            return found and found[0]
        labels, share = suite.wait_until('the sites', site, 120)
        check(labels['script'].endswith('/load.js') and 0 < share <= 1, '%s %s' % (labels, share))
        path = '/api/v1/processes/on-alert/0'
        check(get_json(daemon, path)['leak']['sites'][0]['function'] == labels['function'], path)
        report = get_json(daemon, path + '/explain')
        check(report['state'] == 'done' and report['sites'] and report['notes'], str(report))
        check(daemon.get(path + '/explain', 'POST')[0] == 202, 'not 202')
        check(daemon.get(path + '/explain', 'POST')[0] == 409, 'not 409')
        check(daemon.stop() == 0, 'heapwatchd did not end well while it samples')


def main():
    with Suite('explain', 1600 if IS_MATRIX else 300) as suite:
        node = any_node()
        own_network()
        started = start_leaks(suite, versions()[0])  # are sampled meanwhile
        signalled = suite.spawn([node, program('leak-closure')])  # is to be old enough
        check_signals(suite, node)
        daemon = start_daemon(suite, node)
        other = suite.daemon('--web.enable-admin-api', config=OTHER)
        for version, following in zip(versions(), [*versions()[1:], None]):
            next_started = following and start_leaks(suite, following)
            check_leaks(suite, version, started)
            if version == versions()[0]:
                path = explain_path(suite, other, signalled)
                other.get(path, 'POST')
            started = next_started
        check_warm(suite, versions()[0])
        check_formats(suite, node)
        check_exit(suite, node)
        check_snapshot(suite, node)
        check_signalled(suite, other, signalled, path)
        check_on_alert(suite, daemon)
        check_requests(suite, node)


main()
