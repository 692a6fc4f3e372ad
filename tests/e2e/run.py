#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatch run: the app's output, terminal, signals and status are as without it, and its trace is
where heapwatchd looks."""
import contextlib
import fcntl
import glob
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import time

import harness
from harness import Skip, Suite, any_node, check, gc_counts, gc_lines, node_path

DIRECTORY = '/run/heapwatch/gc'
# Of older lines of Node: fetched by hand, where they are there.
VERSIONS = ('8.17.0', '10.24.1') + harness.NODE_VERSIONS
CONFIG = 'sampling: { interval: 1s }\ndiscovery: { min_age: 0s }\n'
GARBAGE = 'for (let i = 0, a = []; i < 3e6; i++) a[i % 9999] = { i };'
LINE = '[%d:0x55d0c0ffee00] %8d ms: Scavenge 2.3 (2.9) -> 2.1 (3.9) MB, 0.41 / 0.00 ms  task; \n'


def heapwatch():
    return os.path.join(os.path.dirname(harness.heapwatchd_path()), 'heapwatch')


def own_directory():
    """/run/heapwatch of this mount namespace only."""
    harness.need_root()
    if not harness.in_namespace():
        raise Skip('needs a namespace of its own')
    os.makedirs('/run/heapwatch', exist_ok=True)
    subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', '/run/heapwatch'], check=True)


def logs():
    return glob.glob(DIRECTORY + '/*.log')


@contextlib.contextmanager
def fresh_logs():
    for path in glob.glob(DIRECTORY + '/*'):
        os.unlink(path)
    yield


def the_log():
    found = logs()
    check(len(found) == 1, 'logs %s' % found)
    return found[0]


def read(path):
    with open(path, 'rb') as file:
        return file.read()


def children(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as file:
        return [int(word) for word in file.read().split()]


def state(pid):
    with open('/proc/%d/stat' % pid, encoding='ascii') as file:
        return file.read().rsplit(')', 1)[1].split()[0]


def run(suite, command, **options):
    options.setdefault('stderr', subprocess.PIPE)
    options.setdefault('stdout', subprocess.PIPE)
    return suite.spawn([heapwatch(), 'run', '--', *command], **options)


def finish(process, seconds=60):
    """(status, stdout, stderr)"""
    out, err = process.child.communicate(timeout=seconds * harness.PATIENCE)
    return process.child.returncode, out, err


# ---- output ----

def check_bytes(suite, version):
    with suite.case('node %s: stdout and stderr are the same, byte for byte' % version):
        node = node_path(version)
        script = suite.app('mixed')
        plain = subprocess.run([node, script], capture_output=True, check=True)
        with fresh_logs():
            counted = suite.path('count')
            process = run(suite, [node, script], env={**os.environ, 'COUNT_FILE': counted})
            status, out, err = finish(process)
        check(status == 0, 'status %d' % status)
        check(out == plain.stdout, 'stdout differs: %d and %d bytes' % (len(out), len(plain.stdout)))
        check(err == plain.stderr, 'stderr differs')
        lines = gc_lines(the_log())
        total, truth = lines['young'] + lines['full'], int(read(counted))
        check(total > 10, 'only %d lines in the log' % total)
        check(read(the_log()).count(b'\n') >= total, 'torn lines')
        check(truth < 0 or 0 <= total - truth <= 4, '%d lines, %d collections' % (total, truth))


def check_family(suite, version):
    with suite.case('node %s: children and threads share the log' % version):
        with fresh_logs():
            process = run(suite, [node_path(version), suite.app('family')])
            status, out, err = finish(process)
        check(status == 0, 'status %d: %s' % (status, err))
        names = sorted(set(line.split()[0] for line in out.splitlines()))
        check(names in ([b'child', b'parent'], [b'child', b'parent', b'thread']), 'names %s' % names)
        check(re.fullmatch(rb'((child|parent|thread) \d\n)+', out), 'stdout is not clean')
        pids = {int(pid) for pid in re.findall(rb'^\[(\d+):0x', read(the_log()), re.M)}
        check(pids == {int(pid) for pid in re.findall(rb'pids (\d+)', err)}, 'pids %s' % pids)


def check_heap_oom(suite, node):
    with suite.case('an app that dies of its heap'):
        with fresh_logs():
            process = run(suite, [node, '--max-old-space-size=20', suite.app('oom')])
            status, out, err = finish(process)
        check(status == -signal.SIGABRT, 'status %d' % status)
        check(b'heap out of memory' in err, 'no fatal error')
        check(not re.search(rb'^\[\d+:0x', out, re.M), 'stdout is not clean')
        check(gc_lines(the_log())['full'] > 2, 'no collections')


def check_prompt(suite, node):
    with suite.case('a prompt without newline comes at once'):
        code = '''process.stdout.write('name? ');
            process.stdin.on('data', () => { process.stdout.write('['); });'''
        process = run(suite, [node, '-e', code], stdin=subprocess.PIPE)
        out = process.child.stdout.fileno()
        check(os.read(out, 100) == b'name? ', 'no prompt')
        for _ in range(2):
            process.child.stdin.write(b'x')
            process.child.stdin.flush()
            check(select.select([out], [], [], 5 * harness.PATIENCE)[0], 'held back')
            check(os.read(out, 100) == b'[', 'another prompt')
        process.stop(signal.SIGKILL)


def check_slow_reader(suite, node):
    with suite.case('a slow reader slows the app down'):
        code = '''let n = 0; const block = Buffer.alloc(65536, 'x');
            function more() { if (n++ < 800) process.stdout.write(block, more); }
            more();
            setInterval(() => { require('fs').writeFileSync(process.argv[1], String(n));
                                if (n > 800) process.exit(); }, 20);'''
        counted = suite.path('written')
        process = run(suite, [node, '-e', code, counted])
        last = [0, 0.0]

        def stands_still():
            count = int(read(counted) or b'0')
            if count != last[0]:
                last[:] = [count, time.monotonic()]
            return count > 0 and time.monotonic() - last[1] > 0.7
        suite.wait_until('the app to wait', stands_still, 20)
        check(last[0] < 100, 'it wrote %d blocks that nobody read' % last[0])
        with open('/proc/%d/status' % process.pid, encoding='ascii') as status:
            anonymous = int(re.search(r'RssAnon:\s+(\d+)', status.read()).group(1))
        check(anonymous < 4096, '%d kB of its own' % anonymous)
        status, out, _ = finish(process)
        check(status == 0 and len(out) == 800 * 65536, 'status %d, %d bytes' % (status, len(out)))


def check_closed(suite, node):
    with suite.case('an app learns that its reader is gone'):
        code = '''process.stdout.on('error', (error) => { console.error(error.code); process.exit(3); });
            setInterval(() => process.stdout.write('x'.repeat(1000)), 1);'''
        process = run(suite, [node, '-e', code])
        os.read(process.child.stdout.fileno(), 10)
        process.child.stdout.close()
        check(process.child.stderr.read() == b'EPIPE\n' and process.wait() == 3, 'no EPIPE')
    with suite.case('closed standard descriptors stay closed'):
        shell = 'exec "$0" run -- sh -c "$1" >&- <&-'
        show = '[ -e /proc/self/fd/0 ] && echo open >&2; echo out; exit 4'
        process = suite.spawn(['sh', '-c', shell, heapwatch(), show], stderr=subprocess.PIPE)
        status, _, err = finish(process)
        check(status == 4 and err == b'', 'status %d: %s' % (status, err))
    with suite.case('a reader sees the end when the app closes its stdout'):
        process = run(suite, ['sh', '-c', 'echo last; exec >&-; read x'], stdin=subprocess.PIPE)
        check(process.child.stdout.read() == b'last\n', 'other output')
        check(process.is_running(), 'ended with its stdout')
        process.child.stdin.close()
        check(process.wait() == 1, 'status %d' % process.child.returncode)
    with suite.case('what outlives the app keeps its stdout'):
        process = run(suite, ['sh', '-c', 'exec 3<&0; (read x <&3; echo later) & echo now; exit 5'],
                      stdin=subprocess.PIPE)
        check(process.wait() == 5, 'status %d' % process.child.returncode)
        process.child.stdin.write(b'\n')
        process.child.stdin.close()
        check(process.child.stdout.read() == b'now\nlater\n', 'other output')


# ---- status and signals ----

def check_status(suite, node):
    with suite.case('the exit status is that of the command'):
        for code, expected in (('exit 0', 0), ('exit 7', 7), ('exit 255', 255),
                               ('kill -TERM $$', -signal.SIGTERM), ('kill -KILL $$', -signal.SIGKILL),
                               ('kill -SEGV $$', -signal.SIGSEGV), ('kill -INT $$', -signal.SIGINT)):
            check(finish(run(suite, ['sh', '-c', code]))[0] == expected, code)
        check(finish(run(suite, [node, '-e', 'process.exitCode = 12']))[0] == 12, 'node')
    with suite.case('a command that cannot be run says why'):
        status, _, err = finish(run(suite, ['/nowhere/node']))
        check(status == 127 and b'No such file' in err, '%d %s' % (status, err))
        status, _, err = finish(run(suite, ['/etc/passwd']))
        check(status == 126 and b'ermission' in err, '%d %s' % (status, err))


def start_signals(suite, node, **options):
    process = run(suite, [node, suite.app('signals')], stdin=subprocess.PIPE, **options)
    line = process.child.stdout.readline()
    check(line.startswith(b'ready '), 'started with %s' % line)
    return process, int(line.split()[1])


def check_signals(suite, node):
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2, signal.SIGQUIT)
    for title, send in (('itself', os.kill), ('its process group', os.killpg)):
        with suite.case('a signal to %s reaches the app once' % title):
            process, _ = start_signals(suite, node)
            for number in numbers:
                send(process.pid, number)
                line = process.child.stdout.readline()
                check(line == b'got %s\n' % number.name.encode(), 'got %s' % line)
                time.sleep(0.1)  # for a second one that must not come
            process.child.stdin.close()
            check(process.wait() == 9, 'status %d' % process.child.returncode)
            rest = process.child.stdout.read()
            check(rest == b'', 'more signals: %s' % rest)
    with suite.case('a signal that ends the app ends it in the same way'):
        process, _ = start_signals(suite, node, env={**os.environ, 'TERM_KILLS': '1'})
        process.send(signal.SIGTERM)
        check(process.wait() == -signal.SIGTERM, 'status %d' % process.child.returncode)
    with suite.case('the app dies with a command that is killed'):
        process, pid = start_signals(suite, node)
        process.stop(signal.SIGKILL)
        suite.wait_until('its end', lambda: not os.path.exists('/proc/%d' % pid)
                         or state(pid) == 'Z', 10)
    with suite.case('stopping and going on'):
        # A group whose parent is in the same session: otherwise the kernel stops nobody.
        child = subprocess.Popen([heapwatch(), 'run', '--', node, suite.app('signals')],
                                 preexec_fn=os.setpgrp, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE)
        pid = int(child.stdout.readline().split()[1])
        for _ in range(2):
            os.kill(child.pid, signal.SIGTSTP)
            suite.wait_until('both to stop',
                             lambda: state(pid) == 'T' and state(child.pid) == 'T', 10)
            os.kill(child.pid, signal.SIGCONT)
            check(child.stdout.readline() == b'got SIGCONT\n', 'not told')
        child.stdin.close()
        check(child.wait(10) == 9, 'status %d' % child.returncode)


def check_first_process(suite, node):
    with suite.case('as the first process of a container it reaps and passes on'):
        unshare = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child']
        code = '''const child = require('child_process');
            process.on('SIGTERM', () => process.exit(6));
            // An orphan: its parent ends before it does.
            child.spawnSync('sh', ['-c', 'sleep 0.2 & exit 0']);
            setTimeout(() => {
              const states = child.execSync('cat /proc/[0-9]*/stat').toString();
              console.log(process.pid, process.ppid, / Z /.test(states));
            }, 1500);
            setInterval(() => {}, 1000);'''
        with fresh_logs():
            process = suite.spawn([*unshare, heapwatch(), 'run', '--', node, '-e', code],
                                  stdout=subprocess.PIPE)
            line = process.child.stdout.readline().split()
            check(line[1:] == [b'1', b'false'], 'pid, parent, zombies: %s' % line)
            check(os.path.basename(the_log()) == '%d.log' % int(line[0]), the_log())
        os.kill(children(process.pid)[0], signal.SIGTERM)
        check(process.wait() == 6, 'status %d' % process.child.returncode)
    with suite.case('as the first process it tells of a signal by its status'):
        process = suite.spawn([*unshare, heapwatch(), 'run', '--', 'sh', '-c', 'kill -TERM $$'])
        check(process.wait() == 128 + signal.SIGTERM, 'status %d' % process.child.returncode)


# ---- terminals ----

def set_size(fd, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))


class Terminal:
    """A command with a terminal of its own as its controlling one."""

    def __init__(self, suite, argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            time.sleep(0.1)  # until its size is set
            os.execv(argv[0], argv)
        set_size(self.fd, 97)
        self.suite, self.text = suite, b''

    def _read(self):
        with contextlib.suppress(OSError):
            while select.select([self.fd], [], [], 0.05)[0]:
                chunk = os.read(self.fd, 65536)
                if not chunk:
                    break
                self.text += chunk

    def wait_for(self, what):
        def seen():
            self._read()
            return what in self.text
        try:
            self.suite.wait_until('%r on the terminal' % what, seen, 10)
        except harness.Failure as error:
            raise harness.Failure('%s; there is %r' % (error, self.text[-400:])) from None

    def wait(self):
        def ended():
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return pid and [status]
        status = self.suite.wait_until('its end', ended, 20)[0]
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def check_terminal(suite, node):
    with suite.case('a terminal stays one: size, resizing, ^C once'):
        terminal = Terminal(suite, [heapwatch(), 'run', '--', node, suite.app('signals')])
        terminal.wait_for(b' true 97\r\n')
        set_size(terminal.fd, 61)
        terminal.wait_for(b'resized 61\r\n')
        os.write(terminal.fd, b'\x03')
        terminal.wait_for(b'got SIGINT\r\n')
        time.sleep(0.2)  # for a second one that must not come
        os.write(terminal.fd, b'end\n')
        check(terminal.wait() == 9, 'another status')
        check(terminal.text.count(b'got SIGINT') == 1, 'SIGINT came twice')
    with suite.case('on a terminal the output is the same, byte for byte'):
        texts = []
        script = suite.app('mixed')
        for prefix in ([], [heapwatch(), 'run', '--']):
            argv = [*prefix, node, script]
            terminal = Terminal(suite, ['/bin/sh', '-c', 'exec 2>/dev/null "$@"', 'sh', *argv])
            check(terminal.wait() == 0, 'failed')
            texts.append(terminal.text)
        check(texts[0] == texts[1], 'it differs: %d and %d bytes' % tuple(map(len, texts)))
    with suite.case('^Z stops the job and it goes on in the foreground'):
        terminal = Terminal(suite, ['/bin/bash', '--norc', '--noprofile', '-i'])
        os.write(terminal.fd, b'%s run -- %s %s\n' % (
            heapwatch().encode(), node.encode(), suite.app('signals').encode()))
        terminal.wait_for(b'ready ')
        os.write(terminal.fd, b'\x1a')
        terminal.wait_for(b'Stopped')
        os.write(terminal.fd, b'fg\n')
        terminal.wait_for(b'got SIGCONT')
        os.write(terminal.fd, b'end\n')
        os.write(terminal.fd, b'echo "status $?"; exit 0\n')
        terminal.wait_for(b'status 9\r\n')
        terminal.wait()


# ---- what is traced, and where to ----

def check_launch(suite, node):
    path = os.path.dirname(node) + ':' + os.environ['PATH']
    environment = {**os.environ, 'PATH': path, 'NODE_OPTIONS': '--no-warnings'}
    code = GARBAGE + 'console.log("done", process.env.NODE_OPTIONS)'
    script = suite.write('bin/tool', '#!/usr/bin/env node\n' + code)
    os.chmod(script, 0o755)
    for title, command, is_preload in (
            ('node by name', ['node', '-e', code], False),
            ('node behind other programs', ['env', 'A=b', 'nice', 'node', '-e', code], False),
            ('a shell', ['sh', '-c', 'node "$0"', script], True),
            ('a script', [script], True)):
        with suite.case('traced: ' + title), fresh_logs():
            status, out, err = finish(run(suite, command, env=environment))
            check(status == 0 and err == b'', '%d %s' % (status, err))
            check(out.startswith(b'done ') and out.count(b'\n') == 1, out)
            check(out.endswith(b'--no-warnings\n') and (b'preload.js' in out) == is_preload, out)
            check(gc_lines(the_log())['young'] > 2, 'no collections')
    with suite.case('a child whose output is parsed stays clean'), fresh_logs():
        parent = suite.write('bin/parent', '#!/usr/bin/env node\n' '''
            const out = require('child_process').execFileSync(process.execPath, ['-e', `
                %s console.log('{}')`]).toString();
            process.stdout.write(out); process.exit(out === '{}\\n' ? 0 : 1);''' % GARBAGE)
        os.chmod(parent, 0o755)
        status, out, err = finish(run(suite, [parent], env=environment))
        check(status == 0 and out == b'{}\n', '%d %s %s' % (status, out, err))


def check_rotation(suite):
    with suite.case('a long log is bounded and loses nothing at its turn'), fresh_logs():
        code = ('import os,sys\nfor n in range(30000): sys.stdout.write(%r %% (os.getpid(), n))\n'
                % LINE)
        status, out, _ = finish(run(suite, ['python3', '-c', code]))
        check(status == 0 and out == b'', 'stdout is not clean')
        new = the_log()
        for path in (new, new + '.1'):
            check(os.path.getsize(path) <= 2 << 20, 'too long')
        times = [int(found) for found in re.findall(rb' (\d+) ms: Sc', read(new + '.1') + read(new))]
        check(times == list(range(times[0], 30000)), 'lines are missing')


def check_places(suite, node):
    code = GARBAGE + 'console.log("done")'
    nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    environment = {name: value for name, value in os.environ.items() if name != 'XDG_RUNTIME_DIR'}
    for name in ('heapwatch', 'preload.js'):
        shutil.copy(os.path.join(os.path.dirname(heapwatch()), name), suite.path(name))
    binary = suite.path('heapwatch')
    with suite.case('a user of no rank writes where everybody may'), fresh_logs():
        process = suite.spawn([*nobody, binary, 'run', '--', 'python3', '-c',
                               'import os; print(%r %% (os.getpid(), 1), end="")' % LINE],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(finish(process) == (0, b'', b''), 'it failed')
        check(os.stat(the_log()).st_uid == 65534, 'of another user')
    os.chmod(DIRECTORY, 0o755)
    with suite.case('else below XDG_RUNTIME_DIR'), fresh_logs():
        runtime = suite.directory('runtime')
        os.chown(runtime, 65534, 65534)
        process = suite.spawn([*nobody, binary, 'run', '--', 'python3', '-c',
                               'import os; print(%r %% (os.getpid(), 1), end="")' % LINE],
                              env={**environment, 'XDG_RUNTIME_DIR': runtime},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        check(finish(process) == (0, b'', b''), 'it failed')
        check(len(glob.glob(runtime + '/heapwatch/*.log')) == 1, 'no log')
    with suite.case('without a place for the log the command runs all the same'):
        process = suite.spawn([*nobody, binary, 'run', '--', 'sh', '-c', 'echo out; exit 3'],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status, out, err = finish(process)
        check((status, out) == (3, b'out\n') and b'runs without a GC trace' in err, '%s' % err)
    os.chmod(DIRECTORY, 0o1777)
    with suite.case('--gc-log appends to a file'):
        log = suite.write('gc.log', 'first\n')
        process = suite.spawn([heapwatch(), 'run', '--gc-log=' + log, '--', node, '-e', code])
        check(process.wait() == 0 and read(log).startswith(b'first\n['), 'not appended')
        process = suite.spawn([heapwatch(), 'run', '--gc-log=/nowhere/x', '--', node, '-e', code])
        check(process.wait() == 1, 'status %d' % process.child.returncode)
    with suite.case('links and files of others in the directory are left alone'), fresh_logs():
        victim = suite.write('victim', 'precious\n')
        for pid in range(os.getpid(), os.getpid() + 3000):
            os.symlink(victim, '%s/%d.log' % (DIRECTORY, pid))
        status, _, err = finish(run(suite, ['python3', '-c', (
            'import os; print(%r %% (os.getpid(), 1), end="")' % LINE)]))
        check(status == 0, '%d %s' % (status, err))
        check(read(victim) == b'precious\n', 'it was written to')
        check(len(glob.glob(DIRECTORY + '/*-2.log')) == 1, 'no log')


def check_daemon(suite, node):
    with suite.case('heapwatchd finds the log by its defaults and counts the same'), fresh_logs():
        daemon = suite.daemon(config=CONFIG)
        process = run(suite, [node, '--max-semi-space-size=1', suite.app('leaking', 'wrapped')],
                      stdout=subprocess.DEVNULL)
        suite.wait_until('collections', lambda: gc_counts(
            daemon.scrape(), 'wrapped')['young'] > 20, 30)
        os.kill(children(process.pid)[0], signal.SIGSTOP)
        suite.wait_until('the same counts', lambda: gc_counts(
            daemon.scrape(), 'wrapped') == gc_lines(the_log()), 10)
        process.kill()
        check(daemon.stop() == 0, 'heapwatchd did not end well')


def main():
    with Suite('run', 300) as suite:
        own_directory()
        node = any_node()
        for version in VERSIONS:
            check_bytes(suite, version)
            check_family(suite, version)
        check_heap_oom(suite, node)
        check_prompt(suite, node)
        check_slow_reader(suite, node)
        check_closed(suite, node)
        check_status(suite, node)
        check_signals(suite, node)
        check_first_process(suite, node)
        check_terminal(suite, node)
        check_launch(suite, node)
        check_rotation(suite)
        check_places(suite, node)
        check_daemon(suite, node)


main()
