'use strict';
// server-leak.js of the slides: each request adds listeners to the server.
const http = require('http');
const server = http.createServer(function onRequest(request, response) {
	for (let i = 0; i < 200; i++)
		server.on('request', function late() {
			if (request.never) console.log(i);
		});
	response.end('ok');
	if (server.listenerCount('request') === 201) console.log('leaking');
});
server.setMaxListeners(0);
server.listen(0, '127.0.0.1', () => {
	const port = server.address().port;
	setInterval(() => {
		http.get({ host: '127.0.0.1', port }, (response) => response.resume())
			.on('error', () => {}); // it stood still, and the connection was closed
	}, 100);
});
