/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interface, by ioctl(SIOCETHTOOL) (linux/ethtool.h) and /proc/sys: no privilege
 * is needed to look. Whatever a driver does not answer stays unknown.
 */
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/doctor.h"

/* A name is cut: a kernel's feature has at most 31 letters. */
#define FEATURE_GRO_HW "rx-gro-hw"

struct ethtool {
	int fd;
	struct ifreq ifr;
};

static bool ask(struct ethtool *e, void *question)
{
	e->ifr.ifr_data = question;
	return !ioctl(e->fd, SIOCETHTOOL, &e->ifr);
}

static void look_at_driver(struct ethtool *e, struct doctor_link *l)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (ask(e, &info))
		snprintf(l->driver, sizeof(l->driver), "%s", info.driver);
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Drivers have queues of one kind or of both. */
static void look_at_queues(struct ethtool *e, struct doctor_link *l)
{
	struct ethtool_channels c = { .cmd = ETHTOOL_GCHANNELS };

	if (!ask(e, &c))
		return;
	l->rx_queues = c.rx_count + c.combined_count;
	l->tx_queues = c.tx_count + c.combined_count;
	l->max_queues = greater(c.max_combined, c.max_rx);
}

static void look_at_lro(struct ethtool *e, struct doctor_link *l)
{
	struct ethtool_value flags = { .cmd = ETHTOOL_GFLAGS };

	if (ask(e, &flags))
		l->lro = flags.data & ETH_FLAG_LRO ? DOCTOR_ON : DOCTOR_OFF;
}

static uint32_t count_features(struct ethtool *e)
{
	struct {
		struct ethtool_sset_info info;
		uint32_t n;
	} sset = { .info = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES } };

	return ask(e, &sset) && sset.info.sset_mask ? sset.n : 0;
}

/* The number of feature @name, or -1. */
static int find_feature(struct ethtool *e, uint32_t n, const char *name)
{
	_cleanup_free_ struct ethtool_gstrings *strings =
		calloc(1, sizeof(*strings) + n * ETH_GSTRING_LEN);

	if (!strings)
		return -1;
	strings->cmd = ETHTOOL_GSTRINGS;
	strings->string_set = ETH_SS_FEATURES;
	strings->len = n;
	if (!ask(e, strings))
		return -1;
	for (uint32_t i = 0; i < n; i++)
		if (!strncmp((const char *)strings->data + i * ETH_GSTRING_LEN, name,
			     ETH_GSTRING_LEN))
			return i;
	return -1;
}

static void look_at_gro_hw(struct ethtool *e, struct doctor_link *l)
{
	const uint32_t n = count_features(e), blocks = (n + 31) / 32;
	const int bit = n ? find_feature(e, n, FEATURE_GRO_HW) : -1;
	_cleanup_free_ struct ethtool_gfeatures *features =
		calloc(1, sizeof(*features) + blocks * sizeof(features->features[0]));

	if (bit < 0 || !features)
		return;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	if (ask(e, features))
		l->gro_hw = features->features[bit / 32].active >> bit % 32 & 1 ? DOCTOR_ON
										: DOCTOR_OFF;
}

static void look_at_mtu(struct ethtool *e, struct doctor_link *l)
{
	struct ifreq ifr = e->ifr;

	if (!ioctl(e->fd, SIOCGIFMTU, &ifr))
		l->mtu = ifr.ifr_mtu;
}

static int read_rp_filter(const char *of)
{
	char path[PATH_MAX];
	_cleanup_fclose_ FILE *f = NULL;
	int value;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", of);
	f = fopen(path, "re");
	return f && fscanf(f, "%d", &value) == 1 ? value : 0;
}

void doctor_look_at_link(struct doctor_link *l)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool e = { .fd = fd };

	if (fd < 0)
		return;
	memcpy(e.ifr.ifr_name, l->name, sizeof(e.ifr.ifr_name));
	look_at_driver(&e, l);
	look_at_queues(&e, l);
	look_at_lro(&e, l);
	look_at_gro_hw(&e, l);
	look_at_mtu(&e, l);
	l->rp_filter = greater(read_rp_filter("all"), read_rp_filter(l->name));
}
