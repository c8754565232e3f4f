/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said of mistakes in dataplane. */
#include <criterion/criterion.h>

#include "base/array.h"
#include "rows.h"

static const struct row rows[] = {
	{
		"slots: not a power of two",
		QUIET "dataplane: { slots: 65537 }\n",
		"t.yaml:4:21: error: dataplane.slots: \"65537\" is not a power of two\n"
		"dataplane: { slots: 65537 }\n"
		"                    ^~~~~\n",
	},
	{
		"slots: too few",
		QUIET "dataplane: { slots: 512 }\n",
		"t.yaml:4:21: error: dataplane.slots: \"512\" is out of range: 1024 to 1048576\n"
		"dataplane: { slots: 512 }\n"
		"                    ^~~\n",
	},
	{
		"slots: too many",
		QUIET "dataplane: { slots: 2097152 }\n",
		"t.yaml:4:21: error: dataplane.slots: \"2097152\" is out of range: 1024 to "
		"1048576\n"
		"dataplane: { slots: 2097152 }\n"
		"                    ^~~~~~~\n",
	},
	{
		"not a number",
		QUIET "dataplane: { slots: many }\n",
		"t.yaml:4:21: error: dataplane.slots: \"many\" is neither auto nor a whole number\n"
		"dataplane: { slots: many }\n"
		"                    ^~~~\n",
	},
	{
		"a hexadecimal number",
		QUIET "dataplane: { slots: 0x400 }\n",
		"t.yaml:4:21: error: dataplane.slots: \"0x400\" is neither auto nor a whole "
		"number\n"
		"dataplane: { slots: 0x400 }\n"
		"                    ^~~~~\n",
	},
	{
		"a leading zero",
		QUIET "dataplane: { slots: 01024 }\n",
		"t.yaml:4:21: error: dataplane.slots: \"01024\" is neither auto nor a whole "
		"number\n"
		"dataplane: { slots: 01024 }\n"
		"                    ^~~~~\n",
	},
	{
		"a negative number",
		QUIET "dataplane: { max_services: -1 }\n",
		"t.yaml:4:28: error: dataplane.max_services: \"-1\" is not a whole number\n"
		"dataplane: { max_services: -1 }\n"
		"                           ^~\n",
	},
	{
		"a fraction",
		QUIET "dataplane: { max_services: 1.5 }\n",
		"t.yaml:4:28: error: dataplane.max_services: \"1.5\" is not a whole number\n"
		"dataplane: { max_services: 1.5 }\n"
		"                           ^~~\n",
	},
	{
		"a number beyond 64 bits",
		QUIET "dataplane: { max_backends: 18446744073709551617 }\n",
		"t.yaml:4:28: error: dataplane.max_backends: \"18446744073709551617\" is out of "
		"range: 0 to 32767\n"
		"dataplane: { max_backends: 18446744073709551617 }\n"
		"                           ^~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a hash key that is too short",
		QUIET "dataplane: { hash_key: 0123 }\n",
		"t.yaml:4:24: error: dataplane.hash_key: not 32 hex digits\n"
		"dataplane: { hash_key: 0123 }\n"
		"                       ^~~~\n",
	},
	{
		"a hash key that is not hex",
		QUIET "dataplane: { hash_key: 0123456789abcdef0123456789abcdeg }\n",
		"t.yaml:4:24: error: dataplane.hash_key: not 32 hex digits\n"
		"dataplane: { hash_key: 0123456789abcdef0123456789abcdeg }\n"
		"                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a size without a unit",
		QUIET "dataplane: { flow_cache: 4194304 }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"4194304\" needs a unit: KiB, MiB or "
		"GiB\n"
		"dataplane: { flow_cache: 4194304 }\n"
		"                         ^~~~~~~\n",
	},
	{
		"a size in units of ten",
		QUIET "dataplane: { flow_cache: 4MB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"4MB\" is not a size such as 256KiB, "
		"4MiB or 1GiB\n"
		"dataplane: { flow_cache: 4MB }\n"
		"                         ^~~\n",
	},
	{
		"a size with a blank",
		QUIET "dataplane: { flow_cache: 4 MiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"4 MiB\" is not a size such as 256KiB, "
		"4MiB or 1GiB\n"
		"dataplane: { flow_cache: 4 MiB }\n"
		"                         ^~~~~\n",
	},
	{
		"a unit in small letters",
		QUIET "dataplane: { flow_cache: 4mib }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"4mib\" is not a size such as 256KiB, "
		"4MiB or 1GiB\n"
		"dataplane: { flow_cache: 4mib }\n"
		"                         ^~~~\n",
	},
	{
		"a unit without a size",
		QUIET "dataplane: { flow_cache: MiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"MiB\" is not a size such as 256KiB, "
		"4MiB or 1GiB\n"
		"dataplane: { flow_cache: MiB }\n"
		"                         ^~~\n",
	},
	{
		"a size with a fraction",
		QUIET "dataplane: { flow_cache: 0.5GiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"0.5GiB\" is not a size such as "
		"256KiB, 4MiB or 1GiB\n"
		"dataplane: { flow_cache: 0.5GiB }\n"
		"                         ^~~~~~\n",
	},
	{
		"a size that is not a power of two",
		QUIET "dataplane: { flow_cache: 5MiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"5MiB\" is not a power of two: the "
		"nearest are 4MiB and 8MiB\n"
		"dataplane: { flow_cache: 5MiB }\n"
		"                         ^~~~\n",
	},
	{
		"a size just below a power of two",
		QUIET "dataplane: { flow_cache: 1023MiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"1023MiB\" is not a power of two: the "
		"nearest are 512MiB and 1GiB\n"
		"dataplane: { flow_cache: 1023MiB }\n"
		"                         ^~~~~~~\n",
	},
	{
		"a size just below the smallest",
		QUIET "dataplane: { flow_cache: 128KiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"128KiB\" is out of range: 256KiB to "
		"4GiB\n"
		"dataplane: { flow_cache: 128KiB }\n"
		"                         ^~~~~~\n",
	},
	{
		"no size",
		QUIET "dataplane: { flow_cache: 0KiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"0KiB\" is out of range: 256KiB to "
		"4GiB\n"
		"dataplane: { flow_cache: 0KiB }\n"
		"                         ^~~~\n",
	},
	{
		"a large size",
		QUIET "dataplane: { flow_cache: 8GiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"8GiB\" is out of range: 256KiB to "
		"4GiB\n"
		"dataplane: { flow_cache: 8GiB }\n"
		"                         ^~~~\n",
	},
	{
		"a size beyond 64 bits",
		QUIET "dataplane: { flow_cache: 18446744073709551616GiB }\n",
		"t.yaml:4:26: error: dataplane.flow_cache: \"18446744073709551616GiB\" is out of "
		"range: 256KiB to 4GiB\n"
		"dataplane: { flow_cache: 18446744073709551616GiB }\n"
		"                         ^~~~~~~~~~~~~~~~~~~~~~~\n",
	},
	{
		"a short idle gap",
		QUIET "dataplane: { flow_idle: 999ms }\n",
		"t.yaml:4:25: error: dataplane.flow_idle: \"999ms\" is out of range: 1s to 8h\n"
		"dataplane: { flow_idle: 999ms }\n"
		"                        ^~~~~\n",
	},
	{
		"a long idle gap",
		QUIET "dataplane: { flow_idle: 13h }\n",
		"t.yaml:4:25: error: dataplane.flow_idle: \"13h\" is out of range: 1s to 8h\n"
		"dataplane: { flow_idle: 13h }\n"
		"                        ^~~\n",
	},
	{
		"a long early time",
		QUIET "dataplane: { flow_early: 61m }\n",
		"t.yaml:4:26: error: dataplane.flow_early: \"61m\" is out of range: 0s to 1h\n"
		"dataplane: { flow_early: 61m }\n"
		"                         ^~~\n",
	},
	{
		"an early time without a unit",
		QUIET "dataplane: { flow_early: 0 }\n",
		"t.yaml:4:26: error: dataplane.flow_early: \"0\" needs a unit: ms, s, m or h\n"
		"dataplane: { flow_early: 0 }\n"
		"                         ^\n",
	},
	{
		"too little room",
		SERVICE "  db: { vip: [192.0.2.2, 192.0.2.3], ports: 1/tcp, backends: [{ name: a, "
			"address: 192.0.2.11 }] }\n"
			"dataplane: { max_services: 2, max_backends: 1 }\n",
		"t.yaml:9:28: error: dataplane.max_services: too small: there are 3 combinations "
		"of address, protocol and port\n"
		"dataplane: { max_services: 2, max_backends: 1 }\n"
		"                           ^\n"
		"t.yaml:9:45: error: dataplane.max_backends: too small: there are 2 backends\n"
		"dataplane: { max_services: 2, max_backends: 1 }\n"
		"                                            ^\n",
	},
};

Test(say_dataplane, everything_that_is_wrong)
{
	rows_check(rows, array_len(rows));
}
