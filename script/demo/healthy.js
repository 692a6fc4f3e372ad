// The same shop with a bound on its page cache: it grows for some seconds, then stays.
'use strict';

require('./shop.js')(2000);
