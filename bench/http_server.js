// SPDX-License-Identifier: MIT
// Answers with JSON of 50 items, made for each request, beside a live set of some 30 MB. Its inspector
// opens and closes with SIGUSR2.
'use strict';
const http = require('http');
const inspector = require('inspector');

const kept = [];
for (let i = 0; i < 100000; i++)
  kept.push({ id: i, name: 'record ' + i, tags: ['a' + i % 7, 'b' + i % 11] });

function page(from) {
  const items = [];
  for (let i = 0; i < 50; i++) {
    const record = kept[(from + i) % kept.length];
    items.push({ id: record.id, name: record.name.toUpperCase(), tags: record.tags.join(',') });
  }
  return JSON.stringify({ from, items });
}

let served = 0;
const server = http.createServer((request, response) => {
  served += 50;
  response.setHeader('Content-Type', 'application/json');
  response.end(page(served));
});
server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));

process.on('SIGUSR2', () => {
  if (inspector.url())
    inspector.close();
  else
    inspector.open(0, '127.0.0.1');
  console.log(inspector.url() ? 'open' : 'closed');
});
