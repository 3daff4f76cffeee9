#!/usr/bin/env python3
"""All that `make test` does, in order:

    set-up        packages, Python environment, control plane (quick when they are there)
    checks        generated files, format, arrows, coroutine rules
    unit          every room's unit tests, under address + undefined sanitizer; those of the rooms
                  that can share memory with another thread, under thread sanitizer, too
    simulation    thousands of seeds of the whole controller in a simulated world, and planted bugs
    integration   pytest: the test bed itself, then the sanitized program on a real control plane
                  and AWS emulators
    install       pytest: chart, Terraform example and alerts, with the real helm on a real control
                  plane, and the program as they start it

A failing step does not keep the later ones from running, unless they need it. The last line of the
output is the sum: "N passed, N failed[, N skipped]". A check or build that fails counts as one
failed. Logs and JUnit files of all steps are in build/ci.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "build/ci"
JOBS = os.environ.get("EDSM_JOBS") or str(os.cpu_count() or 1)
HEARTBEAT_SECONDS = 60
SHOWN_LINES = 60     # of the log of one failure
SHOWN_FAILURES = 10  # of one step

SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:check_initialization_order=1:strict_init_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}
UNIT = {"asan": "address,undefined", "tsan": "thread"}
# EDSM has one thread; the only others in its process are libcurl's resolvers, and the one that empties the cache
# of freed memory (src/base/free_memory.cpp).
THREADED = ["base", "telemetry", "net"]


@dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)   # names of what failed
    details: list[str] = field(default_factory=list)  # what the failed test cases said

    def add_junit(self, path: Path) -> None:
        """Counts the test cases of a JUnit file."""
        for case in ElementTree.parse(path).iter("testcase"):
            failures = [*case.iter("failure"), *case.iter("error")]
            if failures:
                name, group = case.get("name", ""), case.get("classname", "")
                self.failed += 1
                self.broken.append(name if group in name else f"{group}.{name}")
                said = [text for element in (*failures, *case.iter("system-out")) if (text := element.text)]
                self.details.append(f"-- {self.broken[-1]}\n" + excerpt("\n".join(said).splitlines()))
            elif case.find("skipped") is not None or case.get("status") in ("disabled", "notrun"):
                self.skipped += 1
            else:
                self.passed += 1

    def add(self, other: Tally) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.broken += other.broken  # the details were printed with the step

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


class Session:
    """Runs steps, remembers what came of them."""

    def __init__(self) -> None:
        self.total = Tally()
        self.started = time.monotonic()
        OUT.mkdir(parents=True, exist_ok=True)

    def step(self, name: str, *commands: list[str | Path], junit: Path | None = None,
             env: dict[str, str] | None = None) -> bool:
        """Runs the commands until one fails; output goes to a log, of which a failure shows the end."""
        began = time.monotonic()
        print(f"== {name}", flush=True)
        if junit:
            junit.unlink(missing_ok=True)
        log = OUT / f"{name.translate(str.maketrans(' ,', '--'))}.log"
        with log.open("wb") as file:
            good = all(self._run(name, command, file, env) for command in commands)
        tally = Tally()
        if junit and junit.exists():
            tally.add_junit(junit)
        if not good and not tally.failed:  # a crash, a time-out, a failed build
            tally.failed += 1
            tally.broken.append(name)
        if tally.failed:
            said = tally.details[:SHOWN_FAILURES] or [excerpt(log.read_text(errors="replace").splitlines())]
            print(*said, f"(all of it: {log.relative_to(ROOT)})", sep="\n")
        self.total.add(tally)
        result = str(tally) if junit else ("failed" if tally.failed else "good")
        print(f"   {name}: {result}, {time.monotonic() - began:.0f} s", flush=True)
        return not tally.failed

    def _run(self, name: str, command: list[str | Path], log, env: dict[str, str] | None) -> bool:
        began = time.monotonic()
        done = threading.Event()

        def tell() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                print(f"   {name}: {time.monotonic() - began:.0f} s so far", flush=True)

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  env={**os.environ, **SANITIZER_ENV, **(env or {})}).returncode == 0
        finally:
            done.set()
            teller.join()

    def finish(self) -> int:
        if self.total.broken:
            print("failed:", *self.total.broken, sep="\n  ")
        print(f"log files: {OUT.relative_to(ROOT)}; {(time.monotonic() - self.started) / 60:.1f} minutes")
        print(self.total, flush=True)
        return 1 if self.total.failed or not self.total.passed else 0


def excerpt(lines: list[str]) -> str:
    """The part of a log that says what failed: ninja's first failure, else the end."""
    failures = (number for number, line in enumerate(lines) if line.startswith("FAILED:"))
    start = next(failures, max(0, len(lines) - SHOWN_LINES))
    return "\n".join(lines[start:start + SHOWN_LINES])


def fixed_addresses() -> list[str]:
    """The thread sanitizer needs memory that is laid out the usual way."""
    setarch = shutil.which("setarch")
    usable = setarch and subprocess.run([setarch, "-R", "true"], stderr=subprocess.DEVNULL).returncode == 0
    return [setarch, "-R"] if setarch and usable else []


def venv_python() -> Path:
    script = ROOT / "tools/setup/python.sh"
    return Path(subprocess.run([script, "--print-path"], check=True, text=True,
                               stdout=subprocess.PIPE).stdout.strip()) / "bin/python"


def checks(session: Session) -> None:
    session.step("generated files", ["tools/generate/manifests.py", "--check"],
                 [venv_python(), "tools/generate/reference.py", "--check"])
    session.step("format", ["tools/lint/format.sh", "--check"])
    session.step("arrows", ["tools/lint/arrows.py"])
    session.step("coroutine rules", ["tools/lint/clang.py", "coroutines"])


def build(session: Session, preset: str, *targets: str) -> bool:
    # A build runs each test program once, to list its cases.
    prefix = fixed_addresses() if preset == "tsan" else []
    return session.step(f"build {preset}", ["cmake", "--preset", preset],
                        [*prefix, "ninja", "-C", f"build/{preset}", "-j", JOBS, *targets])


def unit(session: Session, preset: str, *only: str) -> None:
    """The unit tests that were built; of these rooms only, if some are named."""
    prefix = fixed_addresses() if preset == "tsan" else []
    chosen = ["--label-regex", f"^({'|'.join(only)})$"] if only else []
    junit = OUT / f"unit-{preset}.xml"
    session.step(f"unit tests {UNIT.get(preset, preset)}",
                 [*prefix, "ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure",
                  "--no-tests=error", *chosen, "--output-junit", junit], junit=junit)


def simulation(session: Session, preset: str) -> None:
    # The address sanitizer looks at what crashes and cancellations leave behind.
    session.step(f"some seeds {UNIT.get(preset, preset)}",
                 [ROOT / f"build/{preset}/tests/sim/edsm-sim", "--seeds", "150", "--jobs", JOBS])
    junit = OUT / "simulation.xml"
    if build(session, "sim", "edsm-sim"):
        session.step("simulation", ["tools/ci/sim.py", "--junit", junit], junit=junit)


def integration(session: Session, preset: str) -> None:
    program = ROOT / f"build/{preset}/edsm"
    junit = OUT / "integration.xml"
    # Sanitizers keep freed memory, so test_canaries.py searches a program without them.
    plain = os.environ.get("EDSM_RELEASE_BINARY") or str(program)
    if preset in UNIT and not os.environ.get("EDSM_RELEASE_BINARY"):
        build(session, "sim", "edsm")
        plain = str(ROOT / "build/sim/edsm")
    session.step("generated reference",
                 [venv_python(), "tools/generate/reference.py", "--check", "--program", program])
    session.step(f"integration tests {preset}",
                 [venv_python(), "-m", "pytest", "tests/bed_selftest", "tests/bench_selftest", "tests/integration",
                  "-q", "-n", JOBS, "--dist", "loadfile", f"--junitxml={junit}"], junit=junit,
                 env={"PYTHONPATH": "tests:.", "EDSM_BINARY": str(program), "EDSM_RELEASE_BINARY": plain})
    junit = OUT / "install.xml"
    session.step(f"install tests {preset}",
                 [venv_python(), "-m", "pytest", "tests/install", "-q", "-n", JOBS, "--dist", "loadfile",
                  f"--junitxml={junit}"], junit=junit, env={"PYTHONPATH": "tests", "EDSM_BINARY": str(program)})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", default="all", choices=["all", "unit", "integration"])
    parser.add_argument("--preset", default="asan", help="whose program and tests run (default: asan)")
    args = parser.parse_args()

    session = Session()
    if not session.step("set-up", ["tools/setup/all.sh"], ["tools/setup/opstools.sh"]):
        return session.finish()
    if args.part == "all":
        checks(session)
    if build(session, args.preset):
        if args.part in ("all", "unit"):
            unit(session, args.preset)
        if args.part == "all":
            simulation(session, args.preset)
        if args.part in ("all", "integration"):
            integration(session, args.preset)
    if args.part == "all" and build(session, "tsan", *(f"{room}_test" for room in THREADED)):
        unit(session, "tsan", *THREADED)
    return session.finish()


if __name__ == "__main__":
    sys.exit(main())
