"""Fixtures: a cluster that is like a user's (with the Prometheus operator's definitions), and helm for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bed import ROOT
from bed.aws import REGION, Ministack, Moto
from bed.controlplane import ControlPlane

sys.path.append(str(ROOT / "tests/integration"))  # world, manifests, iam: what tests of the program use

from commands import CRDS, EXAMPLE, Helm, Terraform, tools  # noqa: E402
from hooks import pytest_collection_modifyitems, pytest_runtest_makereport  # noqa: E402, F401
from world import World  # noqa: E402


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    """A control plane without anything of EDSM."""
    with ControlPlane() as cluster:
        cluster.install([tools().parent / "crds"])
        yield cluster


@pytest.fixture(scope="session")
def templates() -> Helm:
    """helm that renders only."""
    return Helm()


@pytest.fixture
def helm(cluster: ControlPlane) -> Iterator[Helm]:
    """helm for the cluster; afterwards the cluster has nothing of EDSM any more."""
    helm = Helm(cluster)
    yield helm
    helm.uninstall_all()
    for name in CRDS:
        if cluster.kube.find("CustomResourceDefinition", name):
            cluster.kube.delete("CustomResourceDefinition", name)
            cluster.kube.wait_gone("CustomResourceDefinition", name)


@pytest.fixture
def world(request: pytest.FixtureRequest, cluster: ControlPlane, helm: Helm) -> Iterator[World]:
    """A namespace and a queue, in `aws` or, by (indirect) parameter, in `guarded` or `moto`."""
    server = request.getfixturevalue(getattr(request, "param", "aws"))
    with ExitStack() as stack:
        world = World(cluster, server, "install", stack)
        stack.callback(world.clean_up)
        # A release that loses its namespace would leave behind what it has outside.
        stack.callback(helm.uninstall_all)
        yield world
    world.check_sanitizers()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What a test enters into it is left at the test's end."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def applied() -> Terraform:
    """The Terraform example, applied with nothing set but what everybody sets."""
    terraform = Terraform(EXAMPLE)
    terraform.apply(cluster_name="blue", region=REGION)
    return terraform


@pytest.fixture(scope="session")
def aws() -> Iterator[Ministack]:
    """An AWS where everybody may do everything."""
    with Ministack() as server:
        yield server


@pytest.fixture
def guarded() -> Iterator[Ministack]:
    """One that verifies signatures and policies."""
    with Ministack(auth=True) as server:
        yield server


@pytest.fixture
def moto() -> Iterator[Moto]:
    """moto; Moto.enforce_auth makes it verify them, too."""
    with Moto() as server:
        yield server
