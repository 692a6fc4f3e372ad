'use strict';
// leak.js of the slides: instances of a class in a global array.
function LeakingClass() {
	this.text = 'x';
	this.list = [1, 2, 3];
}
const leaks = [];
setInterval(() => {
	for (let i = 0; i < 60; i++) leaks.push(new LeakingClass());
	if (leaks.length === 60) console.log('leaking');
}, 50);
