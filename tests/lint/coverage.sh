#!/bin/sh
# Line coverage of the unit tests, by room of the house, against its threshold. TAP. Run by
# make coverage in a build configured with --enable-coverage. Raise a threshold, never lower one.
set -eu

cd "${top_builddir:?run by make coverage}"
root=$(CDPATH='' cd -- "${top_srcdir:?}" && pwd) # without build/.. in it, as lcov names files
if ! command -v lcov >/dev/null 2>&1; then
    echo "1..0 # SKIP no lcov"
    exit 0
fi
[ -n "$(find . -name '*.gcda' -print -quit)" ] || {
    echo "Bail out! nothing was measured: configure with --enable-coverage"
    exit 1
}
lcov --quiet --capture --directory . --base-directory . --output-file coverage.info \
    >coverage.log 2>&1 || {
    cat coverage.log >&2
    exit 1
}

# One row: threshold in percent of lines, name, regular expression of the files.
cat >coverage.rooms <<'END'
90 lib              ^lib/
90 config           ^config/
90 gclog-parsers    ^collectors/gclog/(parse|gcline|lines|attribute|isolate_clock)
90 model            ^daemon/model/
90 scoring          ^daemon/scoring/
90 exposition       ^daemon/exposition/(metrics|families|text)
END
awk -v root="$root/" '
    NR == FNR { if (NF == 3) { least[++rooms] = $1; room[rooms] = $2; pattern[rooms] = $3 } next }
    /^SF:/ { file = substr($0, 4); if (index(file, root) == 1) file = substr(file, length(root) + 1) }
    /^DA:/ { split($0, part, ","); found[file]++; hit[file] += part[2] > 0 }
    END {
        for (i = 1; i <= rooms; i++) {
            lines = hits = 0
            detail = ""
            for (file in found)
                if (file ~ pattern[i] && file ~ /\.c$/) {
                    lines += found[file]
                    hits += hit[file]
                    detail = detail sprintf("# %5.1f %% of %4d lines  %s\n", \
                        100 * hit[file] / found[file], found[file], file)
                }
            share = lines ? 100 * hits / lines : 0
            bad = lines && share < least[i]
            failed = failed || bad
            printf "%sok %d - %s: %.1f %% of %d lines, at least %d %%%s\n%s", bad ? "not " : "", i, \
                room[i], share, lines, least[i], lines ? "" : " # SKIP no such file", detail
        }
        printf "1..%d\n", rooms
        exit failed
    }' coverage.rooms coverage.info
