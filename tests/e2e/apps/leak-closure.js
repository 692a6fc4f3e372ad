'use strict';
// closure-leak.js of the slides: closures of one scope keep what one of them used.
let kept = null;
function replace() {
	const previous = kept;
	if (!previous) console.log('leaking');
	function unused() {
		if (previous) console.log('never');
	}
	kept = { list: new Array(200).fill(1), method() { return 1; } };
	return unused;
}
setInterval(replace, 10);
