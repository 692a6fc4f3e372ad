#!/bin/sh
# The unit, the account and the directories are ones that systemd accepts without a word, and the
# sandbox stays as tight as it is. TAP; skipped without systemd-analyze.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}" "${top_builddir:=build}"
worst_exposure=2.2 # of systemd-analyze security; 10 is no sandbox at all. Lower it, never raise it

if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo "1..0 # SKIP no systemd-analyze"
    exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

result() { # OK? NAME FILE
    number=$((number + 1))
    [ "$1" -eq 0 ] && echo "ok $number - $2" || echo "not ok $number - $2"
    sed 's/^/# /' "$3"
}

# verify wants the program to exist, which before an installation it does not.
unit=$scratch/heapwatchd.service
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$top_builddir/systemd/heapwatchd.service" >"$unit"

check_unit() { # UNIT WHAT WORST
    # It exits 0 on unknown keys, and says so on stderr.
    systemd-analyze verify --man=no "$1" 2>"$scratch/out" && [ ! -s "$scratch/out" ] && ok=0 || ok=1
    result "$ok" "systemd-analyze verify is silent about $2" "$scratch/out"
    SYSTEMD_EMOJI=0 systemd-analyze security --offline=yes --no-pager "$1" >"$scratch/all" 2>&1 || true
    sed -n 's/.*Overall exposure level for [^:]*: \([0-9.]*\).*/\1/p' "$scratch/all" >"$scratch/out"
    awk -v worst="$3" '{ found = 1; bad = $1 > worst } END { exit !found || bad }' \
        "$scratch/out" && ok=0 || ok=1
    result "$ok" "exposure of $2 is at most $3" "$scratch/out"
}

# What is set later adds to capabilities: as drop-ins, read after the unit.
check_unit "$unit" "the unit" "$worst_exposure"
cat "$top_srcdir/systemd/heapwatchd.service.d/10-other-users.conf" >>"$unit"
check_unit "$unit" "the unit for other users' processes" "$worst_exposure"
cat "$top_srcdir/systemd/signal.conf" >>"$unit"
check_unit "$unit" "the unit for signal mode" 2.4

if [ "$(id -u)" -ne 0 ]; then
    echo "ok $((number + 1)) - sysusers and tmpfiles # SKIP not root"
    echo "ok $((number + 2)) - sysusers and tmpfiles # SKIP not root"
    echo "1..$((number + 2))"
    exit 0
fi
mkdir -p "$scratch/root/etc" "$scratch/root/run" "$scratch/root/var/lib"
systemd-sysusers --root="$scratch/root" "$top_srcdir/systemd/heapwatchd.sysusers" 2>&1 |
    grep -v '^Creating ' >"$scratch/out" || true
grep -q '^heapwatch:.*:/var/lib/heapwatch:/usr/sbin/nologin$' "$scratch/root/etc/passwd" &&
    [ ! -s "$scratch/out" ] && ok=0 || ok=1
result "$ok" "sysusers makes the account" "$scratch/out"

echo 'root:x:0:0::/root:/bin/sh' >>"$scratch/root/etc/passwd"
echo 'root:x:0:' >>"$scratch/root/etc/group"
systemd-tmpfiles --root="$scratch/root" --create "$top_srcdir/systemd/heapwatchd.tmpfiles" \
    >"$scratch/out" 2>&1 && [ ! -s "$scratch/out" ] &&
    [ "$(stat -c %a "$scratch/root/run/heapwatch")" = 755 ] &&
    [ "$(stat -c %a "$scratch/root/var/lib/heapwatch")" = 750 ] && ok=0 || ok=1
result "$ok" "tmpfiles makes the directories" "$scratch/out"
echo "1..$number"
