#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""app.py NAME PORT READ_HOST WRITE_HOST - the application behind www.foobar.com

	GET /		a page: who serves it, which database read for it, how many visits
	POST /visit	counts one visit, and answers when it is in the database
	GET /healthz	whether this process is fit to serve

Visits of pages are counted in the background: while no database takes writes they
wait, and pages are served. Each visit has a number of its own, by which one that is
sent twice counts once. What fails at a database is tried anew on another connection,
until GIVE_UP_S are over.
"""
import http.server
import queue
import socketserver
import sys
import threading
import time
import uuid

import pymysql

GIVE_UP_S = 2.5
STEP_S = 0.5    # for a connection, and for an answer
BATCH = 200
PAGE = """<!DOCTYPE html>
<title>www.foobar.com</title>
<h1>www.foobar.com</h1>
<p>This page was served by {server}, and read from {database}.
<p>Visits: {visits}
"""


class Database:
    """Connections to one VIP, each for one use at a time."""

    def __init__(self, host):
        self.host = host
        self.idle = queue.LifoQueue()

    def connect(self):
        return pymysql.connect(host=self.host, user="app", password="app", database="foobar",
                               autocommit=True, connect_timeout=STEP_S, read_timeout=STEP_S,
                               write_timeout=STEP_S)

    def take(self):
        try:
            return self.idle.get_nowait()
        except queue.Empty:
            return self.connect()

    # Who was cut off on one connection does not trust the others of before.
    def forget(self):
        while True:
            try:
                self.idle.get_nowait()._force_close()
            except queue.Empty:
                return

    def run(self, statement, args=()):
        give_up = time.monotonic() + GIVE_UP_S
        while True:
            connection = None
            try:
                connection = self.take()
                with connection.cursor() as cursor:
                    cursor.execute(statement, args)
                    row = cursor.fetchone()
                self.idle.put(connection)
                return row
            except pymysql.MySQLError:
                if connection:
                    connection._force_close()
                self.forget()
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)


class Visit:
    def __init__(self):
        self.id = uuid.uuid4().bytes
        self.is_over = threading.Event()
        self.is_counted = False


class Visits:
    """What is to be counted, written by one thread, many at once: one statement for the
    visits, and by a trigger for their sum."""

    def __init__(self, database, server):
        self.database = database
        self.server = server
        self.waiting = queue.Queue()
        threading.Thread(target=self.write_forever, daemon=True).start()

    def add(self):
        visit = Visit()
        self.waiting.put(visit)
        return visit

    def write(self, visits):
        rows = ", ".join(["(%s, %s, @@server_id)"] * len(visits))
        args = [arg for visit in visits for arg in (visit.id, self.server)]
        self.database.run(f"insert ignore into visits (id, server, db) values {rows}", args)
        for visit in visits:
            visit.is_counted = True
            visit.is_over.set()

    def write_forever(self):
        while True:
            visits = [self.waiting.get()]
            while len(visits) < BATCH and not self.waiting.empty():
                visits.append(self.waiting.get())
            while not visits[0].is_counted:
                try:
                    self.write(visits)
                except pymysql.MySQLError as error:
                    print(f"{len(visits)} visits wait: {error}", file=sys.stderr, flush=True)
            time.sleep(0.02)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 16384

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header("X-" + name, value)
        self.end_headers()
        self.wfile.write(body)

    def show_page(self):
        site = self.server
        visits, server_id = site.reads.run("select sum(n), @@server_id from visits_sum")
        site.visits.add()
        database = f"db{server_id % 10}"  # tens: how often it began anew
        self.answer(200, PAGE.format(server=site.name, database=database, visits=visits),
                    Database=database)

    def count_visit(self):
        visit = self.server.visits.add()
        if visit.is_over.wait(GIVE_UP_S):
            self.answer(200, "counted\n")
        else:
            self.answer(503, "not counted yet\n")

    def attempt(self, what):
        try:
            what()
        except pymysql.MySQLError as error:
            print(f"{self.path}: {error}", file=sys.stderr, flush=True)
            self.answer(503, "no database\n")

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(200, "fit\n")
        elif self.path == "/":
            self.attempt(self.show_page)
        else:
            self.answer(404, "no such page\n")

    def do_POST(self):
        if self.path == "/visit":
            self.attempt(self.count_visit)
        else:
            self.answer(404, "no such page\n")


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024


def main():
    name, port, read_host, write_host = sys.argv[1:]
    server = Server(("127.0.0.1", int(port)), Handler)
    server.name = name
    server.reads = Database(read_host)
    server.visits = Visits(Database(write_host), name)
    server.serve_forever()


main()
