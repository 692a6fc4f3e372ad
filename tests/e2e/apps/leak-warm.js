'use strict';
// Buffers kept by a callback that V8 has made a part of Node's own timers by the time it says so.
const held = [];
function receive(size) {
	held.push(Buffer.alloc(size));
}
let ticks = 0;
setInterval(() => {
	for (let i = 0; i < 20; i++)
		receive(400);
	if (++ticks === 4000)
		console.log('warm');
}, 1);
