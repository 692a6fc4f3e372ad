// SPDX-License-Identifier: MIT
// Ends with status 3 once its standard input is closed.
'use strict';
process.stdin.on('end', () => process.exit(3)).resume();
