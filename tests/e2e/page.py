#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The status page in a real browser (page.js): clicks, charts, live and without JavaScript, contrast,
narrow screens, hostile names, and nothing that its content policy forbids; and what it says when
heapwatchd may not read."""
import json
import os
import subprocess

from harness import (Skip, Suite, any_node, cache_dir, check, comment, in_namespace, need_root,
                     tool)

HERE = os.path.dirname(os.path.abspath(__file__))
PLAYWRIGHT = 'playwright-core-1.65.1'
# A minute stands for four hours: a leak is suspected within seconds.
CONFIG = """
sampling: { interval: 500ms }
scoring: { time_scale: 240 }
discovery: { min_age: 0s }
"""
NOTHING = 'apps: [ { match: { argv: ".*" }, ignore: true } ]\n'
HOSTILE = '"><img src=x onerror=alert(1)>\''
SECONDS_MAX = 150


def start_apps(suite, node):
    flags = ('--max-semi-space-size=1', '--max-old-space-size=256')
    suite.node(node, suite.app('leaking'), log=suite.path('leaking.log'), flags=flags,
               env={'KEEP': '900'})
    for app in ('idle', HOSTILE):
        suite.node(node, suite.app('idle', app))


def leak_is_told(daemon):
    status, text = daemon.get('/')
    check(status == 200, '/ answered %d' % status)
    card = text.partition('<article class="card')[2].partition('</article>')[0]
    return '>leaking<' in card and 'since' in card


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
    suite.wait_until('the leak to be told', lambda: leak_is_told(daemon), 60)
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
