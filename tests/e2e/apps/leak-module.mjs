// Sessions that are never closed; an application of ECMAScript modules alone.
import { EventEmitter } from 'events';
class Session extends EventEmitter {
	constructor(id) {
		super();
		this.id = id;
		this.on('close', () => this.id);
	}
}
const sessions = [];
export function open(id) {
	sessions.push(new Session(id));
}
let next = 0;
function loop() {
	for (let i = 0; i < 20; i++) open(next++);
	setTimeout(loop, 20);
}
loop();
