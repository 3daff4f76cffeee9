#!/usr/bin/env python3
"""Checks the order of the house (docs/architecture.md) in the text of the sources:

- a room includes only rooms that it links in CMakeLists.txt, which is the one table of the arrows;
- only src/cli names a cloud; a cloud's folder is closed to all others, but for the bridges named here;
- clocks, random numbers, threads and the environment are used in the files named here only;
- no file outgrows 400 lines.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 400

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
ROOM = re.compile(r"^edsm_room\(\s*(\w+)\s+LINKS\s+([^)]*)\)", re.MULTILINE)
TEST_FILE = re.compile(r"(\w+_)?test(_support)?\.[ch]pp$")  # x_test.cpp, and test_support.hpp beside them
CLOUDS = ("aws", "gcp", "azure")
# Google's federation from AWS is a signature of AWS's (docs/decisions/federation-from-aws.md): file -> other cloud.
BRIDGES = {"src/cloud/gcp/auth/aws_subject.cpp": "aws"}
CLOUD_NAME = re.compile(r"(?<![a-z])(aws|gcp|azure)", re.IGNORECASE)

# Hands the environment on to the programs that it starts.
PROGRAM_RUNNER = "src/base/process_runner.cpp"

# Their timers are Asio's, which go by the time of the process, whatever clock a test has.
LIBCURLS_TIMERS = ("src/net/curl_multi.", "src/net/curl_crowd.")
# What the C library keeps for a thread is given back by the end of another one.
THREADS_CACHE = "src/base/free_memory."

# What would make a test depend on the machine, and who may: pattern, reason, files (or folders).
RESERVED: list[tuple[re.Pattern[str], str, tuple[str, ...]]] = [
    (re.compile(r"\b\w*_clock::now\b|\bclock_gettime\(|\bgettimeofday\(|(?<![\w.>])time\((?:nullptr|NULL|0)\)"),
     "take a base::Clock or the time as an argument", ("src/base/system_clock.", *LIBCURLS_TIMERS)),
    (re.compile(r"\bstd::rand\b|(?<![\w:.>])rand\(|\brandom_device\b"),
     "take the random number as an argument", ("src/base/system_clock.",)),
    (re.compile(r"\bmt19937"),
     "take the random number as an argument; engines with a fixed seed are for tests", ("src/base/system_clock.",)),
    (re.compile(r"\bstd::(j?thread|(?:recursive_|shared_|timed_)?mutex|async|condition_variable)\b"),
     "the program has one thread", (THREADS_CACHE,)),
    (re.compile(r"::getenv\b|\bsecure_getenv\b|\benviron\b"),  # a function argument may be called getenv
     "only src/cli reads the environment", ("src/cli/", PROGRAM_RUNNER)),
    (re.compile(r"\bthis_thread::sleep|(?<![\w.>:])u?sleep\("),
     "wait on a base::Clock", ()),
]
# Tests of socket code run a peer in a thread of its own; randomised tests have an engine with a fixed seed.
IN_TESTS_TOO = ("the program has one thread",
                "take the random number as an argument; engines with a fixed seed are for tests")


def arrows() -> dict[str, set[str]]:
    """Room -> the rooms that it may include, itself among them."""
    table = {}
    for room, links in ROOM.findall((ROOT / "CMakeLists.txt").read_text()):
        table[room] = {room} | {link.removeprefix("edsm_") for link in links.split() if link.startswith("edsm_")}
    if not table:
        raise SystemExit("arrows: no edsm_room() found in CMakeLists.txt")
    return table


def code_of(line: str) -> str:
    """The line without strings and its comment: prose may say anything."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', line).split("//")[0]


def check_length(path: Path) -> Iterator[str]:
    count = len(path.read_text().splitlines())
    if count > MAX_LINES:
        yield f"{path.relative_to(ROOT)}:1: {count} lines, at most {MAX_LINES}: it does more than one job"


def check(path: Path, table: dict[str, set[str]]) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    parts = name.split("/")
    room, is_test = parts[1], TEST_FILE.match(parts[-1]) is not None
    cloud = parts[2] if room == "cloud" and parts[2] in CLOUDS else None
    lines = path.read_text().splitlines()

    yield from check_length(path)
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}:"
        if include := INCLUDE.match(line):
            target = include[1].split("/")
            if target[0] in table:
                if target[0] not in table[room]:
                    yield f"{where} src/{room} may not include {include[1]}: CMakeLists.txt gives it no such link"
                may_name = room == "cli" or target[1] in (cloud, BRIDGES.get(name))
                if target[0] == "cloud" and target[1] in CLOUDS and not may_name:
                    yield f"{where} {include[1]} may be named by src/cli only"
            elif not (is_test and target[0] == "support"):
                yield f'{where} "{include[1]}" is not of the form "room/file.hpp"'
        elif room == "sync" and not is_test and (found := CLOUD_NAME.search(line)):
            yield f"{where} src/sync works for every cloud, but names {found[0]}"
        code = code_of(line)
        for pattern, remedy, allowed in RESERVED:
            if (found := pattern.search(code)) and not name.startswith(allowed or ("-",)):
                if not (is_test and remedy in IN_TESTS_TOO):
                    yield f"{where} {found[0]}: {remedy}"


def sources(folder: str) -> list[Path]:
    return sorted(file for ending in ("*.hpp", "*.cpp") for file in (ROOT / folder).rglob(ending))


def main() -> int:
    table = arrows()
    problems = []
    if "cloud" in table["kube"] or "kube" in table["cloud"]:
        problems.append("CMakeLists.txt: kube and cloud must not link each other")
    files = sources("src")
    for path in sources("fuzz"):
        problems += check_length(path)
    for path in files:
        if path.relative_to(ROOT).parts[1] not in table:
            problems.append(f"{path.relative_to(ROOT)}:1: its folder is no edsm_room() of CMakeLists.txt")
        else:
            problems += check(path, table)
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"arrows: {len(files)} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
