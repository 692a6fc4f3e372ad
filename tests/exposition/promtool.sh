#!/bin/sh
# promtool has nothing to say about the golden exposition, which the unit test holds equal to what
# is written, and does complain about a broken one. TAP.
set -eu

source_directory=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
golden=$source_directory/tests/golden/metrics.txt

if ! command -v promtool >/dev/null; then
    echo '1..0 # SKIP promtool is not installed'
    exit 0
fi

# check NUMBER NAME WANTED: promtool is silent (0) or not (1) about what comes in.
check() {
    if complaints=$(promtool check metrics 2>&1) && [ -z "$complaints" ]; then
        silent=0
    else
        silent=1
    fi
    if [ "$silent" -eq "$3" ]; then
        echo "ok $1 - $2"
    else
        echo "not ok $1 - $2"
        echo "$complaints" | sed 's/^/# /'
    fi
}

echo 1..2
check 1 'promtool is silent about the exposition' 0 <"$golden"
sed 's/slot="0"/slot="0/' "$golden" | check 2 'promtool complains about a broken label' 1
