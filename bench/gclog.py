#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a GC log costs: heapwatch, a parser by hand, and mtail with an equal program.

Makes a log of GC lines and one of plain application output, both of the given size, runs
bench/gclog over them, mtail over a part of the first, and `heapwatch analyze` over a part and over
all of it. CPU time, not wall time. Machines change their speed from second to second, so what is
compared takes turns, and a ratio is the median of the ratios within a round. Exits 1 when a figure
is not what it should be.

Environment: BENCH_LOG_MB (100); MTAIL, a program (mtail).
"""
import math
import os
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get('top_builddir', '.')
LOG_MB = int(os.environ.get('BENCH_LOG_MB', '100'))
MTAIL = shutil.which(os.environ.get('MTAIL', 'mtail'))
MTAIL_BYTES = 8 << 20
MTAIL_ROUNDS = 5

BY_HAND_RATIO_MAX = 2.0
MTAIL_RATIO_MIN = 60.0
TEXT_MB_PER_SECOND_MIN = 1500
RSS_BYTES_MAX = 10 << 20

MTAIL_PROGRAM = r'''
counter collections by kind
counter pause_ms by kind
gauge used by isolate
/^\[(?P<pid>\d+):(?P<isolate>0x[0-9a-f]+)\] +(?P<ms>\d+) ms: (?P<kind>[A-Z][A-Za-z-]+)/ +
/( \([a-z ]+\))* [\d.]+ \([\d.]+\) -> (?P<after>[\d.]+) \([\d.]+\) MB, (?P<pause>[\d.]+) \/ / {
  collections[$kind]++
  pause_ms[$kind] += $pause
  used[$isolate] = $after
}
'''


def templates():
    """GC lines of a real process: what stands before the clock, the kind, and behind the pause."""
    path = os.path.join(HERE, '..', 'tests', 'fixtures', 'gclog', 'node-20.log')
    with open(path, encoding='utf-8') as log:
        return [match.groups() for match in (
            re.match(r'(\[\S+\]) +\d+ ms: (Scavenge|Mark-Compact) .*? MB, [\d.]+( .*\n)', line)
            for line in log) if match]


def write_gc_log(path, size):
    """A heap that drifts between 8 and 500 MB, with pauses of any length, as a process has them."""
    chance, length, number = random.Random(1), 0, 0
    lines = templates()
    times = [('%.2f' % chance.lognormvariate(0.5, 1)) for _ in range(10000)]
    with open(path, 'w', encoding='utf-8') as log:
        while length < size:
            number += 1
            head, kind, rest = lines[number % len(lines)]
            used = 250 + 240 * math.sin(number / 5000) + chance.random()
            sizes = ' %.1f (%.1f) -> %.1f (%.1f) MB, %s' % (
                used + 3, used + 12, used, used + 13, chance.choice(times))
            length += log.write('%s %8d ms: %s%s%s' % (head, number * 13, kind, sizes, rest))
    return number


def write_text(path, size):
    words = 'GET POST /api/items /health 200 404 user session took done queue page the of and'.split()
    chance, length, number = random.Random(1), 0, 0
    with open(path, 'w', encoding='utf-8') as log:
        while length < size:
            number += 1
            length += log.write('info: request %d %s\n' % (
                number, ' '.join(chance.choices(words, k=chance.randint(6, 20)))))


def steps(path, *rounds, is_quiet=False):
    """Name of each step of bench/gclog: ns per line, MB per CPU second, times the hand parser."""
    out = subprocess.run([os.path.join(TOP, 'bench', 'gclog'), path, *rounds], check=True,
                         text=True, stdout=subprocess.PIPE).stdout
    if not is_quiet:
        print(out, end='')
    pattern = r'^(.{16}) +([\d.]+) ns/line +([\d.]+) MB/s +([\d.]+) by hand'
    return {m[1].strip(): tuple(map(float, m.groups()[1:])) for m in re.finditer(pattern, out, re.M)}


def is_within(what, value, unit, low=0.0, high=float('inf')):
    """Says what a figure is and what it should be."""
    bound = 'at least %.0f' % low if low > 0 else 'at most %.1f' % high
    is_good = low <= value <= high
    print('%s: %.2f %s (%s)%s' % (what, value, unit, bound, '' if is_good else ': MISSED'))
    return is_good


def peak_rss_bytes(pid):
    """So far; 0 once it has ended. The rusage of a child begins with what its parent held."""
    with open('/proc/%d/status' % pid, encoding='ascii') as status:
        match = re.search(r'VmHWM:\s+(\d+) kB', status.read())
    return int(match[1]) * 1024 if match else 0


def run(command):
    """CPU seconds and peak RSS in bytes of a command that ends."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        peak = max(peak, peak_rss_bytes(process.pid))
        time.sleep(0.01)
    _, process.returncode, usage = os.wait4(process.pid, 0)
    if process.returncode != 0:
        sys.exit('%s: status %d' % (command[0], process.returncode))
    return usage.ru_utime + usage.ru_stime, peak


def measure_mtail(directory, log):
    program, part = os.path.join(directory, 'gc.mtail'), os.path.join(directory, 'part.log')
    with open(program, 'w', encoding='utf-8') as out:
        out.write(MTAIL_PROGRAM)
    with open(log, 'rb') as whole, open(part, 'wb') as out:
        text = whole.read(MTAIL_BYTES)
        out.write(text[:text.rindex(b'\n') + 1])
    with open(os.path.join(directory, 'empty.log'), 'w', encoding='utf-8'):
        pass
    mtail = [MTAIL, '-one_shot', '-progs', program, '-logs']
    ns, ratios = [], []
    for _ in range(MTAIL_ROUNDS):
        idle, _ = run(mtail + [os.path.join(directory, 'empty.log')])
        busy, _ = run(mtail + [part])
        ns.append((busy - idle) * 1e9 / text.count(b'\n'))
        ratios.append(ns[-1] / steps(part, '3', is_quiet=True)['to the model'][0])
    print('mtail: %.0f ns/line, %.0f to %.0f times heapwatch' %
          (statistics.median(ns), min(ratios), max(ratios)))
    return is_within('mtail / heapwatch', statistics.median(ratios), '', low=MTAIL_RATIO_MIN)


def measure_analyze(log, part):
    heapwatch = [os.path.join(TOP, 'heapwatch'), 'analyze', '--format=json']
    _, part_bytes = run(heapwatch + [part])
    seconds, log_bytes = run(heapwatch + [log])
    print('analyze: %.0f MB/CPU-s, peak RSS %.1f MB for a tenth' %
          (os.path.getsize(log) / 1e6 / seconds, part_bytes / 2**20))
    return is_within('analyze, peak RSS', log_bytes / 2**20, 'MB', high=RSS_BYTES_MAX / 2**20)


def main():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as directory:
        log, text, tenth = (os.path.join(directory, name)
                            for name in ('gc.log', 'text.log', 'tenth.log'))
        print('%d MB of GC lines:' % LOG_MB)
        write_gc_log(log, LOG_MB << 20)
        write_gc_log(tenth, (LOG_MB << 20) // 10)
        of_log = steps(log)
        write_text(text, LOG_MB << 20)
        print('%d MB of application output:' % LOG_MB)
        of_text = steps(text)
        results = [
            is_within('to the model / parser by hand', of_log['to the model'][2], '',
                      high=BY_HAND_RATIO_MAX),
            is_within('application output', of_text['to the model'][1], 'MB/CPU-s',
                      low=TEXT_MB_PER_SECOND_MIN),
            measure_analyze(log, tenth)]
        if MTAIL is None:
            print('mtail: not installed')
        else:
            results.append(measure_mtail(directory, log))
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
