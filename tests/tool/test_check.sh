#!/bin/sh
# heapwatch check: valid and invalid files, exit statuses, the place of an error.
set -eu
. "${top_srcdir:?}/tests/tool/tap.sh"
fixtures=$top_srcdir/tests/fixtures/config

run check config "$top_srcdir/config/heapwatchd.yml"
is "$status" 0 "the commented sample is valid"
is "$stdout" "$top_srcdir/config/heapwatchd.yml: valid" "and is said to be"
is "$stderr" "" "without a warning"

for file in "$fixtures"/*.good.yml; do
	run check config "$file"
	is "$status:$stdout" "0:$file: valid" "${file##*/} is valid"
done

for file in "$fixtures"/*.bad.yml; do
	run check config "$file"
	is "$status:$stdout" "2:" "${file##*/} is refused"
	has "$stderr" "$file:" "with its name in the message"
done

run check config "$fixtures/unknown-key.bad.yml"
is "$stderr" "$fixtures/unknown-key.bad.yml:3:3: unknown key \"sampling.bogus_key\"; expected one \
of interval, smaps_budget, smaps_max_rss" "an error names file, line, column, key and expectation"

run check config "$fixtures/unknown-key.bad.yml" "$fixtures/anchors.good.yml"
is "$status" 2 "one bad file among good ones is an error"
is "$stdout" "$fixtures/anchors.good.yml: valid" "and the good ones are still checked"

printf 'apps:\n- match: {unit: x}\n  inspector: {explain: on_alert}\n' >"$work/x.yml"
run check config "$work/x.yml"
is "$status:$stderr" "0:" "an app's rule is valid, without a warning"

run check config "$work/missing.yml"
is "$status" 2 "a missing file is an error"
is "$stderr" "$work/missing.yml: cannot be read: No such file or directory" "that says so"

web=$top_srcdir/tests/fixtures/webconfig
for file in "$web"/*.good.yml; do
	run check web-config "$file"
	is "$status:$stdout" "0:$file: valid" "${file##*/} is valid as a web configuration"
done
for file in "$web"/*.bad.yml; do
	run check web-config "$file"
	is "$status:$stdout" "2:" "${file##*/} is refused as a web configuration"
	has "$stderr" "$file:" "with its name in the message"
done
printf 'tls_server_config: {cert_file: none.pem, key_file: none.key}\n' >"$work/web.yml"
run check web-config "$work/web.yml"
is "$status:$stderr" "2:$work/web.yml: tls_server_config: $work/none.pem: No such file or directory" \
	"a certificate that is missing is said, its path being relative to the file"

log=$top_srcdir/tests/fixtures/gclog/node-20.log
run check gc-log "$log"
gc_count=$(sed '/Last few/q' "$log" | grep -c ' ms: [A-Z]')
has "$stdout" "$log: valid: $gc_count collections, 0 torn lines, " "a GC log is counted"
has "$stdout" "printed by Node 20, 21" "and the versions that print so are named"
gzip -c "$log" >"$work/gc.log.gz"
run check gc-log "$work/gc.log.gz"
has "$status:$stdout" "0:$work/gc.log.gz: valid: $gc_count collections" "also when it is compressed"
echo "listening on 3000" >"$work/plain.log"
run check gc-log "$work/plain.log"
is "$status:$stderr" "2:$work/plain.log: no collection among 1 lines" "a log without one is not valid"
run check gc-log "$work/none.log"
is "$status:$stderr" "2:$work/none.log: No such file or directory" "nor is one that is not there"

# Receivers: one that takes everything, one that refuses, one that is not there; all of them know secrets.
cat >"$work/receiver.py" <<'PYTHON'
import http.server, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(sys.argv[1] + '/taken', 'ab') as taken:
            taken.write(self.path.encode() + b' ' + body + b'\n')
        self.send_response(403 if self.path.startswith('/refuse') else 200)
        self.end_headers()

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
if command -v python3 >/dev/null 2>&1; then
	mkfifo "$work/port"
	python3 "$work/receiver.py" "$work" >"$work/port" &
	receiver=$!
	trap 'kill "$receiver" 2>/dev/null; rm -rf "$work"' EXIT
	read -r port <"$work/port"
	echo "http://127.0.0.1:$port/refuse/s3cret" >"$work/url"
	cat >"$work/receivers.yml" <<YAML
receivers:
  - { name: ops, type: webhook, url: "http://user:s3cret@127.0.0.1:$port/hook?token=s3cret" }
  - { name: am, type: alertmanager, url: "http://127.0.0.1:$port" }
YAML
	run check receivers "$work/receivers.yml"
	is "$status" 0 "receivers that take the test alert are fine"
	is "$stdout" "$work/receivers.yml: receiver ops: ok, status 200
$work/receivers.yml: receiver am: ok, status 200
$work/receivers.yml: valid: 2 receivers took the test alert" "with a line for each"
	is "$(grep -c '"app":"heapwatch-test"' "$work/taken")" 4 "each got the alert and its end"
	has "$(sed -n 2p "$work/taken")" '"status":"resolved"' "so that nothing stays open"
	echo 'receivers: [{ name: far, type: webhook, url: "http://alerts.invalid/far" }]' >"$work/far.yml"
	export http_proxy="http://127.0.0.1:$port"
	run check receivers "$work/far.yml"
	unset http_proxy
	is "$status" 0 "a receiver that only the proxy of the environment reaches is reached"
	has "$(tail -n 1 "$work/taken")" "http://alerts.invalid/far {" "through it"
	cat >>"$work/receivers.yml" <<YAML
  - { name: chat, type: slack, url_file: $work/url }
  - { name: gone, type: webhook, url: "http://127.0.0.1:1/s3cret", secret_file: $work/url }
  - { name: pager, type: pagerduty, routing_key_file: $work/none }
YAML
	run check receivers "$work/receivers.yml"
	is "$status" 1 "one that does not is a failure"
	has "$stdout" "receiver chat: failed, status 403" "with the status of its answer"
	has "$stdout" "receiver gone: failed, Couldn't connect to server" "or what was in the way"
	has "$stdout" "receiver pager: failed, cannot read the file with its secret" "or is missing"
	case $stdout$stderr in
	*s3cret*) result no "and no secret is shown" ;;
	*) result yes "and no secret is shown" ;;
	esac
fi
run check receivers "$fixtures/unknown-key.bad.yml"
is "$status" 2 "a configuration that is not valid is told as such"

run check
is "$status" 2 "no kind is a usage error"
run check config
is "$status" 2 "no file is a usage error"
run check frobs x
is "$status" 2 "an unknown kind is a usage error"
is "$stderr" "heapwatch check: unknown kind of file frobs; see heapwatch help check" "that names it"
run check --frob
is "$status:$stderr" "2:heapwatch check: unknown option --frob; see --help" "as is an unknown option"
finish
