'use strict';
// A cache by URL that forgets nothing.
const http = require('http');
const cache = new Map();
function render(url) {
	return { url, rows: Array.from({ length: 20 }, (_, i) => ({ i, name: url + i })) };
}
// The rows are made by Array.from(), a builtin, and the arrow function.
function lookup(url) {
	if (!cache.has(url)) cache.set(url, render(url));
	return cache.get(url);
}
const server = http.createServer((request, response) => {
	response.end(JSON.stringify(lookup(request.url)));
});
let count = 0;
server.listen(0, '127.0.0.1', () => {
	const port = server.address().port;
	setInterval(() => {
		const path = '/item?' + count++;
		http.get({ host: '127.0.0.1', port, path }, (response) => response.resume());
	}, 20);
});
