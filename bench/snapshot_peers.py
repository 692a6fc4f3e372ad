#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Retained sizes and distances by constructor beside memlab's and Chrome DevTools', on snapshots of real Node.js.

PEERS_MEMLAB=DIRECTORY (node_modules with memlab) and PEERS_DEVTOOLS=MODULE (see README.md) say what to compare with;
PEERS_NODES the versions, of those that are in the cache of script/bootstrap; PEERS_SNAPSHOT=FILE takes that snapshot
instead. Fails when a constructor has another retained size than with memlab, or than with DevTools without its two own rules ("plain").
"""

import json
import os
import subprocess
import sys
import tempfile

NODES = os.environ.get("PEERS_NODES", "12.22.12 14.21.3 16.20.2 18.20.8 20.20.2 22.23.3 24.21.0 26.10.0").split()
HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "heapwatch")
NODE_OF_PEERS = os.environ.get("PEERS_NODE") or os.path.join(CACHE, "node-22.23.3", "bin", "node")
HEAPWATCH = os.path.join(os.environ["top_builddir"], "heapwatch")
KEYS = ("count", "self_bytes", "retained_bytes", "distance")
SHOWN = 6

# All that Node.js has built in, and objects of many kinds: a table, weak ones, closures, strings, buffers, a server.
PROGRAM = r"""
for (const name of require('module').builtinModules)
  try { if (!name.startsWith('trace_events')) require(name); } catch {}
class Entry { constructor(i) { this.text = 'entry ' + i; this.list = [i, {id: i, next: null}]; this.at = i + 0.5; } }
class Cache { constructor() { this.map = new Map(); this.weak = new WeakMap(); this.keys = new WeakSet(); } }
const cache = global.cache = new Cache();
let last = null;
for (let i = 0; i < 3000; i++) {
  const entry = new Entry(i);
  entry.list[1].next = last; last = entry.list[1];
  cache.map.set('key ' + i, entry); cache.weak.set(entry, {value: 'of ' + i, entry}); cache.keys.add(entry.list);
  entry.run = function run() { return entry; }; entry.bound = entry.run.bind(cache); entry.regexp = new RegExp('e' + i);
  if (i % 7 === 0) entry.buffer = new Uint8Array(100 + i);
  if (i % 11 === 0) entry.rope = 'a rope of ' + i + entry.text + Math.random();
  if (i % 13 === 0) entry.slice = entry.text.repeat(9).slice(3, 40);
}
const server = require('http').createServer(() => {}).listen(0, '127.0.0.1', () => {
  require('v8').writeHeapSnapshot(process.argv[1]); server.close();
});
"""

misses = []


def take(node, path):
    subprocess.run([node, "-e", PROGRAM, path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask_heapwatch(path):
    answer = subprocess.run([HEAPWATCH, "snapshot", "summary", "--format=json", path], check=True, capture_output=True)
    return {f"{row['type']}\t{row['name']}": row for row in json.loads(answer.stdout)["rows"]}


def ask_peer(kind, library, path):
    command = [NODE_OF_PEERS, "--max-old-space-size=8192", os.path.join(HERE, "snapshot_peers.js"), kind, library, path]
    answer = subprocess.run(command, check=True, capture_output=True)
    return json.loads(answer.stdout.rstrip(b"\n").rpartition(b"\n")[2])  # memlab says other things before


def compare(what, ours, theirs, key):
    """Prints how many constructors differ, and those that differ most."""
    names = list(ours)
    differ = [name for name in names if ours[name][key] != theirs[name][key]]
    print(f"{what:<30} {key:<15} {len(names) - len(differ):6} equal {len(differ):4} differ", flush=True)
    differ.sort(key=lambda name: -abs((ours[name][key] or 0) - (theirs[name][key] or 0)))
    for name in differ[:SHOWN]:
        print(f"    {name.replace(chr(9), ' '):.60}: {ours[name][key]}, theirs {theirs[name][key]}")
    return differ


def compare_all(version, path):
    ours = ask_heapwatch(path)
    devtools = os.environ.get("PEERS_DEVTOOLS")
    for kind, library in (("memlab", os.environ.get("PEERS_MEMLAB")), ("plain", devtools), ("devtools", devtools)):
        if not library:
            continue
        theirs = ask_peer(kind, library, path)
        what = f"{version} beside {kind}"
        if set(ours) != set(theirs):
            misses.append(f"{what}: not the same constructors: {sorted(set(ours) ^ set(theirs))[:SHOWN]}")
            continue
        keys = KEYS[:3] if kind == "memlab" else KEYS  # memlab has no distances
        differ = {key: compare(what, ours, theirs, key) for key in keys}
        if differ["count"] or differ["self_bytes"] or (kind != "devtools" and differ["retained_bytes"]):
            misses.append(f"{what}: other counts or sizes")


def main():
    if "PEERS_SNAPSHOT" in os.environ:
        compare_all(os.path.basename(os.environ["PEERS_SNAPSHOT"]), os.environ["PEERS_SNAPSHOT"])
        NODES.clear()
    with tempfile.TemporaryDirectory() as directory:
        for version in NODES:
            node = os.path.join(CACHE, f"node-{version}", "bin", "node")
            if not os.access(node, os.X_OK):
                print(f"{version}: not there, see script/bootstrap")
                continue
            path = os.path.join(directory, f"{version}.heapsnapshot")
            take(node, path)
            compare_all(f"Node.js {version}", path)
            os.unlink(path)
    for miss in misses:
        print(f"missed: {miss}", file=sys.stderr)
    sys.exit(bool(misses))


if __name__ == "__main__":
    main()
