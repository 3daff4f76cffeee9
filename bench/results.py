"""What a run found: rows with goals, raw samples, and what is to be known about the run."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from bench.gauge import Use


@dataclass(frozen=True)
class Row:
    """One measure: what was found, what it is compared with, and whether that is good enough."""

    group: str
    measure: str
    found: str
    limit: str = ""   # of the baseline
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None  # None: there is no goal


@dataclass
class Results:
    """Grows while the run goes on."""

    date: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d}")
    rows: list[Row] = field(default_factory=list)
    samples: dict[str, list[float]] = field(default_factory=dict)  # in seconds or MiB, by name
    use: dict[str, dict[str, Any]] = field(default_factory=dict)   # of CPU time, by measure
    facts: dict[str, str] = field(default_factory=dict)            # what else is to be said

    _began = time.monotonic()

    def say(self, text: str) -> None:
        """Progress, for somebody who waits."""
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        print(f"{minutes:3d}:{seconds:02d}  {text}", flush=True)

    def compare(self, group: str, measure: str, found: float, limit: float, unit: str, most: float) -> None:
        """A time or size that is to be at most `most` times that of the baseline."""
        ratio = found / limit
        self.rows.append(Row(group, measure, shown(found, unit), shown(limit, unit), round(ratio, 3),
                             f"<= {most:g}x", ratio <= most))

    def at_most(self, group: str, measure: str, found: float, unit: str, most: float) -> None:
        self.rows.append(Row(group, measure, shown(found, unit), goal=f"<= {shown(most, unit)}", met=found <= most))

    def exactly(self, group: str, measure: str, found: int, wanted: int) -> None:
        self.rows.append(Row(group, measure, f"{found:,}", goal=f"{wanted:,}", met=found == wanted))

    def tell(self, group: str, measure: str, found: str, limit: str = "") -> None:
        """Something without a goal."""
        self.rows.append(Row(group, measure, found, limit))

    def used(self, measure: str, use: Use) -> None:
        self.use[measure] = {"wall": use.wall, "cpu": use.cpu, "others": use.others, "stolen": use.stolen}

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def over(self, earlier: Self) -> Self:
        """What an earlier run found, with what this one found in its place: for a run of one part."""
        now = {(row.group, row.measure): row for row in self.rows}
        rows = [now.pop((row.group, row.measure), row) for row in earlier.rows]
        return type(self)(self.date, [*rows, *now.values()], earlier.samples | self.samples, earlier.use | self.use,
                          earlier.facts | self.facts)

    @classmethod
    def load(cls, path: Path) -> Self:
        text = json.loads(path.read_text())
        return cls(**text | {"rows": [Row(**row) for row in text["rows"]]})


def shown(value: float, unit: str) -> str:
    """With three digits that count: 1,234 ms; 12.3 ms; 1.23 ms. Without a unit it is a count."""
    if not unit or value == 0:
        return f"{value:,.0f} {unit}".strip()
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f} {unit}"


def milliseconds(seconds: Sequence[float]) -> list[float]:
    return [1000 * one for one in seconds]
