// SPDX-License-Identifier: MIT
// Switches V8's GC trace on from inside of a process whose command line cannot be changed:
//
//     NODE_OPTIONS="--require /usr/share/heapwatch/preload.js" npm start
//
// for Node.js 6.12 and later; V8's trace flags themselves are refused in NODE_OPTIONS. The trace goes
// to stdout. Under "heapwatch run", only processes trace whose stdout is the one that it reads: what
// others print may be parsed by whoever started them.
'use strict';

(function () {
  function isMainThread() {
    try {
      return require('worker_threads').isMainThread;
    } catch (error) {
      return true; // Node.js before 10.5 has no others
    }
  }

  function isOurStdout(wanted) {
    try {
      var stat = require('fs').fstatSync(1);
      return stat.dev + ':' + stat.ino === wanted;
    } catch (error) {
      return false;
    }
  }

  var wanted = process.env.HEAPWATCH_STDOUT;
  // The flag is the whole process's, so threads need not set it again.
  if (isMainThread() && (!wanted || isOurStdout(wanted))) {
    try {
      require('v8').setFlagsFromString('--trace_gc');
    } catch (error) {
      process.stderr.write('heapwatch: no GC trace: ' + error.message + '\n');
    }
  }
})();
