#!/usr/bin/env python3
"""The simulation's part of `make test`: seeds, the small world in full, and the planted bugs, each as
one test case of a JUnit file. Every planted bug has to be found within the same seeds that the real
program passes."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/sim/tests/sim/edsm-sim"
JOBS = int(os.environ.get("EDSM_JOBS") or os.cpu_count() or 1)


def play(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def planted(name: str, seeds: int) -> tuple[str, str]:
    """The bug's name, and what is wrong: nothing if it was found."""
    done = play("--planted", name, "--seeds", str(seeds))
    found = done.returncode == 1
    print(f"   {name}: {done.stdout.splitlines()[0] if found else 'NOT FOUND'}", flush=True)
    return name, "" if found else f"not found within {seeds} seeds\n{done.stdout}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--mishaps", type=int, default=1, help="of the small world")
    parser.add_argument("--junit", type=Path)
    args = parser.parse_args()

    results: list[tuple[str, str]] = []
    for name, arguments in [
        (f"seeds 1 to {args.seeds}", ["--seeds", str(args.seeds)]),
        (f"small world, every plan of {args.mishaps} mishap(s)", ["--exhaustive", str(args.mishaps)]),
    ]:
        done = play(*arguments, "--jobs", str(JOBS))
        print(done.stdout, end="", flush=True)
        results.append((name, "" if done.returncode == 0 else done.stdout))

    print("planted bugs, each found by:", flush=True)
    bugs = play("--list-planted").stdout.split()
    with ThreadPoolExecutor(JOBS) as pool:
        results += [(f"finds {name}", wrong) for name, wrong in pool.map(lambda bug: planted(bug, args.seeds), bugs)]

    if args.junit:
        suite = ElementTree.Element("testsuite", name="simulation", tests=str(len(results)))
        for name, wrong in results:
            case = ElementTree.SubElement(suite, "testcase", classname="simulation", name=name)
            if wrong:
                ElementTree.SubElement(case, "failure").text = wrong
        ElementTree.ElementTree(suite).write(args.junit)
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == "__main__":
    sys.exit(main())
