// SPDX-License-Identifier: MIT
// What memlab or Chrome DevTools finds in a heap snapshot, by constructor, as JSON:
//
//	node snapshot_peers.js memlab NODE_MODULES FILE
//	node snapshot_peers.js devtools|plain MODULE FILE
//
// NODE_MODULES is where npm put memlab, MODULE what esbuild makes of the sources of DevTools, see README.md.
// Dominators, retained sizes and distances are theirs; only what is done for a class is done here: its objects
// that no other of it dominates are added up. "plain" is DevTools without two rules of its own: that nothing but
// global objects retains what these reach, and that the table of a WeakMap retains nothing.
'use strict';

const fs = require('fs');
const path = require('path');
const url = require('url');

const SYSTEM_DISTANCE = 100000000; // of DevTools: reached from V8's own roots only

function load(file) {
  const profile = JSON.parse(fs.readFileSync(file, 'utf8'));
  const meta = profile.snapshot.meta;
  const width = meta.node_fields.length;
  const types = meta.node_types[meta.node_fields.indexOf('type')];
  const count = profile.nodes.length / width;
  const field = (node, name) => profile.nodes[node * width + meta.node_fields.indexOf(name)];
  return {
    profile, count,
    type: (node) => types[field(node, 'type')],
    name: (node) => profile.strings[field(node, 'name')],
    selfSize: (node) => field(node, 'self_size'),
  };
}

// As heapwatch and DevTools call a class, with its type, since both may be equal by chance.
function classOf(heap, node) {
  const fixed = {code: '(compiled code)', closure: 'Function', regexp: 'RegExp', hidden: '(system)'};
  const type = heap.type(node);
  const name = type === 'object' || type === 'native' ? heap.name(node).toWellFormed() : fixed[type] || `(${type})`;
  return `${type}\t${name}`;
}

async function askMemlab(heap, modules, file) {
  const {getFullHeapFromFile} = require(path.resolve(modules, '@memlab/heap-analysis'));
  const {nodes} = await getFullHeapFromFile(file);
  const found = {dominators: [], retained: [], distances: null};
  for (let i = 0; i < heap.count; i++) {
    found.retained.push(nodes.get(i).retainedSize);
    found.dominators.push(nodes.get(i).dominatorNode.nodeIndex);
  }
  return found;
}

// DevTools moves the size of the elements of an array to the array itself; that is undone, by taking its dominators
// with the sizes of the file.
function addUp(heap, dominators) {
  const depths = new Int32Array(heap.count).fill(-1);
  depths[0] = 0;
  for (let i = 0; i < heap.count; i++) {
    const way = [];
    let node = i;
    for (; depths[node] < 0; node = dominators[node]) {
      way.push(node);
    }
    while (way.length > 0) {
      depths[way.at(-1)] = depths[node] + 1;
      node = way.pop();
    }
  }
  const retained = Array.from({length: heap.count}, (_, i) => heap.selfSize(i));
  const deepestFirst = Uint32Array.from(retained.keys()).sort((a, b) => depths[b] - depths[a]);
  for (const node of deepestFirst) {
    if (node !== 0) {
      retained[dominators[node]] += retained[node];
    }
  }
  return retained;
}

// By node: the root reaches it over edges that retain.
function reach(snapshot) {
  const isReached = new Uint8Array(snapshot.nodeCount);
  const ways = [0];
  isReached[0] = 1;
  while (ways.length > 0) {
    const from = ways.pop();
    const end = snapshot.firstEdgeIndexes[from + 1];
    for (let edge = snapshot.firstEdgeIndexes[from]; edge < end; edge += snapshot.edgeFieldsCount) {
      const type = snapshot.containmentEdges.getValue(edge + snapshot.edgeTypeOffset);
      const to = snapshot.containmentEdges.getValue(edge + snapshot.edgeToNodeOffset) / snapshot.nodeFieldCount;
      const isWay = type !== snapshot.edgeWeakType && (type !== snapshot.edgeShortcutType || from === 0);
      if (isWay && !isReached[to]) {
        isReached[to] = 1;
        ways.push(to);
      }
    }
  }
  return isReached;
}

// Where a rule of DevTools is asked for global objects it is given what the root reaches, as in memlab.
function makePlain({prototype}) {
  const isEssential = prototype.computeIsEssentialEdge;
  prototype.userObjectsMapAndFlag = function() {
    return {map: reach(this), flag: 1};
  };
  prototype.computeIsEssentialEdge = function(...args) {
    const parse = this.tryParseWeakMapEdgeName;
    this.tryParseWeakMapEdgeName = () => undefined;
    try {
      return isEssential.apply(this, args);
    } finally {
      this.tryParseWeakMapEdgeName = parse;
    }
  };
}

async function askDevTools(heap, module, isPlain) {
  const {createJSHeapSnapshotForTesting, JSHeapSnapshot, arrays} = await import(url.pathToFileURL(module).href);
  const profile = {...heap.profile};
  if (isPlain) {
    makePlain(JSHeapSnapshot);
  }
  for (const key of ['nodes', 'edges']) {
    profile[key] = arrays.createFixedBigUint32Array(heap.profile[key].length);
    heap.profile[key].forEach((value, i) => profile[key].setValue(i, value));
  }
  const snapshot = await createJSHeapSnapshotForTesting(profile);
  const dominators = Array.from(snapshot.dominatorsTree);
  return {dominators, retained: addUp(heap, dominators), distances: snapshot.nodeDistances};
}

function group(heap, found) {
  const names = Array.from({length: heap.count}, (_, i) => classOf(heap, i));
  const classes = {};
  const isHeldByItsLike = (node) => {
    let above = node;
    while (above !== 0) {
      above = found.dominators[above];
      if (names[above] === names[node]) {
        return true;
      }
    }
    return false;
  };
  for (let i = 0; i < heap.count; i++) {
    const row = classes[names[i]] ??= {count: 0, self_bytes: 0, retained_bytes: 0, distance: null};
    row.count++;
    row.self_bytes += heap.selfSize(i);
    if (!isHeldByItsLike(i)) {
      row.retained_bytes += found.retained[i];
    }
    const distance = found.distances ? found.distances[i] : -1;
    if (distance >= 0 && distance < SYSTEM_DISTANCE && (row.distance === null || distance < row.distance)) {
      row.distance = distance;
    }
  }
  return classes;
}

async function main(kind, library, file) {
  const heap = load(file);
  const found = kind === 'memlab' ? await askMemlab(heap, library, file) :
                                    await askDevTools(heap, library, kind === 'plain');
  fs.writeSync(1, JSON.stringify(group(heap, found)) + '\n');
  process.exit(0);
}

main(...process.argv.slice(2));
