#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatch top: once and in a terminal (tmux): keys, details, sizes, hostile names, a heapwatchd that
goes and comes, unix sockets, TLS with a password, and the terminal as it was when it ends."""
import itertools
import os
import signal
import subprocess

from harness import Suite, any_node, check, heapwatchd_path, tool

CONFIG = """
sampling: { interval: 500ms }
scoring: { time_scale: 240 }
discovery: { min_age: 0s }
"""
HOSTILE = 'evil\x1b]0;owned\x07\x1b[2J'
SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..'))
TLS = os.path.join(SOURCE, 'tests', 'fixtures', 'tls')
PASSWORD_HASH = '$2b$05$dM11GlBvyv6WM.NyG2np6.t27pvwEhhj9LD8rVc9HqLVqNmBrzxDG'  # test
NUMBERS = itertools.count()  # of tmux servers


def heapwatch():
    return os.path.join(os.path.dirname(heapwatchd_path()), 'heapwatch')


def once(*arguments, env=None):
    return subprocess.run([heapwatch(), 'top', *arguments], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL, timeout=60,
                          env={**os.environ, **(env or {})})


class Terminal:
    """A tmux server of its own with one window."""

    def __init__(self, suite, command, width=100, height=20):
        self.suite = suite
        # A server that was ended may take a moment to go, and with it a session made meanwhile.
        name = 'heapwatch-%d-%d' % (os.getpid(), next(NUMBERS))
        self.tmux = [tool('tmux'), '-L', name, '-f', '/dev/null']
        self.run('new-session', '-d', '-x', str(width), '-y', str(height),
                 "sh -c '%s; echo STATUS $?; stty -a; exec cat'" % command)

    def run(self, *words):
        return subprocess.run([*self.tmux, *words], capture_output=True, text=True, check=False,
                              env={**os.environ, 'LC_ALL': 'C.UTF-8'}).stdout

    def text(self):
        return self.run('capture-pane', '-p')

    def keys(self, *keys):
        self.run('send-keys', *keys)

    def wait(self, what, condition):
        def shown():
            text = self.text()
            check(condition(text), text)
            return text
        return self.suite.wait_until(what, shown, 20)

    def resize(self, width, height):
        self.run('resize-window', '-x', str(width), '-y', str(height))

    def pid(self):
        shell = int(self.run('display-message', '-p', '#{pane_pid}'))
        with open('/proc/%d/task/%d/children' % (shell, shell), encoding='ascii') as children:
            return int(children.read().split()[0])

    def close(self):
        self.run('kill-server')


def rows(text):
    return [line.split()[0] for line in text.splitlines() if '/0' in line]


def check_once(suite, daemon):
    with suite.case('printed once where there is no terminal, worst first'):
        out = once('--url=' + daemon.url(''))
        check(out.returncode == 0 and out.stderr == '', out)
        check(out.stdout.startswith('PROCESS ') and '\x1b' not in out.stdout, out.stdout)
        check(rows(out.stdout)[0] == 'leaking/0', out.stdout)
        check(len(out.stdout.splitlines()) == 4, out.stdout)
        check('evil\ufffd]0;owned\ufffd\ufffd[2J/0' in out.stdout, out.stdout)
        by_name = once('--url=' + daemon.url('/'), '--sort=name', '--once').stdout
        check(rows(by_name) == sorted(rows(by_name)), by_name)
    with suite.case('errors have a status and a reason'):
        for arguments, status in ((('--url=http://127.0.0.1:1',), 1),
                                  (('--url=' + daemon.url('/metrics'),), 1),
                                  (('--url=ftp://127.0.0.1',), 2), (('--sort=x',), 2),
                                  (('--interval=1ms',), 2), (('more',), 2)):
            out = once(*arguments)
            check(out.returncode == status and out.stderr.startswith('heapwatch top: '), out)


def check_keys(suite, daemon):
    with suite.case('in a terminal: rows, orders, details, sizes'):
        terminal = Terminal(suite, '%s top --interval=500ms --url=%s' % (heapwatch(), daemon.url('')))
        text = terminal.wait('the table', lambda text: 'leaking/0' in text)
        check('3 processes, 1 leak' in text and 'q quit' in text, text)
        check(rows(text)[0] == 'leaking/0', text)
        terminal.keys('n')
        terminal.wait('the order by name', lambda text: rows(text) == sorted(rows(text))
                      and rows(text)[0] != 'leaking/0')
        terminal.keys('r')
        terminal.wait('the reverse', lambda text: rows(text)[0] == 'leaking/0')
        terminal.keys('v', 'r', 'Home', 'Enter')
        text = terminal.wait('details', lambda text: 'Why' in text and 'Since' in text)
        check('leaking/0' in text and 'Esc back' in text, text)
        terminal.keys('Down', 'Down', 'Down')
        terminal.wait('the rest', lambda text: 'Since' not in text)
        terminal.keys('Escape')
        terminal.wait('the table', lambda text: 'PROCESS' in text)
        terminal.resize(50, 8)
        text = terminal.wait('a small table', lambda text: 'PID' not in text and 'q quit' in text)
        check('leaking/0' in text and len(text.rstrip('\n').split('\n')) == 8, text)
        terminal.resize(140, 30)
        terminal.wait('a large table', lambda text: 'PID' in text)
        check('owned' not in terminal.run('display-message', '-p', '#{pane_title}'), 'a title')
        terminal.keys('q')
        text = terminal.wait('the end', lambda text: 'STATUS 0' in text)
        check(' icanon' in text and ' echo ' in text, text)
        terminal.close()


def check_outage(suite, daemon):
    with suite.case('a heapwatchd that does not answer is said, what was shown stays'):
        terminal = Terminal(suite, '%s top --interval=300ms --url=%s' % (heapwatch(), daemon.url('')))
        terminal.wait('the table', lambda text: 'leaking/0' in text)
        daemon.stop()
        terminal.wait('the trouble', lambda text: 'no answer' in text and 'leaking/0' in text)
        os.kill(terminal.pid(), signal.SIGTERM)
        text = terminal.wait('the end', lambda text: 'STATUS 143' in text)
        check(' icanon' in text and ' echo ' in text, text)
        terminal.close()


def check_stop(suite, daemon):
    with suite.case('^Z gives the terminal back, and fg goes on'):
        terminal = Terminal(suite, 'bash --norc -i')
        terminal.keys('%s top --url=%s' % (heapwatch(), daemon.url('')), 'Enter')
        terminal.wait('the table', lambda text: 'leaking/0' in text)
        terminal.keys('C-z')
        terminal.wait('the shell', lambda text: 'Stopped' in text)
        terminal.keys('stty -a | grep -c " icanon"', 'Enter')
        terminal.wait('its settings', lambda text: '\n1\n' in text)
        terminal.keys('fg', 'Enter')
        terminal.wait('the table again', lambda text: 'PROCESS' in text and 'Stopped' not in text)
        terminal.keys('C-c')
        terminal.wait('the shell again', lambda text: 'Stopped' in text)
        terminal.close()


def check_doors(suite):
    with suite.case('through a unix socket, and through TLS with a password'):
        path = suite.path('socket')
        web = suite.write('web.yml', 'tls_server_config: { cert_file: %s/server.pem, key_file: '
                          '%s/server.key }\nbasic_auth_users: { user: "%s" }\n' % (TLS, TLS,
                                                                           PASSWORD_HASH))
        plain = suite.daemon('--web.listen-address=unix:' + path, config=CONFIG)
        suite.wait_until('a process', lambda: 'idle/0' in once('--url=unix:' + path).stdout, 20)
        plain.stop()
        secured = suite.daemon('--web.config.file=' + web, config=CONFIG)
        url = 'https://%s127.0.0.1:%d'
        ca = '--tls-ca-file=%s/ca.pem' % TLS
        out = once('--url=' + url % ('user:test@', secured.port), ca)
        check(out.returncode == 0 and out.stdout.startswith('PROCESS'), out)
        out = once('--url=' + url % ('', secured.port), ca)
        check(out.returncode == 1 and 'it answered 401' in out.stderr, out)
        out = once('--url=' + url % ('user:test@', secured.port))
        check(out.returncode == 1 and 'user:test' not in out.stderr, out)


def main():
    with Suite('top', 150) as suite:
        node = any_node()
        flags = ('--max-semi-space-size=1', '--max-old-space-size=256')
        suite.node(node, suite.app('leaking'), log=suite.path('leaking.log'), flags=flags,
                   env={'KEEP': '900'})
        for app in ('idle', HOSTILE):
            suite.node(node, suite.app('idle', app))
        daemon = suite.daemon(config=CONFIG)
        suite.wait_until('the leak', lambda: ' leak ' in once('--url=' + daemon.url('')).stdout, 60)
        check_once(suite, daemon)
        check_keys(suite, daemon)
        check_stop(suite, daemon)
        check_outage(suite, daemon)
        check_doors(suite)


main()
