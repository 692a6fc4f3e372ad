// SPDX-License-Identifier: MIT
// The load of all test programs: documents that get promoted and die old, so that V8 runs full
// collections by itself every few seconds, and, when asked, keys that are never forgotten.
'use strict';

let serial = 0;

function fresh(bytes) {
  // Flat one-byte strings are copied by the scavenger as any object is.
  return Buffer.alloc(bytes, 97 + (serial++ % 26)).toString('latin1') + serial;
}

// ring: slots of 4 KiB that are overwritten in turn; kept: KiB a second that stay for ever.
exports.start = function start(options) {
  const ring = new Array(options.slots || 1500);
  const kept = new Map();
  let next = 0;
  let credit = 0;
  let last = Date.now();

  return setInterval(() => {
    const now = Date.now();
    const seconds = Math.min(0.5, (now - last) / 1000);
    last = now;
    for (let n = Math.ceil((options.churn || 1500) * seconds); n > 0; n--) {
      ring[next] = { at: now, text: fresh(4096) };
      next = (next + 1) % ring.length;
    }
    credit += (options.keep || 0) * seconds;
    for (; credit >= 1; credit--)
      kept.set('request-' + serial, fresh(1000));
  }, 40);
};
