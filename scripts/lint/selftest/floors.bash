# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
# includes PATH LINE: a tree in which that file has that include.

includes()
{
	local path

	new_tree
	for path in base/buf.h net/addr.h conf/conf.h dataplane/dataplane.h ctl/ctl.h export/export.h \
		    plan/plan.h tables/tables.h; do
		put "userspace/$path" <<<'int x;'
	done
	put bpf/parse.h <<<'int x;'
	put "$1" <<<"$2"
}

includes userspace/conf/a.c '#include "conf/conf.h"'
accepts floors
includes userspace/conf/a.c '#include "base/buf.h"'
accepts floors
includes userspace/base/a.c '#include <net/if.h>'
accepts floors
includes userspace/app/a.c '#include "ctl/ctl.h"'
accepts floors
includes userspace/base/a.c '#include "net/addr.h"'
refuses floors 'userspace/base/a.c:1: base is not above net'
includes userspace/base/a.h ' # include <net/addr.h>'
refuses floors 'base is not above net'
includes userspace/export/a.c '#include "ctl/ctl.h"'
refuses floors 'export is not above ctl'
includes userspace/ctl/a.c '#include "export/export.h"'
refuses floors 'ctl is not above export'
includes userspace/conf/a.c '#include "../plan/plan.h"'
refuses floors '../plan/plan.h is of no floor'
includes userspace/plan/a.c '#include "conf.h"'
refuses floors 'no conf.h in this folder'
includes userspace/attic/a.c '#include "base/buf.h"'
refuses floors "no floor 'attic'"
includes tests/unit/conf/test_a.c '#include "plan/plan.h"'
refuses floors 'conf is not above plan'
includes userspace/tables/a.c '#include "dataplane/dataplane.h"'
refuses floors 'tables is not above dataplane'
includes userspace/dataplane/a.c '#include "tables/tables.h"'
accepts floors
includes tests/bpf/test_a.c '#include "ctl/ctl.h"'
refuses floors 'dataplane is not above ctl'

includes tests/bpf/test_a.c '#include "../lib/frame.h"'
accepts floors
includes userspace/conf/a.c '#include "../lib/frame.h"'
refuses floors '../lib/frame.h is of no floor'

includes bpf/slot.h '#include "parse.h"'
accepts floors
includes bpf/fwd.h '#include "fwd_gue.h"'
accepts floors
includes bpf/maps.h '#include "parse.h"'
refuses floors 'parse.h is on a higher floor'
includes bpf/novel.h '#include "parse.h"'
refuses floors 'on no floor of bpf'
includes bpf/slot.h '#include "../userspace/base/buf.h"'
refuses floors '../userspace/base/buf.h is on no floor of bpf'

includes include/shunt/abi.h '#include <linux/types.h>'
accepts floors
includes include/shunt/abi.h '#include <shunt/reason.h>'
accepts floors
includes include/shunt/abi.h '#include "base/buf.h"'
refuses floors 'the border includes nothing of ours'

includes userspace/dataplane/load.c '#include "shunt.skel.h"'
put tests/bpf/dp.c <<<'#include "shunt.skel.h"'
accepts floors
put tests/bpf/other.c <<<'#include "shunt.skel.h"'
refuses floors 'tests/bpf/other.c:1: only userspace/dataplane/load.c'
includes userspace/dataplane/attach.c '#include "shunt.skel.h"'
refuses floors 'userspace/dataplane/attach.c:1: only'
