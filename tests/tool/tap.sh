# shellcheck shell=sh
# Sourced by the tests of the tool: runs heapwatch and compares, one TAP line per expectation.
#
#	run check config x.yml        sets $status, $stdout and $stderr
#	is "$status" 2 "a bad file exits with 2"
#	has "$stderr" "x.yml:1:1:" "and names the place"
#	finish

heapwatch="${top_builddir:?}/heapwatch"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0

# shellcheck disable=SC2034 # for the script that sources this
run() {
	status=0
	"$heapwatch" "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
	stdout=$(cat "$work/stdout")
	stderr=$(cat "$work/stderr")
}

result() { # ok? description
	count=$((count + 1))
	if [ "$1" = yes ]; then
		echo "ok $count - $2"
	else
		echo "not ok $count - $2"
	fi
}

is() { # actual expected description
	if [ "$1" = "$2" ]; then
		result yes "$3"
	else
		result no "$3"
		printf '%s\n' "expected: $2" "actual: $1" | sed 's/^/# /'
	fi
}

has() { # text part description
	case $1 in
	*"$2"*) result yes "$3" ;;
	*)
		result no "$3"
		printf '%s\n' "expected in it: $2" "actual: $1" | sed 's/^/# /'
		;;
	esac
}

finish() {
	echo "1..$count"
}
