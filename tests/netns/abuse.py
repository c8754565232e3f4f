#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""abuse.py SOCKET SECONDS - misuse a control socket, and use it as one should, at once.

Garbage, half lines, a thousand connections that say nothing, a line of ten megabytes,
and one who asks and never reads; beside them an orderly client that asks again and
again. Prints "asked N lost N slowest_ms N", and what the abusers got done.
"""

import collections
import json
import os
import socket
import sys
import threading
import time

IDLERS = 1000
ORDERLY_PAUSE_S = 0.02
done = collections.Counter()
ended = threading.Event()


def connect(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(5)
    s.connect(path)
    return s


def ask(path, command):
    """One question on a connection of its own; the answer as an object."""
    with connect(path) as s:
        s.sendall(json.dumps({"schema": 1, "command": command, "args": []}).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = s.recv(65536)
            if not part:
                raise ConnectionError("hung up in the middle")
            answer += part
    return json.loads(answer)


def throw_garbage(path):
    with connect(path) as s:
        for _ in range(20):
            s.sendall(os.urandom(400).replace(b"\n", b" ") + b"\n")
        done["garbage"] += 20
        s.recv(65536)


def say_half(path):
    with connect(path) as s:
        s.sendall(b'{"schema":1,"command":"sta')
        done["half lines"] += 1
        time.sleep(0.2)


def say_too_much(path):
    with connect(path) as s:
        for _ in range(160):
            s.sendall(b"x" * 65536)
            done["bytes of endless lines"] += 65536


def never_read(path):
    question = b'{"schema":1,"command":"show config","args":[]}\n'
    with connect(path) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.settimeout(0.5)
        while not ended.is_set():
            s.sendall(question)
            done["questions without a reader"] += 1


def sit_there(path):
    idlers = [connect(path) for _ in range(IDLERS)]
    done["idle connections"] += len(idlers)
    ended.wait(1)
    for s in idlers:
        s.close()


def again_and_again(what, path):
    """To be hung up on is what abusers must expect."""
    while not ended.is_set():
        try:
            what(path)
        except OSError:
            done["hung up on"] += 1
            time.sleep(0.01)


def be_orderly(path, seconds):
    """Return: how often it asked, how often in vain, and the slowest answer in seconds."""
    asked, lost, slowest = 0, 0, 0.0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        begin = time.monotonic()
        asked += 1
        try:
            if not ask(path, "version")["ok"]:
                lost += 1
        except (OSError, ValueError) as why:
            print(f"asked in vain: {why}", file=sys.stderr)
            lost += 1
        slowest = max(slowest, time.monotonic() - begin)
        time.sleep(ORDERLY_PAUSE_S)
    return asked, lost, slowest


def main():
    path, seconds = sys.argv[1], float(sys.argv[2])
    abusers = [throw_garbage, say_half, say_too_much, never_read, sit_there]
    threads = [threading.Thread(target=again_and_again, args=(a, path), daemon=True) for a in abusers]
    for t in threads:
        t.start()
    asked, lost, slowest = be_orderly(path, seconds)
    ended.set()
    print(f"asked {asked} lost {lost} slowest_ms {slowest * 1000:.0f}")
    print("abusers: " + ", ".join(f"{n} {what}" for what, n in sorted(done.items())))


main()
