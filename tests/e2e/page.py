#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The status page in a real browser (page.js): clicks, charts, live and without JavaScript, contrast,
narrow screens, hostile names, and nothing that its content policy forbids; and what it says when
heapwatchd may not read."""
import json
import os
import re
import subprocess
import time

from harness import (Skip, Suite, any_node, cache_dir, check, comment, in_namespace, need_root,
                     tool)

HERE = os.path.dirname(os.path.abspath(__file__))
PLAYWRIGHT = 'playwright-core-1.65.1'
# A minute stands for four hours: a leak is suspected within seconds.
CONFIG = """
sampling: { interval: 500ms }
scoring: { time_scale: 240 }
discovery: { min_age: 0s }
alerting: { threshold: 0.6, clear: 0.3 }
"""
NOTHING = 'apps: [ { match: { argv: ".*" }, ignore: true } ]\n'
HOSTILE = '"><img src=x onerror=alert(1)>\''
SECONDS_MAX = 190
ALERT = re.compile(r'alert: leak, (info|warning|critical)</span><small>since <time')
ENDED = re.compile(r'<b>oom<span class="slot">/0</span></b>, process \d+, ran out of JavaScript heap '
                   r'<span class="badge alert">alert: heap_oom, critical</span><small>.*?</small>')


def start_apps(suite, node):
    flags = ('--max-semi-space-size=1', '--max-old-space-size=256')
    suite.node(node, suite.app('leaking'), log=suite.path('leaking.log'), flags=flags,
               env={'KEEP': '900'})
    for app in ('idle', HOSTILE):
        suite.node(node, suite.app('idle', app))


def page_of(daemon, path='/'):
    status, text = daemon.get(path)
    check(status == 200, '%s answered %d' % (path, status))
    return text


def leak_is_told(daemon):
    card = page_of(daemon).partition('<article class="card')[2].partition('</article>')[0]
    return '>leaking<' in card and ALERT.search(card)


def check_alerts(suite, node, daemon):
    with suite.case('an alert is told with condition, severity and its beginning'):
        check(ALERT.search(page_of(daemon, '/process/leaking/0')), 'the page of the process')
        answer = json.loads(page_of(daemon, '/api/v1/processes/leaking/0'))
        alert = answer['alerts'][0]
        check(alert['condition'] == 'leak' and alert['since_time'] <= time.time(), alert)
    with suite.case('the alert about a process that is gone, too'):
        suite.node(node, suite.app('oom'), log=suite.path('oom.log'),
                   flags=('--max-old-space-size=20', '--max-semi-space-size=1'),
                   stderr=subprocess.STDOUT)
        ended = suite.wait_until('its end', lambda: ENDED.search(page_of(daemon)), 40)
        check('datetime=' in ended.group(0), ended.group(0))


def run_browser(suite, node, daemon, empty):
    """The cases of page.js, each a line of JSON."""
    modules = os.path.join(cache_dir(), PLAYWRIGHT, 'node_modules')
    chromium = tool('chromium')
    if not os.path.isdir(modules):
        raise Skip('no %s in %s' % (PLAYWRIGHT, cache_dir()))
    browser = suite.spawn(
        [node, os.path.join(HERE, 'page.js'), daemon.url(''), HOSTILE, 'leaking', empty.url('')],
        stdout=subprocess.PIPE, stderr=None,
        env={**os.environ, 'NODE_PATH': modules, 'CHROMIUM': chromium,
             'HOME': suite.directory('home')})
    for line in browser.child.stdout:
        said = json.loads(line)
        with suite.case(said['name']):
            check(said['error'] is None, said['error'])
            comment('%.1f s in the browser' % said['seconds'])
    with suite.case('the browser came to its end'):
        check(browser.wait() == 0, 'status %s' % browser.child.returncode)


def check_browser(suite, node):
    start_apps(suite, node)
    daemon = suite.daemon(config=CONFIG)
    empty = suite.daemon(config=NOTHING)
    suite.wait_until('the leak to be told', lambda: leak_is_told(daemon), 90)
    check_alerts(suite, node, daemon)
    try:
        run_browser(suite, node, daemon, empty)
    except Skip as skip:
        with suite.case('the page in a browser'):
            raise skip


def check_unreadable(suite):
    with suite.case('what may not be read is said'):
        need_root()
        if not in_namespace():
            raise Skip('needs a namespace of its own')
        storage = suite.directory('foreign')
        os.chown(storage, 65534, 65534)
        daemon = suite.daemon('--storage.path=' + storage, config=CONFIG,
                              wrapper=('setpriv', '--reuid=65534', '--regid=65534',
                                       '--clear-groups'))
        suite.wait_until('the note', lambda: 'CAP_SYS_PTRACE</code>, see' in daemon.get('/')[1], 20)
        check('No Node.js process is seen' in daemon.get('/')[1], 'processes of others are shown')
        check(daemon.stop() == 0, 'status')


def main():
    with Suite('page', SECONDS_MAX) as suite:
        node = any_node()
        check_browser(suite, node)
        check_unreadable(suite)


main()
