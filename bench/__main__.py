"""python -m bench [--full] [--only PART]: measures, prints the table, saves build/bench."""

from __future__ import annotations

import argparse
import signal
import sys
from types import FrameType

from bed import ROOT
from bed.edsm import default_binary
from bench import gauge, load, noise, objects, report, table
from bench.measures import crowd, estate, latency, memory, size
from bench.results import Results
from bench.stage import Stage

THOUSAND, TEN_THOUSAND, HUNDRED_THOUSAND = 1000, 10_000, 100_000


def few(program: str, results: Results) -> None:
    """Up to a thousand bindings."""
    with Stage(program) as stage:
        results.say("a control plane and an emulator of AWS")
        noise.emulator(stage, results)
        memory.measure(stage, 0, results)
        names = objects.names(THOUSAND)
        stage.make_secrets(names)
        stage.bind(names[:latency.BINDINGS])
        with stage.edsm() as edsm:
            latency.measure(stage, edsm, results)
        results.say(f"{THOUSAND:,} bindings")
        stage.bind(names[latency.BINDINGS:])
        with stage.edsm() as edsm:
            stage.wait_at_rest(edsm, THOUSAND)
        memory.measure(stage, THOUSAND, results)
        memory.strangers(stage, THOUSAND, results)


def many_at_once(program: str, results: Results) -> None:
    with Stage(program) as stage:
        results.say("a thousand at once")
        names = objects.names(THOUSAND)
        stage.make_secrets(names)
        stage.bind(names)
        crowd.prepare(stage)
        with stage.edsm() as edsm:
            stage.wait_at_rest(edsm, 2 * THOUSAND)
        with stage.edsm() as edsm:
            stage.wait_at_rest(edsm, 2 * THOUSAND)
            crowd.measure(stage, edsm, results)


def large(program: str, results: Results, bindings: int) -> None:
    with Stage(program) as stage:
        estate.prepare(stage, bindings, results)
        estate.measure(stage, bindings, results)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measures EDSM beside the limits of this machine.")
    parser.add_argument("--full", action="store_true", help=f"also with {HUNDRED_THOUSAND:,} bindings")
    parser.add_argument("--only", choices=["few", "many", "large", "full"], help="one part of the run")
    args = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if not default_binary().is_file():
        print(f"{default_binary()} is not there: `make build` makes it", file=sys.stderr)
        return 1
    results = Results()
    results.facts["machine"] = gauge.machine()
    results.facts["load before the run (1, 5, 15 minutes)"] = noise.load()
    program = load.build()
    size.measure(default_binary(), results)
    try:
        _run(program, results, args.only, args.full)
    except KeyboardInterrupt:
        print("Interrupted: everything is stopped and removed.")
        return 130
    finally:
        results.facts["load after the run"] = noise.load()
        _save(results, args.only)
    print()
    print(table.for_terminal(results.rows))
    print(f"\nNumbers and plots: {report.SAVED.parent.relative_to(ROOT)}; `make performance` puts them into docs/")
    missed = [row for row in results.rows if row.met is False]
    print(f"{sum(row.met is True for row in results.rows)} goals met, {len(missed)} missed")
    return 0


def _save(results: Results, only: str | None) -> None:
    """A part of the run takes the place of that part in the last one."""
    saved = results.over(Results.load(report.SAVED)) if only and report.SAVED.exists() else results
    saved.save(report.SAVED)
    report.write_plots(saved, report.SAVED.parent)


def _run(program: str, results: Results, only: str | None, full: bool) -> None:
    if only in (None, "few"):
        few(program, results)
    if only in (None, "many"):
        many_at_once(program, results)
    if only in (None, "large"):
        large(program, results, TEN_THOUSAND)
    if only == "full" or (only is None and full):
        large(program, results, HUNDRED_THOUSAND)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # cleaning up takes a moment, and must not be stopped
    raise KeyboardInterrupt(signal.Signals(number).name)


if __name__ == "__main__":
    sys.exit(main())
