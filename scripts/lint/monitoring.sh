#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# monitoring.sh ROOT - alerts and dashboard are right, and speak of metrics that exist
#
# Each alert must fire somewhere in shunt.rules.test.yml. Queries of the dashboard
# are parsed by promtool too, as if they were rules.
set -euo pipefail

. "$(dirname "$0")/files.bash"
dir=scripts/monitoring
rules=$dir/shunt.rules.yml
tests=$dir/shunt.rules.test.yml
dashboard=$dir/shunt-dashboard.json
metrics=userspace/export/metrics.c
bad=0

object()
{
	printf '%s\n' "$*"
	bad=1
}

# ask_promtool FILE COMMAND...: what it says is told only if it is not content.
ask_promtool()
{
	promtool "${@:2}" >"$tmp/said" 2>&1 || object "$1:1: promtool ${*:2:2}: $(<"$tmp/said")"
}

# Alerts that no case expects.
check_alerts_are_tested()
{
	local line alert

	while IFS=: read -r line alert; do
		alert=${alert##* }
		grep -q "alertname=\"$alert\"" "$tests" || object "$rules:$line: $alert fires in no test"
	done < <(grep -n -- '- alert: ' "$rules")
}

# Of what the dashboard asks; Grafana's own variables get some value.
dashboard_queries()
{
	jq -r '.. | objects | .expr? // empty' "$dashboard" |
		sed "s/\$__rate_interval/1m/g; s/\$[a-z]*/x/g"
}

dashboard_as_rules()
{
	printf 'groups:\n- name: dashboard\n  rules:\n'
	dashboard_queries | sed "s/'/''/g" | awk -v q="'" '{ printf "  - { record: q%d, expr: %s%s%s }\n", NR, q, $0, q }'
}

# The histogram's series are three a family.
known_metrics()
{
	sed -nE 's/.*\.name = "([a-z_]+)".*/\1/p' "$metrics"
	sed -nE 's/.*\.name = "([a-z_]+)", \.type = "histogram".*/\1_bucket\n\1_sum\n\1_count/p' "$metrics"
}

# check_metrics FILE: its queries come on stdin. Labels and durations are no metrics.
check_metrics()
{
	local name

	while read -r name; do
		object "$1:1: there is no metric $name"
	done < <(grep -oE '\b(shunt|process)_[a-z_]+\b' | sort -u | comm -23 - "$tmp/known")
}

need_tool promtool
need_tool jq
cd "$1"
[ -d "$dir" ] || exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
known_metrics | sort -u >"$tmp/known"
ask_promtool "$rules" check rules "$rules"
ask_promtool "$tests" test rules "$tests"
check_alerts_are_tested
check_metrics "$rules" < <(grep -vE '^ *#' "$rules")
if jq empty "$dashboard" 2>"$tmp/said"; then
	dashboard_as_rules >"$tmp/dashboard.yml"
	ask_promtool "$dashboard" check rules "$tmp/dashboard.yml"
	check_metrics "$dashboard" < <(dashboard_queries)
else
	object "$dashboard:1: $(<"$tmp/said")"
fi
exit "$bad"
