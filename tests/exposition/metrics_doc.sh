#!/bin/sh
# docs/metrics.md holds the table of metric families as the code has it. TAP.
# To bring the document up to date: metrics_doc.sh --update
set -eu

source_directory=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
print_families=${top_builddir:-.}/tests/exposition/print_families
document=$source_directory/docs/metrics.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$print_families" >"$scratch/code"
if [ "${1-}" = --update ]; then
    awk -v table="$scratch/code" '
        /^<!-- end of the table -->$/ { inside = 0 }
        !inside { print }
        /^<!-- the table/ { inside = 1; while ((getline line < table) > 0) print line }
    ' "$document" >"$scratch/document"
    cat "$scratch/document" >"$document"
    exit 0
fi

echo 1..2
sed -n '/^<!-- the table/,/^<!-- end of the table -->$/p' "$document" | sed '1d;$d' \
    >"$scratch/document"
if diff -u "$scratch/document" "$scratch/code" >"$scratch/difference"; then
    echo 'ok 1 - docs/metrics.md has every family as the code has it'
else
    echo 'not ok 1 - docs/metrics.md has every family as the code has it'
    sed 's/^/# /' "$scratch/difference"
fi
if [ "$(grep -c '^| `' "$scratch/code")" -ge 45 ]; then
    echo 'ok 2 - the table is not empty'
else
    echo 'not ok 2 - the table is not empty'
fi
