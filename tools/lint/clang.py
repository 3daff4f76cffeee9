#!/usr/bin/env python3
"""Runs a clang tool over the sources, and again only over what has changed.

    clang.py coroutines    clang-query with coroutines.query, over every file with a coroutine
    clang.py tidy          clang-tidy with .clang-tidy, over every file

A clean result is remembered outside the tree under a hash of everything that it depends on: the
file, the headers of ours below it, the flags, the rules and the tool.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINT = ROOT / "tools/lint"
BUILD = ROOT / "build/dev"
CASES = LINT / "coroutine_cases.cpp"
CACHE = Path(os.environ.get("EDSM_CACHE") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edsm") / "lint"
KEEP_SECONDS = 30 * 24 * 3600
JOBS = int(os.environ.get("EDSM_JOBS") or os.cpu_count() or 1)

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
MATCHES = re.compile(r"^(\d+) match(?:es)?\.$", re.MULTILINE)


@cache
def text_of(path: Path) -> str:
    return path.read_text(errors="replace")


@cache
def headers_of(path: Path) -> frozenset[Path]:
    """The headers of ours that a file includes, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        here = waiting.pop()
        for name in INCLUDE.findall(text_of(here)):
            for folder in (ROOT / "src", ROOT / "tests", here.parent):
                header = (folder / name).resolve()
                if header.is_file():
                    if header not in found:
                        found.add(header)
                        waiting.append(header)
                    break
    return frozenset(found)


def run(command: list[str | Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Coroutines:
    name = "coroutines"
    tool = "clang-query-19"
    rules = LINT / "coroutines.query"

    def concerns(self, source: Path) -> bool:
        return any("co_await" in text_of(file) for file in (source, *headers_of(source)))

    def problems(self, source: Path) -> str:
        """What it says against the file; empty if nothing."""
        result = run([self.tool, "-p", BUILD, "-f", self.rules, source])
        counts = [int(count) for count in MATCHES.findall(result.stdout)]
        rules = sum(line.startswith("m ") for line in text_of(self.rules).splitlines())
        if result.returncode != 0 or len(counts) != rules or re.search(r"error:", result.stdout):
            return f"{source}: clang-query failed\n{result.stdout}"
        return result.stdout if any(counts) else ""

    def self_test(self) -> str:
        """The rules must find what coroutine_cases.cpp calls bad, and nothing else."""
        command = ["clang++-19", "-std=c++23", "-DBOOST_ASIO_NO_DEPRECATED"]
        result = run([self.tool, "-f", self.rules, CASES, "--", *command[1:]])
        found = {int(line) for line in re.findall(rf"{CASES.name}:(\d+):\d+: note: .* binds here", result.stdout)}
        wanted = {number for number, line in enumerate(text_of(CASES).splitlines(), 1) if line.endswith("// BAD")}
        if found == wanted:
            return ""
        return (f"{CASES}: coroutines.query misses lines {sorted(wanted - found)} and flags sound lines "
                f"{sorted(found - wanted)}\n{result.stdout}")


class Tidy:
    name = "tidy"
    tool = "clang-tidy-19"
    rules = ROOT / ".clang-tidy"

    def concerns(self, source: Path) -> bool:
        return True

    def problems(self, source: Path) -> str:
        result = run([self.tool, "-p", BUILD, "--quiet", "--warnings-as-errors=*", source])
        return result.stdout if result.returncode != 0 else ""

    def self_test(self) -> str:
        result = run([self.tool, "--verify-config"])
        return result.stdout if result.returncode != 0 else ""


def key_of(check: Coroutines | Tidy, source: Path, flags: str, tool_version: str) -> str:
    """A name for this check of this state of the file."""
    digest = hashlib.sha256()
    for part in (check.name, tool_version, flags, text_of(Path(__file__)), text_of(check.rules),
                 *(f"{file.relative_to(ROOT)}\n{text_of(file)}" for file in sorted({source} | headers_of(source)))):
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.hexdigest()


def compile_commands() -> dict[Path, str]:
    """Every source with its flags; from a fresh configuration, so that new files are in it."""
    result = run(["cmake", "--preset", "dev"])
    if result.returncode != 0:
        raise SystemExit(result.stdout)
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    found = {}
    for entry in commands:
        source = Path(entry["directory"], entry["file"]).resolve()
        flags = entry.get("command") or shlex.join(entry["arguments"])
        if source.is_file():
            found[source] = flags.replace(str(ROOT), ".")
    return found


def forget_old() -> None:
    for entry in CACHE.iterdir():
        if time.time() - entry.stat().st_mtime > KEEP_SECONDS:
            entry.unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=[Coroutines.name, Tidy.name])
    parser.add_argument("files", nargs="*", type=Path, help="only these (default: all)")
    args = parser.parse_args()
    check = Coroutines() if args.check == Coroutines.name else Tidy()

    CACHE.mkdir(parents=True, exist_ok=True)
    forget_old()
    version = run([check.tool, "--version"]).stdout
    only = {path.resolve() for path in args.files}
    todo = {}
    sources = [(source, flags) for source, flags in sorted(compile_commands().items())
               if (not only or source in only) and check.concerns(source)]
    for source, flags in sources:
        stamp = CACHE / key_of(check, source, flags, version)
        if stamp.exists():
            stamp.touch()
        else:
            todo[source] = stamp

    def examine(source: Path) -> str:
        said = check.problems(source)
        if not said:
            todo[source].touch()
        return said

    own = CACHE / hashlib.sha256("".join(map(text_of, (CASES, check.rules, Path(__file__)))).encode()
                                 + f"{check.name} {version}".encode()).hexdigest()
    failed = 0
    if not own.exists():
        if said := check.self_test():
            print(said)
            failed += 1
        else:
            own.touch()
    with ThreadPoolExecutor(JOBS) as pool:
        for said in pool.map(examine, todo):
            if said:
                failed += 1
                print(said.rstrip(), flush=True)
    print(f"{check.name}: {len(sources)} files, {len(sources) - len(todo)} known to be clean, {failed} with problems")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
