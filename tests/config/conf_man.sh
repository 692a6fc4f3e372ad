#!/bin/sh
# heapwatchd.conf(5) has every key of the table, in its order, with the table's words, and no other.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}" "${top_builddir:=build}"
page=$top_srcdir/docs/heapwatchd.conf.5
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$top_builddir/tests/config/print_keys" >"$scratch/wanted"
# The three lines of each item in the section of the keys; what follows them is free.
awk '/^\.Sh / { in_keys = $2 == "KEYS" } in_keys && /^\.It Cm / { left = 3 } left-- > 0' "$page" \
    >"$scratch/found"
echo 1..1
if diff -u "$scratch/wanted" "$scratch/found" >"$scratch/diff"; then
    echo "ok 1 - the page says of each key what the table says"
else
    echo "not ok 1 - the page says of each key what the table says"
    sed 's/^/# /' "$scratch/diff"
fi
