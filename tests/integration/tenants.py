"""SecretAccessPolicies for tests, and the rights that EDSM needs to look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bed import ROOT
from bed.kube import Object
from world import World

RIGHTS = ROOT / "config/optional/tenancy.yaml"
ROLE = "edsm-tenancy"
ENFORCE = ("--tenancy=enforce", "--rollout-window=200ms")
AUDIT = ("--tenancy=audit", "--rollout-window=200ms")
Permit = Callable[..., Object]


def take_rights(world: World) -> None:
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        if world.kube.find(kind, ROLE):
            world.kube.delete(kind, ROLE)


@pytest.fixture
def rights(world: World) -> Iterator[None]:
    """What tenancy needs beside the usual."""
    world.cluster.install([RIGHTS])
    yield
    take_rights(world)


@pytest.fixture
def permit(world: World) -> Iterator[Permit]:
    """Makes a SecretAccessPolicy, by default for all of this test's secrets and its namespace."""
    made: list[str] = []

    def make(name: str = "all", **spec: Any) -> Object:
        usual = {"namespaces": {"names": [world.ns]}, "provider": "aws", "paths": [f"{world.ns}/*"]}
        policy = world.kube.create({"apiVersion": "secrets.edsm.io/v1alpha1", "kind": "SecretAccessPolicy",
                                    "metadata": {"name": f"{world.ns}-{name}"}, "spec": usual | spec})
        made.append(policy["metadata"]["name"])
        return policy

    yield make
    for name in made:
        if world.kube.find("SecretAccessPolicy", name):
            world.kube.delete("SecretAccessPolicy", name)


def revoke(world: World, name: str = "all") -> None:
    world.kube.delete("SecretAccessPolicy", f"{world.ns}-{name}")
