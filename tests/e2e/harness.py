# SPDX-License-Identifier: MIT
"""What every end-to-end suite stands on: processes it owns, waits with a deadline, TAP.

A suite runs in a pid namespace of its own where that is allowed, so that heapwatchd sees only
what the suite started and nothing outlives it. Every wait is for a condition that has a name;
a failure shows that name, the last scrape and the daemon's log.

Environment: top_builddir (heapwatchd), HEAPWATCHD (another binary), HEAPWATCH_E2E_PATIENCE
(factor on all deadlines), HEAPWATCH_E2E_KEEP (keep the temporary directory).
"""
import atexit
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

import exposition

HERE = os.path.dirname(os.path.abspath(__file__))
APPS = os.path.join(HERE, 'apps')
PATIENCE = float(os.environ.get('HEAPWATCH_E2E_PATIENCE', '1'))
NODE_VERSIONS = ('16.20.2', '20.20.2', '22.23.3', '26.10.0')
IN_NAMESPACE = 'HEAPWATCH_E2E_IN_NAMESPACE'
POLL_SECONDS = 0.2


class Skip(Exception):
    """The case cannot run here; the text says why."""


class Failure(Exception):
    """The case found something wrong."""


class Dead(Failure):
    """heapwatchd has ended by itself: there is nothing left to wait for."""


def check(condition, message, error=Failure):
    if not condition:
        raise error(message)


def cache_dir():
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return os.path.join(base, 'heapwatch')


def node_path(version):
    path = os.path.join(cache_dir(), 'node-' + version, 'bin', 'node')
    if not os.access(path, os.X_OK):
        raise Skip('no node %s at %s' % (version, path))
    return path


def any_node():
    """The newest usable Node: where the version does not matter."""
    for version in ('20.20.2',) + NODE_VERSIONS[::-1]:
        with contextlib.suppress(Skip):
            return node_path(version)
    raise Skip('no node in ' + cache_dir())


def tool(name):
    path = shutil.which(name)
    if not path:
        raise Skip('%s is not installed' % name)
    return path


def need_root():
    if os.geteuid() != 0:
        raise Skip('needs root')


def heapwatchd_path():
    if 'HEAPWATCHD' in os.environ:
        return os.path.abspath(os.environ['HEAPWATCHD'])
    build = os.environ.get('top_builddir') or os.path.join(HERE, '..', '..', 'build')
    return os.path.abspath(os.path.join(build, 'heapwatchd'))


def enter_namespace():
    """Starts this program again as the first process of a new pid namespace, if that works."""
    if os.environ.get(IN_NAMESPACE):
        return
    unshare = shutil.which('unshare')
    options = ['--pid', '--fork', '--mount-proc', '--kill-child']
    if os.geteuid() != 0:
        options = ['--user', '--map-root-user'] + options
    if not unshare or subprocess.run([unshare, *options, 'true'], check=False,
                                     stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL).returncode != 0:
        os.environ[IN_NAMESPACE] = 'no'
        return
    os.environ[IN_NAMESPACE] = 'yes'
    sys.stdout.flush()
    # Logs of `heapwatch run` outside are no business of the daemons here.
    hide = 'mkdir -p /run/heapwatch && mount -t tmpfs none /run/heapwatch; exec "$@"'
    os.execv(unshare, [unshare, *options, 'sh', '-c', hide, 'sh', sys.executable, '-B', *sys.argv])


def in_namespace():
    return os.environ.get(IN_NAMESPACE) == 'yes'


class Process:
    """A child in a process group of its own."""

    def __init__(self, argv, **options):
        self.argv = argv
        self.child = subprocess.Popen(argv, start_new_session=True, **options)
        self.pid = self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def send(self, number):
        if self.is_running():
            os.kill(self.pid, number)

    def wait(self, seconds=10.0):
        try:
            return self.child.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure('pid %d did not end within %g s: %s'
                          % (self.pid, seconds * PATIENCE, self.argv)) from None

    def stop(self, number=signal.SIGTERM, seconds=10.0):
        self.send(number)
        return self.wait(seconds)

    def kill(self):
        """The whole group, whatever state it is in."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(5)


class Daemon(Process):
    """heapwatchd on a free port; its log is a file."""

    LISTENING = re.compile(r'address=("?)127\.0\.0\.1:(\d+)\1')

    def __init__(self, suite, number, flags=(), config=None, wrapper=(), env=None, binary=None):
        self.suite = suite
        self.log_path = suite.path('heapwatchd-%d.log' % number)
        self.last_scrape = ''
        argv = [*wrapper, binary or heapwatchd_path(), '--web.listen-address=127.0.0.1:0']
        if config is not None:
            argv.append('--config.file=' + suite.write('heapwatchd-%d.yml' % number, config))
        if not any(flag.startswith('--storage.path') for flag in flags):
            argv.append('--storage.path=' + suite.directory('storage-%d' % number))
        with open(self.log_path, 'wb') as log:
            super().__init__([*argv, *flags], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                             env={**os.environ, **(env or {})})
        self.port = suite.wait_until('heapwatchd to say where it listens', self._find_port, 15)

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()

    def _find_port(self):
        found = self.LISTENING.search(self.log())
        check(found or self.is_running(), 'heapwatchd ended:\n' + self.log(), Dead)
        return found and int(found.group(2))

    def url(self, path='/'):
        return 'http://127.0.0.1:%d%s' % (self.port, path)

    def get(self, path, method='GET', seconds=5.0):
        """(status, body text) of a request."""
        request = urllib.request.Request(self.url(path), method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds * PATIENCE) as answer:
                return answer.status, answer.read().decode('utf-8')
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode('utf-8', 'replace')

    def scrape(self):
        check(self.is_running(), 'heapwatchd ended with %s' % self.child.poll(), Dead)
        status, text = self.get('/metrics')
        self.last_scrape = text
        check(status == 200, '/metrics answered %d' % status)
        return exposition.parse(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Prometheus:
    """A Prometheus on a free port that scrapes every second."""

    def __init__(self, suite, scrape_configs):
        binary = tool('prometheus')
        config = suite.write('prometheus.yml', json.dumps({
            'global': {'scrape_interval': '1s'}, 'scrape_configs': scrape_configs}))
        self.log_path = suite.path('prometheus.log')
        with open(self.log_path, 'wb') as log:
            suite.spawn([binary, '--config.file=' + config, '--web.listen-address=127.0.0.1:0',
                         '--storage.tsdb.path=' + suite.directory('tsdb')], stderr=log)
        self.port = suite.wait_until('prometheus to listen', self._find_port, 20)

    def _find_port(self):
        with open(self.log_path, encoding='utf-8') as text:
            found = re.search(r'"Listening on" address=127\.0\.0\.1:(\d+)', text.read())
        return found and int(found.group(1))

    def query(self, expression):
        return prometheus_query(self.port, expression)

    def targets(self):
        """The active ones, as the API tells of them."""
        url = 'http://127.0.0.1:%d/api/v1/targets?state=active' % self.port
        with urllib.request.urlopen(url, timeout=5 * PATIENCE) as answer:
            return json.load(answer)['data']['activeTargets']


def prometheus_query(port, expression):
    """The vector of an instant query."""
    url = 'http://127.0.0.1:%d/api/v1/query?query=%s' % (port, urllib.parse.quote(expression))
    with urllib.request.urlopen(url, timeout=5 * PATIENCE) as answer:
        return json.load(answer)['data']['result']


class Suite:
    """One test program: cases in order, then a plan. Use as a context manager."""

    def __init__(self, name, seconds_max=330):
        enter_namespace()
        self.name = name
        self.case_count = 0
        self.failed_count = 0
        self.processes = []
        self.daemons = []
        self.root = tempfile.mkdtemp(prefix='heapwatch-e2e-%s-' % name)
        os.chmod(self.root, 0o755)
        atexit.register(self._clean)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        # In the background of a shell it is ignored, and so it would be by every child.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, self._too_long)
        signal.alarm(int(seconds_max * PATIENCE))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Skip):
            print('1..0 # SKIP %s' % error, flush=True)
            sys.exit(0)
        if error is not None:
            return False
        print('1..%d' % self.case_count, flush=True)
        sys.exit(1 if self.failed_count else 0)

    def _too_long(self, *_):
        print('Bail out! %s takes too long' % self.name, flush=True)
        sys.exit(1)

    def _clean(self):
        for process in reversed(self.processes):
            process.kill()
        if not os.environ.get('HEAPWATCH_E2E_KEEP'):
            shutil.rmtree(self.root, ignore_errors=True)

    # ---- files ----

    def path(self, name):
        return os.path.join(self.root, name)

    def directory(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        return self.path(name)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), 'w', encoding='utf-8') as file:
            file.write(text)
        return self.path(name)

    def app(self, program, name=None, folder='apps'):
        """A copy of a test program under the name that the app shall have."""
        target = os.path.join(self.directory(folder), (name or program) + '.js')
        for source, copy in ((program + '.js', target), ('load.js', self.path(folder + '/load.js'))):
            # A program that starts meanwhile may be reading it: never written twice.
            if not os.path.exists(copy):
                shutil.copy(os.path.join(APPS, source), copy)
        return target

    # ---- processes ----

    def own(self, process):
        self.processes.append(process)
        return process

    def spawn(self, argv, **options):
        options.setdefault('stdin', subprocess.DEVNULL)
        options.setdefault('stdout', subprocess.DEVNULL)
        options.setdefault('stderr', subprocess.DEVNULL)
        return self.own(Process(argv, **options))

    def node(self, node, script, log=None, flags=(), env=None, **options):
        """Starts Node; with log, it traces its collections into that file, which V8 flushes."""
        argv = [node, *(['--trace-gc'] if log else []), *flags, script]
        with contextlib.ExitStack() as stack:
            if log:
                options['stdout'] = stack.enter_context(open(log, 'ab'))
            return self.spawn(argv, env={**os.environ, **(env or {})}, **options)

    def daemon(self, *flags, **options):
        daemon = Daemon.__new__(Daemon)
        self.daemons.append(daemon)
        number = len(self.daemons)
        # Owned before it is waited for: a daemon that never listens is ended, too.
        self.processes.append(daemon)
        daemon.child, daemon.last_scrape, daemon.log_path = None, '', self.path('none')
        daemon.kill = lambda: daemon.child and Process.kill(daemon)
        daemon.__init__(self, number, flags, **options)
        return daemon

    # ---- waiting and reporting ----

    def wait_until(self, what, condition, seconds):
        """The first true value of condition(); an error of it counts as not yet."""
        deadline = time.monotonic() + seconds * PATIENCE
        reason = 'never true'
        while True:
            try:
                value = condition()
                if value:
                    return value
                reason = 'last value %r' % (value,)
            except Dead:
                raise
            except (Failure, LookupError, OSError) as error:
                reason = 'last error: %s' % (error,)
            if time.monotonic() >= deadline:
                raise Failure('waited %g s for %s; %s' % (seconds * PATIENCE, what, reason))
            time.sleep(POLL_SECONDS)

    @contextlib.contextmanager
    def case(self, title):
        """One TAP line for what happens inside."""
        self.case_count += 1
        start = time.monotonic()
        try:
            yield
        except Skip as skip:
            print('ok %d - %s # SKIP %s' % (self.case_count, title, skip), flush=True)
        except Exception as error:  # pylint: disable=broad-except
            self.failed_count += 1
            print('not ok %d - %s' % (self.case_count, title), flush=True)
            self._explain(error)
        else:
            print('ok %d - %s' % (self.case_count, title), flush=True)
            print('# %.1f s' % (time.monotonic() - start), flush=True)

    def _explain(self, error):
        if not isinstance(error, Failure):
            comment(''.join(traceback.format_exception(error)))
        comment('FAILED: %s' % error)
        if not self.daemons:
            return
        daemon = self.daemons[-1]
        comment('---- last scrape')
        comment(re.sub(r'^#.*\n', '', daemon.last_scrape, flags=re.M)[-60000:])
        if os.path.exists(daemon.log_path):
            comment('---- log of heapwatchd')
            comment(daemon.log()[-8000:])


def comment(text):
    for line in text.rstrip('\n').split('\n'):
        print('# ' + line, flush=True)


# ---- what the suites ask of heapwatchd ----

def score(samples, app, slot='0'):
    return samples.value('heapwatch_leak_score', app=app, slot=str(slot))


def kind(samples, app, slot='0'):
    return [labels['kind'] for labels, value
            in samples.find('heapwatch_leak_kind', app=app, slot=str(slot)) if value == 1]


def gc_counts(samples, app, slot=None):
    """{"young": N, "full": N} over all isolates of an app, as exported."""
    labels = {'app': app} if slot is None else {'app': app, 'slot': str(slot)}
    counts = {'young': 0, 'full': 0}
    for found, value in samples.find('heapwatch_gc_pause_seconds_count', **labels):
        counts[found['kind']] += int(value)
    return counts


GC_LINE = re.compile(rb'^\[(\d+):0x[0-9a-f]+(?::\d+)?\]\s+\d+ ms: ([A-Z][A-Za-z -]*?)(?: \([a-z ]+\))* '
                     rb'\d+\.\d+ \(\d+\.\d+\) -> \d+\.\d+ \(', re.M)


def gc_lines(*paths, pid=None):
    """The same, counted in the complete lines of the logs themselves."""
    counts = {'young': 0, 'full': 0}
    for path in paths:
        with open(path, 'rb') as log:
            text = log.read()
        for writer, title in GC_LINE.findall(text[:text.rfind(b'\n') + 1]):
            if pid is None or int(writer) == pid:
                is_full = b'Mark-' in title and b'Minor' not in title
                counts['full' if is_full else 'young'] += 1
    return counts


def pid_of(samples, app, slot='0'):
    labels, _ = samples.one('heapwatch_process_info', app=app, slot=str(slot))
    return int(labels['pid'])


def pids(samples):
    return {int(labels['pid']) for labels, _ in samples.find('heapwatch_process_info')}
