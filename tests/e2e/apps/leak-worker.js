'use strict';
// One of two worker threads keeps what it makes; the main thread and the other one make garbage.
const { Worker, isMainThread, workerData } = require('worker_threads');
const kept = [];
function keep() {
	for (let i = 0; i < 60; i++) kept.push({ text: 'x', list: [i, i, i] });
	if (kept.length === 60) console.log('leaking');
}
function drop() {
	JSON.stringify(new Array(2000).fill('y'));
}
if (isMainThread)
	for (const leaks of [false, true]) new Worker(__filename, { workerData: leaks });
setInterval(!isMainThread && workerData ? keep : drop, 20);
