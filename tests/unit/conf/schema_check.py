#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""schema_check.py SHUNT - does the JSON Schema agree with the config parser?

Files that `shunt config check` takes must pass the schema, read by the rules of YAML 1.2.
Of files that are wrong in what a schema can say, each must fail both; the examples below
are cut from a good file, one mistake each.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml
from jsonschema import Draft7Validator

TOP = Path(__file__).resolve().parents[3]
FILES = ["scripts/packaging/shunt.yaml", "scripts/demo/shunt.yaml"]
CORPUS = "tests/fuzz/corpus/conf/*.yaml"

GOOD = """\
version: 1
daemon: { control: { group: "100" }, metrics: { listen: none } }
dataplane: { slots: auto, flow_cache: 4MiB, flow_idle: 8h }
nat: { pool: 192.0.2.1, ports: 1024-2047 }
interfaces: { eth0: , "7": { mode: native } }
defaults:
  check:
    name: example.com.
    qtype: AAAA
    send: 'a\\x00\\r'
    expires: 30d
    user: shunt
    args: [-a, 1, ""]
    expect: { rcode: [NOERROR, REFUSED], payload: 5 }
services:
  web:
    vip: [203.0.113.10, "2001:db8::10"]
    ports: [80/tcp, any/udp]
    failback: no
    affinity: 0
    track: true
    check: { type: http, path: /x, expect: { status: [200, 300-399] } }
    backends:
      - { name: 1, address: 192.0.2.11, weight: "50", backup: false }
      - { name: a.b, address6: "2001:db8:2::12", check: { interval: 500ms, timeout: 10ms, jitter: 0% } }
"""

# What is replaced, and by what.
WRONG = [
    ("version: 1\n", ""),
    ("version: 1", "version: 2"),
    ("nat:", "natt:"),
    ("weight:", "wieght:"),
    ("group:", "groop:"),
    ("[80/tcp,", "[80,"),
    ("any/udp", "any/sctp"),
    ("failback: no", "failback: maybe"),
    ("track: true", "track: 1"),
    ("type: http", "type: htttp"),
    ("500ms", "500"),
    ("0%", "0"),
    ("30d", "30"),
    ("AAAA", "aaaa"),
    ("REFUSED", "REFUSE"),
    ("name: example.com.", "name: a b"),
    ("payload: 5", "payload: []"),
    ("4MiB", "4MB"),
    ("8h", "8d"),
    ("1024-2047", "1024"),
    ("name: a.b", 'name: "a b"'),
    ("name: a.b,", ""),
    ("address: 192.0.2.11", "address: web.example.com"),
    ('address6: "2001:db8:2::12"', "address6: 192.0.2.12"),
    ("path: /x", "path: x"),
    ("300-399", "300-3999"),
    ("web:", '"w eb":'),
    ("eth0:", "sixteen-letters-:"),
    ('weight: "50"', "weight: 1001"),
    ("slots: auto", "slots: automatic"),
    ("backup: false", "backup: [false]"),
    ("[203.0.113.10, \"2001:db8::10\"]", "[]"),
]


class Core(yaml.SafeLoader):
    """YAML 1.2: yes and off are words, 192.0.2.1 and 12:30 are no numbers."""

    yaml_implicit_resolvers = {}


for tag, pattern, first, read in (
    ("bool", "true|false", "tf", lambda text: text == "true"),
    ("null", "~|null|", ["~", "n", ""], lambda text: None),
    ("int", "[-+]?[0-9]+", "-+0123456789", int),
    ("float", r"[-+]?[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?", "-+0123456789", float),
):
    name = "tag:yaml.org,2002:" + tag
    Core.add_implicit_resolver(name, re.compile("^(?:" + pattern + ")$"), list(first))
    Core.add_constructor(name, lambda loader, node, read=read: read(node.value))


def is_taken(shunt, path):
    return not subprocess.run([shunt, "config", "check", path], capture_output=True).returncode


def vague(schema, path=""):
    """Keys of which the schema says nothing but that they exist."""
    for key, value in schema.get("properties", {}).items():
        if not value.keys() & {"type", "enum", "anyOf"}:
            yield f"{path}{key}"
        yield from vague(value, f"{path}{key}.")
        for inner in ("items", "additionalProperties"):
            if isinstance(value.get(inner), dict):
                yield from vague(value[inner], f"{path}{key}.")


def main():
    shunt = sys.argv[1]
    schema = yaml.safe_load(subprocess.check_output([shunt, "config", "schema"]))
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    bad = 0

    def check(what, text, path, must):
        nonlocal bad
        errors = list(validator.iter_errors(yaml.load(text, Core)))
        taken = is_taken(shunt, path)
        if taken != must or (not errors) != must:
            bad += 1
            said = errors[0].message[:200] if errors else "passes"
            print(f"schema: {what}: config check {'takes' if taken else 'refuses'} it, schema: {said}")

    files = [TOP / name for name in FILES]
    files += [p for p in sorted(TOP.glob(CORPUS)) if is_taken(shunt, p)]
    for path in files:
        check(path.name, path.read_text(), path, True)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        for old, new in [("", "")] + WRONG:
            assert old in GOOD, old
            text = GOOD.replace(old, new, 1)
            file.seek(0)
            file.truncate()
            file.write(text)
            file.flush()
            check(f"{old!r} -> {new!r}", text, file.name, not old)
    for key in vague(schema):
        bad += 1
        print(f"schema: {key}: no type: a row for its kind is missing in conf_schema.c")
    n = len(files) + 1 + len(WRONG)
    print(f"schema: {n - bad} passed, {bad} failed")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
