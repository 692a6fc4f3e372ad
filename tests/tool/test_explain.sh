#!/bin/sh
# heapwatch explain: what is refused; and a leak of a real Node.js, where there is one.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"

run explain
is "$status" 2 "a process must be named"
run explain --duration=1s 1
is "$status:$stderr" \
	"2:heapwatch explain: --duration: expected 2s to 1h, not 1s; see heapwatch help explain" \
	"a second is too short"
run explain --format=xml 1
is "$status" 2 "an unknown format is a usage error"
run explain --inspector=force 1
is "$status" 2 "as is an unknown mode"
run explain 0
is "$status" 2 "or what is no pid"
run explain 99999999
is "$status:$stderr" "1:heapwatch: pid 99999999: no such process" "a process that is not there"
run explain $$
has "$status:$stderr" "1:heapwatch: pid $$: no inspector is open on loopback" \
	"a process without an inspector is left alone"

run explain --inspector=signal $$
has "$status:$stderr" "pid $$: it does not look like Node.js" "or what is no Node.js, without a signal"

finish
