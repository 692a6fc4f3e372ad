// Says on stdout which signals it got and when its terminal got another size; ends with status 9 when stdin ends or says so.
'use strict';
['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'SIGQUIT', 'SIGCONT'].forEach(function (name) {
  if (name === 'SIGTERM' && process.env.TERM_KILLS) return;
  process.on(name, function () { process.stdout.write('got ' + name + '\n'); });
});
process.stdout.on('resize', function () {
  process.stdout.write('resized ' + process.stdout.columns + '\n');
});
process.stdin.on('data', function (data) {
  if (String(data).indexOf('end') >= 0) process.exit(9);
});
process.stdin.on('end', function () { process.exit(9); });
setInterval(function () {}, 1000);
process.stdout.write('ready ' + process.pid + ' ' + !!process.stdout.isTTY + ' ' + process.stdout.columns + '\n');
