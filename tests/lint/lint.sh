#!/bin/sh
# Every linter over every source, one TAP line per linter; one that is not installed is skipped.
# Run by make lint, which gives the compiler flags in LINT_FLAGS.
#
# clang-format and clang-tidy are those of LLVM 14, since another version formats differently.
set -eu

cd "${top_srcdir:?run by make lint}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0
failed=0
jobs=$(nproc)

# lint NAME TOOL COMMAND...: ok when it exits 0. What it prints is shown when it fails.
lint() {
    name=$1
    tool=$2
    shift 2
    number=$((number + 1))
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "ok $number - $name # SKIP no $tool"
    elif "$@" >"$scratch/out" 2>&1; then
        echo "ok $number - $name"
    else
        failed=1
        echo "not ok $number - $name"
        sed 's/^/# /' "$scratch/out" | head -n 200
    fi
}

# first_of NAME...: the first that is installed, else the first.
first_of() {
    for candidate; do
        if command -v "$candidate" >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "$1"
}

# sources NAME-PATTERN...: files of the tree, not of builds beside it.
sources() {
    find autogen.sh .ci bench collectors config daemon docs lib script snapshot systemd tests tool \
        -type f "$@" 2>/dev/null | LC_ALL=C sort
}

shell_scripts() {
    sources ! -name '*.js' | while read -r file; do
        IFS= read -r line <"$file" || true
        case $line in
        '#!/bin/sh' | '#!/bin/bash' | '#!/usr/bin/env bash') echo "$file" ;;
        esac
    done
}

sources -name '*.[ch]' >"$scratch/all"
grep -Ev '^(tests|bench)/.*|\.h$' "$scratch/all" >"$scratch/programs" || true
shell_scripts >"$scratch/shell"
sources -path 'docs/*.[1-8]' >"$scratch/man"
clang_format=$(first_of clang-format-14 clang-format)
clang_tidy=$(first_of clang-tidy-14 clang-tidy)

lint clang-format "$clang_format" xargs "$clang_format" --dry-run -Werror <"$scratch/all"
export LINT_FLAGS clang_tidy
# One file a run: the va_list checker of LLVM 14 carries state from one to the next.
# shellcheck disable=SC2016 # expanded by the inner shell; the flags are words
lint clang-tidy "$clang_tidy" xargs -P "$jobs" -n 2 sh -c '
    exec "$clang_tidy" --quiet --warnings-as-errors="*" "$@" -- $LINT_FLAGS 2>/dev/null' tidy \
    <"$scratch/programs"
# It neither knows the cleanup attribute nor looks into uthash's macros: leaks, uninitialised reads and
# dangling locals are left to valgrind, the sanitizers and the compilers.
lint cppcheck cppcheck cppcheck -j "$jobs" --quiet --error-exitcode=1 --std=c11 --inline-suppr \
    --enable=warning,performance,portability --suppress=missingInclude \
    --suppress=missingIncludeSystem --suppress=memleak --suppress=resourceLeak \
    --suppress=uninitvar --suppress=autoVariables -I . --file-list="$scratch/programs"
lint shellcheck shellcheck xargs shellcheck -x <"$scratch/shell"
if [ -s "$scratch/man" ]; then
    lint "mandoc -T lint" mandoc xargs mandoc -T lint -W warning <"$scratch/man"
fi
echo "1..$number"
exit "$failed"
