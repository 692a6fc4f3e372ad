#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How processes end and come back: causes of exits, slots, a pid that is used again, limits."""
import contextlib
import os
import platform
import signal
import subprocess

from harness import (Failure, Skip, Suite, any_node, check, gc_counts, gc_lines,
                     in_namespace, need_root, pid_of, pids)

CONFIG = """
sampling: { interval: %s }
scoring: { time_scale: 60 }
"""
MIB = 1 << 20


def wait_shown(suite, daemon, process, app, slot='0', seconds=15):
    """The info series of the process, as soon as it is there."""
    def shown():
        check(process.is_running(), '%s ended by itself' % app)
        samples = daemon.scrape()
        return pid_of(samples, app, slot) == process.pid and samples
    return suite.wait_until('%s to be shown' % app, shown, seconds)


def wait_exit(suite, daemon, app, cause, count=1):
    def counted():
        samples = daemon.scrape()
        found = {labels['cause']: value for labels, value
                 in samples.find('heapwatch_process_exits_total', app=app) if value}
        check(found == {cause: count}, '%s: exits %s, expected %s' % (app, found, cause))
        return samples
    return suite.wait_until('the end of %s to be counted as %s' % (app, cause), counted, 10)


def wait_end(process):
    """Until it is dead. Before Linux 6.15 nobody but its parent learns how, once it is reaped."""
    major, minor = platform.release().split('.')[:2]
    if (int(major), int(''.join(filter(str.isdigit, minor)))) >= (6, 15):
        process.wait(30)
    else:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def check_exit(suite, daemon, node):
    with suite.case('exit with a status is counted as exit'):
        process = suite.node(node, suite.app('exit', 'ending'), stdin=subprocess.PIPE)
        wait_shown(suite, daemon, process, 'ending')
        process.child.stdin.close()
        check(process.wait() == 3, 'status %s' % process.child.returncode)
        samples = wait_exit(suite, daemon, 'ending', 'exit')
        check(not samples.find('heapwatch_process_info', app='ending'), 'series are left')
        check(not samples.find('heapwatch_leak_state', app='ending'), 'series are left')
    with suite.case('death by a signal is counted as signal'):
        process = suite.node(node, suite.app('idle', 'killed'))
        wait_shown(suite, daemon, process, 'killed')
        os.kill(process.pid, signal.SIGKILL)
        wait_end(process)
        wait_exit(suite, daemon, 'killed', 'signal')
    with suite.case('death at the limit of the heap is counted as heap_oom'):
        log = suite.path('heap-oom.log')
        process = suite.node(node, suite.app('oom', 'heap-oom'), log,
                             ['--max-old-space-size=20', '--max-semi-space-size=1'],
                             stderr=subprocess.STDOUT)
        wait_seen_dying(process, log)
        samples = wait_exit(suite, daemon, 'heap-oom', 'heap_oom')
        check(not samples.find('heapwatch_process_info', app='heap-oom'), 'series are left')


def wait_seen_dying(process, log):
    status = process.wait(60)
    with open(log, 'rb') as text:
        check(b'heap out of memory' in text.read(), 'no fatal error; status %d' % status)


def memory_cgroup(name):
    """A new memory cgroup (v1 or v2) of the name: (directory, file of the limit)."""
    need_root()
    with open('/proc/self/cgroup', encoding='ascii') as lines:
        groups = [line.rstrip('\n').split(':', 2) for line in lines]
    for _, controllers, _ in groups:
        if 'memory' in controllers.split(','):
            directory = '/sys/fs/cgroup/memory/' + name
            limit = 'memory.limit_in_bytes'
            break
    else:
        directory, limit = '/sys/fs/cgroup/' + name, 'memory.max'
    try:
        os.mkdir(directory)
    except OSError as error:
        raise Skip('no memory cgroup can be made: %s' % error) from None
    if not os.path.exists(os.path.join(directory, limit)):
        os.rmdir(directory)
        raise Skip('no memory controller in ' + directory)
    return directory, os.path.join(directory, limit)


@contextlib.contextmanager
def limited(suite, name, limit_bytes):
    """A function that starts a program inside of a cgroup of that limit."""
    directory, limit_file = memory_cgroup(os.path.basename(suite.root) + '-' + name)
    started = []

    def start(node, script, **options):
        shell = 'echo $$ > "$0"/cgroup.procs && exec "$@"'
        process = suite.spawn(['sh', '-c', shell, directory, node, script], **options)
        started.append(process)
        return process
    try:
        with open(limit_file, 'w', encoding='ascii') as file:
            file.write(str(limit_bytes))
        yield start
    finally:
        for process in started:
            process.kill()
        suite.wait_until('the cgroup to be empty', lambda: os.rmdir(directory) is None, 10)


def check_cgroup(suite, daemon, node):
    with suite.case('the memory limit is that of the cgroup'):
        with limited(suite, 'limit', 300 * MIB) as start:
            process = start(node, suite.app('idle', 'limited'))
            wait_shown(suite, daemon, process, 'limited')
            suite.wait_until('its limit', lambda: daemon.scrape().value(
                'heapwatch_process_memory_limit_bytes', app='limited') == 300 * MIB, 20)
    with suite.case('without a cgroup limit it is the memory of the host'):
        process = suite.node(node, suite.app('idle', 'unlimited'))
        wait_shown(suite, daemon, process, 'unlimited')
        suite.wait_until('its limit', lambda: daemon.scrape().value(
            'heapwatch_process_memory_limit_bytes', app='unlimited') > 512 * MIB, 20)
        process.stop()
    with suite.case('a kill by the cgroup is counted as oom_kill'):
        with limited(suite, 'oom', 120 * MIB) as start:
            script = suite.app('oom', 'oom-killed')
            process = start(node, script, env={**os.environ, 'KIND': 'native', 'START': 'signal'})
            wait_shown(suite, daemon, process, 'oom-killed')
            suite.wait_until('its limit to be known', lambda: daemon.scrape().find(
                'heapwatch_process_memory_limit_bytes', app='oom-killed'), 20)
            process.send(signal.SIGUSR2)
            wait_end(process)
            wait_exit(suite, daemon, 'oom-killed', 'oom_kill')
            check(process.wait() == -signal.SIGKILL, 'ended with %d' % process.wait())


def check_slots(suite, daemon, node):
    with suite.case('slots are the smallest free ones and are used again'):
        script = suite.app('idle', 'crowd')
        crowd = []
        for slot in range(3):
            crowd.append(suite.node(node, script))
            wait_shown(suite, daemon, crowd[-1], 'crowd', slot)
        crowd[1].stop(signal.SIGKILL)
        suite.wait_until('slot 1 to be free', lambda: crowd[1].pid not in pids(daemon.scrape()), 5)
        crowd[1] = suite.node(node, script)
        samples = wait_shown(suite, daemon, crowd[1], 'crowd', 1)
        found = [pid_of(samples, 'crowd', slot) for slot in range(3)]
        check(found == [process.pid for process in crowd], 'pids %s' % found)
        for process in crowd:
            process.stop(signal.SIGKILL)


def start_with_pid(suite, pid, start):
    """Starts a program under that very pid: the kernel takes the one after the last."""
    for _ in range(50):
        try:
            with open('/proc/sys/kernel/ns_last_pid', 'w', encoding='ascii') as last:
                last.write(str(pid - 1))
        except OSError as error:
            raise Skip('the next pid cannot be chosen: %s' % error) from None
        process = start()
        if process.pid == pid:
            return process
        process.stop(signal.SIGKILL)
    raise Failure('pid %d was never given again' % pid)


def check_pid_reuse(suite, node):
    with suite.case('a pid that is used again within one interval is a new process'):
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        daemon = suite.daemon(config=CONFIG % '2s')
        script = suite.app('leaking', 'reused')
        flags = ['--max-semi-space-size=1']
        old_log, new_log = suite.path('reused-old.log'), suite.path('reused-new.log')
        old = suite.node(node, script, old_log, flags)
        before = wait_shown(suite, daemon, old, 'reused')
        suite.wait_until('collections of the old one', lambda: gc_counts(
            daemon.scrape(), 'reused')['young'] > 30, 20)
        old.stop(signal.SIGKILL)
        new = start_with_pid(suite, old.pid, lambda: suite.node(node, script, new_log, flags))
        start = before.value('heapwatch_process_start_time_seconds', app='reused', slot='0')

        def replaced():
            samples = daemon.scrape()
            return samples.value('heapwatch_process_start_time_seconds', app='reused',
                                 slot='0') > start and samples
        samples = suite.wait_until('the new one', replaced, 10)
        check(pid_of(samples, 'reused') == old.pid == new.pid, 'not the same pid')
        check(samples.total('heapwatch_process_exits_total', app='reused') == 1, 'no exit counted')
        new.send(signal.SIGSTOP)
        suite.wait_until('only the collections of the new one', lambda: gc_counts(
            daemon.scrape(), 'reused') == gc_lines(new_log), 10)
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def main():
    with Suite('lifecycle', 240) as suite:
        node = any_node()
        daemon = suite.daemon(config=CONFIG % '1s')
        check_exit(suite, daemon, node)
        check_slots(suite, daemon, node)
        check_cgroup(suite, daemon, node)
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        check_pid_reuse(suite, node)


main()
