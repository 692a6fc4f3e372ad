#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TLS, passwords, sockets, reloads and rights, with the clients that people use."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import urllib.request

from harness import HERE, Suite, any_node, check, heapwatchd_path, pids, tool

KEYS = os.path.join(HERE, '..', 'fixtures', 'tls')
CONFIG = 'sampling: { interval: 1s }\ndiscovery: { min_age: 0s }\n'
PASSWORD = '$2b$05$dM11GlBvyv6WM.NyG2np6.t27pvwEhhj9LD8rVc9HqLVqNmBrzxDG'  # test
USERS = 'basic_auth_users: { bob: "%s" }\n' % PASSWORD
TLS = ('tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n')
MUTUAL = TLS + ('  client_auth_type: RequireAndVerifyClientCert\n'
                '  client_ca_file: ca.pem\n')


class Secured:
    """A daemon with a web configuration, and curl."""

    def __init__(self, suite, name, web_config, *flags):
        self.suite, self.folder = suite, suite.directory(name)
        for file in ('server.pem', 'server.key', 'ca.pem'):
            shutil.copy(os.path.join(KEYS, file), self.folder)
        self.config = suite.write(name + '/config.yml', CONFIG)
        self.web_config = suite.write(name + '/web.yml', web_config)
        with socket.create_server(('127.0.0.1', 0)) as probe:
            self.port = probe.getsockname()[1]
        self.log_path = os.path.join(self.folder, 'log')
        argv = [heapwatchd_path(), '--config.file=' + self.config,
                '--web.config.file=' + self.web_config,
                '--storage.path=' + os.path.join(self.folder, 'state'),
                *(flags or ['--web.listen-address=127.0.0.1:%d' % self.port])]
        if flags and flags[0].startswith('activate'):
            argv = [tool('systemd-socket-activate'), '-l', '127.0.0.1:%d' % self.port, *argv[:-1],
                    '--web.systemd-socket']
        with open(self.log_path, 'wb') as log:
            self.process = suite.spawn(argv, stderr=log)
        if not flags or not flags[0].startswith('activate'):
            suite.wait_until('it to listen', lambda: 'ready processes' in self.log(), 20)

    def log(self):
        with open(self.log_path, encoding='utf-8') as log:
            return log.read()

    def curl(self, path, *options, scheme='https', address=None):
        """The status, 0 when there was no answer."""
        result = subprocess.run(
            [tool('curl'), '-s', '-o', '/dev/null', '-m', '10', '-w', '%{http_code}',
             '--cacert', os.path.join(KEYS, 'ca.pem'), *options,
             '%s://%s%s' % (scheme, address or 'localhost:%d' % self.port, path)],
            capture_output=True, check=False)
        return int(result.stdout)

    def stop(self):
        self.process.send(signal.SIGTERM)
        check(self.process.wait(10) == 0, 'ended with %s: %s' % (self.process.child.returncode,
                                                                 self.log()))


def client(name):
    return ('--cert', os.path.join(KEYS, name + '.pem'), '--key', os.path.join(KEYS, name + '.key'))


def expect(table):
    for what, found, wanted in table:
        check(found == wanted, '%s: %s instead of %s' % (what, found, wanted))


def check_mutual_tls(suite):
    secured = Secured(suite, 'mutual', MUTUAL)
    with suite.case('TLS: only a client with a certificate of the CA is let in'):
        expect((('none', secured.curl('/metrics'), 0),
                ('foreign', secured.curl('/metrics', *client('foreign-client')), 0),
                ('good', secured.curl('/metrics', *client('client')), 200),
                ('TLS 1.2', secured.curl('/metrics', '--tls-max', '1.2', *client('client')), 200),
                ('TLS 1.1', secured.curl('/metrics', '--tls-max', '1.1', *client('client')), 0),
                ('plain HTTP', secured.curl('/metrics', scheme='http'), 0)))
    with suite.case('TLS: garbage and half a handshake harm nobody'):
        half = socket.create_connection(('127.0.0.1', secured.port))
        half.sendall(b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03')
        with socket.create_connection(('127.0.0.1', secured.port)) as garbage:
            garbage.sendall(os.urandom(4096))
        check(secured.curl('/metrics', *client('client')) == 200, 'no answer')
        half.close()
    secured.stop()


def serial(secured):
    result = subprocess.run([tool('openssl'), 's_client', '-connect', 'localhost:%d' % secured.port],
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return re.search(r'Peer signature type: (\S+)', result.stdout.decode()).group(1)


def check_passwords(suite):
    secured = Secured(suite, 'passwords', TLS + USERS)
    with suite.case('passwords: for everything but health and readiness'):
        expect((('none', secured.curl('/metrics'), 401),
                ('page', secured.curl('/'), 401),
                ('unknown path', secured.curl('/nothing'), 401),
                ('healthy', secured.curl('/-/healthy'), 200),
                ('ready', secured.curl('/-/ready'), 200),
                ('wrong', secured.curl('/metrics', '-u', 'bob:wrong'), 401),
                ('nobody', secured.curl('/metrics', '-u', 'eve:test'), 401),
                ('right', secured.curl('/metrics', '-u', 'bob:test'), 200)))
    with suite.case('passwords: guessing is slowed down, who is known is not'):
        guesses = [secured.curl('/metrics', '-u', 'bob:guess%d' % i) for i in range(12)]
        check(guesses[-1] == 429 and 401 in guesses, guesses)
        check(secured.curl('/metrics', '-u', 'bob:test') == 200, 'the right one is kept out')
    with suite.case('a certificate that changes is used at once, half a pair is not'):
        before = serial(secured)
        shutil.copy(os.path.join(KEYS, 'server-ec.pem'), os.path.join(secured.folder, 'server.pem'))
        check(serial(secured) == before, 'a certificate without its key was taken')
        shutil.copy(os.path.join(KEYS, 'server-ec.key'), os.path.join(secured.folder, 'server.key'))
        check(serial(secured) != before, 'still the old certificate')
        check('keeping the old one' in secured.log(), secured.log())
    with suite.case('a web configuration that changes holds at once, a wrong one never'):
        suite.write(secured.web_config, TLS + 'bogus: 1\n')
        check(secured.curl('/metrics') == 401, 'a wrong one opened the door')
        suite.write(secured.web_config, TLS)
        check(secured.curl('/metrics') == 200, 'still asks for a password')
        suite.write(secured.web_config, TLS + USERS)
        check(secured.curl('/metrics') == 401, 'asks for no password')
    with suite.case('TLS is not turned off without a restart, and passwords stay'):
        suite.write(secured.web_config, 'http_server_config: { headers: {} }\n')
        expect((('plain HTTP', secured.curl('/metrics', scheme='http'), 0),
                ('TLS', secured.curl('/metrics'), 401)))
        check('turns TLS on or off, which needs a restart' in secured.log(), secured.log())
        suite.write(secured.web_config, TLS + USERS)
        check(secured.curl('/metrics', '-u', 'bob:test') == 200, 'no answer')
    check_prometheus(suite, secured)
    secured.stop()


def check_prometheus(suite, secured):
    with suite.case('Prometheus scrapes it over TLS with its password'):
        prometheus = tool('prometheus')
        config = suite.write('prometheus.yml', json.dumps({
            'global': {'scrape_interval': '1s'},
            'scrape_configs': [{
                'job_name': 'heapwatch', 'scheme': 'https',
                'basic_auth': {'username': 'bob', 'password': 'test'},
                'tls_config': {'ca_file': os.path.abspath(os.path.join(KEYS, 'ca.pem')),
                               'server_name': 'localhost'},
                'static_configs': [{'targets': ['127.0.0.1:%d' % secured.port]}]}]}))
        with socket.create_server(('127.0.0.1', 0)) as probe:
            port = probe.getsockname()[1]
        process = suite.spawn([prometheus, '--config.file=' + config,
                               '--storage.tsdb.path=' + suite.directory('tsdb'),
                               '--web.listen-address=127.0.0.1:%d' % port])

        def is_up():
            with urllib.request.urlopen('http://127.0.0.1:%d/api/v1/query?query=heapwatch_build_info'
                                        % port, timeout=5) as answer:
                return json.load(answer)['data']['result']
        suite.wait_until('the metrics in Prometheus', is_up, 30)
        process.stop(signal.SIGTERM)


def check_activation(suite):
    with suite.case('sockets of systemd are served, with TLS'):
        tool('systemd-socket-activate')
        secured = Secured(suite, 'activated', TLS, 'activate')
        suite.wait_until('an answer', lambda: secured.curl('/-/healthy') == 200, 20)
        secured.stop()
    with suite.case('--web.systemd-socket without a socket is an error'):
        result = subprocess.run([heapwatchd_path(), '--web.systemd-socket',
                                 '--storage.path=' + suite.directory('none')],
                                capture_output=True, check=False, timeout=30)
        check(result.returncode == 1 and b'systemd-socket' in result.stderr, result)


def check_unix_socket(suite):
    with suite.case('a unix socket: its directory, its mode, its end'):
        path = suite.path('run/deep.sock')
        secured = Secured(suite, 'unix', '', '--web.listen-address=unix:' + path)
        check(os.stat(path).st_mode & 0o777 == 0o660, oct(os.stat(path).st_mode))
        check(secured.curl('/metrics', '--unix-socket', path, scheme='http',
                           address='localhost') == 200, 'no answer')
        secured.stop()
        check(not os.path.exists(path), 'the socket is left behind')


def check_reload(suite, node):
    secured = Secured(suite, 'reload', '', '--web.enable-lifecycle', '--web.listen-address=127.0.0.1:0')
    secured.port = int(re.search(r'127\.0\.0\.1:(\d+)', secured.log()).group(1))

    def reload(*options):
        return secured.curl('/-/reload', *options, scheme='http')

    def scrape():
        with urllib.request.urlopen('http://127.0.0.1:%d/metrics' % secured.port,
                                    timeout=10) as answer:
            import exposition  # pylint: disable=import-outside-toplevel
            return exposition.parse(answer.read().decode())
    with suite.case('POST /-/reload, as in Prometheus'):
        expect((('GET', reload(), 405), ('POST', reload('-X', 'POST'), 200),
                ('PUT', reload('-X', 'PUT'), 200), ('DELETE', reload('-X', 'DELETE'), 405),
                ('another origin', reload('-X', 'POST', '-H', 'Origin: http://evil.test'), 403),
                ('another site', reload('-X', 'POST', '-H', 'Sec-Fetch-Site: cross-site'), 403)))
    with suite.case('a rule that is added names what runs, and one that ignores lets it go'):
        process = suite.node(node, suite.app('idle', 'renamed'))
        suite.wait_until('it', lambda: process.pid in pids(scrape()), 20)
        rule = 'apps: [{ match: { script: "*/renamed.js" }, %s }]\n'
        suite.write(secured.config, CONFIG + rule % 'name: another')
        check(reload('-X', 'POST') == 200, 'not reloaded')
        suite.wait_until('its new name', lambda: scrape().one('heapwatch_process_info',
                                                              app='another'), 20)
        suite.write(secured.config, CONFIG + rule % 'ignore: true')
        check(reload('-X', 'POST') == 200, 'not reloaded')
        suite.wait_until('its series to end', lambda: process.pid not in pids(scrape()), 20)
    with suite.case('a wrong configuration is refused with the reason'):
        suite.write(secured.config, 'bogus: 1\n')
        check(reload('-X', 'POST') == 500, 'not refused')
        check(scrape().value('heapwatch_config_last_reload_successful') == 0, 'said to be fine')
        suite.write(secured.config, CONFIG)
        secured.process.send(signal.SIGHUP)
        suite.wait_until('SIGHUP', lambda: scrape().value(
            'heapwatch_config_last_reload_successful') == 1, 10)
        suite.wait_until('what was ignored', lambda: process.pid in pids(scrape()), 70)
    secured.stop()
    closed = Secured(suite, 'closed', '')
    with suite.case('without --web.enable-lifecycle a reload is forbidden'):
        check(closed.curl('/-/reload', '-X', 'POST', scheme='http') == 403, 'not forbidden')
    with suite.case('rights: no capability but those in use, no new ones, calls are filtered'):
        with open('/proc/%d/status' % closed.process.pid, encoding='utf-8') as status:
            text = status.read()
        held = int(re.search(r'CapPrm:\s+(\w+)', text).group(1), 16)
        check(held & ~(1 << 2 | 1 << 19) == 0, 'capabilities %x' % held)
        check(re.search(r'NoNewPrivs:\s+1', text), text)
        check(re.search(r'Seccomp:\s+2', text), 'no filter: %s' % text)
    closed.stop()


def main():
    with Suite('security', 240) as suite:
        node = any_node()
        check_mutual_tls(suite)
        check_passwords(suite)
        check_activation(suite)
        check_unix_socket(suite)
        check_reload(suite, node)


main()
