'use strict';
// The main thread leaks beside a pool of more workers than are sampled, two of which sleep and cannot answer.
// SIGUSR2 wakes them, and asks each whether it works.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const COUNT = 12;
const kept = [];
function keep() {
	for (let i = 0; i < 60; i++) kept.push({ text: 'x', list: [i, i, i] });
}
function lead() {
	const bell = new Int32Array(new SharedArrayBuffer(4));
	const workers = [];
	let begun = 0, worked = 0;
	for (let i = 0; i < COUNT; i++) {
		const worker = new Worker(__filename, { workerData: { bell, sleeps: i < 2 } });
		worker.on('message', (text) => {
			if (text === 'begun' && ++begun === COUNT) console.log('leaking');
			if (text === 'worked' && ++worked === COUNT) console.log('all work');
		});
		workers.push(worker);
	}
	setInterval(keep, 20);
	process.on('SIGUSR2', () => {
		Atomics.store(bell, 0, 1);
		Atomics.notify(bell, 0);
		for (const worker of workers) worker.postMessage('work');
	});
}
function follow() {
	parentPort.on('message', () => parentPort.postMessage('worked'));
	parentPort.postMessage('begun');
	if (workerData.sleeps) setTimeout(() => Atomics.wait(workerData.bell, 0, 0), 100);
}
if (isMainThread) lead();
else follow();
