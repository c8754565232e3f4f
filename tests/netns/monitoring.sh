#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A real Prometheus scrapes the daemon, with the alert rules that are shipped: an alert
# fires when a service is down and is gone when it is back; and each query of the
# dashboard finds something.
. "$(dirname "$0")/lib.sh"

monitoring=$here/../../scripts/monitoring

# The rules as they are, but for their patience.
start_prometheus()
{
	sed -E 's/^( +for:) .*/\1 1s/' "$monitoring/shunt.rules.yml" >"$work/rules.yml"
	cat >"$work/prometheus.yml" <<-EOT
	global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
	rule_files: [rules.yml]
	scrape_configs:
	  - { job_name: shunt, static_configs: [{ targets: ["127.0.0.1:9924"] }] }
	EOT
	start prometheus lb prometheus --config.file="$work/prometheus.yml" \
		--storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:9090
	wait_for 20 ask_prometheus status/buildinfo
}

# ask_prometheus PATH [CURL-OPTION...]: .data of the answer.
ask_prometheus()
{
	in_host lb curl -fsS "${@:2}" "http://127.0.0.1:9090/api/v1/$1" >"$work/answer" &&
		jq -e .data "$work/answer"
}

# How many series a query finds.
found()
{
	ask_prometheus query -G --data-urlencode "query=$1" | jq '.result | length'
}

finds()
{
	[[ $(found "$1") -gt 0 ]]
}

fires()
{
	finds "ALERTS{alertname=\"$1\",alertstate=\"firing\"}"
}

is_over()
{
	! fires "$1"
}

# What the dashboard asks, with its variables filled in.
queries()
{
	jq -r '.panels[].targets[]?.expr' "$monitoring/shunt-dashboard.json" |
		sed "s/\$__rate_interval/10s/g; s/\$job/shunt/g; s/\$[a-z]*/.*/g"
}

# Of nat there is nothing here, nor are there peers; and nothing is stale.
check_dashboard()
{
	local query n=0

	while read -r query; do
		n=$((n + 1))
		[[ $query == *conntrack_entries\{* || $query == *peer_up* ]] || poll 5 finds "$query" ||
			die "a query of the dashboard finds nothing: $query"
	done < <(queries)
	[[ $n -gt 20 ]] || die "the dashboard has $n queries only"
	say "$n queries of the dashboard"
}

one_armed_direct
{
	web_service | sed '/ports:/a\    scheduler: least_conn'
	echo 'firewall: { deny: [198.18.0.0/15] }'
} | write_conf
start_shuntd
start_prometheus
wait_for 10 finds 'shunt_service_up{job="shunt",service="web"} == 1'
want "rules that Prometheus cannot evaluate" "" \
	"$(ask_prometheus rules | jq -r '.groups[].rules[] | select(.health == "err") | .name')"
wait_for 5 every_backend_answers "$vip4"
is_over ShuntServiceDown || die "an alert without a reason"
check_dashboard

for name in "${backends[@]}"; do
	stop "nginx-$name"
done
begin=$(now_ms)
wait_for 15 fires ShuntServiceDown
say "web is down: alert after $(($(now_ms) - begin)) ms"
wait_for 5 fires ShuntBackendDown
ask_prometheus alerts >"$work/alerts"
want "what the alert says" "web has no usable backend on 127.0.0.1:9924" "$(jq -r \
	'.alerts[] | select(.labels.alertname == "ShuntServiceDown") | .annotations.summary' "$work/alerts")"

for name in "${backends[@]}"; do
	start_nginx "$name"
done
begin=$(now_ms)
wait_for 15 is_over ShuntServiceDown
wait_for 5 is_over ShuntBackendDown
say "web is back: alert gone after $(($(now_ms) - begin)) ms"

stop_shuntd
wait_for 10 fires ShuntDown
stop prometheus
