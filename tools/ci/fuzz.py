#!/usr/bin/env python3
"""What `make fuzz` does: builds the fuzzers (fuzz/, preset `fuzz`) and runs each for a time.

    fuzz.py --time 60                 all of them
    fuzz.py --time 600 events shape   some of them
    fuzz.py --time 60 --keep          adds to fuzz/corpus what reaches more code than the corpus does

Inputs that were found before (build/fuzz/corpus) are the start of the next run. An input that breaks
something is kept in build/fuzz/findings; give it to build/fuzz/fuzz/fuzz_<target> to see it again, and
to fuzz/corpus/<target>, under a name that tells what is wrong, when it is mended.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/fuzz"
CORPUS = ROOT / "fuzz/corpus"
FINDINGS = BUILD / "findings"
JOBS = int(os.environ.get("EDSM_JOBS") or os.cpu_count() or 1)

LIMITS = ["-timeout=20", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1"]
ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
EXECUTIONS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
PROGRESS = re.compile(r"^#\d+\s+\w+\s+cov: (\d+) ft: \d+ corp: (\d+)", re.MULTILINE)


@dataclass
class Summary:
    target: str
    executions: int
    coverage: int
    inputs: int
    findings: list[Path]
    good: bool

    def __str__(self) -> str:
        state = "good" if self.good else f"FAILED: {', '.join(str(f.relative_to(ROOT)) for f in self.findings) or 'see its log'}"
        return (f"{self.target:20} {self.executions:>11,} executions  {self.coverage:>6,} edges "
                f"{self.inputs:>6,} inputs  {state}")


def all_targets() -> list[str]:
    return sorted(folder.name for folder in CORPUS.iterdir())


def build(targets: list[str]) -> None:
    subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, "-j", str(JOBS), "--quiet", *(f"fuzz_{name}" for name in targets)],
                   cwd=ROOT, check=True)


def program(target: str) -> list[str]:
    words = [str(BUILD / f"fuzz/fuzz_{target}"), *LIMITS]
    dictionary = ROOT / f"fuzz/dictionary/{target}.dict"
    return words + ([f"-dict={dictionary}"] if dictionary.exists() else [])


def run(target: str, seconds: int) -> Summary:
    found, log = BUILD / f"corpus/{target}", BUILD / f"log/{target}.log"
    for folder in (found, log.parent, FINDINGS):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(FINDINGS.glob(f"{target}-*"))
    with log.open("wb") as file:
        code = subprocess.run([*program(target), f"-max_total_time={seconds}",
                               f"-artifact_prefix={FINDINGS}/{target}-", found, CORPUS / target],
                              cwd=ROOT, env={**os.environ, **ENV}, stdout=file, stderr=file).returncode
    text = log.read_text(errors="replace")
    executions = EXECUTIONS.findall(text)
    progress = PROGRESS.findall(text)
    coverage, inputs = progress[-1] if progress else (0, 0)
    return Summary(target, int(executions[-1]) if executions else 0, int(coverage), int(inputs),
                   sorted(set(FINDINGS.glob(f"{target}-*")) - before), code == 0)


def keep(target: str) -> None:
    """Adds to the corpus the smallest inputs that reach what it does not reach."""
    subprocess.run([*program(target), "-merge=1", CORPUS / target, BUILD / f"corpus/{target}"], cwd=ROOT,
                   env={**os.environ, **ENV}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(all_targets())} (default: all)")
    parser.add_argument("--time", type=int, default=60, help="seconds for each target (default: 60)")
    parser.add_argument("--keep", action="store_true", help="grow the corpus")
    args = parser.parse_args()
    targets = args.targets or all_targets()
    if unknown := set(targets) - set(all_targets()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")

    build(targets)
    with ThreadPoolExecutor(JOBS) as pool:
        summaries = []
        for summary in pool.map(lambda target: run(target, args.time), targets):
            summaries.append(summary)
            print(f"ran {summary.target}", file=sys.stderr, flush=True)
        if args.keep:
            list(pool.map(keep, targets))
    print(*summaries, sep="\n")
    return 0 if all(summary.good for summary in summaries) else 1


if __name__ == "__main__":
    sys.exit(main())
