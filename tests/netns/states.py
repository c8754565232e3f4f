#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""states.py VIP N - N connections to a web server that stay open.

Each line of stdin makes all that are still open ask once more; then a line of stdout
says by whom they were answered, and how many were reset or heard nothing: "b1 10 reset
12". Connections that were reset, or heard nothing, are closed then.
"""

import collections
import select
import socket
import sys

REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
WAIT_S = 3


def ask(sock):
    """The server's name, "reset" or "silent"."""
    try:
        sock.sendall(REQUEST)
        if not select.select([sock], [], [], WAIT_S)[0]:
            return "silent"
        got = sock.recv(4096)
        while got and not got.endswith(b"\n"):
            got += sock.recv(4096)
        return got.split()[-1].decode() if got else "ended"
    except ConnectionResetError:
        return "reset"


def ask_all(socks):
    counts = collections.Counter()
    for sock in list(socks):
        said = ask(sock)
        counts[said] += 1
        if said in ("silent", "reset", "ended"):
            socks.remove(sock)
            sock.close()
    print(*(f"{name} {n}" for name, n in sorted(counts.items())), flush=True)


def main():
    vip, n = sys.argv[1], int(sys.argv[2])
    socks = [socket.create_connection((vip, 80), timeout=WAIT_S) for _ in range(n)]
    ask_all(socks)
    for _ in sys.stdin:
        ask_all(socks)


main()
