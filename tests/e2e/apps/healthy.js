// SPDX-License-Identifier: MIT
// The twin of leaking.js: the same load, nothing kept.
'use strict';
require('./load').start({ keep: 0 });
