// SPDX-License-Identifier: MIT
// A cache without a bound beside an ordinary load; with KEEP=0 its healthy twin.
'use strict';
require('./load').start({ keep: Number(process.env.KEEP || 400) });
