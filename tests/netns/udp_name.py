# SPDX-License-Identifier: BSD-2-Clause
"""A datagram service whose answers say who gave them.

udp_name.py serve NAME PORT...     answer "NAME QUESTION" on every address
udp_name.py ask VIP PORT N [BYTES] N questions from N source ports, so long at least;
                                   one line "NAME COUNT" a backend; 1 if one got no
                                   answer, or not to all of it
"""
import collections
import os
import select
import socket
import sys


IP_PKTINFO = 8  # Linux; the module has no name for it
GUE_PORT = (6080).to_bytes(2, "big")


def listen(family, port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    s.bind(("", port))
    return s


def serve(name, ports):
    sockets = [listen(family, port) for port in ports
               for family in (socket.AF_INET, socket.AF_INET6)]
    print("serving", flush=True)
    while True:
        for s in select.select(sockets, [], [])[0]:
            # The answer leaves from the address that was asked: the VIP.
            question, info, _, peer = s.recvmsg(65535, 128)
            if s.family == socket.AF_INET:
                # ifindex, the address to send from, the one in the header
                info = [(lv, ty, bytes(4) + data[4:8] + bytes(4)) for lv, ty, data in info]
            else:
                info = [(lv, ty, data[:16] + bytes(4)) for lv, ty, data in info]
            s.sendmsg([name.encode() + b" " + question], info, 0, peer)


def filler(number, size):
    """Of every second question, no piece may be taken for the UDP header of a tunnel."""
    return os.urandom(size) if number % 2 else (GUE_PORT * size)[:size]


def ask_one(vip, port, number, size):
    family = socket.AF_INET6 if ":" in vip else socket.AF_INET
    question = f"question {number:3}".encode()
    question += filler(number, max(0, size - len(question)))
    with socket.socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(2 * float(os.environ.get("SHUNT_TEST_SCALE", "1")))
        s.connect((vip, port))
        s.send(question)
        name, _, rest = s.recv(65535).partition(b" ")
    if rest != question:
        raise ValueError(f"asked {question[:99]}, got {rest[:99]}")
    return name.decode()


def ask(vip, port, n, size=0):
    names = collections.Counter(ask_one(vip, port, i, size) for i in range(n))
    for name, count in sorted(names.items()):
        print(name, count)


def main():
    if sys.argv[1] == "serve":
        serve(sys.argv[2], [int(port) for port in sys.argv[3:]])
    else:
        ask(sys.argv[2], *map(int, sys.argv[3:]))


main()
