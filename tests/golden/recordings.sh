#!/bin/sh
# Scores of recorded processes stay in their ranges: a few runs of the training recordings beside
# the source tree, and the two classic examples on every version of Node. Skips without them. TAP.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}" "${top_builddir:=build}"
shared=${HEAPWATCH_SHARED:-$top_srcdir/../shared}
heapwatch=$top_builddir/heapwatch
if [ ! -d "$shared/leak-bench/runs" ] || [ ! -d "$shared/gc-traces" ]; then
	echo "1..0 # SKIP no recordings beside the source tree"
	exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

result() { # OK? NAME DETAIL
	number=$((number + 1))
	[ "$1" -eq 0 ] && echo "ok $number - $2" || echo "not ok $number - $2: $3"
}

# unpack RUN FILE: from RUN/FILE or RUN/FILE.gz
unpack() {
	if [ -e "$1/$2" ]; then cat "$1/$2"; else gzip -dc "$1/$2.gz"; fi >"$scratch/$2"
}

# timeline RUN TIME_SCALE HEAP_LIMIT: "held last": how long (in minutes of production) a score of 0.8
# or more lasted without a break at most, and the last score
timeline() {
	for file in gc.log gc_times.csv proc.csv; do
		unpack "$shared/leak-bench/runs/$1" "$file"
	done
	"$heapwatch" analyze --format=timeline --time-scale="$2" --heap-limit="$3" \
		--proc="$scratch/proc.csv" --times="$scratch/gc_times.csv" "$scratch/gc.log" |
		awk -F'[:,]' -v scale="$2" '{
			if ($4 < 0.8) since = ""; else if (since == "") since = $2
			if (since != "" && $2 - since > held) held = $2 - since
			if ($4 >= 0.8 && held == 0) held = 1
			last = $4
		} END { print held * scale / 60000, last }'
}

# expect RUN TIME_SCALE HEAP_LIMIT leak|healthy [MINUTES]
# A healthy run is never at 0.8, or for no longer than so many minutes of production.
expect() {
	[ -d "$shared/leak-bench/runs/$1" ] || return 0
	scores=$(timeline "$1" "$2" "$3")
	if [ "$4" = leak ]; then
		echo "$scores" | awk '{ exit !($2 >= 0.8) }' && ok=0 || ok=1
	else
		echo "$scores" | awk -v most="${5:-0}" '{ exit !($1 <= most && $2 < 0.5) }' && ok=0 || ok=1
	fi
	result "$ok" "$1 is $4" "minutes at 0.8 or more, last score: $scores"
}

expect emitter-listeners-n20 60 128MiB leak
expect late-leak-n20 60 96MiB leak
expect slides-leak-n12 60 96MiB leak
expect zlib-n20 60 96MiB leak
expect worker-isolate-n20 60 96MiB leak
expect map-cache-http-n20-real 6 0 leak
expect emitter-listeners-fixed-n20 60 128MiB healthy
expect lru-fill-n20 60 128MiB healthy
expect rss-ratchet-n20 60 96MiB healthy 1
expect step-tenant-n16 60 192MiB healthy
expect ttl-cache-n24-real 6 0 healthy 2.8
expect idle-n24 60 96MiB healthy

# Three to 25 seconds, of which ten stand for an hour.
for folder in "$shared"/gc-traces/v8 "$shared"/gc-traces/v[12]?; do
	for example in 1 2; do
		score=$("$heapwatch" analyze --format=timeline --time-scale=360 --heap-limit=20MiB \
			"$folder/seed-example-$example-plain.log" |
			awk -F'[:,]' '{ last = $4 } END { print last + 0 }')
		status=0
		"$heapwatch" analyze --fail-on=leak --time-scale=360 --heap-limit=20MiB \
			"$folder/seed-example-$example-plain.log" >/dev/null || status=$?
		[ "$status" -eq $((example == 1 ? 3 : 0)) ] && ok=0 || ok=1
		result "$ok" "${folder##*/} example $example leaks: $((example == 1))" \
			"exit status $status, last score $score"
	done
done
echo "1..$number"
