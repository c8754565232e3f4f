# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: BSD-2-Clause
# Visitors while something fails, and the table of what they noticed. Part of foobar.sh.

page_rate=$((520 / scale))	# a second; no fewer than 500 are asked for
write_rate=$((50 / scale))
pages_per_connection=4
url=https://www.foobar.com
declare -A noticed=()		# pages_failed and so on, of the last fault

# visitors NAME OPTION...: from the client, until visitors_go.
visitors()
{
	start "visitors-$1" client "$build/tests/visitors" -c "$ca" "${@:2}"
}

start_load()
{
	visitors pages -r "$page_rate" -k "$pages_per_connection" -n 600 "$url/"
	visitors writes -r "$write_rate" -n 200 -p "$url/visit"
	wait_for 5 said visitors-pages 'under way'
	wait_for 5 said visitors-writes 'under way'
	sleep 1
}

# What they noticed goes to $noticed.
end_load()
{
	local who words i

	for who in pages writes; do
		kill -s TERM "${pids[visitors-$who]}"
	done
	for who in pages writes; do
		wait_end "visitors-$who"
		read -ra words < <(sed -n 's/^report: //p' "$(log_of "visitors-$who")")
		[[ ${#words[@]} -ge 16 ]] || die "no report of the $who"
		for ((i = 0; i < 16; i += 2)); do
			noticed[${who}_${words[i]}]=${words[i + 1]}
		done
	done
	[[ ${noticed[pages_rate]} -ge $((500 / scale)) ]] ||
		die "only ${noticed[pages_rate]} pages a second were asked for"
}

# --- the table ----------------------------------------------------------------------

row_format='  %-46s %-6s %7s %7s %8s %9s  %s\n'

begin_table()
{
	# shellcheck disable=SC2059
	printf "$row_format" fault of asked failed "gap ms" "failing ms" asserted >"$work/table"
}

# add_rows FAULT ASSERTED_PAGES ASSERTED_WRITES
add_rows()
{
	local who what=$1 asserted=$2

	for who in pages writes; do
		# shellcheck disable=SC2059
		printf "$row_format" "$what" "$who" "${noticed[${who}_pages]}" "${noticed[${who}_failed]}" \
			"${noticed[${who}_gap_ms]}" "${noticed[${who}_failing_ms]}" "$asserted"
		what='' asserted=$3
	done | tee -a "$work/table"
}

# --- what may be noticed ---------------------------------------------------------------

nothing_failed()
{
	want "$1 that failed" 0 "${noticed[${1}_failed]}"
}

# gap_below WHO MS: but for what the machine itself did not run us.
gap_below()
{
	local gap=${noticed[${1}_gap_ms]} pause=${noticed[${1}_pause_ms]}

	((gap < $2 * scale + (pause > 50 ? pause : 0))) ||
		die "no $1 came in for $gap ms (longest pause of the machine: $pause ms)"
}

# failing_below WHO MS: between the first and the last failure.
failing_below()
{
	local failing=${noticed[${1}_failing_ms]}

	((failing < $2 * scale)) || die "$1 failed for $failing ms"
}

# --- long transfers -----------------------------------------------------------------------

downloads=()

# begin_downloads N: of eight seconds each; each family has half of them.
begin_downloads()
{
	local i

	downloads=()
	for ((i = 0; i < $1; i++)); do
		start "download-$i" client curl "-$((i % 2 ? 6 : 4))" -fsS --cacert "$ca" --limit-rate 1M \
			-D "$work/download-$i.head" -o "$work/download-$i.got" "$url/file"
		downloads+=("download-$i")
	done
	for i in "${downloads[@]}"; do
		wait_for 5 test -s "$work/$i.got"
	done
}

end_downloads()
{
	local name

	for name in "${downloads[@]}"; do
		wait_end "$name"
		want "exit status of $name" 0 "$status"
		cmp "$work/file" "$work/$name.got"
	done
	say "  ${#downloads[@]} downloads that were under way have arrived in full"
}
