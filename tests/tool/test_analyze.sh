#!/bin/sh
# heapwatch analyze: formats, inputs beside the log, exit statuses, what cannot be read.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"

# log GROWTH: a full collection each second of an hour-in-a-minute, GROWTH MB more each time
log() {
	awk -v growth="$1" 'BEGIN {
		for (i = 1; i <= 90; i++) {
			used = 20 + growth * i + (i % 3) / 10
			printf "[7:0x55] %8d ms: Scavenge %.1f (60.0) -> %.1f (60.0) MB, 1.50 / 0.00 ms", \
				i * 1000 - 500, used + 6, used + 4
			print "  (average mu = 0.900, current mu = 0.900) allocation failure; "
			printf "[7:0x55] %8d ms: Mark-Compact %.1f (60.0) -> %.1f (60.0) MB, 5.25 / 0.00 ms", \
				i * 1000, used + 5, used
			print "  (average mu = 0.900, current mu = 0.900) task; GC in old space requested"
		}
	}'
}
log 0.5 >"$work/leak.log"
log 0 >"$work/flat.log"

run analyze --time-scale=60 --heap-limit=200MiB "$work/leak.log"
is "$status" 0 "a leak is no failure"
has "$stdout" "state leak, score 0.9" "the text names the verdict"
has "$stdout" "mark-compact            90     472.5    5.25    5.25    5.25  450.0 MiB   0.5%" \
	"and the pauses"
has "$stdout" "Heap after full collections (main) rose" "and the evidence"
has "$stdout" "180 garbage collections of 1 heap in 1 process; 0 other lines, 0 torn." "and the lines"

run analyze --time-scale=60 --fail-on=leak "$work/leak.log"
is "$status" 3 "--fail-on=leak gives 3 for a leak"
run analyze --time-scale=60 --fail-on=leak "$work/flat.log"
is "$status" 0 "and 0 for none"
has "$stdout" "Verdict   healthy" "which is stable"

# The whole text in ASCII and in Unicode, and the whole JSON but for the words of scoring.
fixtures=$top_srcdir/tests/fixtures/analyze
for log in out-of-memory churn; do
	LC_ALL=C COLUMNS=80 run analyze "$fixtures/$log.log"
	is "$stdout" "$(cat "$fixtures/$log.txt")" "$log: the text for a narrow terminal in ASCII"
	LC_ALL=C.UTF-8 COLUMNS=100 run analyze - <"$fixtures/$log.log"
	is "$stdout" "$(cat "$fixtures/$log.wide.txt")" "$log: the text for a wide one in Unicode"
	run analyze --format=json "$fixtures/$log.log"
	is "$(printf '%s\n' "$stdout" | sed 's/"evidence":\[[^]]*\]/"evidence":[]/g')" \
		"$(cat "$fixtures/$log.json")" "$log: the JSON"
done

run analyze --format=json --time-scale=60 --heap-limit=200MiB "$work/leak.log"
has "$stdout" '"pid":7,"isolate":"main"' "json: an isolate"
has "$stdout" '"scavenge":{"count":90,"pause_ms":{"total":135,"p50":1.5,"p99":1.5,"max":1.5}' \
	"json: counts and pauses"
has "$stdout" '"minor_mark_compact":{"count":0,"pause_ms":{"total":0,"p50":null' \
	"json: what did not happen"
has "$stdout" '"limit_bytes":209715200' "json: the limit"
has "$stdout" '"state":"leak","kind":"js-heap"' "json: the verdict"
has "$stdout" '"lines":{"gc":180,"other":0,"torn":0}' "json: the lines"

# Progress is for people who wait: on a terminal, of a big file, and gone at the end.
cp "$work/flat.log" "$work/big.log"
truncate -s 80M "$work/big.log"
if command -v script >/dev/null; then
	script -qec "'$top_builddir/heapwatch' analyze '$work/big.log' >'$work/out'" /dev/null \
		</dev/null >"$work/terminal" 2>&1
	has "$(cat "$work/terminal")" "big.log: 0 % " "progress on a terminal"
	is "$(tail -c 4 "$work/terminal" | od -An -c | tr -d ' ')" '\r033[K' "which is erased"
	script -qec "'$top_builddir/heapwatch' analyze '$work/flat.log' >'$work/out'" /dev/null \
		</dev/null >"$work/terminal" 2>&1
	is "$(cat "$work/terminal")" "" "none of a small file"
fi
run analyze "$work/big.log"
is "$stderr" "" "and none where there is no terminal"

# The same process with its trace as text and as events: what the text tells counts.
{
	printf '{"traceEvents":[{"pid":7,"tid":7,"ts":1,"ph":"M","name":"process_name"}'
	for ms in 5 15; do
		printf ',{"pid":7,"tid":7,"ts":%d000,"ph":"B","name":"MinorGC","args":{"usedHeapSizeBefore":9,"type":"task"}}' "$ms"
		printf ',{"pid":7,"tid":7,"ts":%d500,"ph":"E","name":"MinorGC","args":{"usedHeapSizeAfter":5}}' "$ms"
	done
} >"$work/events.json"
run analyze --format=json "$work/events.json"
has "$stdout" '"scavenge":{"count":2,' "trace events alone are counted"
run analyze --format=json --time-scale=60 --heap-limit=200MiB "$work/events.json" "$work/leak.log"
has "$stdout" '"isolates":[{"pid":7,"isolate":"main","gc":{"scavenge":{"count":90,' \
	"beside a text of the process they are not"
is "$(printf '%s' "$stdout" | grep -o '"isolate":' | wc -l | tr -d ' ')" 1 "and make no heap of their own"

run analyze --format=timeline --time-scale=60 "$work/leak.log"
is "$(printf '%s\n' "$stdout" | grep -vc '^{"t_ms":[0-9]*,"score":[0-9.]*,"confidence":[0-9.]*,"state":"[a-z]*","kind":"[a-z-]*"}$')" \
	0 "timeline: lines of JSON"
printf '%s\n' "$stdout" >"$work/whole"
head -n 120 "$work/leak.log" >"$work/part.log"
run analyze --format=timeline --time-scale=60 "$work/part.log"
is "$(printf '%s\n' "$stdout")" "$(head -n "$(printf '%s\n' "$stdout" | wc -l)" "$work/whole")" \
	"timeline: the future does not change the past"

run analyze --format=svg --time-scale=60 --heap-limit=60MiB "$work/leak.log"
is "$status" 0 "svg succeeds"
has "$stdout" '<title id="title">' "svg: a title for who does not see it"
has "$stdout" '>pid 7, main: leak</text>' "svg: the verdict"
has "$stdout" 'state leak, score 0.9' "svg: with its figures"
has "$stdout" 'prefers-color-scheme:dark' "svg: for dark ground, too"
has "$stdout" '>limit</text>' "svg: the limit is in the legend when it is near"
is "$(printf '%s\n' "$stdout" | grep -cE '<script|href=|url\(|@import|nan|inf[^o]')" 0 \
	"svg: nothing from elsewhere, no number that is none"
# Half a million collections in a drawing that still fits into a mail.
awk 'BEGIN {
	for (i = 1; i <= 500000; i++)
		printf "[7:0x55] %8d ms: Mark-Compact %.1f (60.0) -> %.1f (60.0) MB, %.2f / 0.00 ms  " \
			"(average mu = 0.900, current mu = 0.900) task; GC in old space requested\n",
			i * 1000, 30 + i * 17 % 11, 20 + i * 7 % 5, i * 13 % 97 / 10
}' >"$work/long.log"
run analyze --format=svg "$work/long.log"
is "$([ "$(wc -c <"$work/stdout")" -le 200000 ] && echo small)" small "svg: a long log is drawn small"
if command -v python3 >/dev/null 2>&1; then
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$work/stdout" &&
		well_formed=yes || well_formed=no
	result "$well_formed" "svg: well-formed"
fi
rm "$work/long.log"
run analyze --format=svg /dev/null
has "$stdout" "The log has no garbage collections." "svg: of nothing"

awk 'BEGIN {
	print "t_ms,rss_bytes,rss_anon_bytes,swap_bytes,threads,pid"
	for (i = 0; i < 360; i++)
		printf "%d,%d,%d,0,11,7\n", i * 250, 120e6 + i * 400e3, 90e6 + i * 400e3
}' >"$work/proc.csv"
awk 'BEGIN { print "line,t_ms"; for (i = 1; i <= 180; i++) printf "%d,%d\n", i, i * 500 + 100 }' \
	>"$work/times.csv"
run analyze --time-scale=60 --proc="$work/proc.csv" --times="$work/times.csv" "$work/flat.log"
has "$stdout" "confidence 0.80, kind native" "memory outside the heap is judged from /proc"
run analyze --format=json --time-scale=60 --proc="$work/proc.csv" --memory-limit=400MiB "$work/flat.log"
has "$stdout" '"process":{"leak":{"score":0.9' "json: the process is more than its isolates"

run analyze --format=json /dev/null
is "$status" 0 "a log without GC lines is no failure"
has "$stdout" '"isolates":[]' "and has no isolates"
has "$stdout" '"onset_ms":null' "and no onset"
run analyze - <"$work/flat.log"
has "$stdout" "pid 7, main  (Node 20, 21; 1.5m seen)" "- is the standard input"

{ cat "$work/flat.log" && sed 's/0x55/0x7f6708000f00/' "$work/leak.log"; } \
	>"$work/workers.log"
run analyze --time-scale=60 "$work/workers.log"
has "$stdout" "pid 7, worker-1  (Node 20, 21; 1.5m seen)" "the worst isolate comes first"
has "$stdout" "  pid 7, main              healthy " "the others have a line"
has "$stdout" "Heap after full collections (worker-1) rose" "that names it"

# Two containers: a pid is no identity, and isolates of two main threads are two processes.
{ cat "$work/flat.log" && sed 's/0x55/0x66/' "$work/leak.log"; } >"$work/containers.log"
run analyze --time-scale=60 "$work/containers.log"
has "$stdout" "360 garbage collections of 2 heaps in 2 processes" "two processes of one pid"
has "$stdout" "pid 7, life 2, main  (" "have a life each"

# Pieces of one log go on; the same pid in another file is another process.
head -n 70 "$work/leak.log" | gzip -c >"$work/app.log.2.gz"
sed -n 71,120p "$work/leak.log" >"$work/app.log.1"
tail -n +121 "$work/leak.log" >"$work/app.log"
run analyze --format=json --time-scale=60 "$work/leak.log"
whole=$stdout
run analyze --format=json --time-scale=60 "$work/app.log.2.gz" "$work/app.log.1" "$work/app.log"
is "$stdout" "$whole" "pieces of a rotated log read like the whole"
sed 's/0x55/0x7f5500000f00/' "$work/flat.log" >"$work/other.log"
run analyze --time-scale=60 "$work/leak.log" "$work/other.log"
has "$stdout" "2 heaps in 2 processes" "a pid is another process in another file"

# After a fatal error the pid is somebody else's, and a clock at 0 is another heap.
{ cat "$work/leak.log" && printf '%s\n' \
	'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' &&
	sed 's/0x55/0x7f5500000f00/' "$work/flat.log" && cat "$work/flat.log"; } >"$work/lives.log"
run analyze --time-scale=60 "$work/lives.log"
has "$stdout" "3 heaps in 3 processes" "every life under a pid is a process"
has "$stdout" "pid 7, life 3, main      healthy" "of its own"

# A collector's time of day dates the log.
sed 's/^/2026-11-21T22:58:50.188905000Z stdout F /' "$work/flat.log" >"$work/cri.log"
run analyze "$work/cri.log"
has "$stdout" "1.5m seen from 2026-11-21 22:58:49 UTC)" "a container log is dated"

{ cat "$work/leak.log" && printf '%s\n' \
	'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'; } \
	>"$work/oom.log"
run analyze --format=json --time-scale=60 "$work/oom.log"
has "$stdout" '"fatal_oom":true' "a fatal line is seen"

gzip -c "$work/flat.log" >"$work/flat.log.gz"
run analyze "$work/flat.log"
cp "$work/stdout" "$work/plain.out"
run analyze "$work/flat.log.gz"
is "$status:$stdout" "0:$(cat "$work/plain.out")" "gzip is read as its text"
head -c 300 "$work/flat.log.gz" >"$work/short.log.gz"
run analyze "$work/short.log.gz"
is "$status" 0 "of gzip that breaks off the start is read"
has "$stderr" "warning: $work/short.log.gz: is gzip that breaks off; its end is missing" \
	"with a warning"
printf 'BZh91AY' >"$work/flat.log.bz2"
run analyze "$work/flat.log.bz2"
is "$status" 1 "other compression is a failure"
has "$stderr" "bzcat" "that says what to do"
run analyze "$work/missing.log"
is "$status:$stderr" "1:heapwatch analyze: $work/missing.log: No such file or directory" \
	"a missing log is a failure"
run analyze --proc="$work/flat.log" "$work/flat.log"
is "$status" 1 "a CSV without its columns is a failure"
has "$stderr" "the header has no column t_ms" "that names the column"
printf 't_ms,rss_bytes\n1,x\n' >"$work/bad.csv"
run analyze --proc="$work/bad.csv" "$work/flat.log"
has "$stderr" "bad.csv:2: expected unsigned numbers" "a bad row is named by its line"

for bad in --format=xml --time-scale=0 --time-scale=x --heap-limit=1XB \
	--memory-limit=-1 --fail-on=growth --unknown; do
	run analyze "$bad" "$work/flat.log"
	is "$status" 2 "$bad is a usage error"
done
run analyze
is "$status" 2 "no file is a usage error"
run analyze --help
has "$stdout" "--heap-limit" "--help shows the options"
finish
