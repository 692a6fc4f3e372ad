// SPDX-License-Identifier: MIT
// Holds MB of memory of one KIND, and says each second on a line of its own what Node.js knows of it.
'use strict';
const [kind, mb] = [process.argv[2], Number(process.argv[3])];
const held = [];
const holders = {
  objects() {
    while (process.memoryUsage().heapUsed < mb * 1048576)
      for (let i = 0; i < 1000; i++)
        held.push({ number: i, text: 'x' + i, list: [i, i + 1] });
  },
  arrays() {
    for (let i = 0; i < mb; i++)
      held.push(new Array(131072).fill(i));
  },
  buffers() {
    for (let i = 0; i < mb; i++)
      held.push(Buffer.alloc(1048576, 1));
  },
};
holders[kind]();
setInterval(() => console.log(JSON.stringify({ count: held.length, ...process.memoryUsage() })), 1000);
