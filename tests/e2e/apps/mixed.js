// Prints whatever troubles a reader of its stdout, the same in every run: text without newline, bytes
// that are no text, lines that look like V8's. Counts its collections into the file COUNT_FILE.
'use strict';
var fs = require('fs');
var hooks;
try { hooks = require('perf_hooks'); } catch (error) { hooks = {}; }
var count = 0;
var observer;
if (hooks.PerformanceObserver) {
  observer = new hooks.PerformanceObserver(function (list) {
    list.getEntries().forEach(function (entry) {
      var kind = (entry.detail || entry).kind; // V8 prints no line for steps and callbacks
      if (kind === hooks.constants.NODE_PERFORMANCE_GC_MAJOR ||
          kind === hooks.constants.NODE_PERFORMANCE_GC_MINOR) count++;
    });
  });
  observer.observe({ entryTypes: ['gc'], buffered: false });
}
var imitation = '[4242:0x5eed000]     1234 ms: Scavenge 10.0 (20.0) -> 1.0 (20.0) MB, 0.5 / 0.0 ms  ' +
  '(average mu = 1.000, current mu = 1.000) allocation failure; ';
var pieces = [
  'a line\n', 'no newline, ', Buffer.from([0, 255, 254, 10, 91, 49, 50]), imitation + '\n',
  'quoted: ' + imitation + '\n', '[1] > ', '[12:30:45] a time of day\n', 'dos\r\n', '\u65e5\u672c',
  '\u001b[32mgreen\u001b[0m\n', '[', '[[[', ']\n', '[2026-11-22T10:00:00Z] {"a":[1,[2,3]]}\n',
  'it says <--- Last few GCs --->\n', '\n\n\r', new Array(900).join('long [1] line '), '\n',
];
var seed = 7;
var keep = [];
var round = 0;

function junk(length) {
  var bytes = [];
  for (var i = 0; i < length; i++) {
    seed = (seed * 69069 + 1) & 0x7fffffff;
    bytes.push((seed >> 8) & 255);
  }
  return Buffer.from(bytes);
}

function work() {
  var garbage = [];
  for (var i = 0; i < 20000; i++) garbage.push({ i: i, s: 'v' + i });
  if (round % 3 === 0) keep.push(garbage);
  if (keep.length > 6) keep = [];
}

function step() {
  work();
  process.stdout.write(pieces[round % pieces.length]);
  work();
  process.stdout.write(junk(round % 40));
  console.error('error', round);
  if (++round < +(process.env.ROUNDS || 60)) return void setTimeout(step, 1);
  setTimeout(function () {
    if (process.env.COUNT_FILE) fs.writeFileSync(process.env.COUNT_FILE, String(observer ? count : -1));
  }, 100);
}
step();
