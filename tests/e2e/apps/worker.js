// SPDX-License-Identifier: MIT
// The main isolate is healthy, that of its worker thread leaks.
'use strict';
const { Worker, isMainThread } = require('worker_threads');
const load = require('./load');

if (isMainThread) {
  load.start({ keep: 0 });
  // A worker has a heap limit of its own; the flags of the process do not reach it. It starts after
  // the first collections of the main isolate, which is thus the first to be seen.
  setTimeout(() => new Worker(__filename, {
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 2 },
  }), 1000);
} else {
  load.start({ keep: 400 });
}
