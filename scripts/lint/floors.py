#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""floors.py ROOT - a file includes its own floor or a lower one.

The rules are the tables below; everything else in here reads #include lines.
"""

import fnmatch
import re
import sys
from pathlib import Path

# From the top down. Folders in one row stand side by side and do not meet.
USERSPACE = [
    ["app"],
    ["ctl", "export"],
    ["doctor", "share"],
    ["dataplane", "announce"],
    ["tables"],
    ["plan"],
    ["health"],
    ["conf"],
    ["net"],
    ["base"],
]

# From the top down. Files in one row may include each other.
BPF = [
    ["shunt.bpf.c", "capture.bpf.c", "decap.bpf.c", "probe.bpf.c"],
    ["nat.h"],
    ["nat_begin.h", "nat_rewrite.h", "nat_translate.h", "nat_icmp*.h", "nat_quote.h",
     "cookie.h", "splice.h", "segment.h"],
    ["fwd*.h", "too_big.h"],
    ["nat_packet.h", "nat_sum.h"],
    ["slot.h"],
    ["transit.h"],
    ["sched.h"],
    ["conn.h", "pin.h"],
    ["flow.h"],
    ["bits.h"],
    ["service.h"],
    ["load.h", "table.h"],
    ["odd.h"],
    ["guard*.h", "icmp.h", "fragment.h", "mss.h", "reset.h"],
    ["parse.h"],
    ["tags.h", "extension.h"],
    ["event.h", "stats.h", "capture.h", "outer.h"],
    ["maps.h", "pkt.h", "addr.h", "rodata.h", "clock.h"],
]

# The skeleton is a copy of the program: one file of the daemon has it, and one
# of the packet tests.
SKELETON = "shunt.skel.h"
SKELETON_OWNER = "userspace/dataplane/load.c"
SKELETON_TESTS = "tests/bpf/"

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def userspace_row(floor):
    return next(i for i, row in enumerate(USERSPACE) if floor in row)


def bpf_row(name):
    for i, row in enumerate(BPF):
        if any(fnmatch.fnmatch(name, pattern) for pattern in row):
            return i
    return None


FLOORS = {floor for row in USERSPACE for floor in row}


def floor_of(path):
    """The floor whose rules a file lives by, or None if it is of no floor."""
    parts = path.split("/")
    if parts[0] == "userspace" and len(parts) == 3:
        return parts[1]
    if parts[:2] == ["tests", "unit"] and len(parts) == 4:
        return parts[2]
    if parts[:2] == ["tests", "bpf"]:
        return "dataplane"
    return None


def check_userspace(root, path, quote, name):
    floor = floor_of(path)
    if floor not in FLOORS:
        return f"userspace has no floor '{floor}': see scripts/lint/floors.py"
    folder, _, rest = name.rpartition("/")
    if path.startswith("tests/") and folder.endswith("../lib"):
        return None
    if folder == "shunt" or name.endswith(".skel.h"):
        return None
    if not folder:
        there = quote == "<" or (root / path).with_name(name).exists()
        return None if there else f"no {name} in this folder; say which floor it is of"
    if folder not in FLOORS or not (root / "userspace" / folder / rest).exists():
        return None if quote == "<" else f"{name} is of no floor"
    if folder == floor or userspace_row(folder) > userspace_row(floor):
        return None
    return f"{floor} is not above {folder}: {name} is out of reach"


def check_bpf(root, path, quote, name):
    row = bpf_row(path.removeprefix("bpf/"))
    if row is None:
        return "on no floor of bpf: give it one in scripts/lint/floors.py"
    if quote == "<" or name.startswith("shunt/"):
        return None
    target = bpf_row(name)
    if target is None:
        return f"{name} is on no floor of bpf"
    return None if target >= row else f"{name} is on a higher floor"


def check_border(root, path, quote, name):
    if name.startswith("shunt/"):
        return None
    if quote == "<" and not (root / "userspace" / name).exists():
        return None
    return f"the border includes nothing of ours, {name} neither"


def check_include(root, path, quote, name):
    if path.startswith("include/shunt/"):
        return check_border(root, path, quote, name)
    if path.startswith("bpf/"):
        return check_bpf(root, path, quote, name)
    if floor_of(path):
        return check_userspace(root, path, quote, name)
    return None


def skeleton_errors(users):
    tests = [place for place in users if place.startswith(SKELETON_TESTS)]
    for place in users:
        if place.split(":")[0] == SKELETON_OWNER or place in tests[:1]:
            continue
        yield f"{place}: only {SKELETON_OWNER} and one file of {SKELETON_TESTS} include {SKELETON}"


def errors(root):
    users = []
    files = [f for d in ("include", "bpf", "userspace", "tests") for f in (root / d).rglob("*.[ch]")]
    for file in sorted(files):
        path = str(file.relative_to(root))
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            if match[2] == SKELETON:
                users.append(f"{path}:{number}")
            error = check_include(root, path, *match.groups())
            if error:
                yield f"{path}:{number}: {error}"
    yield from skeleton_errors(users)


found = list(errors(Path(sys.argv[1])))
print(*found, sep="\n", end="\n" if found else "")
sys.exit(bool(found))
