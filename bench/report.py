"""Writes the numbers of the last run into docs/performance.md, between its marks, and the plots beside it:
`python -m bench.report`."""

from __future__ import annotations

import sys
from pathlib import Path

from bed import ROOT
from bench import svg, table
from bench.measures.memory import GOALS
from bench.numbers import Spread
from bench.results import Results, milliseconds

SAVED = ROOT / "build/bench/results.json"
PAGE = ROOT / "docs/performance.md"
_PROGRAMS = ("EDSM", "API server", "etcd", "emulator", "chain", "others")


def plots(results: Results) -> dict[str, str]:
    """By file name; only of what was measured."""
    samples, found = results.samples, {}
    for effect in ("Secret", "workload"):
        curves = {name: milliseconds(samples[f"{effect}, {key}"])
                  for name, key in (("bare chain", "chain"), ("EDSM", "EDSM")) if f"{effect}, {key}" in samples}
        if curves:
            done = "the Secret is visible" if effect == "Secret" else "the workload is patched"
            found[f"latency-{effect.lower()}.svg"] = svg.distribution(
                f"From the event to the moment when {done}", "milliseconds", curves)
    names = {"writer": "raw writer", "burst": "EDSM, 1,000 secrets", "fan-out": "EDSM, 1 secret"}
    crowd = {name: Spread.of(samples[f"{key}, 1,000 Secrets"]).median for key, name in names.items()
             if f"{key}, 1,000 Secrets" in samples}
    if crowd:
        found["thousand.svg"] = svg.bars("1,000 Secrets at once: until all are right", "seconds", crowd)
    sizes = {size: samples[f"memory, {size}"][0] for size in GOALS if f"memory, {size}" in samples}
    if sizes:
        labels = {size: f"{size:,} bindings" if size else "idle" for size in sizes}
        found["memory.svg"] = svg.bars("Resident memory", "MiB", {labels[size]: rss for size, rss in sizes.items()},
                                       {labels[size]: float(GOALS[size]) for size in sizes})
    return found


def use_table(results: Results) -> str:
    """Who used the processors."""
    lines = ["| seconds | wall | " + " | ".join(_PROGRAMS) + " | stolen |", "|---|--:|" + "--:|" * (len(_PROGRAMS) + 1)]
    for name, use in results.use.items():
        cpu = use["cpu"] | {"others": use["others"]}
        numbers = [f"{cpu[program]:.2f}" if program in cpu else "" for program in _PROGRAMS]
        wall, stolen = f"{use['wall']:.2f}", f"{use['stolen']:.2f}"
        lines.append(f"| {name} | {wall} | " + " | ".join(numbers) + f" | {stolen} |")
    return "\n".join(lines)


def spread_table(results: Results) -> str:
    """The raw numbers."""
    lines = ["| | repeats | least | median | p99 | most |", "|---|--:|--:|--:|--:|--:|"]
    for name, values in results.samples.items():
        if name.startswith("memory"):
            continue
        spread = Spread.of(milliseconds(values))
        numbers = (f"{number:,.2f}" for number in (spread.least, spread.median, spread.p99, spread.most))
        lines.append(f"| {name} (ms) | {spread.count} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def parts(results: Results) -> dict[str, str]:
    facts = "\n".join(f"- {name}: {text}" for name, text in {"date": results.date, **results.facts}.items())
    return {"run": facts, "table": table.for_page(results.rows), "raw": spread_table(results),
            "use": use_table(results)}


def filled(page: str, new: dict[str, str]) -> str:
    """The page with new text between each `<!-- NAME -->` and `<!-- end of NAME -->`."""
    for name, text in new.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"the page needs one {begin.strip()} and one {end}")
        before, after = page.index(begin) + len(begin), page.index(end)
        page = page[:before] + text + "\n" + page[after:]
    return page


def write_plots(results: Results, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in plots(results).items():
        (folder / name).write_text(text)


def main() -> int:
    if not SAVED.exists():
        print(f"{SAVED.relative_to(ROOT)} is not there: `make bench` makes it", file=sys.stderr)
        return 1
    results = Results.load(SAVED)
    PAGE.write_text(filled(PAGE.read_text(), parts(results)))
    write_plots(results, PAGE.with_suffix(""))
    print(f"written: {PAGE.relative_to(ROOT)}, and plots in {PAGE.with_suffix('').relative_to(ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
