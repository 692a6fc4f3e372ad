#!/bin/sh
# The man page of each program that is built names exactly the options of its --help, with the same
# arguments, and lints clean. TAP.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}" "${top_builddir:=build}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

result() { # OK? NAME FILE
    number=$((number + 1))
    [ "$1" -eq 0 ] && echo "ok $number - $2" || echo "not ok $number - $2"
    [ "$1" -eq 0 ] || sed 's/^/# /' "$3"
}

for page in "$top_srcdir"/docs/*.[18]; do
    name=$(basename "$page")
    program=$top_builddir/${name%.*}
    if [ ! -x "$program" ]; then
        number=$((number + 1))
        echo "ok $number - $name # SKIP ${name%.*} is not built"
        continue
    fi
    # The commands follow "commands:", two blanks in; each has a help of its own.
    "$program" --help >"$scratch/all"
    commands=$(sed -n '1,/^commands:/d; s/^  \([a-z]\{1,\}\).*/\1/p' "$scratch/all")
    for command in $commands; do
        echo "command $command" >>"$scratch/all"
        "$program" "$command" --help >>"$scratch/all"
    done
    # "  --name=ARGUMENT  text", "  --[no-]name", a trailing "..." where repeatable.
    sed -n 's/^ *--\(\[no-\]\)\{0,1\}\([a-z][a-z.-]*\(=[A-Z]*\)\{0,1\}\).*/\2/p
            /^command [a-z]*$/p' "$scratch/all" | LC_ALL=C sort -u >"$scratch/help"
    sed -n 's/^\.It Fl -\([^ ]*\) Ns = Ns Ar \([^ ]*\).*/\1=\2/p; t
            s/^\.It Fl -//p; s/^\.It Cm \([a-z]*\) .*/command \1/p' "$page" |
        LC_ALL=C sort -u >"$scratch/page"
    [ -s "$scratch/help" ] && diff -u "$scratch/help" "$scratch/page" >"$scratch/out" && ok=0 || ok=1
    result "$ok" "$name has the options of ${name%.*} --help" "$scratch/out"
done
if command -v mandoc >/dev/null 2>&1; then
    for page in "$top_srcdir"/docs/*.[1-8]; do
        # The names of other pages are looked up in a database that may be missing.
        mandoc -T lint -W warning "$page" 2>/dev/null >"$scratch/out" && ok=0 || ok=1
        result "$ok" "${page##*/} lints" "$scratch/out"
    done
fi
echo "1..$number"
