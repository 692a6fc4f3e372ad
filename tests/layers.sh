#!/bin/sh
# The layers of docs/architecture.md and the rules of tests/lint/rules.awk hold in this tree, and
# each rule catches a violation planted in a small one. TAP.
set -eu

source_directory=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}
rules=$source_directory/tests/lint/rules.awk
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

# result OK? NAME [FILE with what is wrong]
result() {
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        [ $# -lt 3 ] || sed 's/^/# /' "$3"
    fi
}

# violations TREE: RULE<TAB>FILE:LINE<TAB>what
violations() {
    (
        cd "$1"
        find lib config collectors daemon snapshot tool tests bench -name '*.[ch]' 2>/dev/null |
            LC_ALL=C sort >"$scratch/files"
        [ -s "$scratch/files" ] || exit 1
        # shellcheck disable=SC2046 # names of sources have no blanks
        LC_ALL=C awk -f "$rules" $(cat "$scratch/files")
    )
}

# plant FILE LINE...: a fresh tree with nothing but this file, correct but for the lines.
plant() {
    rm -rf "$scratch/tree"
    planted=$1
    shift
    mkdir -p "$scratch/tree/$(dirname "$planted")"
    printf '%s\n' '// SPDX-License-Identifier: MIT' "$@" >"$scratch/tree/$planted"
}

# catches RULE NAME: the planted file breaks exactly this rule.
catches() {
    violations "$scratch/tree" >"$scratch/out"
    cut -f1 "$scratch/out" | sort -u >"$scratch/rules"
    echo "$1" | cmp -s - "$scratch/rules" && found=0 || found=1
    result "$found" "caught: $2" "$scratch/out"
}

allows() {
    violations "$scratch/tree" >"$scratch/out"
    [ ! -s "$scratch/out" ] && clean=0 || clean=1
    result "$clean" "allowed: $1" "$scratch/out"
}

violations "$source_directory" >"$scratch/all"
for rule in layer owner pure banned header length nesting format; do
    grep "^$rule	" "$scratch/all" >"$scratch/found" && broken=1 || broken=0
    result "$broken" "the tree keeps the rule: $rule" "$scratch/found"
done

plant lib/a.c '#include "config/config.h"' && catches layer "lib includes config"
plant config/a.c '#include "collectors/collector.h"' && catches layer "config includes collectors"
plant collectors/proc/a.c '#include "daemon/model/model.h"' &&
    catches layer "a collector includes the daemon"
plant snapshot/a.c '#include "config/config.h"' && catches layer "snapshot includes config"
plant daemon/model/a.c '#include "daemon/scoring/scoring.h"' &&
    catches layer "the model includes scoring"
plant daemon/scoring/a.c '#include "daemon/exposition/metrics.h"' &&
    catches layer "scoring includes exposition"
plant daemon/exposition/a.c '#include "daemon/daemon.h"' &&
    catches layer "exposition includes the wiring"
plant lib/a.c '#include "buf.h"' && catches layer "an include that is not from the top of the tree"
plant collectors/gclog/a.c '#include <uv.h>' '#include "lib/buf.h"' '#include "config/config.h"' &&
    allows "a collector includes what is below it"
plant tool/a.c '#include "daemon/model/model.h"' '#include "snapshot/reader.h"' &&
    allows "the tool sees everything"
plant lib/a.c '#include <uv.h>'
for copy in b c d; do cp "$scratch/tree/lib/a.c" "$scratch/tree/lib/$copy.c"; done
catches owner "a fourth file includes libuv"
plant daemon/model/a.c 'int f(void) { return (int)clock_boottime_ns(); }' &&
    catches pure "the model reads a clock"
plant daemon/scoring/a.c '#include <uv.h>' && catches pure "scoring includes the loop"
plant lib/a.c 'int f(char *a) { return atoi(a); }' && catches banned "atoi"
plant lib/a.c 'int f(char *a) { return snprintf(a, 1, "atoi(1)"); } /* strcpy(a) */ // system("x")' &&
    allows "a banned name inside a literal or a comment"
plant daemon/daemon.c 'void f(void) { exit(1); }' && catches banned "exit outside main.c"
plant lib/a.h '#ifndef A_H' '#endif' && sed -i 1d "$scratch/tree/$planted" &&
    catches header "no SPDX line"
plant lib/a.h '#ifndef HEAPWATCH_LIB_B_H' '#endif' && catches header "another file's guard"
plant lib/a.c "$(printf '\t\t\t\t\t\tbreak;')" && catches nesting "five levels of nesting"
plant lib/a.c 'int a; ' && catches format "a trailing blank"
plant lib/a.c '' && yes 'int a;' | head -n 499 >>"$scratch/tree/lib/a.c" &&
    catches length "a file of 501 lines"
echo "1..$number"
