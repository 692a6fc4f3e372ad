#!/bin/sh
# What deploy/ hands out holds: rules that Prometheus takes, each alert tested and with a runbook. TAP.
set -eu

source_directory=${top_srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}
rules_directory=$source_directory/deploy/prometheus
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

report()
{
    if "$2" >"$scratch/out" 2>&1; then
        echo "ok $1 - $3"
    else
        echo "not ok $1 - $3"
        sed 's/^/# /' "$scratch/out"
    fi
}

check_rules()
{
    promtool check rules "$rules_directory/heapwatch.rules.yml"
}

test_rules()
{
    (cd "$rules_directory" && promtool test rules heapwatch.rules.test.yml)
}

alerts()
{
    sed -n 's/^ *- alert: //p' "$rules_directory/heapwatch.rules.yml"
}

# Fires in one case at least, and in another time or case does not.
each_alert_is_tested()
{
    alerts | while read -r alert; do
        grep -q "^ *alertname: $alert\$" "$rules_directory/heapwatch.rules.test.yml" ||
            { echo "$alert never fires in a test" && exit 1; }
    done || return 1
    [ "$(alerts | wc -l)" -ge 10 ]
}

# "## HeapwatchLeak" is the anchor #heapwatchleak.
each_alert_has_a_runbook()
{
    sed -n 's/^ *runbook_url: .*#//p' "$rules_directory/heapwatch.rules.yml" | while read -r anchor; do
        grep -qi "^## $anchor\$" "$source_directory/docs/runbooks.md" ||
            { echo "no runbook $anchor" && exit 1; }
    done || return 1
    [ "$(grep -c runbook_url: "$rules_directory/heapwatch.rules.yml")" -eq "$(alerts | wc -l)" ]
}

# A name that heapwatchd does not export would make an alert that never fires.
each_metric_is_exported()
{
    grep -oE '\bheapwatch_[a-z_]+' "$rules_directory/heapwatch.rules.yml" "$source_directory/docs/runbooks.md" \
        "$source_directory/docs/troubleshooting.md" |
        sed 's/^[^:]*://' | sort -u | while read -r name; do
        case $name in
        heapwatch_processes | heapwatch_leaking_processes | heapwatch_time_to_exhaustion_seconds) continue ;;
        esac
        grep -q "^| \`${name%_sum}\`" "$source_directory/docs/metrics.md" ||
            { echo "no metric $name" && exit 1; }
    done
}

echo 1..5
report 1 each_alert_is_tested 'each alert fires in a test'
report 2 each_alert_has_a_runbook 'each alert has a runbook'
report 3 each_metric_is_exported 'rules and runbooks name only metrics that exist'
if command -v promtool >/dev/null; then
    report 4 check_rules 'promtool takes the rules'
    report 5 test_rules 'the cases of the rules hold'
else
    echo 'ok 4 - promtool takes the rules # SKIP promtool is not installed'
    echo 'ok 5 - the cases of the rules hold # SKIP promtool is not installed'
fi
