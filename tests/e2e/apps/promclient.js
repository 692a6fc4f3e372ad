// SPDX-License-Identifier: MIT
// Busy in ticks of 50 ms, so that several collections fall into one; counts them with the prom-client
// that PROM_CLIENT names, and writes what that has counted into the file OUT at the end.
'use strict';

const fs = require('fs');
const client = require(process.env.PROM_CLIENT);

client.collectDefaultMetrics();
const ring = new Array(20000);
let serial = 0;
let ticks = 0;

function tick() {
  const end = Date.now() + 50;
  while (Date.now() < end)
    ring[serial++ % ring.length] = { serial, text: 'x'.repeat(64) + serial };
  if (++ticks < 60)
    setTimeout(tick, 5);
  else
    setTimeout(finish, 500); // observers are told between ticks
}

async function finish() {
  fs.writeFileSync(process.env.OUT + '.new', await client.register.metrics());
  fs.renameSync(process.env.OUT + '.new', process.env.OUT);
}

tick();
setInterval(() => {}, 1 << 30);
