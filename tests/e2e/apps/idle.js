// SPDX-License-Identifier: MIT
// Does nothing, for as long as it is let.
'use strict';
if (process.env.TITLE)
  process.title = process.env.TITLE;
setInterval(() => {}, 1 << 30);
