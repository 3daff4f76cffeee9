"""Fixtures: one cluster and one AWS for a test process, a namespace and a queue for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bed import ROOT
from bed.aws import Ministack
from bed.controlplane import ControlPlane
from world import World

LONGEST_TEST = 120  # seconds


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """A control plane with everything that users install."""
    with ControlPlane() as cluster:
        cluster.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
        yield cluster


@pytest.fixture(scope="session")
def aws() -> Iterator[Ministack]:
    """An AWS where everybody may do everything."""
    with Ministack() as server:
        yield server


@pytest.fixture
def world(request: pytest.FixtureRequest, cluster: ControlPlane, aws: Ministack) -> Iterator[World]:
    with ExitStack() as stack:
        world = World(cluster, aws, short_name(request.node.name), stack)
        stack.callback(world.clean_up)
        # Programs and proxies of the test are above this on the stack: they end first.
        yield world
    world.check_sanitizers()


def short_name(test: str) -> str:
    """A namespace's name that tells the test."""
    words = re.sub(r"[^a-z0-9]+", "-", test.lower().removeprefix("test_"))
    return words[:40].strip("-")


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
