#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""sizes.py ROOT - no long function, no long file, no deep nesting.

Leans on the formatting, which another check enforces: a function's braces are
alone in the first column, in C and in shell alike, and a statement stands as
many tabs in as it is deep.

Exceptions are in scripts/lint/sizes.except, one a line: the path, or path:name
of a function, then the reason. One that is no longer needed is an error.
"""

import re
import sys
from pathlib import Path

MAX_FILE = 400
MAX_FUNCTION = 60  # between the braces
MAX_PARAMETERS = 5
MAX_NESTING = 3

EXCEPTIONS = "scripts/lint/sizes.except"
C_SUFFIXES = {".c", ".h"}
SCRIPT_SUFFIXES = {".sh", ".bash", ".py", ""}
SUFFIXES = C_SUFFIXES | SCRIPT_SUFFIXES
# Criterion's take a test's settings, not parameters.
TEST_MACROS = {"Test", "ParameterizedTest", "TestSuite", "Theory"}
CONTROL = re.compile(r"^(\t+)(?:if|for|while|do|switch|\w*for_each\w*)\b")
NOISE = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'", re.DOTALL
)


def without_noise(text):
    """Blank comments and literals, keeping the lines."""
    return NOISE.sub(lambda match: "\n" * match[0].count("\n") or "0", text)


def header_above(lines, brace):
    """The text of a function's head, above the line of its opening brace."""
    first = brace
    while first > 0 and not re.match(r"^(?:$|[}#]|.*;$)", lines[first - 1].rstrip()):
        first -= 1
    return " ".join(lines[first:brace])


def split_header(header):
    """Name and parameters: the last parentheses that stand in no others."""
    depth, start, parameters, name = 0, 0, [], "?"
    for at, char in enumerate(header):
        if char == "(":
            depth += 1
            if depth == 1:
                name = (re.findall(r"(\w+)\s*$", header[:at]) or ["?"])[0]
                start, parameters = at + 1, []
        elif char == ")":
            depth -= 1
        if depth == (1 if char == "," else 0) and char in ",)":
            parameters.append(header[start:at].strip())
            start = at + 1
    return name, [p for p in parameters if p not in ("", "void")]


def functions(lines):
    """(name, parameters, first, last): the lines of the braces, from 0."""
    brace = None
    for number, line in enumerate(lines):
        if line.rstrip() == "{":
            brace = number
        elif brace is not None and line.startswith("}"):
            yield *split_header(header_above(lines, brace)), brace, number
            brace = None


def function_errors(path, text):
    lines = without_noise(text).splitlines() if path.suffix in C_SUFFIXES else text.splitlines()
    for name, parameters, first, last in functions(lines):
        place = f"{path}:{first + 1}", f"{path}:{name}"
        if last - first - 1 > MAX_FUNCTION:
            yield *place, f"{name} has {last - first - 1} lines, {MAX_FUNCTION} at most"
        if len(parameters) > MAX_PARAMETERS and name not in TEST_MACROS:
            yield *place, f"{name} has {len(parameters)} parameters, {MAX_PARAMETERS} at most"
        for number in range(first, last):
            match = CONTROL.match(lines[number])
            if match and len(match[1]) > MAX_NESTING:
                where = f"{path}:{number + 1}"
                yield where, place[1], f"{name} nests {len(match[1])} deep, {MAX_NESTING} at most"


def file_errors(root, path):
    text = (root / path).read_text(errors="replace")
    count = text.count("\n")
    if count > MAX_FILE:
        yield f"{path}:{count}", str(path), f"{count} lines, {MAX_FILE} at most"
    yield from function_errors(path, text)


def read_exceptions(root):
    """What is excepted: line number by subject. A reason has three words or more."""
    exceptions, bad = {}, []
    file = root / EXCEPTIONS
    lines = file.read_text().splitlines() if file.exists() else []
    for number, line in enumerate(lines, 1):
        subject, *reason = line.split() or ["#"]
        if subject.startswith("#"):
            continue
        if len(reason) < 3:
            bad.append(f"{EXCEPTIONS}:{number}: {subject} without a reason")
        exceptions[subject] = number
    return exceptions, bad


def check(root):
    exceptions, found = read_exceptions(root)
    unused = dict(exceptions)
    for directory in ("bpf", "include", "userspace", "tests", "scripts"):
        for file in sorted((root / directory).rglob("*")):
            if not file.is_file() or file.suffix not in SUFFIXES:
                continue
            for place, subject, text in file_errors(root, file.relative_to(root)):
                unused.pop(subject, None)
                if subject not in exceptions:
                    found.append(f"{place}: {text}")
    found += [f"{EXCEPTIONS}:{n}: {subject} needs no exception" for subject, n in unused.items()]
    return found


problems = check(Path(sys.argv[1]))
print(*problems, sep="\n", end="\n" if problems else "")
sys.exit(bool(problems))
