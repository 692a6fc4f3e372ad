#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is scraped: both formats by a real Prometheus, processes found by /sd, prom-client's families
and its counts beside ours, the API, and clients that misbehave beside one that does not."""
import contextlib
import gzip
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import exposition
from harness import (PATIENCE, Prometheus, Skip, Suite, any_node, cache_dir, check, comment,
                     gc_counts, gc_lines, pid_of)

CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
discovery: { min_age: 0s }
"""
PROM_CLIENT = 'prom-client-15.1.3'
OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'

# What the dashboards made for prom-client ask of it, as far as /proc and a GC trace know it.
DASHBOARD = (
    'sum(nodejs_version_info{JOB}) by (version, instance)',
    'changes(process_start_time_seconds{JOB}[1m])',
    'irate(process_cpu_user_seconds_total{JOB}[1m])',
    'irate(process_cpu_system_seconds_total{JOB}[1m])',
    'irate(process_cpu_seconds_total{JOB}[1m])',
    'process_resident_memory_bytes{JOB}',
    'process_virtual_memory_bytes{JOB}',
    'process_heap_bytes{JOB}',
    'process_open_fds{JOB} / process_max_fds{JOB}',
    'nodejs_heap_size_total_bytes{JOB}',
    'nodejs_heap_size_used_bytes{JOB}',
    'avg_over_time(nodejs_heap_size_used_bytes{JOB}[1m])',
    'nodejs_external_memory_bytes{JOB}',
    'nodejs_heap_space_size_used_bytes{JOB}',
    'sum(nodejs_heap_space_size_total_bytes{JOB}) by (space)',
    'sum(rate(nodejs_gc_duration_seconds_sum{JOB}[1m])) by (kind)',
    'sum(rate(nodejs_gc_duration_seconds_count{JOB}[1m])) by (instance, kind)',
    'histogram_quantile(0.99, sum(rate(nodejs_gc_duration_seconds_bucket{JOB}[1m])) by (le))',
)


# Exits with an error for whatever the specification does not allow.
STRICT_PARSER = """
import sys
from prometheus_client.openmetrics import parser
print(len(list(parser.text_string_to_metric_families(sys.stdin.read()))))
"""


def python_with(module):
    """A Python that has the module: ours, or the one that Debian's packages are for."""
    for python in (sys.executable, '/usr/bin/python3'):
        if os.access(python, os.X_OK) and subprocess.run(
                [python, '-c', 'import ' + module], capture_output=True,
                check=False).returncode == 0:
            return python
    raise Skip('no Python with ' + module)


def fetch(daemon, path, **headers):
    """(headers, body) of a GET."""
    request = urllib.request.Request(daemon.url(path), headers={
        name.replace('_', '-'): value for name, value in headers.items()})
    with urllib.request.urlopen(request, timeout=10 * PATIENCE) as answer:
        return answer.headers, answer.read()


class TextOnly(http.server.BaseHTTPRequestHandler):
    """Passes a scrape on without its Accept header: Prometheus always prefers OpenMetrics."""

    daemon = None

    def do_GET(self):  # pylint: disable=invalid-name
        try:
            headers, body = fetch(self.daemon, self.path)
        except OSError as error: # it has ended
            self.send_error(502, str(error))
            return
        self.send_response(200)
        self.send_header('Content-Type', headers['Content-Type'])
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def serve_text_only(daemon):
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), TextOnly)
    TextOnly.daemon = daemon
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


# ---- formats ----

def check_formats(suite, daemon):
    with suite.case('the format is that of Accept, and both say the same'):
        headers, text = fetch(daemon, '/metrics')
        check(headers['Content-Type'] == PROMETHEUS_TEXT, headers['Content-Type'])
        headers, openmetrics = fetch(daemon, '/metrics', Accept='application/openmetrics-text')
        check(headers['Content-Type'] == OPENMETRICS, headers['Content-Type'])
        check(openmetrics.endswith(b'\n# EOF\n') and b'# EOF' not in text, 'no end')
        names = [set(exposition.parse(body.decode()).by_name) for body in (text, openmetrics)]
        check(names[0] == names[1], names[0] ^ names[1])
    with suite.case('gzip where it is taken'):
        headers, body = fetch(daemon, '/metrics', Accept_Encoding='gzip')
        check(headers['Content-Encoding'] == 'gzip', headers)
        exposition.parse(gzip.decompress(body).decode())
        headers, body = fetch(daemon, '/metrics', Accept_Encoding='gzip;q=0')
        check(headers['Content-Encoding'] is None and body.startswith(b'# HELP'), headers)
    with suite.case('a strict OpenMetrics parser reads it'):
        text = fetch(daemon, '/metrics', Accept='application/openmetrics-text')[1]
        result = subprocess.run([python_with('prometheus_client'), '-c', STRICT_PARSER], input=text,
                                capture_output=True, check=False)
        check(result.returncode == 0, result.stderr.decode())
        check(int(result.stdout) > 20, 'only %s families' % result.stdout)


def check_cardinality(suite, daemon, app):
    with suite.case('a process with a trace has at most 75 series, and those of --trace-gc-verbose'):
        suite.wait_until('its proportional memory, the last to come', lambda: daemon.scrape().find(
            'heapwatch_process_proportional_memory_bytes', app=app), 30)
        series = [line for line in daemon.last_scrape.split('\n') if 'app="%s",slot' % app in line
                  and not re.match('heapwatch_(heap_space_used|external_memory)_bytes', line)]
        check(60 < len(series) <= 75, '%d series' % len(series))


def start_prometheus(suite, daemon):
    address = '127.0.0.1:%d' % daemon.port
    return Prometheus(suite, [
        {'job_name': 'openmetrics', 'static_configs': [{'targets': [address]}]},
        {'job_name': 'text', 'static_configs': [
            {'targets': ['127.0.0.1:%d' % serve_text_only(daemon)]}]},
        {'job_name': 'node',
         'http_sd_configs': [{'url': daemon.url('/sd'), 'refresh_interval': '1s'}],
         'relabel_configs': [{'source_labels': ['app', 'slot'], 'separator': '/',
                              'target_label': 'instance'}]}])


def check_prometheus(suite, daemon, app, process):
    with suite.case('Prometheus ingests OpenMetrics, text and the processes of /sd'):
        prometheus = start_prometheus(suite, daemon)

        def all_up():
            targets = {(target['labels']['job'], target['labels']['instance']): target
                       for target in prometheus.targets()}
            check(('node', app + '/0') in targets, sorted(targets))
            check({job for job, _ in targets} == {'openmetrics', 'text', 'node'}, sorted(targets))
            wrong = [(key, target['lastError']) for key, target in targets.items()
                     if target['health'] != 'up' or target['lastError']]
            check(not wrong, wrong)
            return True
        suite.wait_until('all targets to be up', all_up, 30)
    with suite.case('both formats gave Prometheus the same series'):
        def same():
            counts = [int(prometheus.query('count({job="%s",__name__=~"heapwatch_.+"})' % job)
                          [0]['value'][1]) for job in ('openmetrics', 'text')]
            check(counts[0] == counts[1] > 100, counts)
            return True
        suite.wait_until('the same number', same, 15)
    with suite.case('the queries of dashboards made for prom-client return data'):
        def all_there():
            empty = [expression for expression in DASHBOARD if not prometheus.query(
                expression.replace('JOB', 'job="node",instance="%s/0"' % app))]
            check(not empty, empty)
            return True
        suite.wait_until('data for each', all_there, 30)
    with suite.case('a target that is gone is no target any more'):
        process.stop(signal.SIGKILL)
        suite.wait_until('it to go', lambda: not [
            target for target in prometheus.targets()
            if target['labels']['instance'] == app + '/0'], 20)


# ---- prom-client beside us ----

def prom_client_path():
    path = os.path.join(cache_dir(), PROM_CLIENT, 'node_modules', 'prom-client')
    if not os.path.isdir(path):
        raise Skip('no ' + path)
    return path


def probe_counts(daemon, target):
    samples = exposition.parse(daemon.get('/probe?target=' + target)[1])
    name = 'nodejs_gc_duration_seconds_count'
    return {ours: int(samples.total(name, kind=theirs))
            for ours, theirs in (('young', 'minor'), ('full', 'major'))}


def check_prom_client(suite, daemon, node):
    with suite.case('GCs under busy ticks: ours are those of the trace, in /metrics and in /probe'):
        out, log = suite.path('prom-client.txt'), suite.path('promclient.log')
        suite.node(node, suite.app('promclient'), log=log, flags=['--max-semi-space-size=1'],
                   env={'PROM_CLIENT': prom_client_path(), 'OUT': out})
        suite.wait_until('prom-client to have counted', lambda: os.path.exists(out), 30)

        def equal():
            before = gc_lines(log)
            native = gc_counts(daemon.scrape(), 'promclient')
            probe = probe_counts(daemon, 'promclient/0')
            check(before == gc_lines(log), 'the log goes on')
            check(before == native == probe, 'trace %s, ours %s, /probe %s'
                  % (before, native, probe))
            return before
        trace = suite.wait_until('the counts to be equal', equal, 20)
        check(trace['young'] > 50, 'too few to tell: %s' % trace)
        with open(out, encoding='utf-8') as text:
            theirs = exposition.parse(text.read())
        count = int(theirs.total('nodejs_gc_duration_seconds_count', kind='minor') +
                    theirs.total('nodejs_gc_duration_seconds_count', kind='major'))
        comment('trace %d, heapwatch %d, prom-client %d'
                % (sum(trace.values()), sum(trace.values()), count))
        check(count <= sum(trace.values()), 'prom-client counted more: %d' % count)
    with suite.case('/probe has the families of a real prom-client, word by word'):
        with open(out, encoding='utf-8') as text:
            theirs = re.findall('^# .*', text.read(), re.M)
        ours = re.findall('^# .*', daemon.get('/probe?target=promclient/0')[1], re.M)
        check(ours == theirs, sorted(set(ours) ^ set(theirs)))


# ---- the rest of HTTP ----

def check_api(suite, daemon, app):
    with suite.case('/sd, /probe and the API name the same processes'):
        pid = pid_of(daemon.scrape(), app)
        listed = json.loads(daemon.get('/sd')[1])
        mine = [item for item in listed if item['labels']['app'] == app]
        check(mine == [{'targets': ['127.0.0.1:%d' % daemon.port],
                        'labels': {'__metrics_path__': '/probe', '__param_target': app + '/0',
                                   'app': app, 'slot': '0'}}], mine)
        processes = json.loads(daemon.get('/api/v1/processes')[1])['processes']
        check(len(processes) == len(listed), '%d, %d' % (len(processes), len(listed)))
        one = json.loads(daemon.get('/api/v1/processes/%s/0' % app)[1])
        check(one['pid'] == pid and one['memory']['resident_bytes'] > 1 << 20, one)
        by_pid = daemon.get('/probe?target=pid:%d' % pid)[1]
        check(exposition.parse(by_pid).value('process_resident_memory_bytes') > 1 << 20, by_pid)
    for path, method, expected in (
            ('/probe', 'GET', 400), ('/probe?target=', 'GET', 400),
            ('/probe?target=nobody', 'GET', 400), ('/probe?target=nobody/0', 'GET', 404),
            ('/probe?target=pid:1x', 'GET', 400), ('/probe?target=pid:999999', 'GET', 404),
            ('/probe?target=%s/0&format=xml' % app, 'GET', 400),
            ('/probe?target=%s/0&format=otel' % app, 'GET', 200),
            ('/probe?target=%s/0' % app, 'POST', 405), ('/sd', 'PUT', 405),
            ('/api/v1/processes/%s' % app, 'GET', 404), ('/api/v1/processes/', 'GET', 404),
            ('/api/v1/processes/%s/1' % app, 'GET', 404),
            ('/api/v1/processes/%%6%x%s/0' % (ord(app[0]) & 15, app[1:]), 'GET', 200),
            ('/api/v1/processes', 'DELETE', 405), ('/api/v1', 'GET', 404)):
        with suite.case('%s %s: %d' % (method, path, expected)):
            status, _ = daemon.get(path, method)
            check(status == expected, 'answered %d' % status)
    with suite.case('a hostile Host is no target'):
        for host in ('x"y', 'a b', 'evil/', ''):
            with socket.create_connection(('127.0.0.1', daemon.port)) as client:
                client.sendall(b'GET /sd HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n'
                               % host.encode())
                status = client.makefile('rb').readline()
                check(b' 400 ' in status, '%r: %r' % (host, status))


# ---- bad clients ----

def resident_bytes(pid):
    with open('/proc/%d/statm' % pid, encoding='ascii') as file:
        return int(file.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')


def drip(sockets, stop):
    """A byte of a header a second on each, as slowly as a timeout between bytes allows."""
    while not stop.wait(1):
        for client in sockets:
            with contextlib.suppress(OSError):
                client.send(b'x')


def open_bad(port, count, first=b''):
    clients = []
    for _ in range(count):
        client = socket.create_connection(('127.0.0.1', port))
        client.sendall(first)
        clients.append(client)
    return clients


def scrape_in_parallel(daemon, count, rounds):
    """Durations of scrapes, and what went wrong."""
    durations, errors = [], []

    def run():
        for _ in range(rounds):
            start = time.monotonic()
            try:
                exposition.parse(gzip.decompress(
                    fetch(daemon, '/metrics', Accept_Encoding='gzip')[1]).decode())
                durations.append(time.monotonic() - start)
            except Exception as error:  # pylint: disable=broad-except
                errors.append(error)
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(durations), errors


def check_bad_clients(suite):
    daemon = suite.daemon('--web.max-requests=80', config=CONFIG)
    suite.wait_until('/-/ready', lambda: daemon.get('/-/ready')[0] == 200, 10)
    scrape_in_parallel(daemon, 4, 3)
    before = resident_bytes(daemon.pid)
    stop = threading.Event()
    bad = (open_bad(daemon.port, 1000) +
           open_bad(daemon.port, 30, b'GET /metrics HTTP/1.1\r\nX-Slow: ') +
           open_bad(daemon.port, 10, b'GET /' + b'a' * 100000) +
           open_bad(daemon.port, 10, b'GET /metrics HTTP/1.1\r\nX: ' + b'b' * 100000) +
           open_bad(daemon.port, 10, b'GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n' * 100) +
           open_bad(daemon.port, 10, b'PROPFIND / HTTP/1.1\r\nContent-Length: 99\r\n\r\n'))
    threading.Thread(target=drip, args=(bad[1000:1030], stop), daemon=True).start()
    with suite.case('a good scraper does not notice 1,070 bad clients'):
        durations, errors = scrape_in_parallel(daemon, 1, 40)
        check(not errors, errors)
        comment('slowest of 40: %.0f ms' % (durations[-1] * 1000))
        check(durations[-1] < 1 * PATIENCE, '%.3f s' % durations[-1])
    with suite.case('nor do 64 of them at once'):
        durations, errors = scrape_in_parallel(daemon, 64, 5)
        check(not errors, errors[:3])
        check(len(durations) == 320, len(durations))
    with suite.case('the memory for them is bounded'):
        grown = resident_bytes(daemon.pid) - before
        comment('%.1f MB more' % (grown / 1e6))
        check(grown < 16 << 20, '%d bytes more' % grown)
    with suite.case('most of them are gone already, and the daemon is not'):
        stop.set()
        gone = 0
        for client in bad:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while client.recv(65536):
                    pass
                gone += 1
            client.close()
        check(gone > 700, 'only %d of %d' % (gone, len(bad)))
        check(daemon.is_running() and daemon.get('/-/healthy')[0] == 200, 'it does not answer')
    with suite.case('beyond --web.max-requests it answers 503, or is done before'):
        narrow = suite.daemon('--web.max-requests=1', config=CONFIG)
        suite.wait_until('/-/ready', lambda: narrow.get('/-/ready')[0] == 200, 10)
        _, errors = scrape_in_parallel(narrow, 8, 10)
        check(all('503' in str(error) for error in errors), errors[:3])
        check(narrow.get('/metrics')[0] == 200, 'no room afterwards')


def main():
    with Suite('scrape', 300) as suite:
        node = any_node()
        daemon = suite.daemon(config=CONFIG)
        app = 'dashboard'
        process = suite.node(node, suite.app('leaking', app), log=suite.path('dashboard.log'),
                             flags=['--trace-gc-verbose'], env={'KEEP': '0'})
        suite.wait_until('its collections', lambda: gc_counts(
            daemon.scrape(), app)['full'] > 0, 30)
        check_formats(suite, daemon)
        check_cardinality(suite, daemon, app)
        check_api(suite, daemon, app)
        check_prometheus(suite, daemon, app, process)
        check_prom_client(suite, daemon, node)
        check(daemon.stop() == 0, 'heapwatchd did not end well')
        check_bad_clients(suite)


main()
