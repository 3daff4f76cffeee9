"""Distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], part: float) -> float:
    """The least of the values that is not exceeded by `part` (0 to 1) of them."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)]


@dataclass(frozen=True)
class Spread:
    """What repeated measurements of one thing gave."""

    count: int
    least: float
    median: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(len(values), min(values), percentile(values, 0.5), percentile(values, 0.99), max(values))
