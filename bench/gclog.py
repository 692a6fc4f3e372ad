#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a GC log costs: heapwatch, a parser by hand, and mtail with an equal program.

Makes a log of GC lines and one of plain application output, both of the given size, runs
bench/gclog over them, mtail over a part of the first, and `heapwatch analyze` over a part and over
all of it. CPU time, not wall time; ratios hold from machine to machine, nanoseconds do not. Exits 1
when mtail is less than 60 times as costly or analyze holds more than 10 MB; what else should be is
printed with what is.

Environment: BENCH_LOG_MB (100); MTAIL, a program (mtail).
"""
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.environ.get('top_builddir', '.')
LOG_MB = int(os.environ.get('BENCH_LOG_MB', '100'))
MTAIL = shutil.which(os.environ.get('MTAIL', 'mtail'))
MTAIL_BYTES = 4 << 20

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
    """GC lines of a real process, with room for the clock."""
    path = os.path.join(HERE, '..', 'tests', 'fixtures', 'gclog', 'node-20.log')
    with open(path, encoding='utf-8') as log:
        lines = [line for line in log if re.match(r'\[.* ms: (Scavenge|Mark-Compact) ', line)]
    return [re.sub(r'\] +\d+ ms: ', '] %8d ms: ', line.replace('%', '%%'), count=1) for line in lines]


def write_gc_log(path, size):
    lines, length, number = templates(), 0, 0
    with open(path, 'w', encoding='utf-8') as log:
        while length < size:
            number += 1
            length += log.write(lines[number % len(lines)] % (number * 13))
    return number


def write_text(path, size):
    words = 'GET POST /api/items /health 200 404 user session took done queue page the of and'.split()
    chance, length, number = random.Random(1), 0, 0
    with open(path, 'w', encoding='utf-8') as log:
        while length < size:
            number += 1
            length += log.write('info: request %d %s\n' % (
                number, ' '.join(chance.choices(words, k=chance.randint(6, 20)))))


def steps(path):
    """Name of each step of bench/gclog: ns per line, MB per CPU second."""
    out = subprocess.run([os.path.join(TOP, 'bench', 'gclog'), path], check=True, text=True,
                         stdout=subprocess.PIPE).stdout
    print(out, end='')
    return {m[1].strip(): (float(m[2]), float(m[3]))
            for m in re.finditer(r'^(.{16}) +([\d.]+) ns/line +([\d.]+) MB/s', out, re.M)}


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


def measure_mtail(directory, log, ns_per_line):
    program, part = os.path.join(directory, 'gc.mtail'), os.path.join(directory, 'part.log')
    with open(program, 'w', encoding='utf-8') as out:
        out.write(MTAIL_PROGRAM)
    with open(log, 'rb') as whole, open(part, 'wb') as out:
        text = whole.read(MTAIL_BYTES)
        out.write(text[:text.rindex(b'\n') + 1])
    with open(os.path.join(directory, 'empty.log'), 'w', encoding='utf-8'):
        pass
    mtail = [MTAIL, '-one_shot', '-progs', program, '-logs']
    idle, _ = run(mtail + [os.path.join(directory, 'empty.log')])
    busy, _ = run(mtail + [part])
    mtail_ns = (busy - idle) * 1e9 / text.count(b'\n')
    print('mtail %.0f ns/line: %.0f times heapwatch (at least %.0f)' %
          (mtail_ns, mtail_ns / ns_per_line, MTAIL_RATIO_MIN))
    return mtail_ns / ns_per_line >= MTAIL_RATIO_MIN


def measure_analyze(log, part):
    heapwatch = [os.path.join(TOP, 'heapwatch'), 'analyze', '--format=json']
    _, part_bytes = run(heapwatch + [part])
    seconds, log_bytes = run(heapwatch + [log])
    print('analyze: %.0f MB/CPU-s, peak RSS %.1f MB, %.1f MB for a tenth (at most %d MB)' %
          (os.path.getsize(log) / 1e6 / seconds, log_bytes / 2**20, part_bytes / 2**20,
           RSS_BYTES_MAX >> 20))
    return log_bytes <= RSS_BYTES_MAX


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
        print('to the model / parser by hand: %.2f (at most %.1f is the aim)' %
              (of_log['to the model'][0] / of_log['parser by hand'][0], BY_HAND_RATIO_MAX))
        print('application output: %.0f MB/CPU-s (at least %d is the aim)' %
              (of_text['to the model'][1], TEXT_MB_PER_SECOND_MIN))
        is_good = measure_analyze(log, tenth)
        if MTAIL is None:
            print('mtail: not installed')
        elif not measure_mtail(directory, log, of_log['to the model'][0]):
            is_good = False
    return 0 if is_good else 1


if __name__ == '__main__':
    sys.exit(main())
