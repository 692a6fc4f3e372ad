#!/bin/sh
# 64 scrapers of 2,000 made-up processes for a minute, and as many of prometheus-node-exporter beside
# it: how long scrapes took, how late the loop was, and what both cost.
#
#	bench/load.sh BUILD-DIRECTORY [SECONDS [INTERVAL_MS]]
set -eu

build=${1:?usage: bench/load.sh BUILD-DIRECTORY [SECONDS [INTERVAL_MS]]}
seconds=${2:-60}
interval=${3:-1000}
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$scratch"' EXIT

cpu_ns() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { print sum }'; }

# await PATTERN FILE: the first match, once it is there
await() {
    for _ in $(seq 100); do
        found=$(grep -oE "$1" "$2" | head -n 1 || :)
        [ -z "$found" ] || break
        sleep 0.1
    done
    echo "$found"
}

# measure NAME PORT
measure() {
    before=$(cpu_ns "$server")
    "$build/bench/scrapers" "$2" 64 "$seconds" "$interval" >"$scratch/result"
    after=$(cpu_ns "$server")
    scrapes=$(sed 's/scrapes=\([0-9]*\).*/\1/' "$scratch/result")
    p99=$(sed 's/.*p99=\([0-9.]*\).*/\1/' "$scratch/result")
    printf '%-14s %s cpu_ms_per_scrape=%s rss_mb=%s\n' "$1:" "$(cat "$scratch/result")" \
        "$(echo "$before $after $scrapes" | awk '{ printf "%.2f", ($2 - $1) / 1e6 / $3 }')" \
        "$(awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' /proc/"$server"/status)"
}

"$build/bench/serve" 2000 "$((seconds + 5))" >"$scratch/serve" 2>"$scratch/log" &
server=$!
port=$(await '127\.0\.0\.1:[0-9]+' "$scratch/log")
measure heapwatch "${port##*:}"
ours=$p99
wait "$server" || :
server=
cat "$scratch/serve"

if ! command -v prometheus-node-exporter >/dev/null; then
    echo 'node_exporter: not installed'
    exit 0
fi
prometheus-node-exporter --web.listen-address=127.0.0.1:19109 --web.max-requests=0 \
    2>"$scratch/log" &
server=$!
await 'address=127\.0\.0\.1' "$scratch/log" >/dev/null
measure node_exporter 19109
echo "p99: heapwatch $ours ms, node_exporter $p99 ms, ratio $(echo "$ours $p99" |
    awk '{ printf "%.2f", $1 / $2 }')"
