// Leaks: its page cache forgets nothing. Without a limit on the heap it would take hours to notice.
'use strict';

require('./shop.js')(Infinity);
