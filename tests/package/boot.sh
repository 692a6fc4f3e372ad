# shellcheck shell=sh disable=SC2154,SC2317
# Sourced by run: the unit of the package that is installed in $root, under a real systemd in
# systemd-nspawn. Uses $root, $scratch, inside, check and skipped of run.

leader=
nspawn=
url=http://127.0.0.1:10765

in_container() { nsenter --target "$leader" --all -- "$@"; }
fetch() { nsenter --target "$leader" --net -- curl -sf -m 5 "$url$1"; }
show() { in_container systemctl show heapwatchd --property "$1" --value; }
log_of_unit() { in_container journalctl -b -u heapwatchd --no-pager -o cat; }

# within SECONDS COMMAND...: until it succeeds.
within() {
    until=$(($(date +%s) + $1 * ${HEAPWATCH_E2E_PATIENCE:-1}))
    shift
    while ! "$@"; do
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 0.3
    done
}

# Not where $reason says why.
can_boot() {
    for tool in systemd-nspawn nsenter curl; do
        command -v "$tool" >/dev/null 2>&1 || { reason="no $tool" && return 1; }
    done
    inside apt-get -q -y install --no-install-recommends systemd >"$scratch/boot" 2>&1 ||
        { reason="systemd cannot be installed there" && return 1; }
    start_nspawn
    within 60 is_booted ||
        { reason="nothing boots here: $(tail -n 1 "$scratch/boot" | tr -cd '[:alnum:] .:,_/-')" && return 1; }
}
start_nspawn() {
    # Neither a unit of the host nor its network; the console is a file.
    systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --private-network --boot \
        --console=pipe >"$scratch/boot" 2>&1 </dev/null &
    nspawn=$!
}
is_booted() {
    kill -0 "$nspawn" 2>/dev/null || return 1
    leader=$(cat "/proc/$nspawn/task/$nspawn/children") && leader=${leader%% *} && [ -n "$leader" ] &&
        in_container systemctl is-system-running 2>/dev/null | grep -Eq '^(running|degraded)$'
}
halt() {
    [ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null || true # the first process of its namespace
    [ -z "$nspawn" ] || kill -KILL "$nspawn" 2>/dev/null || true
    [ -z "$nspawn" ] || wait "$nspawn" 2>/dev/null || true
    leader=
    nspawn=
}

is_active() { [ "$(show ActiveState)" = active ] && [ "$(show Type)" = notify ]; }
# What it holds, in the words of /proc/PID/status; PATTERN... each.
holds() {
    status=$(in_container cat "/proc/$(show MainPID)/status") || return 1
    echo "$status"
    for pattern; do
        echo "$status" | grep -Eq "$pattern" || { echo "not $pattern" && return 1; }
    done
}
the_unit_starts() {
    within 30 is_active && [ "$(show NRestarts)" = 0 ] && within 30 fetch /-/ready &&
        holds "^Uid:.*$(in_container id -u heapwatch)" '^CapEff:.*0080004$' '^CapBnd:.*0080004$' \
            '^NoNewPrivs:.*1$' '^Seccomp:.*2$'
}
# A priority each, and none of its sandbox is in its own way.
its_log_is_calm() {
    log_of_unit
    in_container journalctl -b -u heapwatchd --no-pager -o cat -p info..info | grep -q '^level=info msg="ready' &&
        [ -z "$(in_container journalctl -b -u heapwatchd --no-pager -q -o cat -p warning)" ]
}

reload() { # LINE: the whole configuration
    echo "$1" >"$root/etc/heapwatch/heapwatchd.yml" && in_container systemctl reload heapwatchd
}
is_reloaded() { log_of_unit | grep -q 'the configuration is reloaded'; }
reload_is() { fetch /metrics | grep -q "^heapwatch_config_last_reload_successful $1"; }
a_reload_is_one() {
    good='discovery: { min_age: 0s }'
    reload "$good" && within 20 is_reloaded &&
        reload 'bogus: 1' && within 20 reload_is 0 && is_active &&
        reload "$good" && within 20 reload_is 1
}

# A Node.js that needs nothing of the system but its libraries, as those of script/bootstrap.
find_node() {
    for node in "${XDG_CACHE_HOME:-$HOME/.cache}"/heapwatch/node-2[0-9].*/bin/node; do
        [ ! -x "$node" ] || break
    done
    [ -x "$node" ] || return 1
    cp "$node" "$root/usr/local/bin/node"
    echo 'setInterval(() => {}, 1000)' >"$root/srv/stranger.js"
    chmod 644 "$root/srv/stranger.js"
}
sees() { fetch /metrics | tee "$scratch/seen" | grep -Eq "$1"; }
another_users_process_is_measured() {
    in_container setsid -f setpriv --reuid=nobody --regid=nogroup --clear-groups \
        node /srv/stranger.js >/dev/null 2>&1 </dev/null
    within 60 sees '^heapwatch_process_proportional_memory_bytes\{app="stranger"' ||
        { cat "$scratch/seen" && return 1; }
}
# Without the drop-in: no right at all, and the page says what is missing.
without_the_drop_in_it_says_what_it_may_not_read() {
    ln -s /dev/null "$root/etc/systemd/system/heapwatchd.service.d/10-other-users.conf" &&
        in_container systemctl daemon-reload && in_container systemctl restart heapwatchd &&
        within 30 is_active && holds '^CapEff:.*0{16}$' '^CapBnd:.*0{16}$' &&
        within 60 sees '^heapwatch_processes_unidentified\{needs="CAP_SYS_PTRACE"\} [1-9]' &&
        fetch /api/v1/processes | grep -q '"needs":"CAP_SYS_PTRACE"' && fetch / | grep -q 'needs <code>CAP_SYS_PTRACE</code>' && log_of_unit | grep -q 'missing=CAP_SYS_PTRACE'
}

is_fed() { [ "$(show WatchdogTimestampMonotonic)" -gt "$fed" ]; }
was_restarted() { [ "$(show NRestarts)" -ge 1 ] && is_active; }
a_daemon_that_hangs_is_restarted() {
    printf '[Service]\nWatchdogSec=2s\nTimeoutAbortSec=1s\nRestartSec=0\n' \
        >"$root/etc/systemd/system/heapwatchd.service.d/watchdog.conf" &&
        in_container systemctl daemon-reload && in_container systemctl restart heapwatchd &&
        within 30 is_active && fed=$(show WatchdogTimestampMonotonic) && within 10 is_fed &&
        [ "$(show NRestarts)" = 0 ] && in_container sh -c "kill -STOP $(show MainPID)" &&
        within 30 was_restarted && within 30 fetch /-/ready
}

under_a_real_systemd() {
    if ! can_boot; then
        halt
        skipped "the unit under a real systemd" "$reason"
        return
    fi
    cp "$root/etc/heapwatch/heapwatchd.yml" "$scratch/kept.yml"
    mkdir -p "$root/etc/systemd/system/heapwatchd.service.d"
    check "systemd starts the unit, with the rights and the filters that it names" the_unit_starts
    check "its journal has priorities and no warning" its_log_is_calm
    check "systemctl reload takes a good configuration and refuses a wrong one" a_reload_is_one
    if find_node; then
        check "a process of another user is measured" another_users_process_is_measured
        check "without the drop-in it holds no right and says what it may not read" \
            without_the_drop_in_it_says_what_it_may_not_read
    else
        skipped "processes of other users" "no Node.js of script/bootstrap"
    fi
    check "a daemon that hangs is restarted by the watchdog" a_daemon_that_hangs_is_restarted
    halt
    rm -r "$root/etc/systemd/system/heapwatchd.service.d"
    cp "$scratch/kept.yml" "$root/etc/heapwatch/heapwatchd.yml"
}
