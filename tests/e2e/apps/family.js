// A process with two forked children and, where there are some, two worker threads, all of which
// collect garbage and print to the one stdout that they share.
'use strict';
var child = require('child_process');
var threads;
try { threads = require('worker_threads'); } catch (error) { threads = null; }

function collect(name, times) {
  for (var n = 0; n < times; n++) {
    for (var i = 0, garbage = []; i < 60000; i++) garbage.push({ i: i, s: 'v' + i });
    process.stdout.write(name + ' ' + n + '\n');
  }
}

if (threads && !threads.isMainThread) {
  collect('thread', 5);
} else if (process.argv[2] === 'child') {
  collect('child', 5);
} else {
  console.error('pids ' + process.pid);
  for (var i = 0; i < 2; i++) {
    console.error('pids ' + child.fork(__filename, ['child']).pid);
    if (threads) new threads.Worker(__filename);
  }
  collect('parent', 5);
}
