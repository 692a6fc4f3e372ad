#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""heapwatch snapshot watch and diff on a real server of npm's Express that leaks by a cache and by listeners,
while it is asked for pages: the constructors that leak come first, with what holds them. Likewise on the programs of
the slides: leak.js, server-leak.js and closure-leak.js."""
import http.client
import json
import os
import signal
import subprocess
import threading
from collections import namedtuple

import harness
from harness import Skip, Suite, cache_dir, check, comment, node_path

EXPRESS = 'express-4.21.2'
VERSIONS = ('20.20.2', '26.10.0')
SLIDE_VERSIONS = ('16.20.2', '20.20.2', '22.23.3', '26.10.0')


def heapwatch():
    return os.path.join(os.path.dirname(harness.heapwatchd_path()), 'heapwatch')


def express_path():
    path = os.path.join(cache_dir(), EXPRESS, 'node_modules', 'express')
    if not os.path.isdir(path):
        raise Skip('no ' + path)
    return path


class Visitor(threading.Thread):
    """Asks for one page after the other, each a new one, until it is told to stop."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.asked = 0
        self.is_over = threading.Event()

    def run(self):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        while not self.is_over.wait(0.002):
            self.asked += 1
            try:
                connection.request('GET', '/page/%d' % self.asked, headers={'User-Agent': 'visitor'})
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                connection.close()  # by the server, which stood still; the next request opens it
        connection.close()


def snapshot(directory, *words):
    run = subprocess.run([heapwatch(), 'snapshot', *words], cwd=directory, check=False, capture_output=True,
                         timeout=120 * harness.PATIENCE)
    check(run.returncode == 0, 'status %d: %s' % (run.returncode, run.stderr.decode()))
    return json.loads(run.stdout)


def start(suite, version):
    """The server, which has answered a while, and who asks it."""
    out = suite.path('express-%s.out' % version)
    with open(out, 'wb') as file:
        server = suite.spawn([node_path(version), '--inspect=127.0.0.1:0', suite.app('express-leak')], stdout=file,
                             env={**os.environ, 'EXPRESS': express_path()})

    def port():
        with open(out, encoding='ascii') as lines:
            return int(lines.readline() or 0)
    visitor = Visitor(suite.wait_until('Express to listen', port, 30))
    visitor.start()
    suite.wait_until('the server to be warm', lambda: visitor.asked > 100, 60)
    return server, visitor


def check_constructors(rows):
    named = {row['name']: row for row in rows}
    leaking = ('RenderedPage', 'Subscriber')
    counts = [named[name]['new_count'] for name in leaking]
    check(min(counts) > 10 and max(counts) - min(counts) <= 2, 'new: %s' % counts)
    for name in leaking:
        check(named[name]['deleted_count'] == 0, '%s were deleted' % name)
        check(named[name]['delta_count'] >= named[name]['new_count'], '%s: %s' % (name, named[name]))
    objects = [row['name'] for row in rows if row['type'] == 'object']
    check(objects[0] in leaking, 'first comes %s' % objects[:5])
    # What a request needs is not taken for a leak: it is gone in the last snapshot.
    for name in ('IncomingMessage', 'ServerResponse', 'Socket'):
        check(named[name]['new_count'] <= counts[0] / 4, '%d new %s' % (named[name]['new_count'], name))
    return counts[0]


def path_of(row):
    return ' > '.join('%s (%s)' % (step['edge'], step['name']) for step in row['path'])


def check_retainers(rows, count):
    """What each leak is held by; the two are among the first rows."""
    held_by = ('cache (PageCache) > pages (Map) > ', 'settings (EventEmitter) > _events (Object) > change (Array) > ')
    paths = []
    for holder in held_by:
        row = next((row for row in rows[:3] if holder in path_of(row)), None)
        check(row, 'nothing by %s: %s' % (holder, [path_of(row) for row in rows[:3]]))
        check(abs(row['count'] - count) <= 2, '%d by %s, %d by constructor' % (row['count'], holder, count))
        check(row['path'][-1]['script'].endswith('/express-leak.js'), 'no place: %s' % row['path'][-1])
        paths.append(path_of(row)[path_of(row).index(holder):])
    return paths


def check_version(suite, version):
    with suite.case('a cache and listeners that leak in Express are named, on Node %s' % version):
        express_path()
        server, visitor = start(suite, version)
        directory = suite.directory('snapshots-' + version)
        report = snapshot(directory, 'watch', '--interval=3s', '--count=3', '--format=json', str(server.pid))
        visitor.is_over.set()
        visitor.join(60)
        count = check_constructors(report['rows'])
        files = sorted(name for name in os.listdir(directory) if name.endswith('.heapsnapshot'))
        check(len(files) == 3, 'files: %s' % files)
        by_retainer = snapshot(directory, 'diff', '--by=retainer', '--format=json', *files)
        for path in check_retainers(by_retainer['rows'], count):
            comment('%d times %s' % (count, path))
        check(server.is_running(), 'the server has ended')
        server.stop(signal.SIGKILL)


# A program, the constructor that grows, among how many rows it comes, and the row that comes first by what holds it.
# All links of a chain of closures hold nearly the same; and http holds its server in more ways than one.
Slide = namedtuple('Slide', 'app constructor rank name shape path')
SLIDES = (
    Slide('leak-array', 'LeakingClass', 1, 'LeakingClass', None, 'leaks (Array) > [] (LeakingClass)'),
    Slide('leak-listeners', 'Function', 1, 'late', None,
          ' (Server) > _events (Object) > request (Array) > [] (late)'),
    Slide('leak-closure', 'Object', 4, 'Object', '{list, method}',
          'kept (Object) > method (method) > context (system / Context) > previous (Object)'),
)


def watch(suite, node, slide, directory):
    """Starts the program and what takes three snapshots of it."""
    out = suite.path('%s.out' % os.path.basename(directory))
    with open(out, 'wb') as file:
        process = suite.spawn([node, '--inspect=127.0.0.1:0', suite.app(slide.app)], stdout=file)
    suite.wait_until('%s to leak' % slide.app, lambda: os.path.getsize(out) > 0, 30)
    argv = [heapwatch(), 'snapshot', 'watch', '--interval=2s', '--count=3', '--format=json', str(process.pid)]
    return process, suite.spawn(argv, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_slide(slide, directory, constructors):
    """Its constructor grows most, and what holds it comes first, with its place and, where it has no name, a hint."""
    named = [row for row in constructors['rows'] if row['name'] == slide.constructor]
    first = [row for row in constructors['rows'] if row['type'] in ('object', 'closure')]  # V8 compiles at the start
    check(named[0] in first[:slide.rank], 'first comes %s' % first[0])
    check(named[0]['new_count'] > 10 and named[0]['delta_count'] > 10, '%s' % named[0])
    files = sorted(name for name in os.listdir(directory) if name.endswith('.heapsnapshot'))
    report = snapshot(directory, 'diff', '--by=retainer', '--format=json', *files)
    row = report['rows'][0]
    check((row['name'], row.get('shape')) == (slide.name, slide.shape), 'first is held %s' % row)
    check(path_of(row).endswith(slide.path), 'path: ' + path_of(row))
    check(row['count'] > 10, 'only %s' % row)
    notes = report['totals']['notes']
    check(bool(slide.shape) == any('named class' in note for note in notes), 'notes: %s' % notes)
    if not slide.shape:
        check(row['script'].endswith('/%s.js' % slide.app) and row['line'] > 0, 'place: %s' % row)
    comment('%d times %s' % (row['count'], row['path_text']))


def check_slides(suite, version):
    with suite.case("the leaks of the slides' programs are named with what holds them, on Node %s" % version):
        node = node_path(version)
        directories = [suite.directory('%s-%s' % (slide.app, version)) for slide in SLIDES]
        runs = [watch(suite, node, slide, directory) for slide, directory in zip(SLIDES, directories)]
        for slide, directory, (process, watching) in zip(SLIDES, directories, runs):
            out, error = watching.child.communicate(timeout=120 * harness.PATIENCE)
            check(watching.child.returncode == 0, error.decode())
            check_slide(slide, directory, json.loads(out))
            process.stop(signal.SIGKILL)


def main():
    with Suite('snapshots') as suite:
        for version in VERSIONS:
            check_version(suite, version)
        for version in SLIDE_VERSIONS:
            check_slides(suite, version)


main()
