#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A leak is told to a webhook and to a real Alertmanager, once, and its end, too."""
import hashlib
import hmac
import http.server
import json
import signal
import threading
import urllib.request

from harness import Suite, any_node, check, free_port, tool

CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
discovery: { min_age: 0 }
alerting: { threshold: 0.6, clear: 0.3 }
external_labels: { cluster: e2e }
receivers:
  - { name: hook, type: webhook, url: "http://127.0.0.1:%d/alert", secret_file: %s }
%s
"""
SECRET = b'a secret'
FLAGS = ['--max-old-space-size=128', '--max-semi-space-size=1']


class Hook:
    """A webhook that answers 503 as long as it is told to, and verifies what it gets."""

    def __init__(self):
        self.is_down = True
        self.refused = 0
        self.alerts = []
        self.bad = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers['Content-Length']))
                status = hook.take(self.headers, body)
                self.send_response(status)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers, body):
        parts = dict(part.split('=', 1)
                     for part in headers['X-Heapwatch-Signature'].split(','))
        expected = hmac.new(SECRET, parts['t'].encode() + b'.' + body, hashlib.sha256)
        if not hmac.compare_digest(expected.hexdigest(), parts['v1']):
            self.bad.append(body)
        if self.is_down:
            self.refused += 1
            return 503
        self.alerts.append((headers['X-Heapwatch-Delivery'], json.loads(body)))
        return 200

    def find(self, status):
        return [alert for _, alert in self.alerts
                if alert['status'] == status and alert['condition'] == 'leak']


class Manager:
    """A real Alertmanager."""

    def __init__(self, suite):
        self.port = free_port()
        config = suite.write('alertmanager.yml',
                             'route: { receiver: none }\nreceivers: [{ name: none }]\n')
        suite.spawn([tool('prometheus-alertmanager'), '--config.file=' + config,
                     '--storage.path=' + suite.directory('am'), '--cluster.listen-address=',
                     '--web.listen-address=127.0.0.1:%d' % self.port])
        suite.wait_until('Alertmanager', lambda: self.alerts() is not None, 30)

    def alerts(self):
        url = 'http://127.0.0.1:%d/api/v2/alerts' % self.port
        with urllib.request.urlopen(url, timeout=5) as answer:
            return json.load(answer)


def main():
    with Suite('alerts', 330) as suite:
        node = any_node()
        hook = Hook()
        secret = suite.write('secret', SECRET.decode() + '\n')
        manager = Manager(suite)
        receiver = '  - { name: am, type: alertmanager, urls: ["http://127.0.0.1:%d"] }'
        config = CONFIG % (hook.port, secret, receiver % manager.port)
        storage = '--storage.path=' + suite.directory('kept')
        log = suite.path('gc.log')
        app = suite.node(node, suite.app('leaking', 'shop'), log, FLAGS)
        daemon = suite.daemon(storage, config=config)

        with suite.case('Alertmanager shows the leak as active'):
            alert = suite.wait_until('the alert', manager.alerts, 200)[0]
            check(alert['status']['state'] == 'active', alert)
            check(set(alert['labels']) == {'alertname', 'app', 'slot', 'host', 'cluster'}, alert)
            check(alert['labels']['app'] == 'shop' and alert['labels']['cluster'] == 'e2e', alert)
            check('leaks memory' in alert['annotations']['summary'], alert)
            check(alert['annotations']['description'], alert)
            suite.wait_until('leak_alerts', lambda: daemon.scrape().value(
                'heapwatch_leak_alerts', app='shop', slot='0') == 1, 10)

        with suite.case('SIGKILL before a receiver has it loses nothing'):
            suite.wait_until('a try', lambda: hook.refused > 0, 20)
            daemon.stop(signal.SIGKILL)
            hook.is_down = False
            daemon = suite.daemon(storage, config=config)
            fired = suite.wait_until('the alert', lambda: hook.find('firing'), 30)
            check(fired[0]['app'] == 'shop' and fired[0]['labels'] == {'cluster': 'e2e'}, fired)

        with suite.case('the end of the app resolves it'):
            app.stop(signal.SIGTERM)
            over = suite.wait_until('resolved', lambda: hook.find('resolved'), 60)
            check(over[0]['resolved_reason'] == 'exit' and over[0]['ends_at'], over)
            check({alert['dedup_key'] for _, alert in hook.alerts
                   if alert['condition'] == 'leak'} == {over[0]['dedup_key']}, hook.alerts)
            check(not hook.bad, 'signatures')
            check(len({delivery for delivery, _ in hook.alerts}) == len(hook.alerts), 'twice')
            suite.wait_until('no alert', lambda: manager.alerts() == [], 60)
            suite.wait_until('the outcomes', lambda: daemon.scrape().value(
                'heapwatch_notifications_total', receiver='hook', outcome='sent') >= 2, 10)
            suite.wait_until('an empty queue', lambda: daemon.scrape().value(
                'heapwatch_notification_queue_length') == 0, 10)


main()
