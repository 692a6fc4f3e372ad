#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is recognised as a Node process, and how its app is called."""
import json
import os
import re
import shutil
import subprocess

from harness import (PATIENCE, Skip, Suite, any_node, cache_dir, check, in_namespace, need_root,
                     node_path, pids, tool)

CONFIG = """
sampling: { interval: 1s }
scoring: { time_scale: 60 }
apps:
  - match: { script: "*/apps/ruled.js" }
    name: by-rule
  - match: { argv: "--ignore-me$" }
    ignore: true
"""
PM2 = {'PM2_HOME': '/root/.pm2', 'pm_id': '0', 'name': 'pm2-checkout', 'NODE_APP_INSTANCE': '0',
       'pm_exec_path': '/srv/checkout/index.js', 'exec_mode': 'fork_mode'}
PM2_CLUSTER = {'NODE_UNIQUE_ID': '1', 'pm2_env': json.dumps({
    'exec_mode': 'cluster_mode', 'env': {'name': 'no'}, 'name': 'pm2-cart', 'pm_id': 1})}


class World:
    """Programs that run beside one heapwatchd, and the names that they must have."""

    def __init__(self, suite, node):
        self.suite, self.node = suite, node
        self.names = {}     # pid: (app, what it shows)
        self.unnamed = {}   # pid: what it shows; any name will do
        self.hidden = {}    # pid: what it shows
        self.skipped = {}   # what it shows: why not here

    def expect(self, process, app, what):
        self.names[process.pid] = (app, what)
        return process

    def start(self, what, app, script, **options):
        return self.expect(self.suite.node(self.node, script, **options), app, what)

    def optional(self, what, start):
        try:
            start(what)
        except Skip as skip:
            self.skipped[what] = str(skip)


def start_named(world):
    suite = world.suite
    world.start('the basename of the script, without .js', 'billing', suite.app('idle', 'billing'))
    for extension in ('cjs', 'mjs'):
        script = suite.write('apps/script-%s.%s' % (extension, extension),
                             'setInterval(() => {}, 1 << 30);\n')
        world.start('a script that ends in .' + extension, 'script-' + extension, script)
    script = suite.app('idle', 'server', 'packaged')
    suite.write('packaged/package.json', json.dumps({'name': '@shop/checkout', 'version': '1.0.0'}))
    world.start('the name in package.json next to the script', '@shop/checkout', script)
    script = suite.app('idle', 'odd', 'odd-package')
    suite.write('odd-package/package.json', '{"name": 42, "version": ["no", "name"]}')
    world.start('a package.json without a usable name is passed over', 'odd', script)
    world.start('a relative script', 'relative', os.path.basename(suite.app('idle', 'relative')),
                cwd=suite.directory('apps'))
    world.start('the PM2 name', 'pm2-checkout', suite.app('idle', 'pm2'), env=PM2)
    world.start('a PM2 name with a rewritten title', 'pm2-titled', suite.app('idle', 'pm2titled'),
                env={**PM2, 'name': 'pm2-titled', 'TITLE': 'node /srv/a/rewritten/title'})
    world.start('the name in the cluster mode of PM2', 'pm2-cart', suite.app('idle', 'pm2cluster'),
                env=PM2_CLUSTER)
    world.start('a rule of the configuration', 'by-rule', suite.app('idle', 'ruled'))
    process = suite.spawn([world.node, '-e', 'setInterval(() => {}, 1 << 30)'])
    world.expect(process, 'node', 'no script at all')
    process = suite.spawn([world.node, '--max-old-space-size=64', '--require', os.path.join(
        suite.directory('apps'), 'load.js'), suite.app('idle', 'after-options'), '--port', '80'])
    world.expect(process, 'after-options', 'a script after options with values')


def start_disguised(world):
    suite = world.suite
    process = world.suite.node(world.node, suite.app('idle', 'titled'),
                               env={'TITLE': 'a title of its own'})
    world.unnamed[process.pid] = 'a rewritten process.title'
    for name, what in (('backend', 'node under another file name'),
                       ('deleted', 'a deleted binary')):
        binary = suite.path(name)
        shutil.copy(world.node, binary)
        process = suite.node(binary, suite.app('idle', 'in-' + name))
        world.expect(process, 'in-' + name, what)
        if name == 'deleted':
            suite.wait_until('the program to run', lambda: os.readlink(
                '/proc/%d/exe' % process.pid) == suite.path('deleted'), 10)
            os.unlink(binary)


def start_hidden(world):
    suite = world.suite
    script = suite.app('idle', 'wrapped')
    wrapper = suite.spawn(['sh', '-c', '"$0" "$1"; true', world.node, script])
    world.hidden[wrapper.pid] = 'the shell around a program'
    child = suite.wait_until('the wrapped program', lambda: child_of(wrapper.pid), 10)
    world.names[child] = ('wrapped', 'the program in a shell')
    process = suite.spawn([world.node, suite.app('idle', 'ignored'), '--ignore-me'])
    world.hidden[process.pid] = 'a program that a rule ignores'
    fake = suite.path('bin/node')
    os.makedirs(os.path.dirname(fake))
    shutil.copy(tool('sleep'), fake)
    world.hidden[suite.spawn([fake, '1000']).pid] = 'another program called node'
    for runtime in ('deno', 'bun'):
        world.optional(runtime, lambda what: start_other(world, what))


def start_other(world, runtime):
    path = os.path.join(cache_dir(), runtime, 'bin', runtime)
    if not os.access(path, os.X_OK):
        path = shutil.which(runtime)
    if not path:
        raise Skip('%s is not installed' % runtime)
    script = world.suite.app('idle', 'under-' + runtime)
    flags = ['-A'] if runtime == 'deno' else []
    world.hidden[world.suite.spawn([path, 'run', *flags, script]).pid] = runtime


def child_of(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as children:
        found = children.read().split()
    return int(found[0]) if found else 0


def start_single_executable(world, what):
    node = node_path('26.10.0')
    suite = world.suite
    suite.write('sea/app.js', 'setInterval(() => {}, 1 << 30);\n')
    suite.write('sea/sea.json', json.dumps({'main': 'app.js', 'output': 'single-app'}))
    built = subprocess.run([node, '--build-sea', 'sea.json'], cwd=suite.path('sea'), check=False,
                           capture_output=True, timeout=60 * PATIENCE)
    if built.returncode != 0:
        raise Skip('it cannot be built: %s' % built.stderr.decode()[-200:])
    world.unnamed[suite.spawn([suite.path('sea/single-app')]).pid] = what


def start_in_mount_namespace(world, what):
    """The program and its script are on a file system that only its own namespace has."""
    need_root()
    suite = world.suite
    hidden = suite.directory('private')
    shell = ('mount -t tmpfs none "$0" && cp "$1" "$0/private-node" && cp "$2" "$0/app.js" && '
             'echo \'{"name": "in-a-mount-namespace"}\' > "$0/package.json" && '
             'exec "$0/private-node" "$0/app.js"')
    process = suite.spawn([tool('unshare'), '--mount', 'sh', '-c', shell, hidden, world.node,
                           suite.app('idle', 'private')])
    suite.wait_until('the program in its namespace', lambda: os.readlink(
        '/proc/%d/exe' % process.pid).endswith('private-node'), 20)
    check(not os.path.exists(os.path.join(hidden, 'app.js')), 'the file system is not private')
    world.expect(process, 'in-a-mount-namespace', what)


def start_in_pid_namespace(world, what):
    need_root()
    suite = world.suite
    log = suite.path('nested.log')
    with open(log, 'wb') as out:
        outer = suite.spawn([tool('unshare'), '--pid', '--fork', '--mount-proc', '--kill-child',
                             world.node, '--trace-gc', '--max-semi-space-size=1',
                             suite.app('leaking', 'nested')], stdout=out)
    child = suite.wait_until('the program in its namespace', lambda: child_of(outer.pid), 10)
    suite.wait_until('it to print its own pid', lambda: re.search(
        r'^\[1:', open(log, encoding='utf-8').read(), re.M), 20)
    world.hidden[outer.pid] = 'unshare'
    world.names[child] = ('nested', what)


def check_found(suite, daemon, world):
    with suite.case('exactly the Node processes are found'):
        expected = set(world.names) | set(world.unnamed)

        def all_found():
            found = pids(daemon.scrape())
            why = {**world.hidden, **world.unnamed, **world.names}
            check(found == expected, 'missing %s, too many %s'
                  % ([why[pid] for pid in expected - found],
                     [why.get(pid, pid) for pid in found - expected]))
            return True
        suite.wait_until('them to be found', all_found, 20)
    infos = {int(labels['pid']): labels
             for labels, _ in daemon.scrape().find('heapwatch_process_info')}
    for pid, (app, what) in world.names.items():
        with suite.case('name: ' + what):
            check(pid in infos, 'not found')
            check(infos[pid]['app'] == app, 'called %r instead of %r' % (infos[pid]['app'], app))
    for pid, what in world.unnamed.items():
        with suite.case('found: ' + what):
            check(infos.get(pid, {}).get('app'), 'not found, or without a name')
    for pid, what in world.hidden.items():
        with suite.case('not shown: ' + what):
            check(os.readlink('/proc/%d/exe' % pid), 'it has ended')
            check(pid not in infos, 'shown as %s' % infos.get(pid))
    for what, reason in world.skipped.items():
        with suite.case(what):
            raise Skip(reason)


def main():
    with Suite('names', 240) as suite:
        if not in_namespace():
            raise Skip('needs a pid namespace of its own')
        world = World(suite, any_node())
        start_named(world)
        start_disguised(world)
        start_hidden(world)
        world.optional('a single executable', lambda what: start_single_executable(world, what))
        world.optional('in another mount namespace',
                       lambda what: start_in_mount_namespace(world, what))
        world.optional('in another pid namespace', lambda what: start_in_pid_namespace(world, what))
        daemon = suite.daemon(config=CONFIG)
        check_found(suite, daemon, world)
        with suite.case('the version of Node is known'):
            labels, _ = daemon.scrape().one('heapwatch_process_info', app='billing')
            version = re.search(r'\d+\.\d+\.\d+', subprocess.run(
                [world.node, '--version'], capture_output=True, text=True, check=True).stdout)
            check(labels['node_version'] == version.group(0), labels['node_version'])
        with suite.case('a log is followed into another pid namespace'):
            if 'in another pid namespace' in world.skipped:
                raise Skip(world.skipped['in another pid namespace'])
            suite.wait_until('its collections', lambda: daemon.scrape().total(
                'heapwatch_gc_pause_seconds_count', app='nested') > 5, 20)


main()
