// SPDX-License-Identifier: MIT
// Fills its heap (KIND=heap) or native memory (KIND=native) until something stops it; with
// START=signal it waits for a SIGUSR2 before.
'use strict';
const kept = [];

function fill() {
  if (process.env.KIND === 'native')
    kept.push(Buffer.alloc(8 << 20, 1));
  else
    for (let i = 0; i < 100; i++)
      kept.push({ at: i, list: new Array(100).fill(i) });
}

if (process.env.START === 'signal') {
  setInterval(() => {}, 1 << 30);
  process.on('SIGUSR2', () => setInterval(fill, 10));
} else {
  setInterval(fill, 10);
}
