#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Two thousand long-lived connections survive what operators do to the balancer.
. "$(dirname "$0")/lib.sh"
. "$here/talks.bash"
. "$here/long_lived.bash"

live_through direct
