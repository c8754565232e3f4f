# SPDX-License-Identifier: BSD-2-Clause
"""strict_load.py VIP... - load that forgives nothing

Two kinds of clients at once, until SIGTERM:
- requests: each on a new connection, at a steady rate, taking the VIPs in turn;
- sessions: connections that stay open and ask again and again. All answers on
  one connection must come from the same backend, and the server must not
  close it: a flow that was moved ends in a reset here.

Anything but a complete, correct answer within the time limit is a failure; the
first ones are printed. The last line sums up; the exit status is 1 if there was
a failure or if nothing was measured. SHUNT_TEST_SCALE slows it all down.
"""
import argparse
import asyncio
import collections
import os
import re
import signal
import sys
import time

ANSWER = re.compile(rb"HTTP/1\.1 200 OK\r\n.*?\r\n\r\n([a-z][a-z0-9]*)\n$", re.S)
SHOWN_FAILURES = 10


class Load:
    def __init__(self, args):
        self.args = args
        scale = float(os.environ.get("SHUNT_TEST_SCALE", "1"))
        self.limit_s = args.timeout * scale
        self.pause_s = args.pause * scale
        self.gap_s = scale / args.rate
        self.start = time.monotonic()
        self.backends = collections.Counter()
        self.failures = 0
        self.requests = 0
        self.session_answers = 0
        self.slowest_s = 0.0
        self.stopping = asyncio.Event()

    def fail(self, what, error):
        self.failures += 1
        if self.failures <= SHOWN_FAILURES:
            at = time.monotonic() - self.start
            print(f"{at:.3f} s: {what}: {error!r}", flush=True)

    def note(self, name, took_s):
        self.backends[name] += 1
        self.slowest_s = max(self.slowest_s, took_s)

    async def connect(self, vip):
        return await asyncio.open_connection(vip, self.args.port)

    async def ask_once(self, vip):
        reader, writer = await self.connect(vip)
        try:
            writer.write(b"GET / HTTP/1.1\r\nHost: vip\r\nConnection: close\r\n\r\n")
            match = ANSWER.match(await reader.read(-1))
        finally:
            writer.close()
        if not match:
            raise ValueError("not the answer of a backend")
        return match[1].decode()

    async def request(self, vip):
        begin = time.monotonic()
        self.requests += 1
        try:
            name = await asyncio.wait_for(self.ask_once(vip), self.limit_s)
            self.note(name, time.monotonic() - begin)
        except Exception as error:  # every kind of failure counts
            self.fail(f"request to {vip}", error)

    async def requests_forever(self):
        under_way = set()
        n = 0
        next_s = time.monotonic()
        while not self.stopping.is_set():
            vip = self.args.vip[n % len(self.args.vip)]
            n += 1
            task = asyncio.create_task(self.request(vip))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            next_s += self.gap_s
            await asyncio.sleep(max(0, next_s - time.monotonic()))
        if under_way:
            await asyncio.wait(under_way)

    async def ask_again(self, reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: vip\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        match = ANSWER.match(head + await reader.readuntil(b"\n"))
        if not match:
            raise ValueError("not the answer of a backend")
        return match[1].decode()

    async def session(self, vip):
        first = None
        try:
            reader, writer = await asyncio.wait_for(self.connect(vip), self.limit_s)
            while not self.stopping.is_set():
                begin = time.monotonic()
                name = await asyncio.wait_for(self.ask_again(reader, writer), self.limit_s)
                self.note(name, time.monotonic() - begin)
                self.session_answers += 1
                first = first or name
                if name != first:
                    raise ValueError(f"moved from {first} to {name}")
                await asyncio.sleep(self.pause_s)
            writer.close()
        except Exception as error:
            self.fail(f"session with {vip} at {first}", error)

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        jobs = [self.session(self.args.vip[i % len(self.args.vip)])
                for i in range(self.args.sessions)]
        print("under way", flush=True)
        await asyncio.gather(self.requests_forever(), *jobs)
        took_s = time.monotonic() - self.start
        tally = " ".join(f"{name} {n}" for name, n in sorted(self.backends.items()))
        print(f"{self.requests} requests, {self.args.sessions} sessions with"
              f" {self.session_answers} answers, {self.failures} failures in {took_s:.1f} s,"
              f" slowest {self.slowest_s * 1000:.0f} ms ({tally})", flush=True)
        return 1 if self.failures or not self.backends else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("vip", nargs="+")
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--rate", type=float, default=300, help="new connections a second")
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--pause", type=float, default=0.05, help="seconds between answers")
    parser.add_argument("--timeout", type=float, default=5)

    async def run(args):
        return await Load(args).run()

    sys.exit(asyncio.run(run(parser.parse_args())))


main()
