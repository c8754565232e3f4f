/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces that are not as they were left. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "ns.h"

static const struct dataplane_sizes sizes = { .slot_lines = 256, .backends = 64, .services = 16 };
static const struct shunt_rodata rodata = { .ipv4 = 1, .direct = 1 };

static void add_veth(const char *name)
{
	ns_run("ip link add %s type veth peer name %s-peer && ip link set %s up", name, name, name);
}

static struct dataplane *open_dataplane(void)
{
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, true, &dp), 0);
	return dp;
}

static unsigned int id_on(const char *ifname)
{
	unsigned int id = 0;

	cr_assert_eq(bpf_xdp_query_id(if_nametoindex(ifname), 0, &id), 0);
	return id;
}

static bool is_attached(const struct dataplane *dp)
{
	struct snapshot_interface *list;
	bool attached;
	size_t n;

	cr_assert_eq(dataplane_interfaces(dp, &list, &n), 0);
	cr_assert_eq(n, 1);
	attached = list[0].attached;
	free(list);
	return attached;
}

Test(mend, attaches_to_an_interface_that_is_made_anew)
{
	struct dataplane *dp;

	ns_enter();
	add_veth("v0");
	dp = open_dataplane();
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	ns_run("ip link del v0");
	dataplane_mend(dp);
	cr_assert_not(is_attached(dp));
	/* What else happens meanwhile does not fail for it. */
	cr_assert_eq(dataplane_reload(dp, &rodata), 0);
	add_veth("v0");
	dataplane_mend(dp);
	cr_assert(is_attached(dp));
	cr_assert_neq(id_on("v0"), 0);
	ns_run("test \"$(ls " NS_PIN_DIR "/attached)\" = %u", if_nametoindex("v0"));
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	dataplane_close(dp);
}

Test(mend, attaches_again_what_was_taken_off)
{
	struct dataplane *dp;

	ns_enter();
	add_veth("v0");
	dp = open_dataplane();
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	ns_run("ip link set v0 xdp off");
	cr_assert_not(is_attached(dp));
	dataplane_mend(dp);
	cr_assert(is_attached(dp));
	dataplane_close(dp);
}

Test(mend, does_not_fight_for_an_interface)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "stranger", "GPL", code, 2, NULL);
	struct dataplane *dp;
	unsigned int theirs;

	ns_enter();
	add_veth("v0");
	dp = open_dataplane();
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	cr_assert_eq(bpf_xdp_attach(if_nametoindex("v0"), fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	theirs = id_on("v0");
	for (int i = 0; i < 5; i++)
		dataplane_mend(dp);
	cr_assert_eq(id_on("v0"), theirs);
	ns_run("ip link set v0 xdp off");
	dataplane_mend(dp);
	cr_assert(is_attached(dp));
	dataplane_close(dp);
}

Test(mend, leaves_interfaces_that_only_a_former_daemon_was_on)
{
	struct dataplane *dp;

	ns_enter();
	add_veth("v0");
	add_veth("v1");
	add_veth("v2");
	dp = open_dataplane();
	for (int i = 0; i < 3; i++)
		cr_assert_eq(dataplane_attach(dp, (char[]){ 'v', '0' + i, 0 }, CONF_XDP_NATIVE), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	cr_assert_not(dataplane_has_former(dp));
	dataplane_close(dp);
	ns_run("ip link del v2");

	dp = open_dataplane();
	cr_assert(dataplane_has_former(dp));
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	dataplane_leave_others(dp);
	cr_assert_neq(id_on("v0"), 0);
	cr_assert_eq(id_on("v1"), 0);
	ns_run("test \"$(ls " NS_PIN_DIR "/attached)\" = %u", if_nametoindex("v0"));
	dataplane_close(dp);
}

Test(mend, gives_back_what_a_data_plane_took_in_vain)
{
	struct dataplane *dp, *next = NULL;
	unsigned int id;

	ns_enter();
	add_veth("v0");
	add_veth("v1");
	dp = open_dataplane();
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, false, &next), 0);
	cr_assert_eq(dataplane_attach(next, "v0", CONF_XDP_NATIVE), 0);
	cr_assert_eq(dataplane_attach(next, "v1", CONF_XDP_NATIVE), 0);
	id = id_on("v0");
	dataplane_give_back(next, dp);
	dataplane_close(next);
	cr_assert(is_attached(dp));
	cr_assert_neq(id_on("v0"), id);
	cr_assert_eq(id_on("v1"), 0);
	dataplane_close(dp);
}
