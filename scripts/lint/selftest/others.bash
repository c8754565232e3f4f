# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# The checks that ask a tool, or little.
# shellcheck disable=SC2016,SC2154 # samples of bad shell; $tree is selftest.sh's

own='SPDX-License-Identifier: BSD-2-Clause'
both='SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)'

new_tree
printf 'int f(void)\n{\n\treturn 0;\n}\n' | put userspace/base/f.c
accepts format
printf 'int f(void) {\n  return 0;\n}\n' | put userspace/base/f.c
refuses format 'userspace/base/f.c:1'

new_tree
printf '/* %s */\n' "$own" | put userspace/base/f.c
printf '/* %s */\n' "$both" | put bpf/f.h
printf '#!/bin/sh\n# %s\n' "$own" | put scripts/tool
accepts spdx
printf '#!/bin/sh\n' | put scripts/tool
refuses spdx 'scripts/tool:1'
new_tree
printf '/* %s */\n' "$own" | put include/shunt/abi.h
refuses spdx 'include/shunt/abi.h:1'
new_tree
printf '/* %s */\n' "$both" | put tests/lib/f.h
accepts spdx
new_tree
printf '\n\n# %s\n' "$own" | put tests/late.py
refuses spdx 'tests/late.py:1'

new_tree
put Makefile </dev/null
put .editorconfig </dev/null
accepts toplevel
put docs/index.md </dev/null
refuses toplevel 'docs:1'

new_tree
printf '#!/bin/bash\necho "$1"\n' | put tests/fine
accepts shell
printf '#!/usr/bin/env bash\necho $1\n' | put tests/unquoted
refuses shell 'tests/unquoted:2:6'
new_tree
printf 'echo $1\n' | put scripts/unquoted.bash
refuses shell 'scripts/unquoted.bash:1'

new_tree
printf 'int f(void)\n{\n\tint x[2] = { 0, 0 };\n\n\treturn x[1];\n}\n' | put userspace/base/f.c
accepts cppcheck
accepts tidy
printf 'int f(void)\n{\n\tint x[2] = { 0, 0 };\n\n\treturn x[2];\n}\n' | put userspace/base/f.c
refuses cppcheck 'arrayIndexOutOfBounds'
new_tree
printf 'Test(a, b, .signal = 6)\n{\n\tint x[2] = { 0, 0 };\n\n\tx[2] = 0;\n}\n' |
	put tests/unit/base/test_f.c
refuses cppcheck 'tests/unit/base/test_f.c:5'
printf '#include <string.h>\nvoid f(int *x)\n{\n\tmemset(x, sizeof(*x), 0);\n}\n' |
	put userspace/base/f.c
refuses tidy 'bugprone-'
printf 'int f(void)\n{\n\treturn undeclared;\n}\n' | put userspace/base/f.c
refuses tidy 'undeclared'

# Four files that agree; each case then spoils one of them.
new_monitoring()
{
	new_tree
	printf '\t{ .name = "shunt_up", .type = "gauge" },\n' | put userspace/export/metrics.c
	printf '{ "panels": [{ "expr": "sum(shunt_up{service=~\\"$service\\"})" }] }\n' |
		put scripts/monitoring/shunt-dashboard.json
	put scripts/monitoring/shunt.rules.yml <<-EOT
	groups:
	  - name: g
	    rules:
	      - alert: Down
	        expr: shunt_up == 0
	EOT
	put scripts/monitoring/shunt.rules.test.yml <<-EOT
	rule_files: [shunt.rules.yml]
	evaluation_interval: 15s
	tests:
	  - input_series: [{ series: shunt_up, values: 0x4 }]
	    interval: 15s
	    promql_expr_test:
	      - { expr: 'count(ALERTS{alertname="Down"})', eval_time: 30s, exp_samples: [{ value: 1 }] }
	EOT
}

new_monitoring
accepts monitoring
sed -i 's/exp_samples.*/exp_samples: [] }/' "$tree/scripts/monitoring/shunt.rules.test.yml"
refuses monitoring 'shunt.rules.test.yml:1: promtool test rules'
new_monitoring
sed -i 's/shunt_up == 0/shunt_up ==/' "$tree/scripts/monitoring/shunt.rules.yml"
refuses monitoring 'shunt.rules.yml:1: promtool check rules'
new_monitoring
printf '      - alert: Gone\n        expr: shunt_up == 2\n' >>"$tree/scripts/monitoring/shunt.rules.yml"
refuses monitoring 'shunt.rules.yml:6: Gone fires in no test'
new_monitoring
sed -i 's/shunt_up/shunt_seconds_bucket/' "$tree/scripts/monitoring/shunt-dashboard.json"
refuses monitoring 'shunt-dashboard.json:1: there is no metric shunt_seconds_bucket'
printf '\t{ .name = "shunt_seconds", .type = "histogram" },\n' >>"$tree/userspace/export/metrics.c"
accepts monitoring
sed -i 's/})/}/' "$tree/scripts/monitoring/shunt-dashboard.json"
refuses monitoring 'shunt-dashboard.json:1: promtool check rules'
