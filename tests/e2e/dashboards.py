#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The dashboards of deploy/grafana: what their source gives, complete, and every expression of theirs
answered by a real Prometheus that scrapes a real heapwatchd beside a leaking and a healthy program."""
import glob
import json
import os
import re
import subprocess

from harness import (Prometheus, Skip, Suite, any_node, check, free_port, in_namespace,
                     score)

TOP = os.environ.get('top_srcdir') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
FILES = sorted(glob.glob(os.path.join(TOP, 'deploy', 'grafana', '*.json')))
CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 360 }
discovery: { min_age: 0s }
apps:
  - match: { script: "*/leaking.js" }
    inspector: { mode: attach, explain: on_alert }
receivers:
  - { name: nobody, type: webhook, url: "http://127.0.0.1:9/", secret_file: %s }
"""
FLAGS = ('--max-semi-space-size=1', '--max-old-space-size=160', '--trace-gc-verbose')


def panels(dashboard):
    """Those that draw something, of collapsed rows too."""
    for panel in dashboard['panels']:
        yield from (inner for inner in panel.get('panels', ()))
        if panel['type'] != 'row':
            yield panel


def variables(dashboard):
    return {variable['name']: variable for variable in dashboard['templating']['list']}


def check_panel(panel):
    title = panel['title']
    check(panel.get('description'), '%s: no description' % title)
    defaults = panel['fieldConfig']['defaults']
    check(defaults.get('unit'), '%s: no unit' % title)
    check(defaults.get('thresholds', {}).get('steps'), '%s: no thresholds' % title)
    check(panel['datasource']['uid'] == '${datasource}', '%s: another data source' % title)
    check(panel['targets'], '%s: no query' % title)


def check_dashboard(dashboard):
    check(dashboard['uid'] and dashboard['title'] and dashboard['description'], 'not named')
    titles = [panel['title'] for panel in panels(dashboard)]
    check(len(titles) >= 10, 'only %d panels' % len(titles))
    check({'datasource', 'instance', 'app'} <= set(variables(dashboard)), 'variables')
    for panel in panels(dashboard):
        check_panel(panel)
    known = set(variables(dashboard)) | {'__url_time_range', '__rate_interval'}
    text = json.dumps(dashboard)
    used = set(re.findall(r'\$\{?(\w+)', text)) - {'__data', '__field', '__all'}
    check(used <= known, 'unknown variables %s' % (used - known))


def check_links(dashboards):
    """Links between them name a dashboard and variables that are there; runbooks have their heading."""
    with open(os.path.join(TOP, 'docs', 'runbooks.md'), encoding='utf-8') as text:
        anchors = {heading.lower() for heading in re.findall(r'^## (\w+)$', text.read(), re.M)}
    by_uid = {dashboard['uid']: dashboard for dashboard in dashboards}
    urls = re.findall(r'"url": "([^"]+)"', json.dumps(dashboards))
    check(urls, 'no links')
    for url in urls:
        inner = re.match(r'd/([\w-]+)', url)
        if inner:
            check(inner.group(1) in by_uid, 'link to %s' % url)
            given = set(re.findall(r'var-(\w+)=', url))
            check(given <= set(variables(by_uid[inner.group(1)])), 'variables of %s' % url)
        elif '#' in url:
            check(url.partition('#')[2] in anchors, 'no runbook for %s' % url)


def filled_in(expression, instance):
    """As Grafana sends it for the leaking program, with all chosen where that is possible."""
    for name, value in (('__rate_interval', '15s'), ('instance', instance), ('app', 'leaking'),
                        ('slot', '0')):
        expression = re.sub(r'\$\{?%s\}?' % name, value, expression)
    check('$' not in expression, 'left in %s' % expression)
    return expression


def check_source(suite):
    script = os.path.join(TOP, 'script', 'dashboards')
    result = subprocess.run([script, '--check'], capture_output=True, text=True, check=False,
                            timeout=180)
    if result.returncode == 77:
        raise Skip(result.stderr.strip())
    check(result.returncode == 0, suite.name + ': ' + result.stdout[-4000:] + result.stderr[-2000:])


def check_expressions(suite, prometheus, instance, dashboard):
    for panel in panels(dashboard):
        with suite.case('%s: "%s" has data' % (dashboard['title'], panel['title'])):
            for target in panel['targets']:
                expression = filled_in(target['expr'], instance)
                suite.wait_until('data of ' + expression,
                                 lambda query=expression: prometheus.query(query), 20)


def main():
    with Suite('dashboards') as suite:
        dashboards = []
        for path in FILES:
            with open(path, encoding='utf-8') as text:
                dashboards.append(json.load(text))
        with suite.case('there is one of the fleet and one of a process'):
            check([dashboard['uid'] for dashboard in dashboards]
                  == ['heapwatch-fleet', 'heapwatch-process'], 'found %s' % FILES)
        with suite.case('they are what their source gives, which has the types of Grafana'):
            check_source(suite)
        for dashboard in dashboards:
            with suite.case('%s: units, thresholds, descriptions, variables' % dashboard['title']):
                check_dashboard(dashboard)
        with suite.case('links lead somewhere'):
            check_links(dashboards)
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        node = any_node()
        suite.node(node, suite.app('leaking'), suite.path('leaking.log'),
                   (*FLAGS, '--inspect=127.0.0.1:%d' % free_port()))
        suite.node(node, suite.app('leaking', 'healthy'), suite.path('healthy.log'), FLAGS,
                   env={'KEEP': '0'})
        secret = suite.write('secret', 'x' * 32)
        daemon = suite.daemon('--storage.path=' + suite.directory('storage'), config=CONFIG % secret)
        prometheus = Prometheus(suite, [{'job_name': 'heapwatch', 'static_configs': [
            {'targets': ['127.0.0.1:%d' % daemon.port]}]}])
        suite.wait_until('a verdict', lambda: score(daemon.scrape(), 'leaking') > 0.8, 90)
        suite.wait_until('what the leak is explained by', lambda: daemon.scrape().find(
            'heapwatch_leak_site_share_ratio'), 90)
        for dashboard in dashboards:
            check_expressions(suite, prometheus, '127.0.0.1:%d' % daemon.port, dashboard)


main()
