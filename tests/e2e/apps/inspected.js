// SPDX-License-Identifier: MIT
// Waits, and does on SIGUSR2 what INSPECTED says; once by itself after a second when it is "busy" or
// "blocked". Lines on stdout say what it noticed.
'use strict';
const { PerformanceObserver } = require('perf_hooks');
const what = process.env.INSPECTED || 'collect';
let workers = null;
try {
  workers = require('worker_threads');
} catch (error) { /* Node before 10.5, or without the flag */ }

function say(line) {
  require('fs').writeSync(1, line + '\n');
}

// Collections of both kinds for a while, then none.
function collect(done) {
  const ring = [];
  let rounds = 60;
  const timer = setInterval(() => {
    for (let i = 0; i < 20000; i++)
      ring[i % 40000] = { i, text: 'text ' + i };
    if (global.gc && rounds % 10 === 0)
      global.gc();
    if (--rounds === 0) {
      clearInterval(timer);
      done();
    }
  }, 10);
}

const original = PerformanceObserver.prototype.disconnect;
PerformanceObserver.prototype.disconnect = function () {
  say('observer stopped');
  return original.call(this);
};

const actions = {
  collect: () => collect(() => say('done')),
  exit: () => process.exit(7),
  drain: () => clearInterval(waiting),
  throws: () => { throw new Error('as told'); },
  busy: () => { for (;;); },
  blocked: () => {
    require('child_process').spawnSync('sleep', ['14']);
    say('unblocked');
  },
};

let waiting = null;
if (!workers || workers.isMainThread) {
  waiting = setInterval(() => {}, 1 << 30);
  process.on('SIGUSR2', () => actions[what]());
  if (what === 'busy' || what === 'blocked')
    setTimeout(actions[what], 1000);
  if (what === 'blocked')
    setInterval(() => say('alive'), 500);
  if (process.env.WORKER && workers)
    new workers.Worker(__filename);
  if (process.env.SERVE)
    require('http').createServer((request, response) => {
      say('asked ' + request.url);
      response.end('hello');
    }).listen(0, '127.0.0.1');
  if (what === 'churn')
    setInterval(() => collect(() => {}), 1000);
} else {
  setTimeout(() => collect(() => {}), 12000);
  setInterval(() => {}, 1 << 30);
}
