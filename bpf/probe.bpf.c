/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Health checks that take a client's way: two tc programs of the interfaces that lead to
 * backends.
 *
 * A socket that the daemon has made for it is connected to the backend's own address, so
 * that the kernel finds route, source and next hop as ever: it needs none for the VIP,
 * and does not mind that the VIP is one of its own. On the way out such packets get the
 * VIP as their destination, and the outer headers that a client's would get. The backend
 * answers from the VIP; on the way in answers get the backend's address as their source,
 * before the kernel looks at that. Nobody else's packets are touched.
 *
 * A packet is known by its socket, and by nothing that others could set: the daemon
 * attaches a struct shunt_probe to it.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_helpers.h>

#include "outer.h"
#include "shunt/conn.h"
#include "shunt/probe.h"

/* Written by user space, by descriptor of the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct shunt_probe);
} shunt_probes SEC(".maps");

/* By the tuple of answers: the address that the socket expects them from. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, struct shunt_tuple);
	__type(value, struct shunt_addr);
	__uint(max_entries, 16384);
} shunt_probe_answers SEC(".maps");

/* Where headers are in a frame; L4 if there are no options, which probes never have. */
#define L3_AT ((__u32)sizeof(struct ethhdr))
#define L4_AT(v6) (L3_AT + (__u32)((v6) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)))

static __always_inline struct cursor cursor_open_skb(const struct __sk_buff *skb)
{
	return (struct cursor){ (void *)(long)skb->data, (void *)(long)skb->data_end };
}

/* --- what a packet is -------------------------------------------------------- */

static __always_inline bool take_ip(struct cursor *cur, struct shunt_tuple *t, const bool v6)
{
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;

	if (v6) {
		if (!cursor_take(cur, ip6))
			return false;
		t->src = addr_from_v6(&ip6->saddr);
		t->dst = addr_from_v6(&ip6->daddr);
		t->proto = ip6->nexthdr;
		return true;
	}
	if (!cursor_take(cur, ip) || ip->ihl != sizeof(*ip) / 4)
		return false;
	t->src = addr_from_v4(ip->saddr);
	t->dst = addr_from_v4(ip->daddr);
	t->proto = ip->protocol;
	return !(ip->frag_off & bpf_htons(~IPV4_DF));
}

/* Of TCP and UDP; of others there are no ports. False: nothing is known of it. */
static __always_inline bool read_tuple(const struct __sk_buff *skb, struct shunt_tuple *t,
				       const bool v6)
{
	struct cursor cur = cursor_open_skb(skb);
	const struct ethhdr *eth;
	const __be32 *ports;

	if (!cursor_take(&cur, eth) || !take_ip(&cur, t, v6))
		return false;
	if (t->proto != IPPROTO_TCP && t->proto != IPPROTO_UDP)
		return true;
	if (!cursor_take(&cur, ports))
		return false;
	t->ports = *ports;
	return true;
}

static __always_inline __be32 turned_round(__be32 ports)
{
	return ports << 16 | ports >> 16;
}

/* --- another address --------------------------------------------------------- */

static __always_inline int sum_at(__u8 proto, const bool v6)
{
	return L4_AT(v6) + (proto == IPPROTO_TCP ? __builtin_offsetof(struct tcphdr, check)
						 : __builtin_offsetof(struct udphdr, check));
}

#define SRC_AT(v6)                                                                                 \
	(L3_AT + (__u32)((v6) ? __builtin_offsetof(struct ipv6hdr, saddr)                          \
			      : __builtin_offsetof(struct iphdr, saddr)))
#define DST_AT(v6)                                                                                 \
	(L3_AT + (__u32)((v6) ? __builtin_offsetof(struct ipv6hdr, daddr)                          \
			      : __builtin_offsetof(struct iphdr, daddr)))

/* Put @to in the place of the source, or destination, of the packet of @t. */
static __always_inline bool put_addr(struct __sk_buff *skb, struct shunt_tuple *t,
				     struct shunt_addr *to, const bool dst, const bool v6)
{
	const __u32 skipped = v6 ? 0 : 3; /* words of ::ffff:a.b.c.d */
	const __u32 bytes = sizeof(*to) - 4 * skipped;
	struct shunt_addr *from = dst ? &t->dst : &t->src;
	const __s64 diff = bpf_csum_diff(&from->w[skipped], bytes, &to->w[skipped], bytes, 0);
	const __u64 flags = BPF_F_PSEUDO_HDR | (t->proto == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0);

	if (bpf_l4_csum_replace(skb, sum_at(t->proto, v6), 0, diff, flags))
		return false;
	if (!v6 &&
	    bpf_l3_csum_replace(skb, L3_AT + __builtin_offsetof(struct iphdr, check), 0, diff, 0))
		return false;
	return !bpf_skb_store_bytes(skb, dst ? DST_AT(v6) : SRC_AT(v6), &to->w[skipped], bytes, 0);
}

/* --- an outer header --------------------------------------------------------- */

/* A segment that the network card is to cut is longer than any probe's question. */
static __always_inline bool fits(struct __sk_buff *skb, int outer_bytes)
{
	__u32 mtu = 0;

	return !skb->gso_size && !bpf_check_mtu(skb, 0, &mtu, outer_bytes, 0);
}

static __always_inline __u64 room_flags(const bool v6, const bool udp)
{
	return (v6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4) |
	       (udp ? BPF_F_ADJ_ROOM_ENCAP_L4_UDP : 0);
}

/* From where the packet itself comes: what the route to the backend starts from. */
static __always_inline bool wrap(struct __sk_buff *skb, const struct shunt_probe *probe,
				 const struct shunt_tuple *tuple, const bool v6, const bool udp)
{
	static const __u64 key[2] = {};
	const struct shunt_leg leg = { .addr = probe->addr, .port = probe->port };
	const struct shunt_egress egress = { .src4 = tuple->src.w[3], .src6 = tuple->src };
	const struct fwd fwd = { .leg = &leg, .egress = &egress };
	struct tunnel t = {
		.fwd = &fwd,
		.hash = shunt_hash_flow(key, &tuple->src, &probe->vip, tuple->ports, tuple->proto,
					v6),
		.ip_bytes = skb->len - L3_AT,
		.outer_v6 = v6,
		.v6 = v6,
		.udp = udp,
		.keeps_macs = true,
	};
	struct cursor cur;

	if (!fits(skb, tunnel_bytes(&t)) ||
	    bpf_skb_adjust_room(skb, tunnel_bytes(&t), BPF_ADJ_ROOM_MAC, room_flags(v6, udp)))
		return false;
	cur = cursor_open_skb(skb);
	return tunnel_put(&cur, &t);
}

static __always_inline bool decrement_ttl(struct __sk_buff *skb, const bool v6)
{
	struct cursor cur = cursor_open_skb(skb);

	cur.pos += L3_AT;
	return cur.pos <= cur.end && fwd_decrement_ttl(&cur, v6);
}

/* --- out --------------------------------------------------------------------- */

static __always_inline bool send_as_client(struct __sk_buff *skb, const struct shunt_probe *probe,
					   const struct shunt_tuple *t, const bool v6)
{
	switch (probe->forward) {
	case SHUNT_FORWARD_DIRECT:
		return fits(skb, 0) && decrement_ttl(skb, v6);
	case SHUNT_FORWARD_IPIP:
		return wrap(skb, probe, t, v6, false);
	case SHUNT_FORWARD_GUE:
		return wrap(skb, probe, t, v6, true);
	default:
		return false;
	}
}

/*
 * As the socket sent it. What is wrapped meets the program once more where one interface
 * lies on another.
 */
static __always_inline bool is_as_sent(const struct shunt_tuple *t, const struct bpf_sock *sk,
				       const struct shunt_probe *probe)
{
	return t->proto == sk->protocol && bpf_ntohs(t->ports) == sk->src_port &&
	       (t->ports >> 16) == sk->dst_port && shunt_addr_is_equal(&t->dst, &probe->addr);
}

/*
 * What cannot be sent as a client's packet is not sent: to a backend's own address it
 * would tell of something else.
 */
static __always_inline int out(struct __sk_buff *skb, const struct bpf_sock *sk,
			       struct shunt_probe *probe, const bool v6)
{
	struct shunt_tuple t = {}, answer = {};

	if (!read_tuple(skb, &t, v6))
		return TC_ACT_SHOT;
	if (!is_as_sent(&t, sk, probe))
		return TC_ACT_UNSPEC;
	answer.src = probe->vip;
	answer.dst = t.src;
	answer.ports = turned_round(t.ports);
	answer.proto = t.proto;
	if (bpf_map_update_elem(&shunt_probe_answers, &answer, &probe->addr, BPF_ANY) ||
	    !put_addr(skb, &t, &probe->vip, true, v6) || !send_as_client(skb, probe, &t, v6))
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int shunt_probe_out(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct shunt_probe *probe;

	if (!sk)
		return TC_ACT_UNSPEC;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return TC_ACT_UNSPEC;
	probe = bpf_sk_storage_get(&shunt_probes, sk, NULL, 0);
	if (!probe)
		return TC_ACT_UNSPEC;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return out(skb, sk, probe, false);
	return skb->protocol == bpf_htons(ETH_P_IPV6) ? out(skb, sk, probe, true) : TC_ACT_SHOT;
}

/* --- in ---------------------------------------------------------------------- */

static __always_inline void in(struct __sk_buff *skb, const bool v6)
{
	struct shunt_addr *known, addr;
	struct shunt_tuple t = {};

	if (!read_tuple(skb, &t, v6))
		return;
	known = bpf_map_lookup_elem(&shunt_probe_answers, &t);
	if (!known)
		return;
	addr = *known;
	put_addr(skb, &t, &addr, false, v6);
}

SEC("tc")
int shunt_probe_in(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		in(skb, false);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		in(skb, true);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
