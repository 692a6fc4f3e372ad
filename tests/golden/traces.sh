#!/bin/sh
# heapwatch analyze on every version's traces of the corpus beside the source tree: the two classic
# examples read right, and every log reads without an error. Skips without it. TAP.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}" "${top_builddir:=build}"
traces=${HEAPWATCH_SHARED:-$top_srcdir/../shared}/gc-traces
heapwatch=$top_builddir/heapwatch
if [ ! -d "$traces" ]; then
	echo "1..0 # SKIP no traces beside the source tree"
	exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

result() { # OK? NAME DETAIL
	number=$((number + 1))
	[ "$1" -eq 0 ] && echo "ok $number - $2" || echo "not ok $number - $2: $3"
}

# The verdict in words, as people read it.
verdict() {
	"$heapwatch" analyze "$1" | sed -n 's/^  Verdict   //p' | head -n 1
}

has_fatal() {
	grep -aq 'FATAL ERROR: .*out of memory' "$1"
}

# The array that only grows. What was cut before the end is in the shape of a leak; where nothing
# but the fatal error was written it is out of memory.
for log in "$traces"/v*/seed-example-1*.log; do
	name=${log#"$traces"/}
	words=$(verdict "$log")
	status=0
	"$heapwatch" analyze --format=json --fail-on=leak "$log" >"$scratch/json" || status=$?
	if ! has_fatal "$log"; then
		expected="0: grows like a leak" found="$status: $words"
	elif grep -aq ' ms: .* MB, ' "$log"; then
		expected="3: leak, out of memory" found="$status: $words"
	else
		expected="3: out of memory" found="$status: $words"
	fi
	[ "$found" = "$expected" ] && ok=0 || ok=1
	result "$ok" "$name is a leak" "$found instead of $expected"
	has_fatal "$log" && fatal=true || fatal=false
	grep -q "\"fatal_oom\":$fatal" "$scratch/json" && ok=0 || ok=1
	result "$ok" "$name tells the fatal error: $fatal" "it does not"
	[ "$fatal" = false ] || {
		grep -q '"time_to_exhaustion_seconds":{"p10":0,"p50":0,"p90":0}' "$scratch/json" &&
			ok=0 || ok=1
		result "$ok" "$name has no time left" "it has"
	}
done

# The array that is emptied after ten rounds.
for log in "$traces"/v*/seed-example-2*.log; do
	name=${log#"$traces"/}
	words=$(verdict "$log")
	status=0
	"$heapwatch" analyze --fail-on=leak "$log" >/dev/null || status=$?
	case "$status: $words" in
	"0: too short" | "0: healthy" | "0: too little") ok=0 ;;
	*) ok=1 ;;
	esac
	result "$ok" "$name is no leak" "$status: $words"
done

# Everything there is can be read, and shown in every format.
failed=
for log in "$traces"/v*/*.log "$traces"/v*/*.events.json; do
	for format in text json timeline svg; do
		"$heapwatch" analyze --format="$format" "$log" >"$scratch/out" 2>"$scratch/err" &&
			[ ! -s "$scratch/err" ] || failed="$failed ${log#"$traces"/}($format)"
	done
done
[ -z "$failed" ] && ok=0 || ok=1
result "$ok" "every trace can be read and shown" "$failed"
echo "1..$number"
