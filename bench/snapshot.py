#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What reading, summing up and comparing heap snapshots costs, beside a floor and beside memlab.

Snapshots are made by snapshot_make: 56, 230 and (BENCH_LARGE=1) 1,330 MB. CPU seconds and peak memory are those of the
kernel for each process. BENCH_SNAPSHOT=FILE takes that one for the floor and for memlab instead of the 230 MB one.
BENCH_MEMLAB=PROGRAM runs memlab (npm, with its own Node.js) three times each, which takes minutes. memlab compares no
two snapshots: it gets the second one twice.
"""

import os
import statistics
import subprocess
import sys
import tempfile

SIZES = {"56 MB": 225_000, "230 MB": 900_000}
if os.environ.get("BENCH_LARGE"):
    SIZES["1330 MB"] = 5_000_000
NODES_PER_ITEM = 4
EDGES_PER_ITEM = 13

build = os.environ["top_builddir"]
heapwatch = os.path.join(build, "heapwatch")
misses = []


def run(command):
    """CPU seconds and peak bytes; the program's output is thrown away."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def in_turns(commands, rounds):
    """Several programs one after the other, again and again, since the machine's speed changes: by program the CPU
    of each round and the peaks' median."""
    runs = [[run(command) for command in commands] for _ in range(rounds)]
    return [([cpu for cpu, _ in column], statistics.median(peak for _, peak in column)) for column in zip(*runs)]


def ratio(dividends, divisors):
    """Of two programs that ran in turns: the median of what each round says."""
    return statistics.median(dividend / divisor for dividend, divisor in zip(dividends, divisors))


def show(what, cpu, peak, note=""):
    print(f"{what:<44} {cpu:7.2f} s  {peak / 1e6:8.1f} MB  {note}", flush=True)


def demand(is_met, what):
    if not is_met:
        misses.append(what)


def make(directory, items):
    path = os.path.join(directory, f"{items}.heapsnapshot")
    with open(path, "wb") as file:
        subprocess.run([os.path.join(build, "bench/snapshot_make"), str(items)], stdout=file, check=True)
    return path


def grow(directory):
    print("heapwatch snapshot, by size: CPU, peak memory, bytes of it beside 16 an edge, by node")
    for size, items in SIZES.items():
        first, last = make(directory, items * 9 // 10), make(directory, items)
        for name, command in {
            "summary": ["summary", last],
            "diff": ["diff", first, last],
            "diff by retainer": ["diff", "--by=retainer", first, last],
        }.items():
            cpu, peak = run([heapwatch, "snapshot", *command])
            per_node = (peak - 16 * EDGES_PER_ITEM * items) / (NODES_PER_ITEM * items)
            show(f"{size} {name}", cpu, peak, f"{per_node:.0f} bytes a node")
            demand(per_node <= 60, f"{size} {name}: more than 60 bytes a node and 16 an edge")
        os.unlink(first)
        if size != "230 MB":
            os.unlink(last)


def compare_floor(path):
    print("\nin turns, nine rounds: the median of CPU and of peak memory")
    floor = [os.path.join(build, "bench/snapshot_floor"), path]
    ours = [heapwatch, "snapshot", "summary", "--no-retained", path]
    (floor_cpus, floor_peak), (cpus, peak) = in_turns([floor, ours], 9)
    times = ratio(cpus, floor_cpus)
    show("floor: every byte looked at, nothing kept", statistics.median(floor_cpus), floor_peak)
    show("heapwatch snapshot summary --no-retained", statistics.median(cpus), peak, f"{times:.2f} times the floor")
    demand(times <= 1.7, "summary without retained sizes costs more than 1.7 times the floor")


def compare_memlab(directory, path, memlab):
    print("\nbeside memlab, in turns, three rounds: the median of CPU and of peak memory")
    first, second, third = [make(directory, items) for items in (700_000, 900_000, 910_000)]
    find_leaks = ["find-leaks", "--baseline", first, "--target", second, "--final"]
    for name, ours, theirs, least_cpu in (
        ("summary", ["summary", path], ["analyze", "object-size", "--snapshot", path], 10),
        ("diff of two", ["diff", first, second], [*find_leaks, second], 8),
        ("diff of two by retainer", ["diff", "--by=retainer", first, second], [*find_leaks, second], 8),
        ("diff of three", ["diff", first, second, third], [*find_leaks, third], 8),
    ):
        commands = [[heapwatch, "snapshot", *ours], [memlab, *theirs]]
        (cpus, peak), (memlab_cpus, memlab_peak) = in_turns(commands, 3)
        times = ratio(memlab_cpus, cpus)
        show(f"heapwatch {name}", statistics.median(cpus), peak)
        show(f"memlab {theirs[0]}", statistics.median(memlab_cpus), memlab_peak,
             f"{times:.1f} times the CPU, {memlab_peak / peak:.1f} times the memory")
        demand(times >= least_cpu, f"{name} costs more than 1/{least_cpu} of memlab's CPU")
        demand(memlab_peak >= 4 * peak, f"{name} takes more than 1/4 of memlab's memory")


def main():
    with tempfile.TemporaryDirectory() as directory:
        grow(directory)
        path = os.environ.get("BENCH_SNAPSHOT") or make(directory, SIZES["230 MB"])
        compare_floor(path)
        if "BENCH_MEMLAB" in os.environ:
            compare_memlab(directory, path, os.environ["BENCH_MEMLAB"])
    for miss in misses:
        print(f"missed: {miss}", file=sys.stderr)
    sys.exit(bool(misses))


if __name__ == "__main__":
    main()
