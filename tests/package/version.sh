#!/bin/sh
# The version is that of configure.ac, wherever else one must be written. TAP.
set -eu

: "${top_srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}"

version=$(sed -n 's/^AC_INIT(\[heapwatch\], \[\([^]]*\)\].*/\1/p' "$top_srcdir/configure.ac")

report() { # NUMBER NAME FOUND EXPECTED
    [ "$3" = "$4" ] && echo "ok $1 - $2" || printf 'not ok %s - %s\n# %s, not %s\n' "$1" "$2" "$3" "$4"
}

echo 1..2
if [ -f "$top_srcdir/debian/changelog" ]; then
    report 1 "the Debian package is of this version" \
        "$(sed -n '1s/^heapwatch (\([^-]*\)-.*/\1/p' "$top_srcdir/debian/changelog")" "$version"
    needed=$(sed -n 's/^build  *\(lib[^ ]*-dev\|check\|uthash-dev\|zlib1g-dev\)$/\1/p' \
        "$top_srcdir/script/packages" | grep -vx libc6-dev | LC_ALL=C sort | tr '\n' ' ')
    found=$(sed -n '/^Build-Depends:/,/^[A-Z][a-z-]*: /p' "$top_srcdir/debian/control" |
        grep -oE '(lib[a-z0-9-]*-dev|uthash-dev|zlib1g-dev|check)( |,|$)' | tr -d ' ,' | LC_ALL=C sort | tr '\n' ' ')
    report 2 "it is built with what script/packages installs" "$found" "$needed"
else
    echo 'ok 1 - the Debian package is of this version # SKIP not part of a tarball'
    echo 'ok 2 - it is built with what script/packages installs # SKIP not part of a tarball'
fi
