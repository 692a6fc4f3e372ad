'use strict';
// A handler of its own for SIGUSR1: argv[2] is "on" or "once", argv[3] where each signal is noted.
const fs = require('fs');
process[process.argv[2]]('SIGUSR1', () => fs.appendFileSync(process.argv[3], 'signal\n'));
fs.appendFileSync(process.argv[3], 'ready\n');
setInterval(() => {}, 1000);
