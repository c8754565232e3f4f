# SPDX-License-Identifier: BSD-2-Clause
"""Which TCP segments the two ends of a connection have agreed on.

mss.py serve PORT      tell every client the largest segment it may be sent
mss.py ask VIP PORT    "SERVER CLIENT": what either end may send at most
"""
import os
import socket
import sys


def largest(s):
    return s.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)


def serve(port):
    listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    print("serving", flush=True)
    while True:
        with listener.accept()[0] as s:
            s.sendall(str(largest(s)).encode())


def ask(vip, port):
    patience = 2 * float(os.environ.get("SHUNT_TEST_SCALE", "1"))
    with socket.create_connection((vip, port), patience) as s:
        mine = largest(s)
        print(s.makefile().read(), mine)


def main():
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        ask(sys.argv[2], int(sys.argv[3]))


main()
