'use strict';
// Memory outside the heap: Buffers that are kept.
const held = [];
function receive() {
	held.push(Buffer.alloc(32 * 1024));
}
setInterval(receive, 10);
