#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scapy_check.py FILE - are the checksums right of the frames in a pcap file?

An opinion from outside: scapy takes each frame apart and adds up what each checksum
covers. That goes for IPv4, TCP, UDP, ICMP and ICMPv6, for what is in tunnels, and for
the IPv4 headers that ICMP quotes; of what else is quoted the end is missing. Fragments
have no checksum of TCP or UDP of their own.
"""

import logging
import sys
from collections import Counter

logging.getLogger("scapy").setLevel(logging.ERROR)

from scapy.all import ICMP, IP, TCP, UDP, Ether, IPv6, RawPcapReader  # noqa: E402
from scapy.layers.inet import ICMPerror, TCPerror, UDPerror, in4_chksum  # noqa: E402
from scapy.layers.inet6 import IPv6ExtHdrFragment, _ICMPv6, in6_chksum  # noqa: E402
from scapy.utils import checksum  # noqa: E402

QUOTED = (TCPerror, UDPerror, ICMPerror)
GUE_PORT = 6080


def layers_of(packet):
    while packet:
        yield packet
        packet = packet.payload


def is_fragment(layer):
    if isinstance(layer, IP):
        return bool(layer.frag or layer.flags.MF)
    return isinstance(layer, IPv6ExtHdrFragment)


def is_quoted(below):
    return any(isinstance(other, (ICMP, _ICMPv6)) for other in below)


def transport_sum(proto, layer, below):
    """With the pseudo header; None if there is no checksum."""
    ip = next(other for other in reversed(below) if isinstance(other, (IP, IPv6)))
    if any(is_fragment(other) for other in below):
        return None
    # RFC 768: there may be none over IPv4; over IPv6 RFC 6935 lets tunnels do without.
    if isinstance(layer, UDP) and not layer.chksum and (isinstance(ip, IP) or is_gue(layer)):
        return None
    return (in4_chksum if isinstance(ip, IP) else in6_chksum)(proto, ip, layer.original)


def sum_of(layer, below):
    """What is left of the sum over a layer, 0 if its checksum is right; None if it has none."""
    if isinstance(layer, QUOTED) or (not isinstance(layer, IP) and is_quoted(below)):
        return None
    if isinstance(layer, IP):
        return checksum(layer.original[: layer.ihl * 4])
    if isinstance(layer, ICMP):
        return checksum(layer.original)
    for kind, proto in ((TCP, 6), (UDP, 17), (_ICMPv6, 58)):
        if isinstance(layer, kind):
            return transport_sum(proto, layer, below)
    return None


def is_gue(udp):
    return udp.dport == GUE_PORT


def tunnelled(packet):
    """What GUE, variant 1, has in UDP: IPv4 or IPv6, with no header of its own."""
    udp = packet.getlayer(UDP)
    if udp is None or isinstance(udp, UDPerror) or not is_gue(udp):
        return None
    inner = bytes(udp.payload)
    return (IPv6 if inner[:1] and inner[0] >> 4 == 6 else IP)(inner)


def check(packet):
    """The names of the layers that were added up, and of those that are wrong."""
    seen, wrong, below = Counter(), [], []
    while packet:
        for layer in layers_of(packet):
            rest = sum_of(layer, below)
            name = type(layer).__name__
            if rest is not None:
                seen["ICMPv6" if isinstance(layer, _ICMPv6) else name] += 1
            if rest:
                wrong.append(f"{name} is off by {rest:#06x}")
            below.append(layer)
        packet, below = tunnelled(packet), []
    return seen, wrong


def main(path):
    frames, bad, total = 0, 0, Counter()
    for data, _ in RawPcapReader(path):
        seen, wrong = check(Ether(data))
        frames += 1
        total += seen
        if wrong:
            bad += 1
            print(f"frame {frames}: {', '.join(wrong)}\n  {data.hex()}", file=sys.stderr)
    each = ", ".join(f"{n} {name}" for name, n in sorted(total.items()))
    print(f"scapy: {frames} frames, {bad} of them wrong ({each})")
    return 1 if bad or not frames else 0


sys.exit(main(sys.argv[1]))
