#!/bin/sh
# heapwatch snapshot summary: a table, JSON, what is refused; and a snapshot of a real Node.js, whole
# and cut off, where there is one.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"
small=$top_srcdir/tests/fixtures/snapshot/small.heapsnapshot

run snapshot summary --format=json "$small"
is "$status:$stderr" "0:" "a snapshot is summed up"
has "$stdout" '"name":"(synthetic)","type":"synthetic","count":1,"self_bytes":0,"retained_bytes":210' \
	"the root retains everything"
has "$stdout" '"name":"Cache","type":"object","count":1,"self_bytes":10,"retained_bytes":100' \
	"what two entries share is retained by what holds both"
has "$stdout" '"name":"Detached <div>","type":"native"' "a native node has its own name"
has "$stdout" '"totals":{"count":7,"self_bytes":210,"edges":9,"strings":10,"detached":1,' "with totals"

run snapshot summary --no-retained --format=json "$small"
is "$status" 0 "without retained sizes"
has "$stdout" '"self_bytes":10,"retained_bytes":null' "they are null"
run snapshot --format json summary --no-retained - <"$small"
has "$status:$stdout" '0:{"rows":[{"name":"Function"' "the largest row is first, also from the input"
gzip -c "$small" >"$work/small.gz"
run snapshot summary "$work/small.gz"
has "$status:$stdout" "0:7 nodes, 210 B, 9 edges, 10 strings, 1 detached nodes" "as text, from gzip"
has "$stdout" "Cache" "with constructors"

head -c 1000 "$small" >"$work/torn"
run snapshot summary "$work/torn"
is "$status:$stdout:$stderr" "2::heapwatch: $work/torn: byte 1000: breaks off" \
	"a torn one is an error with its place"
head -c 200 "$work/small.gz" >"$work/torn.gz"
run snapshot summary "$work/torn.gz"
is "$status:$stderr" "2:heapwatch: $work/torn.gz: is gzip that breaks off; its end is missing" \
	"as is one that was torn when compressed"
run snapshot summary "$work/missing"
is "$status:$stderr" "2:heapwatch: $work/missing: No such file or directory" "or is missing"
run snapshot summary "$top_srcdir/README.md"
is "$status:$stderr" "2:heapwatch: $top_srcdir/README.md: byte 0: is no heap snapshot" \
	"or is something else"

sed 's/"node_count":7/"node_count":8/' "$small" >"$work/lie"
run snapshot diff --format=json "$small" "$small"
is "$status:$stderr" "0:" "snapshots are compared"
has "$stdout" '"name":"Cache","type":"object","count":1,"self_bytes":10,"delta_count":0,"delta_bytes":0,"new_count":0,' \
	"with one itself nothing is new"
is "$(printf '%s' "$stdout" | grep -c '"new_count":[1-9]')" 0 "nothing at all"
run snapshot diff "$small" "$small" "$small"
has "$status:$stdout" "0:A: 7 nodes, 210 B" "three of them as text"
run snapshot diff --no-retained --format=json "$small" "$small"
has "$status:$stdout" '0:{"rows":[' "without retained sizes"
has "$stdout" '"new_retained_bytes":null' "they are null"
run snapshot diff "$small"
is "$status:$stderr" "2:heapwatch snapshot: two or three files are needed, the oldest first; see heapwatch help snapshot" \
	"one is too few"
run snapshot diff "$small" "$work/lie"
is "$status:$stdout" "2:" "and one that lies is none"
run snapshot diff --by=retainer "$small" "$small"
is "$status:$stderr:$(printf '%s\n' "$stdout" | head -n 1)" "0::+0 B in 0 rows of new objects, by what holds them" \
	"by what holds it nothing is new either"
run snapshot diff --by=retainer --no-retained "$small" "$small"
is "$status" 2 "which needs retained sizes"
# The same objects with other ids, as after the end of an inspector session.
sed -e 's/^,3,2,3,/,3,2,5,/' -e 's/^,3,3,5,/,3,3,9,/' -e 's/^,3,3,7,/,3,3,3,/' -e 's/^,2,4,9,/,2,4,7,/' \
	-e 's/^,8,5,11,/,8,5,13,/' -e 's/^,5,6,13,/,5,6,11,/' "$small" >"$work/anew"
doubt="A and B are not of one process, or an inspector session ended between them: 86 % of the ids"
run snapshot diff --format=json "$small" "$work/anew"
has "$status:$stderr" "0:heapwatch: warning: $doubt" "ids that were given anew are noticed"
has "$stdout" "\"notes\":[\"$doubt" "also by programs"
run snapshot diff --by=retainer --format=json "$small" "$work/anew"
has "$status:$stdout" "\"notes\":[\"$doubt" "and by what holds them"
run snapshot diff --format=html "$small" "$work/anew"
has "$status:$stdout" "<p>$doubt" "and on the page"
run snapshot diff --format=json "$small" "$work/anew" "$small"
is "$(printf '%s\n' "$stderr" | grep -c .)" 1 "of three only the one"
for words in summary "diff $small" "diff --by=retainer $small"; do
	# shellcheck disable=SC2086 # words
	run snapshot --format=html $words "$small"
	has "$status:$stdout" "0:<!DOCTYPE html>" "as a page: ${words%% /*}"
	is "$(printf '%s' "$stdout" | grep -c -E 'src=|href=|url\(|@import')" 0 "that needs nothing else"
	is "$(printf '%s\n' "$stdout" | tail -n 1)" "</html>" "to its end"
done
is "$(printf '%s' "$stdout" | grep -c 'more rows')" 0 "with all rows"
# The root and an object of each of 2002 constructors.
awk 'BEGIN {
	count = 2003
	printf "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\"]," \
		"\"node_types\":[[\"object\"]],\"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"]," \
		"\"edge_types\":[[\"property\"]]},\"node_count\":%d,\"edge_count\":%d},\"nodes\":[", count, count - 1
	for (i = 0; i < count; i++) printf "%s0,%d,%d,8,%d", i ? "," : "", i, 2 * i + 1, i ? 0 : count - 1
	printf "],\"edges\":["
	for (i = 1; i < count; i++) printf "%s0,%d,%d", (i > 1 ? "," : ""), i, 5 * i
	printf "],\"strings\":["
	for (i = 0; i < count; i++) printf "%s\"C%d\"", i ? "," : "", i
	print "]}"
}' >"$work/many"
for words in summary "diff $small" "diff --by=retainer $small"; do
	# shellcheck disable=SC2086 # words
	run snapshot --format=html $words "$work/many"
	has "$status:$stdout" " more rows; --format=json has them</p>" "a page that has not all says so: ${words%% /*}"
done
run snapshot --format=html summary "$small"
has "$stdout" "<td>Detached &lt;div&gt;</td>" "names are text"
printf '%s\n' "$stdout" >"$work/page.html"
browser=$(command -v chromium || true)
if [ -n "$browser" ] && timeout 60 "$browser" --headless --no-sandbox --disable-gpu --no-first-run \
	--disable-background-networking --disable-component-update --disable-sync \
	--user-data-dir="$work/browser" --dump-dom "file://$work/page.html" >"$work/dom" 2>"$work/browser.log"; then
	has "$(cat "$work/dom")" 'placeholder="Filter rows"' "a browser shows it and runs its script"
else
	result yes "no Chromium # SKIP"
fi

# Progress is for people who wait: on a terminal, of a big file, and gone at the end.
cp "$small" "$work/big"
truncate -s 80M "$work/big"
if command -v script >/dev/null; then
	script -qec "'$top_builddir/heapwatch' snapshot summary '$work/big' >'$work/out'" /dev/null \
		</dev/null >"$work/terminal" 2>&1 || true
	has "$(cat "$work/terminal")" "big: 0 % " "progress on a terminal"
	has "$(tail -n 1 "$work/terminal")" "$(printf '\r\033[K')heapwatch: $work/big: byte " \
		"which is erased"
	script -qec "'$top_builddir/heapwatch' snapshot summary '$small' >'$work/out'" /dev/null \
		</dev/null >"$work/terminal" 2>&1
	is "$(cat "$work/terminal")" "" "none of a small file"
fi

# A name, a script's name and a type that would take over a terminal.
csi=$(printf '\302\233')
sed -e 's/"Cache"/"Ca\\u001b[2Jche'"$csi"'"/' "$small" >"$work/hostile"
for words in "summary" "diff $small" "diff --by=retainer $small" "summary --format=json"; do
	# shellcheck disable=SC2086 # words
	run snapshot $words "$work/hostile"
	is "$status:$(printf '%s' "$stdout" | LC_ALL=C grep -c -e "$(printf '\033')" -e "$csi")" 0:0 \
		"a name does not act on a terminal: ${words%% /*}"
done
run snapshot summary "$work/hostile"
has "$stdout" "Ca [2Jche" "and is shown"
sed 's/"hidden"/"hid'"$csi"'den"/' "$small" >"$work/hostile"
run snapshot summary "$work/hostile"
has "$status:$stderr" "node_types or edge_types has a name that is no plain text" "types are plain words"

run snapshot diff --by=colour "$small" "$small"
is "$status" 2 "what to group by must be known"

run snapshot
is "$status" 2 "what to do must be said"
run snapshot frob "$small"
is "$status:$stderr" "2:heapwatch snapshot: unknown word frob; see heapwatch help snapshot" \
	"and known"
run snapshot summary --format=xml "$small"
is "$status" 2 "an unknown format is a usage error"
run snapshot summary
is "$status" 2 "as is no file"
run snapshot take 1 --force
is "$status:$stderr" "2:heapwatch snapshot: options stand before files and processes: --force; see heapwatch help snapshot" \
	"and an option where a file is due"
run snapshot take --url=ftp://127.0.0.1 some/0
is "$status:$stderr" "2:heapwatch: some/0: expected http://HOST:PORT, https://HOST:PORT or unix:/PATH" \
	"what knows a process must be a URL"
run snapshot take --url=unix:/dev/null some/0
has "$status:$stderr" "1:heapwatch: some/0: heapwatchd, see --url: " "and answer"
run snapshot summary --frob "$small"
is "$status" 2 "and an unknown option"

# Prints the number that the row of a constructor has for a key.
number() { # name key
	printf '%s' "$stdout" | tr '{' '\n' | sed -n "/^\"name\":\"$1\"/s/.*\"$2\":\([0-9]*\).*/\1/p"
}

check_growth() { # node
	"$1" -e 'class Leak { constructor(i) { this.text = "leak " + i; } } const v8 = require("v8");
		global.leaks = []; const grow = () => { for (let i = 0; i < 500; i++) leaks.push(new Leak(i)); };
		for (const name of process.argv.slice(1)) { grow(); v8.writeHeapSnapshot(name); }' \
		"$work/1.heapsnapshot" "$work/2.heapsnapshot" "$work/3.heapsnapshot" >"$work/out" 2>&1
	run snapshot diff --format=json "$work/1.heapsnapshot" "$work/2.heapsnapshot" "$work/3.heapsnapshot"
	is "$status:$stderr" "0:" "$version: its snapshots are compared"
	is "$(number Leak new_count):$(number Leak delta_count):$(number Leak count)" 500:1000:1500 \
		"$version: what came and stayed is told from what came last"
	run snapshot diff --by=retainer --format=json "$work/1.heapsnapshot" "$work/2.heapsnapshot"
	has "$stdout" '{"rows":[{"name":"Leak","type":"object","count":500,' "$version: by what holds it, too"
	has "$stdout" 'leaks (Array) → Leak"' "$version: with the path"
	LC_ALL=C COLUMNS=200 run snapshot diff --by=retainer "$work/1.heapsnapshot" "$work/2.heapsnapshot"
	has "$stdout" "leaks (Array) -> Leak" "$version: as text"
	gzip -f "$work/2.heapsnapshot"
	run snapshot diff "$work/1.heapsnapshot" - <"$work/2.heapsnapshot.gz"
	is "$(printf '%s\n' "$stdout" | awk '/^ *new / { getline; print $1, $2, $NF }')" "500 0 Leak" \
		"$version: the leaking constructor comes first"
}

check_node() { # node
	snapshot=$work/node.heapsnapshot
	version=$("$1" --version)
	rm -f "$snapshot"
	"$1" -e 'class Leak { constructor(i) { this.own = new Array(100).fill(i + 0.5); } }
		global.leaks = []; for (let i = 0; i < 500; i++) leaks.push(new Leak(i));
		require("v8").writeHeapSnapshot(process.argv[1])' "$snapshot" >"$work/out" 2>&1
	run snapshot summary --format=json "$snapshot"
	is "$status:$stderr" "0:" "$version: its snapshot is read"
	is "$(number Leak count)" 500 "$version: all instances are counted"
	retained=$(number Leak retained_bytes)
	[ "$retained" -gt 400000 ] && [ "$retained" -lt 800000 ] && ok=yes || ok=no
	result "$ok" "$version: with the arrays that they hold"
	check_growth "$1"
	check_forms "$1"
	check_damage
}

# What the inspector sends in chunks, and what a program writes that reads and writes JSON, as DevTools and memlab may:
# without line ends, indented, with members of its own. Chunks come through a pipe, torn anywhere.
check_forms() { # node
	"$1" -e 'const fs = require("fs"), inspector = require("inspector"); const [chunks, plain, spaced] = process.argv.slice(1);
		class Leak { constructor(i) { this.text = "\u2028\ud83d\ude00 \" " + i; } }
		global.leaks = []; for (let i = 0; i < 100; i++) leaks.push(new Leak(i));
		const session = new inspector.Session(); session.connect(); let text = "";
		session.on("HeapProfiler.addHeapSnapshotChunk", (message) => { text += message.params.chunk; });
		session.post("HeapProfiler.takeHeapSnapshot", () => {
			fs.writeFileSync(chunks, text); const heap = JSON.parse(text);
			fs.writeFileSync(plain, JSON.stringify(heap));
			fs.writeFileSync(spaced, JSON.stringify(Object.assign({devtools: {scripts: [{a: "]}"}]}}, heap, {also: [null, -1e-3]}), null, 1));
		})' "$work/chunks" "$work/plain" "$work/spaced" >"$work/out" 2>&1
	run snapshot summary --format=json "$work/chunks"
	is "$status:$stderr:$(number Leak count)" 0::100 "$version: what the inspector sent in chunks is read"
	chunks=$stdout
	for form in plain spaced; do
		run snapshot summary --format=json "$work/$form"
		is "$status:$([ "$stdout" = "$chunks" ] && echo same)" 0:same "$version: and the same written anew, $form"
	done
	for bytes in 1021 65537; do
		dd if="$work/chunks" bs=$bytes 2>"$work/stderr" | "$heapwatch" snapshot summary --format=json - >"$work/stdout" 2>&1
		is "$([ "$(cat "$work/stdout")" = "$chunks" ] && echo same)" same "$version: in pieces of $bytes bytes"
	done
	run snapshot diff --format=json "$work/chunks" "$work/spaced"
	is "$status:$(printf '%s' "$stdout" | grep -c '"new_count":[1-9]')" 0:0 "$version: nothing is new between them"
}

# Is an error with its place, of a summary and of a comparison, as the first file and as the second in turns.
refuse() { # option...
	for words in summary diff; do
		if [ $words = summary ]; then
			run snapshot summary "$@" "$work/damaged"
		elif [ $((percent % 2)) -eq 0 ]; then
			run snapshot diff "$@" "$work/damaged" "$snapshot"
		else
			run snapshot diff "$@" "$snapshot" "$work/damaged"
		fi
		case "$status:$stdout:$stderr" in
		"2::heapwatch: $work/damaged: byte $at: "*) ;;
		*) wrong="$wrong $percent ($words)" ;;
		esac
	done
}

check_damage() {
	size=$(wc -c <"$snapshot")
	percent=0
	wrong=
	while [ $percent -lt 100 ]; do
		at=$((size * percent / 100))
		head -c $at "$snapshot" >"$work/damaged"
		refuse
		percent=$((percent + 1))
	done
	is "$wrong" "" "$version: cut off at any percent it is an error"
	percent=0
	wrong=
	while [ $percent -lt 100 ]; do
		at=$((size * percent / 100))
		cp "$snapshot" "$work/damaged"
		printf '\001' | dd of="$work/damaged" bs=1 seek=$at conv=notrunc 2>"$work/stderr"
		refuse --no-retained
		percent=$((percent + 1))
	done
	is "$wrong" "" "$version: and damaged there, with the place"
}

node=$(command -v node || true)
if [ -n "$node" ] && "$node" -e 'process.exit(require("v8").writeHeapSnapshot ? 0 : 1)'; then
	check_node "$node"
else
	result yes "no Node.js with v8.writeHeapSnapshot # SKIP"
fi
finish
