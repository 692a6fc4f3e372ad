#!/bin/sh
# The kind of a leak by the spaces of --trace-gc-verbose: real programs on Node.js 22, a minute each
# of which stands for an hour. Of the recordings, made with --trace-gc --trace-gc-verbose
# --max-semi-space-size=1, the full collections are kept.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"

# kind PROGRAM KIND EVIDENCE
kind() {
	run analyze --format=json --time-scale=60 --heap-limit=400MiB \
		"$top_srcdir/tests/fixtures/kinds/$1.log.gz"
	has "$stdout" "\"state\":\"leak\",\"kind\":\"$2\"" "$1.js leaks $2"
	has "$stdout" "$3" "$1.js: and why"
}

kind large large-object "large objects went 26.8 MiB -> 154.7 MiB"
kind code code "compiled code 2.4 MiB -> 18.0 MiB"
kind buffers external "External memory (main: Buffers, ArrayBuffers) rose"

finish
