"""What pytest does for every test with a World: a limit in time, and the log of EDSM beside a failure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

LONGEST_TEST = 120  # seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST_TEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    report = yield
    world = getattr(item, "funcargs", {}).get("world")
    if report.failed and world is not None:
        report.sections.append(("log of EDSM", world.log_tails()))
    return report
