"""Fixtures: one cluster and one AWS for a test process, a namespace and a queue for each test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from bed import ROOT
from bed.aws import Ministack, Moto
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


@pytest.fixture(scope="module")
def guarded() -> Iterator[Ministack]:
    """One that verifies signatures and policies, and whose clock can be moved."""
    with Ministack(auth=True, clock=True) as server:
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    """moto, which does so too; its `user` may do everything."""
    with Moto() as server:
        server.user = server.create_user_with_policy("admin", [{"Effect": "Allow", "Action": "*", "Resource": "*"}])
        server.enforce_auth()
        yield server


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What a test enters into it is left at the test's end, before its world."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def world(request: pytest.FixtureRequest, cluster: ControlPlane) -> Iterator[World]:
    """By (indirect) parameter, the world has `guarded` or `moto` in the place of `aws`."""
    server = request.getfixturevalue(getattr(request, "param", "aws"))
    with ExitStack() as stack:
        world = World(cluster, server, short_name(request.node.name), stack)
        stack.callback(world.clean_up)
        if getattr(request, "param", "") == "guarded":
            stack.callback(server.set_clock, 0)
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
