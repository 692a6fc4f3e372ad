'use strict';
// Objects kept by a callback that V8 has made a part of Node's own timers by the time it says so.
const sessions = new Map();
class Session {
	constructor(id) {
		this.data = new Array(100).fill(id);
	}
}
function remember(id) {
	sessions.set(id, new Session(id));
}
let count = 0;
setInterval(() => {
	for (let i = 0; i < 5; i++)
		remember(count++);
	if (count === 40000)
		console.log('warm');
}, 1);
