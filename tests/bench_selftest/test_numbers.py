"""The arithmetic of the measurements."""

from __future__ import annotations

import pytest

from bench.numbers import Spread, percentile
from bench.results import Results, shown


@pytest.mark.parametrize(("part", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.505, 51), (0.99, 99), (1, 100)])
def test_percentile_is_one_of_the_values(part: float, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), part) == expected


def test_percentile_of_one_value_is_that_value() -> None:
    assert {percentile([7.0], part) for part in (0, 0.5, 0.99, 1)} == {7.0}


def test_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError):
        percentile([], 0.5)


def test_spread() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(3, 1.0, 2.0, 3.0, 3.0)


@pytest.mark.parametrize(("value", "text"), [(1234.4, "1,234 ms"), (123.4, "123 ms"), (12.345, "12.3 ms"),
                                             (1.234, "1.23 ms"), (0.0123, "0.012 ms"), (0, "0 ms")])
def test_shown_has_three_digits(value: float, text: str) -> None:
    assert shown(value, "ms") == text


def test_shown_counts_are_whole() -> None:
    assert shown(1050, "") == "1,050"


def test_goals_are_judged() -> None:
    results = Results()
    results.compare("g", "as slow as allowed", 13, 10, "ms", 1.3)
    results.compare("g", "slower", 14, 10, "ms", 1.3)
    results.at_most("g", "small", 9, "MiB", 10)
    results.exactly("g", "one more", 2, 1)
    results.tell("g", "no goal", "x")
    assert [row.met for row in results.rows] == [True, False, True, False, None]
    assert results.rows[0].ratio == 1.3
