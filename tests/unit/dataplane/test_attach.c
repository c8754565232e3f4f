/* SPDX-License-Identifier: BSD-2-Clause */
/* The program on real interfaces: first, again, instead, beside, and off. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <xdp/libxdp.h>

#include "dataplane/dataplane.h"
#include "ns.h"

static const struct dataplane_sizes sizes = {
	.slot_lines = 256, .backends = 64, .services = 16, .flow_lines = 64
};
static const struct shunt_rodata rodata = { .flow_mask = 63, .ipv4 = 1, .direct = 1 };

static void add_veth(void)
{
	ns_enter();
	ns_run("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
}

static struct dataplane *open_dataplane(bool adopt)
{
	struct dataplane *dp = NULL;

	cr_assert_eq(dataplane_open(NS_PIN_DIR, &sizes, &rodata, adopt, &dp), 0);
	return dp;
}

static unsigned int id_on(const char *ifname)
{
	unsigned int id = 0;

	cr_assert_eq(bpf_xdp_query_id(if_nametoindex(ifname), 0, &id), 0);
	return id;
}

/* Behind a dispatcher, what the kernel sees is the dispatcher: a new one each time. */
static bool is_alone(const struct dataplane *dp)
{
	struct snapshot_interface *list;
	bool alone;
	size_t n;

	cr_assert_eq(dataplane_interfaces(dp, &list, &n), 0);
	alone = !list[0].dispatcher;
	free(list);
	return alone;
}

static bool is_attached(const struct dataplane *dp, const char *ifname)
{
	struct snapshot_interface *list;
	bool attached = false;
	size_t n;

	cr_assert_eq(dataplane_interfaces(dp, &list, &n), 0);
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, ifname))
			attached = list[i].attached;
	free(list);
	return attached;
}

/* A program that is not ours: two instructions, XDP_PASS. */
static int load_stranger(const char *name)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", code, 2, NULL);
}

Test(attach, puts_the_program_on_and_takes_it_off)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_not(dataplane_was_adopted(dp));
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_neq(id_on("v0"), 0);
	cr_assert(is_attached(dp, "v0"));
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0, "attaching twice is nothing");
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	cr_assert_eq(id_on("v0"), 0);
	cr_assert_eq(dataplane_detach(dp, "v0"), 0, "it was off already");
	dataplane_close(dp);
}

Test(attach, stays_when_the_daemon_goes)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	dataplane_close(dp);
	cr_assert_neq(id_on("v0"), 0);
}

Test(attach, says_what_is_wrong_with_an_interface)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "nosuch", CONF_XDP_AUTO), -ENODEV);
	/* lo has no native mode, and generic is never a silent way out. */
	cr_assert_eq(dataplane_attach(dp, "lo", CONF_XDP_AUTO), -EOPNOTSUPP);
	cr_assert_eq(id_on("lo"), 0);
	cr_assert_eq(dataplane_attach(dp, "lo", CONF_XDP_GENERIC), 0);
	cr_assert_neq(id_on("lo"), 0);
	cr_assert_eq(dataplane_detach(dp, "lo"), 0);
	cr_assert_eq(id_on("lo"), 0);
	dataplane_close(dp);
}

Test(attach, leaves_a_strange_program_alone)
{
	int fd, ifindex;
	unsigned int id;
	struct dataplane *dp;

	add_veth();
	ifindex = if_nametoindex("v0");
	fd = load_stranger("stranger");
	cr_assert_geq(fd, 0);
	cr_assert_eq(bpf_xdp_attach(ifindex, fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	id = id_on("v0");
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), -EBUSY);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_GENERIC), -EBUSY);
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	cr_assert_eq(id_on("v0"), id);
	dataplane_close(dp);
}

/* Watches an interface from another thread; what is bare counts. */
struct watch {
	int ifindex;
	_Atomic bool stop;
	unsigned long looks, bare;
};

static void *watch_run(void *arg)
{
	struct watch *w = arg;

	while (!w->stop) {
		unsigned int id = 0;

		if (bpf_xdp_query_id(w->ifindex, 0, &id) || !id)
			w->bare++;
		w->looks++;
	}
	return NULL;
}

Test(attach, is_replaced_without_a_gap)
{
	struct shunt_rodata other = rodata;
	struct watch w = { 0 };
	unsigned int first;
	struct dataplane *dp;
	pthread_t thread;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	first = id_on("v0");
	w.ifindex = if_nametoindex("v0");
	cr_assert_eq(pthread_create(&thread, NULL, watch_run, &w), 0);

	/* A reload, and restarts of the daemon. */
	other.ipv6 = 1;
	cr_assert_eq(dataplane_reload(dp, &other), 0);
	cr_assert_neq(id_on("v0"), first);
	for (int i = 0; i < 5; i++) {
		dataplane_close(dp);
		dp = open_dataplane(true);
		cr_assert(dataplane_was_adopted(dp));
		cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
		cr_assert_eq(dataplane_commit(dp), 0);
		cr_assert(is_attached(dp, "v0"));
	}
	w.stop = true;
	pthread_join(thread, NULL);
	cr_assert_gt(w.looks, 100UL);
	cr_assert_eq(w.bare, 0UL, "%lu of %lu looks found no program", w.bare, w.looks);
	dataplane_close(dp);
}

Test(attach, knows_a_former_program_by_its_name)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	dataplane_close(dp);
	ns_run("rm -rf " NS_PIN_DIR "/attached");
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	dataplane_close(dp);
}

Test(attach, follows_a_change_of_mode)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_GENERIC), 0);
	cr_assert(is_attached(dp, "v0"));
	ns_run("ip link show v0 | grep -q xdpgeneric");
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	cr_assert_eq(id_on("v0"), 0);
	dataplane_close(dp);
}

Test(attach, a_reload_that_fails_changes_nothing)
{
	struct shunt_rodata other = rodata;
	int fd;
	unsigned int id;
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_attach(dp, "v1", CONF_XDP_AUTO), 0);
	/* Someone takes v1 away. */
	fd = load_stranger("stranger");
	cr_assert_eq(bpf_xdp_attach(if_nametoindex("v1"), fd, XDP_FLAGS_DRV_MODE, NULL), 0);
	id = id_on("v0");
	other.ipv6 = 1;
	cr_assert_eq(dataplane_reload(dp, &other), -EBUSY);
	if (is_alone(dp))
		cr_assert_eq(id_on("v0"), id);
	cr_assert(is_attached(dp, "v0"));
	cr_assert_not(is_attached(dp, "v1"));
	cr_assert_eq(dataplane_detach(dp, "v1"), 0);
	cr_assert_neq(id_on("v1"), 0, "not ours to take off");
	dataplane_close(dp);
}

Test(attach, takes_off_what_a_former_daemon_left)
{
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	cr_assert_eq(id_on("v0"), 0);
	cr_assert_eq(dataplane_unpin(dp), 0);
	cr_assert_neq(access(NS_PIN_DIR, F_OK), 0);
	dataplane_close(dp);
}

/* When no daemon runs: what is ours goes, and nothing else. */
Test(attach, all_is_taken_off_without_a_daemon)
{
	struct dataplane *dp;
	unsigned int id;

	add_veth();
	cr_assert_eq(dataplane_detach_all(NS_PIN_DIR), 0, "nothing to do");
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_attach(dp, "v1", CONF_XDP_AUTO), 0);
	cr_assert_eq(dataplane_commit(dp), 0);
	dataplane_close(dp);
	/* Someone takes v1 away; and there is a set of maps of another release. */
	cr_assert_eq(bpf_xdp_attach(if_nametoindex("v1"), load_stranger("stranger"),
				    XDP_FLAGS_DRV_MODE, NULL),
		     0);
	id = id_on("v1");
	ns_run("mkdir %s/v1", NS_PIN_DIR);
	cr_assert_eq(dataplane_detach_all(NS_PIN_DIR), 0);
	cr_assert_eq(id_on("v0"), 0);
	cr_assert_eq(id_on("v1"), id, "not ours to take off");
	cr_assert_neq(access(NS_PIN_DIR, F_OK), 0);
}

/* Programs behind the dispatcher of v0. */
static int programs_on(const char *ifname)
{
	struct xdp_multiprog *mp = xdp_multiprog__get_from_ifindex(if_nametoindex(ifname));
	int n = libxdp_get_error(mp) ? 0 : xdp_multiprog__program_count(mp);

	if (!libxdp_get_error(mp))
		xdp_multiprog__close(mp);
	return n;
}

Test(attach, lives_beside_other_programs)
{
	struct xdp_program_opts opts = { .sz = sizeof(opts),
					 .find_filename = "xdp-dispatcher.o",
					 .prog_name = "xdp_pass" };
	struct shunt_rodata more = rodata;
	struct xdp_program *other;
	struct dataplane *dp;

	add_veth();
	dp = open_dataplane(true);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_AUTO), 0);
	if (is_alone(dp)) {
		dataplane_close(dp);
		cr_skip_test("this kernel refuses freplace: run it on Debian's, in tests/vm");
	}
	other = xdp_program__create(&opts);
	cr_assert_eq(libxdp_get_error(other), 0);
	cr_assert_eq(xdp_program__attach(other, if_nametoindex("v0"), XDP_MODE_NATIVE, 0), 0);
	cr_assert_eq(programs_on("v0"), 2);
	cr_assert(is_attached(dp, "v0"), "behind another dispatcher, but there");

	more.ipv6 = 1;
	cr_assert_eq(dataplane_reload(dp, &more), 0);
	cr_assert_eq(programs_on("v0"), 2);
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_GENERIC), -EBUSY, "the other is native");
	cr_assert_eq(programs_on("v0"), 2, "nobody has left");
	cr_assert_eq(dataplane_attach(dp, "v0", CONF_XDP_NATIVE), 0);
	cr_assert_eq(programs_on("v0"), 2);
	cr_assert_eq(dataplane_detach(dp, "v0"), 0);
	cr_assert_eq(programs_on("v0"), 1);
	cr_assert_neq(id_on("v0"), 0);
	xdp_program__close(other);
	dataplane_close(dp);
}
