#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatchd as a program: options, exit codes, signals, HTTP, notification, hostile input."""
import json
import os
import re
import signal
import socket
import subprocess

import exposition
from harness import (PATIENCE, Failure, Suite, any_node, check, heapwatchd_path,
                     need_root, pids, score, tool)

CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
"""


def run(*flags, seconds=30, **options):
    return subprocess.run([heapwatchd_path(), *flags], capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=seconds * PATIENCE, **options)


def promtool(text):
    """What promtool has to say about an exposition."""
    result = subprocess.run([tool('promtool'), 'check', 'metrics'], input=text.encode(),
                            capture_output=True, check=False)
    return result.returncode, (result.stdout + result.stderr).decode()


def check_options(suite):
    with suite.case('--version and --help say what they are for'):
        version = run('--version')
        check(version.returncode == 0 and b'heapwatch' in version.stdout, version)
        text = run('--help')
        check(text.returncode == 0, text.stderr)
        for flag in ('--config.file', '--web.listen-address', '--once', '--gc.log',
                     '--sample.interval', '--path.procfs', '--storage.path', '--log.format'):
            check(flag.encode() in text.stdout, '%s is not in --help' % flag)
    for flags in (['--no-such-flag'], ['--sample.interval=often'], ['--log.level=loud'],
                  ['--web.listen-address=nowhere'], ['an-argument'],
                  ['--config.file=/nonexistent/heapwatchd.yml']):
        with suite.case('usage error: ' + flags[0]):
            result = run('--storage.path=' + suite.directory('unused'), *flags)
            check(result.returncode == 2, 'exit code %d' % result.returncode)
            check(result.stderr.strip(), 'nothing is said')


def check_configuration(suite):
    wrong = (('unknown key', 'sampling:\n  intervall: 5s\n', 2, 3, 'intervall'),
             ('wrong type', 'limits:\n  processes: [1]\n', 2, 14, 'processes'),
             ('out of range', 'scoring:\n\n  time_scale: -1\n', 3, 15, 'time_scale'),
             ('bad syntax', 'sampling: { interval: 5s\n', None, None, ''))
    for what, text, line, column, key in wrong:
        with suite.case('configuration: ' + what):
            path = suite.write('wrong.yml', text)
            result = run('--config.file=' + path, '--config.check')
            said = result.stderr.decode() + result.stdout.decode()
            check(result.returncode == 2, 'exit code %d: %s' % (result.returncode, said))
            place = re.search(re.escape(path) + r':(\d+):(\d+): .+', said)
            check(place, 'no file:line:column: message in %r' % said)
            if line:
                found = int(place.group(1)), int(place.group(2))
                check(found == (line, column), 'at %s instead of %d:%d' % (found, line, column))
            check(key in said, '%r is not named: %s' % (key, said))
            check(run('--config.file=' + path, '--once').returncode == 2, 'it starts nevertheless')
    with suite.case('configuration: a valid one is accepted, dumped and accepted again'):
        path = suite.write('right.yml', CONFIG)
        check(run('--config.file=' + path, '--config.check').returncode == 0, 'not accepted')
        dump = run('--config.file=' + path, '--config.dump')
        check(dump.returncode == 0 and b'time_scale: 60' in dump.stdout, dump)
        again = suite.write('again.yml', dump.stdout.decode())
        result = run('--config.file=' + again, '--config.check')
        check(result.returncode == 0, result.stderr.decode())


def check_once(suite, node):
    with suite.case('--once prints one valid exposition'):
        process = suite.node(node, suite.app('idle', 'seen-once'))
        suite.wait_until('the program to run', lambda: os.readlink(
            '/proc/%d/exe' % process.pid) == os.path.realpath(node), 10)
        config = suite.write('once.yml', CONFIG + 'discovery: { min_age: 0s }\n')
        result = run('--once', '--config.file=' + config,
                     '--storage.path=' + suite.directory('once'))
        check(result.returncode == 0, result.stderr.decode())
        samples = exposition.parse(result.stdout.decode())
        samples.value('heapwatch_process_resident_memory_bytes', app='seen-once', type='anon')
        status, said = promtool(result.stdout.decode())
        check(status == 0 and not said, 'promtool: %s' % said)
        process.stop(signal.SIGKILL)


def check_http(suite, daemon):
    with suite.case('HTTP: health, status page, wrong path, wrong method'):
        suite.wait_until('/-/ready', lambda: daemon.get('/-/ready')[0] == 200, 10)
        for path, method, expected in (('/-/healthy', 'GET', 200), ('/', 'GET', 200),
                                       ('/process/none/0', 'GET', 404), ('/', 'POST', 405),
                                       ('/nothing', 'GET', 404), ('/metrics', 'POST', 405),
                                       ('/metrics/../etc/passwd', 'GET', 404),
                                       ('/metrics', 'HEAD', 200)):
            status, _ = daemon.get(path, method)
            check(status == expected, '%s %s: %d' % (method, path, status))
    with suite.case('HTTP: garbage and silent clients leave it alive'):
        silent = [socket.create_connection(('127.0.0.1', daemon.port)) for _ in range(50)]
        for text in (b'\x00\xff\xfe\r\n\r\n', b'GET ' + b'/' * 100000 + b' HTTP/1.1\r\n\r\n',
                     b'GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n'):
            with socket.create_connection(('127.0.0.1', daemon.port)) as client:
                client.sendall(text)
        check(daemon.is_running(), 'it died')
        for client in silent:
            client.close()
        suite.wait_until('it to answer', lambda: daemon.get('/-/healthy')[0] == 200, 10)


def check_hangup(suite, daemon, config_path):
    with suite.case('SIGHUP over a wrong configuration leaves it running, and the log says so'):
        suite.write(config_path, 'no_such_key: 1\n')
        line_count = daemon.log().count('\n')
        daemon.send(signal.SIGHUP)
        suite.wait_until('a line in the log', lambda: daemon.log().count('\n') > line_count, 10)
        check(daemon.get('/metrics')[0] == 200, 'it does not answer')


def check_hostile(suite, daemon, node):
    names = ['quote"quote', 'back\\slash', 'line\nline', 'tab\tand\x01control', '{a="b"} 1',
             'ümlaut-✓', 'x' * 200]
    folder = suite.directory('hostile')
    started = {}
    for name in names:
        path = suite.write(os.path.join(folder, name + '.js'), 'setInterval(() => {}, 1 << 30);\n')
        started[suite.spawn([node, path, '--x="\n{}', b'\xff']).pid] = name
    # Node cannot load a script whose path is no UTF-8, but its environment may hold anything.
    env = {**os.environb, b'PM2_HOME': b'/', b'pm_id': b'0', b'name': b'invalid-\xff\xfe\n"-utf8'}
    started[suite.spawn([node, suite.app('idle', 'pm2')], env=env).pid] = '\xff'
    with suite.case('hostile names: found, and the exposition stays well-formed'):
        suite.wait_until('all of them', lambda: set(started) <= pids(daemon.scrape()), 20)
        infos = {int(labels['pid']): labels for labels, _ in
                 daemon.scrape().find('heapwatch_process_info')}
        for pid, name in started.items():
            if name.isprintable() and name != '\xff' and len(name) < 100:
                check(infos[pid]['app'] == name, '%r became %r' % (name, infos[pid]['app']))
        check(len({(labels['app'], labels['slot']) for labels in infos.values()}) == len(infos),
              'two processes share their labels')
        status, said = promtool(daemon.last_scrape)
        check(status == 0 and not said, 'promtool: %s' % said)
    with suite.case('hostile names: the log cannot be forged'):
        for line in daemon.log().splitlines():
            check(not line.startswith('line') and '\x01' not in line, 'forged: %r' % line)


def check_notify(suite):
    with suite.case('sd_notify: READY, then WATCHDOG in time, STOPPING at the end'):
        path = suite.path('notify.sock')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(path)
            receiver.settimeout(10 * PATIENCE)
            daemon = suite.daemon(config=CONFIG, env={'NOTIFY_SOCKET': path,
                                                      'WATCHDOG_USEC': '2000000'})
            if 'without systemd' in daemon.log():
                raise Failure('built without systemd')
            seen = []

            def receive_until(text):
                while not any(text in message for message in seen):
                    try:
                        seen.append(receiver.recv(4096).decode())
                    except socket.timeout:
                        raise Failure('no %s, only %s' % (text, seen)) from None
            receive_until('READY=1')
            receive_until('WATCHDOG=1')
            check(daemon.stop() == 0, 'did not end well')
            receive_until('STOPPING=1')


def check_signals(suite):
    for number in (signal.SIGTERM, signal.SIGINT):
        with suite.case('%s ends it cleanly' % signal.Signals(number).name):
            daemon = suite.daemon(config=CONFIG)
            check(daemon.stop(number) == 0, 'ended with %d' % daemon.child.returncode)
    with suite.case('a port that is taken is an error with the address in it'):
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            result = run('--web.listen-address=127.0.0.1:%d' % port,
                         '--storage.path=' + suite.directory('taken'))
            check(result.returncode == 1, 'exit code %d' % result.returncode)
            check(b'%d' % port in result.stderr, result.stderr)


def check_unprivileged(suite, node):
    """As nobody it reads what anybody may, says what it may not, and goes on."""
    with suite.case('without privileges: foreign processes are counted errors, own ones are seen'):
        need_root()
        setpriv = [tool('setpriv'), '--reuid=65534', '--regid=65534', '--clear-groups']
        binary = suite.path('heapwatchd-copy')
        with open(heapwatchd_path(), 'rb') as source, open(binary, 'wb') as target:
            target.write(source.read())
        os.chmod(binary, 0o755)
        storage = suite.directory('nobody')
        os.chown(storage, 65534, 65534)
        log = suite.path('own.log')
        foreign = suite.node(node, suite.app('idle', 'foreign'))
        with open(log, 'wb') as out:
            os.chmod(log, 0o644)
            own = suite.spawn([*setpriv, readable_node(suite, node), '--trace-gc',
                               '--max-semi-space-size=1', suite.app('leaking', 'own')], stdout=out)
        daemon = suite.daemon('--storage.path=' + storage, wrapper=setpriv, config=CONFIG,
                              binary=binary)
        suite.wait_until('its own process', lambda: own.pid in pids(daemon.scrape()), 15)
        suite.wait_until('its collections', lambda: daemon.scrape().total(
            'heapwatch_gc_pause_seconds_count', app='own') > 5, 20)
        suite.wait_until('permission errors to be counted', lambda: daemon.scrape().total(
            'heapwatch_collector_errors_total', reason='permission') > 0, 10)
        samples = daemon.scrape()
        check(samples.value('heapwatch_collector_success', collector='proc') == 1, 'no success')
        check(score(samples, 'own') < 0.3, 'a verdict too early')
        check(samples.value('heapwatch_processes_unidentified', needs='CAP_SYS_PTRACE') > 0,
              'no process is said to be unidentified')
        unidentified = json.loads(daemon.get('/api/v1/processes')[1])['unidentified']
        check([row['needs'] for row in unidentified] == ['CAP_SYS_PTRACE'], unidentified)
        if foreign.pid in pids(samples):
            infos = [labels for labels, _ in samples.find('heapwatch_process_info',
                                                          pid=str(foreign.pid))]
            check(len(infos) == 1, infos)
        check(daemon.stop() == 0, 'did not end well')


def check_one_capability(suite, node):
    """With half of the rights it names the other half, for each fact that it lacks."""
    with suite.case('with CAP_SYS_PTRACE alone: what is not read is named with what it needs'):
        need_root()
        setpriv = [tool('setpriv'), '--reuid=65534', '--regid=65534', '--clear-groups',
                   '--inh-caps=+sys_ptrace', '--ambient-caps=+sys_ptrace']
        foreign = suite.node(node, suite.app('idle', 'half'))
        storage = suite.directory('nobody-half')
        os.chown(storage, 65534, 65534)
        daemon = suite.daemon('--storage.path=' + storage, wrapper=setpriv, config=CONFIG,
                              binary=suite.path('heapwatchd-copy'))
        suite.wait_until('the process', lambda: foreign.pid in pids(daemon.scrape()), 15)
        both = 'CAP_SYS_PTRACE,CAP_DAC_READ_SEARCH'
        samples = daemon.scrape()
        for fact in ('environment', 'open_files'):
            check(samples.value('heapwatch_process_unreadable', app='half', fact=fact, needs=both) == 1, fact)
        check(not samples.find('heapwatch_process_unreadable', app='half', fact='maps'), 'maps are read')
        check(samples.value('heapwatch_processes_unidentified') == 0, 'all are identified')
        processes = json.loads(daemon.get('/api/v1/processes')[1])['processes']
        lacks = [process['unreadable'] for process in processes if process['pid'] == foreign.pid]
        check(lacks == [[{'fact': 'environment', 'needs': both}, {'fact': 'open_files', 'needs': both}]],
              lacks)
        check(daemon.stop() == 0, 'did not end well')


def readable_node(suite, node):
    """A copy that everybody may execute: a cache below /root is closed to others."""
    path = suite.path('node')
    if not os.path.exists(path):
        with open(node, 'rb') as source, open(path, 'wb') as target:
            target.write(source.read())
        os.chmod(path, 0o755)
    return path


def check_promtool(suite, daemon):
    with suite.case('promtool check metrics is silent'):
        status, said = promtool(daemon.get('/metrics')[1])
        check(status == 0 and not said, 'promtool: %s' % said)


def main():
    with Suite('interface', 240) as suite:
        node = any_node()
        check_options(suite)
        check_configuration(suite)
        check_once(suite, node)
        daemon = suite.daemon(config=CONFIG)
        check_http(suite, daemon)
        check_hostile(suite, daemon, node)
        check_promtool(suite, daemon)
        check_hangup(suite, daemon, 'heapwatchd-1.yml')
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        check_signals(suite)
        check_notify(suite)
        check_unprivileged(suite, node)
        check_one_capability(suite, node)


main()
