#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# cppcheck.sh ROOT - cppcheck finds no error, and nothing slow or unportable
set -euo pipefail

. "$(dirname "$0")/files.bash"
need_tool cppcheck
suppressions=$(cd "$(dirname "$0")" && pwd)/cppcheck.suppress
# It parses neither typeof nor the macros of system headers: stand-ins, of which
# only the shape matters.
stand_ins=('-D__typeof__(x)=char *' '-DLIBBPF_OPTS(type,name,...)=struct type name'
	'-DTestSuite(...)=struct test_suite'
	'-DTest(suite,name,...)=void suite##_##name(void)'
	'-DParameterizedTest(parameter,suite,name,...)=void suite##_##name(parameter)')
mapfile -t files < <(list_host_c "$1")
cd "$1"
[ "${#files[@]}" -eq 0 ] ||
	cppcheck --quiet --error-exitcode=1 -j "$(nproc)" --language=c --std=c11 \
		--enable=warning,performance,portability --inconclusive \
		--suppressions-list="$suppressions" --template=gcc \
		"${stand_ins[@]}" "${cpp_flags[@]}" "${files[@]}"
