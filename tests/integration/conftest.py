"""Fixtures: one cluster and one AWS for a test process, a namespace and a queue for each test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from azure_world import azure, azure_calls, azure_cloud  # noqa: F401
from bed import ROOT
from bed.aws import Ministack, Moto
from bed.controlplane import ControlPlane
from hooks import pytest_collection_modifyitems, pytest_runtest_makereport  # noqa: F401
from tenants import permit, rights  # noqa: F401
from world import World


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
def plain_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that search the program's memory: sanitizers keep what was freed."""
    monkeypatch.setenv("EDSM_BINARY", os.environ.get("EDSM_RELEASE_BINARY") or str(ROOT / "build/dev/edsm"))


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
