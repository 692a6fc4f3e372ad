'use strict';
// Queries whose replies never come.
const waiting = new Map();
let next = 0;
function send(message) {
	return new Promise((resolve) => waiting.set(message.id, resolve));
}
async function query(user) {
	const message = { id: next++, user, fields: new Array(20).fill(user) };
	const reply = await send(message);
	return { message, reply };
}
async function serve() {
	for (let i = 0; i < 10; i++) query('user' + i).catch(() => {});
}
setInterval(() => serve(), 20);
