#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whatever receivers, disk, clock and daemon suffer: each alert arrives, once, and nothing blocks.

Alerts are made by logs of processes that nobody can see: a line of V8 and its fatal error are a
heap_oom, which is over some seconds later. So each log gives one firing and one resolved
notification.

CHAOS_KILLS (10) is how often heapwatchd is killed, CHAOS_SEED says when.
"""
import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import threading
import time
import zlib

import receiver as receivers
from harness import HERE, Skip, Suite, check, comment, heapwatchd_path, need_root, tool
from receiver import Receiver, status

TLS = os.path.join(HERE, '..', 'fixtures', 'tls')
KILLS = int(os.environ.get('CHAOS_KILLS', '10'))
SEED = int(os.environ.get('CHAOS_SEED', '1'))
LAG_MAX_SECONDS = 0.5  # a request that blocked the loop would take ten; a busy machine adds some
CONFIG = """
sampling: { interval: 200ms }
scoring: { time_scale: %d }
discovery: { min_age: 0 }
limits: { apps: 4000, processes: 4000 }
gc_log: { paths: ["%s/*.log"] }
apps:
%s
receivers:
%s
"""
DEATH = (
    '[%d:0x%x]      120 ms: Scavenge 4.1 (5.2) -> 3.6 (5.5) MB, 1.05 / 0.00 ms  '
    '(average mu = 1.000, current mu = 1.000) task; \n'
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n')


class Scene:
    """A heapwatchd whose receivers are told apart by the names of the logs: NAME-N.log."""

    def __init__(self, suite, name, lines, time_scale=900, **options):
        self.suite = suite
        self.name = name
        self.count = 0
        self.logs = suite.directory(name + '-logs')
        self.storage = suite.directory(name + '-storage')
        rules = ''.join('  - { match: { script: "*/%s-*.log" }, receivers: [%s] }\n' % (who, who)
                        for who in lines)
        self.config = CONFIG % (time_scale, self.logs, rules, ''.join(
            '  - { name: %s, %s }\n' % pair for pair in lines.items()))
        self.options = options
        self.daemon = None
        self.lag = 0.0

    def start(self):
        self.daemon = self.suite.daemon('--storage.path=' + self.storage, config=self.config,
                                        **self.options)

    def die(self, who, count=1):
        """Alerts for this receiver; the logs appear at once."""
        for _ in range(count):
            self.count += 1
            path = os.path.join(self.logs, '%s-%d' % (who, self.count))
            with open(path + '.new', 'w', encoding='ascii') as log:
                log.write(DEATH % (self.count, 0x1000000 + 0x1000 * self.count))
            os.rename(path + '.new', path + '.log')

    def outcome(self, who, outcome):
        samples = self.scrape()
        return samples.value('heapwatch_notifications_total', receiver=who, outcome=outcome)

    def scrape(self):
        samples = self.daemon.scrape()
        self.lag = max(self.lag, samples.value('heapwatch_loop_turn_max_seconds'))
        return samples

    def drained(self):
        return self.scrape().value('heapwatch_notification_queue_length') == 0

    def await_pairs(self, who, receiver, count, seconds=60, earlier=0):
        """Each alert came as firing and as resolved, in this order, and none twice; earlier: of
        those, how many were told before heapwatchd was started again."""
        self.suite.wait_until('%d alerts to %s' % (count, who),
                              lambda: len(set(receiver.keys('resolved'))) >= count, seconds)
        self.suite.wait_until('its outcomes', lambda: self.outcome(who, 'sent') == 2 * (
            count - earlier), 30)
        keys = receiver.keys()
        check(len(keys) == len(set(keys)) == 2 * count, sorted(keys))
        for key, word in keys:
            check(word == 'resolved' or keys.index((key, word)) < keys.index((key, 'resolved')),
                  key)

    def check_lag(self):
        self.scrape()
        check(self.lag < LAG_MAX_SECONDS, 'the loop was away for %g s' % self.lag)
        comment('longest turn of the loop: %.3f s' % self.lag)


# ---- a name server that takes its time ----

class NameServer:
    """Answers nothing until is_answering; then everything is 127.0.0.1."""

    ADDRESS = '127.9.0.53'

    def __init__(self):
        self.is_answering = False
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.ADDRESS, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            self.asked += 1
            if self.is_answering:
                self.socket.sendto(self._answer(question), client)

    @staticmethod
    def _answer(question):
        end = question.index(b'\0', 12) + 5
        is_a = question[end - 4:end - 2] == b'\0\1'
        head = question[:2] + struct.pack('>HHHHH', 0x8180, 1, int(is_a), 0, 0)
        record = b'\xc0\x0c' + struct.pack('>HHIH', 1, 1, 60, 4) + bytes([127, 0, 0, 1])
        return head + question[12:end] + (record if is_a else b'')


def slow_names(suite):
    """Gives the suite's own mount namespace that name server, or None."""
    if os.geteuid() != 0 or os.environ.get('HEAPWATCH_E2E_IN_NAMESPACE') != 'yes':
        return None
    with contextlib.suppress(OSError):
        server = NameServer()
        text = 'nameserver %s\n' % server.ADDRESS
        mounted = subprocess.run(
            ['mount', '--bind', suite.write('resolv.conf', text),
             os.path.realpath('/etc/resolv.conf')], check=False, stderr=subprocess.DEVNULL)
        return server if mounted.returncode == 0 else None
    return None


# ---- the network ----

BAD_ANSWERS = [
    status(500), status(429, 'Retry-After: 2'), receivers.retry_after_date(3), status(408),
    receivers.reset, receivers.break_off, receivers.break_off_body, status(503, body=b'x' * 9000)]


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS + '/server.pem', TLS + '/server.key')
    context.load_verify_locations(TLS + '/ca.pem')
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def network(suite):
    # One that is taken after each keeps the waits between tries short.
    bad = Receiver([behave for answer in BAD_ANSWERS for behave in (answer, status(200))])
    slow, gone = Receiver([receivers.hang]), Receiver(is_listening=False)
    away = Receiver([status(302, 'Location: /elsewhere'), status(200), receivers.huge])
    safe, named = Receiver(tls=tls_context()), Receiver()
    names = slow_names(suite)
    authority = suite.path('ca.pem')
    shutil.copy(TLS + '/server-ec.pem', authority)
    secret = suite.write('secret', 'a secret\n')
    hook = 'type: webhook, url: "%s"'
    scene = Scene(suite, 'network', {
        'bad': hook % bad.url() + ', secret_file: %s' % secret,
        'slow': hook % slow.url(),
        'gone': hook % gone.url(),
        'away': hook % away.url(),
        'safe': hook % safe.url('https') + ', ca_file: %s, cert_file: %s, key_file: %s' % (
            authority, os.path.abspath(TLS + '/client.pem'),
            os.path.abspath(TLS + '/client.key')),
        'named': hook % named.url(host='receiver.test'),
    })
    scene.start()
    scene.die('slow')
    scene.die('named')

    with suite.case('a name server that does not answer holds up nobody else'):
        if names is None:
            raise Skip('no name server of its own without root and namespaces')
        suite.wait_until('a try', lambda: scene.outcome('named', 'retried') >= 1, 60)
        check(names.asked > 0, 'the name server was not asked')
        names.is_answering = True
        scene.await_pairs('named', named, 1, 120)

    with suite.case('answers that are failures are followed by another try'):
        scene.die('bad', len(BAD_ANSWERS))
        scene.await_pairs('bad', bad, len(BAD_ANSWERS), 120)
        check(scene.outcome('bad', 'retried') == len(BAD_ANSWERS), bad.tries)
        check(scene.outcome('bad', 'refused') == 0, bad.tries)

    with suite.case('Retry-After is kept, in seconds and as a date'):
        names_of_tries = [name for _, name, _ in bad.tries]
        for name, seconds in (('status 429 Retry-After: 2', 2), ('Retry-After as a date', 2)):
            at = names_of_tries.index(name)
            check(bad.tries[at + 1][0] - bad.tries[at][2] >= seconds, bad.tries)

    with suite.case('a receiver that was away gets what it missed'):
        scene.die('gone')
        suite.wait_until('a try', lambda: scene.outcome('gone', 'retried') >= 1, 60)
        gone.listen()
        scene.await_pairs('gone', gone, 1, 90)

    with suite.case('nothing is told to who has the wrong certificate'):
        scene.die('safe')
        suite.wait_until('a try', lambda: scene.outcome('safe', 'retried') >= 1, 60)
        check(not safe.taken, safe.taken)
        shutil.copy(TLS + '/ca.pem', authority)
        scene.await_pairs('safe', safe, 1, 120)

    with suite.case('a receiver that hangs is left and asked again'):
        scene.await_pairs('slow', slow, 1, 60)
        check(scene.outcome('slow', 'retried') >= 1, slow.tries)

    with suite.case('redirects are not followed, huge answers not read to their end'):
        scene.die('away')
        suite.wait_until('a refusal', lambda: scene.outcome('away', 'refused') == 1, 30)
        suite.wait_until('the rest', lambda: len(away.keys('resolved')) == 1, 30)
        scene.die('away')
        suite.wait_until('the last', lambda: len(away.keys('resolved')) == 2, 60)
        check(0 < away.huge_bytes < receivers.HUGE, away.huge_bytes)
        suite.wait_until('outcomes', lambda: scene.outcome('away', 'sent') == 3, 10)

    with suite.case('the loop was never held up'):
        scene.check_lag()
    scene.daemon.stop()


# ---- the disk ----

def disk(suite):
    hook = Receiver()
    scene = Scene(suite, 'disk', {'hook': 'type: webhook, url: "%s"' % hook.url()})
    need_root()
    mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'none', scene.storage],
                             check=False, stderr=subprocess.DEVNULL)
    if mounted.returncode != 0:
        raise Skip('no file system can be mounted')
    filler = os.path.join(scene.storage, 'filler')

    def on_disk():
        return scene.scrape().value('heapwatch_notification_queue_on_disk')

    def fill():
        with contextlib.suppress(OSError):
            with open(filler, 'wb', buffering=0) as file:
                while True:
                    file.write(b'x' * 4096)

    def remount(how):
        subprocess.run(['mount', '-o', 'remount,' + how, scene.storage], check=True)

    scene.start()
    scene.die('hook')
    scene.await_pairs('hook', hook, 1)
    check(on_disk() == 1, 'on disk')
    earlier = 0
    full = ('full', fill, lambda: os.unlink(filler))
    read_only = ('read-only', lambda: remount('ro'), lambda: remount('rw'))
    for is_restarted, (what, hurt, mend) in itertools.product((False, True), (full, read_only)):
        before = len(set(hook.keys('resolved')))
        if is_restarted:
            scene.daemon.stop()
            earlier = before
        hurt()
        if is_restarted:
            scene.start()
            check(what == 'full' or 'cannot write to --storage.path=' in scene.daemon.log(), what)
        scene.die('hook', 3)
        suite.wait_until('a warning: ' + what, lambda: 'cannot write alerts to disk'
                         in scene.daemon.log(), 30)
        suite.wait_until('memory only: ' + what, lambda: on_disk() == 0, 10)
        scene.await_pairs('hook', hook, before + 3, earlier=earlier)
        check(scene.scrape().value('heapwatch_storage_write_errors_total') > 0, what)
        mend()
        scene.die('hook')
        suite.wait_until('the disk again: ' + what, lambda: on_disk() == 1, 30)
        scene.await_pairs('hook', hook, before + 4, earlier=earlier)
    scene.check_lag()
    scene.daemon.stop()
    subprocess.run(['umount', scene.storage], check=False)


def preload(suite, name):
    """A library made of NAME.c, for LD_PRELOAD."""
    with open(heapwatchd_path(), 'rb') as program:
        if b'__asan_init' in program.read():
            raise Skip('nothing can be preloaded before the address sanitizer')
    library = suite.path(name + '.so')
    subprocess.run([tool('cc'), '-shared', '-fPIC', '-O1', '-o', library,
                    os.path.join(HERE, name + '.c')], check=True)
    return library


def hanging_disk(suite):
    hook, mute = Receiver(), Receiver()
    mute.default = receivers.hang
    hang = suite.path('hang')
    scene = Scene(suite, 'stuck', {'hook': 'type: webhook, url: "%s"' % hook.url(),
                                   'mute': 'type: webhook, url: "%s"' % mute.url()},
                  env={'LD_PRELOAD': preload(suite, 'disk_hang'), 'DISK_HANG': hang})
    scene.start()
    scene.die('hook')
    scene.await_pairs('hook', hook, 1)
    with open(hang, 'wb'):
        pass
    scene.die('mute')
    scene.die('hook', 3)
    suite.wait_until('memory only', lambda: scene.scrape().value(
        'heapwatch_notification_queue_on_disk') == 0, 60)
    scene.await_pairs('hook', hook, 4)
    check(scene.scrape().value('heapwatch_storage_write_errors_total') > 0, 'an error')
    os.unlink(hang)
    suite.wait_until('the disk again', lambda: scene.scrape().value(
        'heapwatch_notification_queue_on_disk') == 1, 30)
    scene.die('hook')
    scene.await_pairs('hook', hook, 5)
    scene.check_lag()
    scene.daemon.stop()


# Puts the storage of the scene, read-only, where heapwatchd looks by default, for it alone; the
# flag that the harness gives is left out.
READ_ONLY_START = """
place=$1 storage=$2 there=$1; shift 2
while [ ! -d "$there" ]; do there=${there%/*}; done
mount --bind "$storage" /mnt && mount -t tmpfs none "$there" && mkdir -p "$place" &&
    mount --bind /mnt "$place" && mount -o remount,bind,ro "$place" || exit
for flag; do
    shift
    case $flag in --storage.path=*) ;; *) set -- "$@" "$flag" ;; esac
done
exec "$@"
"""


def default_storage():
    said = subprocess.run([heapwatchd_path(), '--help'], check=True, stdout=subprocess.PIPE)
    text = ' '.join(said.stdout.decode().split())
    return re.search(r'--storage.path=DIR .*?\(default: (\S+)\)', text).group(1)


def read_only_start(suite):
    need_root()
    hook = Receiver(is_listening=False)
    scene = Scene(suite, 'start', {'hook': 'type: webhook, url: "%s"' % hook.url()})
    scene.start()
    scene.die('hook')
    suite.wait_until('a try', lambda: scene.outcome('hook', 'retried') >= 1, 60)
    scene.daemon.stop()
    check(accepted(os.path.join(scene.storage, 'alerts')), 'nothing is on disk')
    scene.options['wrapper'] = ['unshare', '--mount', 'sh', '-c', READ_ONLY_START, 'sh',
                                default_storage(), scene.storage]
    scene.start()
    check('cannot write to the default --storage.path' in scene.daemon.log(), scene.daemon.log())
    hook.listen()
    scene.die('hook')
    scene.await_pairs('hook', hook, 2, 90)
    check(scene.scrape().value('heapwatch_notification_queue_on_disk') == 0, 'on disk')
    check(scene.daemon.stop() == 0, 'heapwatchd did not end well')


# ---- the daemon ----

def accepted(path):
    """(dedup_key, status) of the alerts whole on disk; a record is [length, title, …, CRC]."""
    try:
        with open(path, 'rb') as file:
            data = file.read()
    except FileNotFoundError:
        return set()
    found, at = set(), data.find(b'\n') + 1
    while at + 8 <= len(data):
        length = struct.unpack_from('=Q', data, at)[0]
        record = data[at + 8:at + 8 + length]
        if len(record) < length or zlib.crc32(record[:-4]) != struct.unpack('=I', record[-4:])[0]:
            break
        if record.startswith(b'alert\n'):
            body = json.JSONDecoder().raw_decode(
                record[record.index(b'{"version"'):].decode('utf-8', 'replace'))[0]
            found.add((body['dedup_key'], body['status']))
        at += 8 + length
    return found


def kills(suite):
    chance = random.Random(SEED)
    hook = Receiver(delay=0.01)
    bad = (status(503), receivers.reset, receivers.break_off)
    # A death is told for 15 minutes, which is longer than the state on disk may be old: a log that is
    # read again after a kill tells none anew. The state is the older the more logs there are.
    scene = Scene(suite, 'kills', {'hook': 'type: webhook, url: "%s"' % hook.url()},
                  time_scale=max(1, 900 // KILLS))
    expected = set()
    for _ in range(KILLS):
        with hook.lock:
            hook.script = [chance.choice(bad) for _ in range(chance.randrange(3))]
        scene.start()
        scene.die('hook', chance.randrange(1, 12))
        time.sleep(chance.uniform(0, 1.5))  # the random point, whatever it hits
        scene.daemon.stop(signal.SIGKILL)
        expected |= accepted(os.path.join(scene.storage, 'alerts'))
    scene.start()
    scene.die('hook')
    suite.wait_until('an empty queue', lambda: scene.drained() and any(
        key.split('/')[1] == 'hook-%d' % scene.count for key, _ in hook.keys('resolved')),
                     120 + 2 * KILLS)
    lost = expected - set(hook.keys())
    check(expected and not lost, 'lost: %s' % sorted(lost))
    deliveries = {}
    for delivery, alert in hook.taken:
        deliveries.setdefault((alert['dedup_key'], alert['status']), set()).add(delivery)
    twice = {key: ids for key, ids in deliveries.items() if len(ids) > 1}
    check(not twice, 'told twice under different ids: %s' % twice)
    check(scene.scrape().value('heapwatch_notifications_dropped_total', reason='queue_full') == 0,
          'dropped')
    comment('seed %d, %d kills: %d notifications accepted, %d taken, %d of them again'
            % (SEED, KILLS, len(expected), len(hook.taken), len(hook.taken) - len(deliveries)))
    scene.check_lag()
    scene.daemon.stop()


# ---- the clock ----

def clock(suite):
    library, shift = preload(suite, 'clock_shift'), suite.path('shift')
    day = 24 * 3600

    def jump(seconds):
        with open(shift, 'r+b' if os.path.exists(shift) else 'wb') as file:
            file.write(struct.pack('=q', seconds))

    jump(0)
    hook = Receiver(is_listening=False)
    scene = Scene(suite, 'clock', {'hook': 'type: webhook, url: "%s"' % hook.url()},
                  env={'LD_PRELOAD': library, 'CLOCK_SHIFT': shift})
    scene.start()
    scene.die('hook', 2)
    suite.wait_until('a try', lambda: scene.outcome('hook', 'retried') >= 1, 30)
    jump(3 * day)
    retried = scene.outcome('hook', 'retried')
    suite.wait_until('a try', lambda: scene.outcome('hook', 'retried') > retried, 60)
    jump(-10 * day)
    scene.die('hook')
    retried = scene.outcome('hook', 'retried')
    suite.wait_until('a try', lambda: scene.outcome('hook', 'retried') > retried, 60)
    hook.listen()
    jump(0)
    scene.await_pairs('hook', hook, 3, 120)
    check(scene.outcome('hook', 'expired') == 0, 'expired')
    for _, alert in hook.taken:
        check(alert['status'] == 'firing' or alert['ends_at'] >= alert['starts_at'], alert)
    scene.check_lag()
    scene.daemon.stop()


# ---- a thousand at once ----

def thousand(suite):
    slow, broken = Receiver(delay=0.002), Receiver()
    broken.default = status(500)
    hook = 'type: webhook, url: "%s"'
    scene = Scene(suite, 'many', {'slow': hook % slow.url(), 'broken': hook % broken.url()})
    scene.start()
    suite.wait_until('a scrape', scene.scrape, 10)
    before = scene.scrape().value('process_resident_memory_bytes')
    scene.die('broken')
    scene.die('slow', 1000)
    suite.wait_until('all of them', lambda: scene.scrape() and len(
        set(slow.keys('resolved'))) >= 1000, 180)
    keys = slow.keys()
    check(len(keys) == len(set(keys)) == 2000, len(keys))
    place = {key: at for at, key in enumerate(keys)}
    check(all(place[key, 'firing'] < place[key, 'resolved'] for key, _ in keys), 'order')
    suite.wait_until('an empty queue but for who refuses', lambda: scene.scrape().value(
        'heapwatch_notification_queue_length') == 2, 30)
    samples = scene.scrape()
    check(samples.value('heapwatch_notification_queue_on_disk') == 1, 'on disk')
    grown = samples.value('process_resident_memory_bytes') - before
    comment('memory grew by %.1f MiB' % (grown / (1 << 20)))
    check(grown < 96 << 20, grown)
    scene.check_lag()
    scene.daemon.stop()


def main():
    with Suite('chaos', 360 + 4 * KILLS) as suite:
        network(suite)
        with suite.case('a disk that is full or read-only: alerts go on in memory, then on disk'):
            disk(suite)
        with suite.case('a disk that hangs holds up no alert and no scrape'):
            hanging_disk(suite)
        with suite.case('a start on a read-only disk tells what is on it, and goes on in memory'):
            read_only_start(suite)
        with suite.case('SIGKILL at any moment loses nothing and tells nothing twice'):
            kills(suite)
        with suite.case('a clock that jumps loses nothing'):
            clock(suite)
        with suite.case('a thousand alerts at once reach a slow receiver, each process in order'):
            thousand(suite)


main()
