/* SPDX-License-Identifier: BSD-2-Clause */
#include "ref.h"

#include <linux/bpf.h>
#include <netinet/in.h>
#include <string.h>

#include "ref_fragment.h"
#include "ref_icmp.h"
#include "ref_mss.h"
#include "ref_tunnel.h"
#include "shunt/hash.h"
#include "view.h"

/* The way that was found for a packet. */
struct route {
	__u32 backend;
	const struct shunt_leg *leg;
	const struct shunt_egress *egress;
	size_t mtu; /* for the client's packets */
};

static const struct {
	__u32 action;
	const char *name;
} endings[] = {
#define ENDING(reason, xdp_action, text) [SHUNT_##reason] = { XDP_##xdp_action, #reason },
	SHUNT_REASON_LIST(ENDING)
#undef ENDING
};

__u32 ref_action(enum shunt_reason r)
{
	return endings[r].action;
}

const char *ref_name(enum shunt_reason r)
{
	return r == SHUNT_CONTINUE ? "(none)" : endings[r].name;
}

bool ref_is_forwarded(enum shunt_reason r)
{
	return r == SHUNT_FORWARDED || r == SHUNT_REDIRECTED;
}

/* --- judging what was read -------------------------------------------------- */

static bool is_balanced(const struct view *v)
{
	return v->proto == IPPROTO_TCP || v->proto == IPPROTO_UDP;
}

/* What is wrong with the packet, if anything is. */
static enum shunt_reason find_fault(const struct frame *f, const struct view *v)
{
	const size_t l4_end = v->l4 + (v->proto == IPPROTO_TCP ? 20 : 8);

	if (v->fault)
		return v->fault;
	if (v->is_fragment && ref_fragment_fault(f, v))
		return ref_fragment_fault(f, v);
	if (v->is_later)
		return SHUNT_CONTINUE;
	if (l4_end > f->len)
		return SHUNT_TRUNCATED;
	if (v->ip + v->ip_len < l4_end || v->ip + v->ip_len > f->len)
		return SHUNT_BAD_LENGTH;
	return SHUNT_CONTINUE;
}

bool ref_is_vip(const struct world *w, const struct shunt_addr *a)
{
	for (__u32 i = 0; i < w->n_vips; i++)
		if (!memcmp(&w->vips[i], a, sizeof(*a)))
			return true;
	return false;
}

/* What is for another address is not ours to judge. */
static enum shunt_reason blame(const struct world *w, const struct view *v, enum shunt_reason fault)
{
	return fault && !ref_is_vip(w, &v->dst) ? SHUNT_NOT_SERVICE : fault;
}

static void read_ports(const struct world *w, const struct frame *f, struct view *v)
{
	if (v->is_later) {
		ref_fragment_recall(w, v);
		return;
	}
	v->has_ports = true;
	memcpy(&v->ports, f->data + v->l4, sizeof(v->ports));
}

static enum shunt_reason admit(const struct world *w, const struct frame *f, struct view *v,
			       struct frame *out)
{
	enum shunt_reason fault;

	if (ref_icmp_is(v)) {
		fault = ref_icmp_take(w, f, v, out);
		v->has_ports = true;
		return fault == SHUNT_NOT_L4 ? fault : blame(w, v, fault);
	}

	if (!v->fault && !is_balanced(v) && !ref_fragment_is_ours(v))
		return SHUNT_NOT_L4;
	fault = find_fault(f, v);
	if (!fault)
		read_ports(w, f, v);
	return blame(w, v, fault);
}

/* --- choosing --------------------------------------------------------------- */

static const struct world_service *find_service(const struct world *w, const struct view *v,
						__be16 port)
{
	for (__u32 i = 0; i < w->n_services; i++) {
		const struct shunt_service_key *key = &w->services[i].key;

		if (key->port == port && key->proto == v->proto &&
		    key->fragments == !v->has_ports && !memcmp(&key->vip, &v->dst, sizeof(v->dst)))
			return &w->services[i];
	}
	return NULL;
}

static const struct world_service *match_service(const struct world *w, const struct view *v)
{
	const struct world_service *s;
	__be16 port;

	memcpy(&port, (const __u8 *)&v->ports + 2, sizeof(port));
	s = find_service(w, v, port);
	if (!s && v->has_ports && w->rodata.any_port)
		s = find_service(w, v, 0);
	return s;
}

/* The low half of the hash of the packet's flow. */
static __u32 flow_tag(const struct world *w, const struct view *v, const struct world_service *s)
{
	const bool l3 = w->rodata.rich && s->flags & SHUNT_SERVICE_L3HASH;

	return (__u32)shunt_hash_flow(w->rodata.hash_key, &v->src, &v->dst, l3 ? 0 : v->ports,
				      v->proto, v->v6);
}

static bool is_tracked(const struct world *w, const struct world_service *s)
{
	return w->rodata.tracked && s->flags & SHUNT_SERVICE_TRACKED;
}

/*
 * The town has one service with a limit, of one backend, and no flow of it is let in or
 * remembered: what could follow one goes by the slot, and what may begin one ends here.
 */
static bool is_over_limit(const struct world *w, const struct world_service *s, __u32 id)
{
	if (!is_tracked(w, s) || !(s->flags & SHUNT_SERVICE_LIMITED))
		return false;
	for (__u32 i = 0; i < w->n_full; i++)
		if (w->full[i] == id)
			return true;
	return false;
}

/* The backend that the owner of a slot is, or the one that was found by the flow. */
static __u32 backend_of(const struct world *w, const struct world_service *s, __u16 owner)
{
	if (is_tracked(w, s) || owner >> 15)
		return w->found;
	return owner ? s->to.base + owner : 0;
}

static enum shunt_reason pick_backend(const struct world *w, const struct view *v,
				      const struct world_service *s, __u32 *backend)
{
	const __u32 slots = 32 * (s->to.line_mask + 1U);
	const __u32 slot = flow_tag(w, v, s) % slots;
	const __u64 line = (__u64)s->to.first + slot / 32;

	if (line >= WORLD_LINES)
		return SHUNT_BAD_SLOT;
	*backend = s->to.base + w->lines[line].half[slot % 32];
	if (is_over_limit(w, s, *backend))
		return v->icmp || v->is_later ? SHUNT_CONTINUE : SHUNT_OVER_LIMIT;
	*backend = backend_of(w, s, w->lines[line].half[slot % 32]);
	if (!*backend)
		return SHUNT_NO_BACKEND;
	return *backend < WORLD_BACKENDS ? SHUNT_CONTINUE : SHUNT_BAD_SLOT;
}

/* The program was loaded with what this leg needs. */
static bool is_loaded(const struct world *w, const struct shunt_leg *leg)
{
	if (leg->forward == SHUNT_FORWARD_DIRECT)
		return w->rodata.direct;
	if (leg->forward == SHUNT_FORWARD_GUE)
		return w->rodata.rich;
	if (leg->forward != SHUNT_FORWARD_IPIP)
		return false;
	return ref_outer_is_v4(leg) ? w->rodata.ipip4 : w->rodata.ipip6;
}

static bool has_source(const struct route *r)
{
	static const struct shunt_addr none;

	if (ref_outer_is_v4(r->leg))
		return r->egress->src4 != 0;
	return memcmp(&r->egress->src6, &none, sizeof(none)) != 0;
}

static enum shunt_reason find_way(const struct world *w, const struct view *v, struct route *r)
{
	const struct shunt_leg *leg = &w->backends[r->backend].leg[v->v6 ? SHUNT_V6 : SHUNT_V4];

	r->leg = leg;
	if (v->ttl <= 1)
		return SHUNT_TTL_EXPIRED;
	if (leg->forward == SHUNT_FORWARD_NONE)
		return SHUNT_NO_LEG;
	if (!leg->hop.egress)
		return SHUNT_NO_NEIGHBOUR;
	if (leg->hop.egress >= SHUNT_MAX_EGRESS || !w->egress[leg->hop.egress].ifindex)
		return SHUNT_BAD_SLOT;
	r->egress = &w->egress[leg->hop.egress];
	if (!is_loaded(w, leg))
		return SHUNT_NO_LEG;
	if (ref_is_tunnel(leg) && !has_source(r))
		return SHUNT_NO_SOURCE;
	r->mtu = leg->mtu > ref_outer_len(leg) ? leg->mtu - ref_outer_len(leg) : 0;
	return v->ip_len + ref_outer_len(leg) > leg->mtu ? SHUNT_TOO_BIG : SHUNT_CONTINUE;
}

/* --- writing ---------------------------------------------------------------- */

/* What the IPv4 header checksum should be, whatever it is. */
static __u16 right_checksum(const __u8 *ip)
{
	const size_t hlen = (ip[0] & 0xf) * 4;
	__u8 copy[60];

	memcpy(copy, ip, hlen);
	frame_put16(copy + 10, 0);
	return (__u16)~frame_sum(copy, hlen);
}

/*
 * One hop less. A wrong IPv4 checksum stays wrong by as much as it was: one's
 * complement is arithmetic modulo 0xffff.
 */
static void age(__u8 *ip, bool v6)
{
	__u32 error;

	if (v6) {
		ip[7]--;
		return;
	}
	error = (frame_get16(ip + 10) + 0xffffU - right_checksum(ip)) % 0xffff;
	ip[8]--;
	frame_put16(ip + 10, (right_checksum(ip) + error) % 0xffff);
}

/* The one tag of the VLAN device that the frame leaves by, in place of those that it has. */
static void put_tag(const struct shunt_egress *e, struct frame *f)
{
	const size_t old = frame_ip(f) - FRAME_IP;

	memmove(f->data + 16, f->data + 12 + old, f->len - 12 - old);
	f->len += 4 - old;
	frame_put16(f->data + 12, 0x8100);
	memcpy(f->data + 14, &e->vlan, 2);
}

static enum shunt_reason forward(const struct world *w, const struct view *v, const struct route *r,
				 const struct frame *got, struct frame *f)
{
	const bool back = (r->egress->ifindex & ~SHUNT_EGRESS_VLAN) == WORLD_INGRESS;
	const bool tagged = r->egress->ifindex & SHUNT_EGRESS_VLAN;

	if (!back && !w->device[r->leg->hop.egress])
		return SHUNT_NO_DEVICE;
	age(f->data + v->ip, v->v6);
	if (ref_is_tunnel(r->leg))
		ref_encapsulate(v, r->leg, r->egress, got, f);
	if (tagged)
		put_tag(r->egress, f);
	memcpy(f->data, r->leg->hop.dmac, 6);
	memcpy(f->data + 6, r->egress->smac, 6);
	return back ? SHUNT_FORWARDED : SHUNT_REDIRECTED;
}

/* The TCP packet @v begins a connection. */
static bool is_syn(const struct frame *f, const struct view *v)
{
	return v->proto == IPPROTO_TCP && !v->is_later && !v->icmp && f->data[v->l4 + 13] & 2;
}

/* What is of no service, or of one that it cannot be of. */
static enum shunt_reason admit_to(const struct world *w, const struct view *v,
				  const struct world_service *s, struct verdict *verdict)
{
	if (v->is_fragment) {
		verdict->note = ref_fragment_of(v);
		return ref_fragment_admit(w, v, s, ref_is_vip(w, &v->dst), &verdict->notes);
	}
	if (s)
		return SHUNT_CONTINUE;
	return v->icmp ? blame(w, v, SHUNT_BAD_ICMP) : SHUNT_NOT_SERVICE;
}

static bool begins_connection(const struct frame *f, const struct view *v)
{
	if (v->proto == IPPROTO_UDP)
		return true;
	return (f->data[v->l4 + 13] & 0x17) == 0x02; /* SYN; no FIN, RST, ACK */
}

/*
 * A service of nat where no connection is, and no record for one. With connections it is
 * nat_town.h that knows what to expect.
 */
static enum shunt_reason refuse_connection(const struct world *w, const struct view *v,
					   const struct world_service *s, const struct frame *f)
{
	__u32 backend;

	if (v->ttl <= 1)
		return SHUNT_TTL_EXPIRED;
	if (v->icmp)
		return SHUNT_BAD_ICMP;
	if (v->is_later || !begins_connection(f, v))
		return SHUNT_NO_CONNECTION;
	return pick_backend(w, v, s, &backend) ? SHUNT_NO_BACKEND : SHUNT_CONNECTIONS_FULL;
}

static enum shunt_reason route_packet(const struct world *w, const struct view *v, struct route *r,
				      struct verdict *verdict)
{
	const struct world_service *s = match_service(w, v);
	enum shunt_reason reason = admit_to(w, v, s, verdict);

	if (reason)
		return reason;
	if (w->rodata.rich && SHUNT_SERVICE_MSS(s->flags) && is_syn(&verdict->out, v))
		ref_mss_clamp(v, SHUNT_SERVICE_MSS(s->flags), &verdict->out);
	if (w->rodata.nat && s->flags & SHUNT_SERVICE_NAT)
		return refuse_connection(w, v, s, &verdict->out);
	return pick_backend(w, v, s, &r->backend) ?: find_way(w, v, r);
}

void ref_judge(const struct world *w, const struct frame *in, const struct frame *got,
	       struct verdict *verdict)
{
	struct route route = {};
	struct view view;

	verdict->notes = false;
	verdict->out.len = in->len;
	memcpy(verdict->out.data, in->data, in->len);
	verdict->reason = view_read(w, in, &view)
		       ?: admit(w, in, &view, &verdict->out)
		       ?: route_packet(w, &view, &route, verdict)
		       ?: forward(w, &view, &route, got, &verdict->out);
	if (verdict->reason == SHUNT_TOO_BIG)
		verdict->reason = ref_icmp_too_big(w, &view, route.mtu, &verdict->out);
	verdict->backend = route.backend;
}
