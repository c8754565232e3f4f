#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The whole site of `make foobar`, and all of its faults.
# limit: 300 s
# alone
set -euo pipefail
SHUNT_PLAY=once exec "$(dirname "$0")/../../scripts/foobar/foobar.sh"
