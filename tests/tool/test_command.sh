#!/bin/sh
# heapwatch itself: help, version, and what is no command.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"

run --help
is "$status" 0 "--help succeeds"
has "$stdout" "usage: heapwatch [OPTION]... COMMAND" "--help shows the usage"
has "$stdout" "  check config|web-config|receivers|gc-log FILE..." "--help lists the commands"
is "$stderr" "" "--help says nothing on stderr"
help=$stdout

run help
is "$status:$stdout" "0:$help" "help is --help"

run --version
is "$status" 0 "--version succeeds"
has "$stdout" "heapwatch " "--version names the program"

run help check
is "$status" 0 "help COMMAND succeeds"
has "$stdout" "usage: heapwatch check " "help COMMAND shows the help of the command"
help=$stdout

run check --help
is "$status:$stdout" "0:$help" "COMMAND --help is the same"

run
is "$status" 2 "no command is a usage error"
is "$stderr" "heapwatch: a command is missing; see heapwatch --help" "that says so"

run frobnicate
is "$status" 2 "an unknown command is a usage error"
is "$stderr" "heapwatch: unknown command frobnicate; see heapwatch --help" "that names it"

run help frobnicate
is "$status" 2 "help for an unknown command is a usage error"

run --frobnicate
is "$status" 2 "an unknown option is a usage error"
is "$stderr" "heapwatch: unknown option --frobnicate; see --help" "that names it"
is "$stdout" "" "and prints nothing on stdout"

if [ -w /dev/full ]; then
	status=0
	"$heapwatch" --version >/dev/full 2>"$work/stderr" || status=$?
	is "$status" 1 "a result that cannot be written is a failure"
fi
finish
