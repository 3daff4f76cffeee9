"""`edsm doctor` asks for the rights of --tenancy where the controller has it."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

import manifests
from bed import ROOT
from bed.process import wait_for
from test_doctor import doctor, failures, of_level, one, start
from world import CONTROLLER_NAMESPACE, PATIENCE, World

RIGHTS = ROOT / "config/optional/tenancy.yaml"
LACKING = [f"{verb} {what} in all namespaces" for what in ("secretaccesspolicies.secrets.edsm.io", "namespaces")
           for verb in ("list", "watch")]


def missing(world: World, *arguments: str) -> list[str]:
    """What the controller may not, says doctor."""
    code, findings = doctor(world, *arguments)
    refused = [each for each in findings if each["level"] == "FAIL"]
    assert code == (1 if refused else 0)
    assert all("config/optional/tenancy.yaml" in each["remedy"] for each in refused)
    return [each["what"].partition(" may not ")[2] for each in refused]


@pytest.fixture
def deployment(world: World) -> Iterator[str]:
    """A Deployment as the chart makes it, but for its image."""
    name = f"edsm-{world.ns}"
    installed = manifests.workload("Deployment", name, CONTROLLER_NAMESPACE, None)
    container = installed["spec"]["template"]["spec"]["containers"][0]
    container["args"] = ["run", "--leader-elect", "--tenancy=audit"]
    world.kube.create(installed)
    yield name
    world.kube.delete("Deployment", name, CONTROLLER_NAMESPACE)


def test_by_the_arguments_of_the_deployment(world: World, deployment: str) -> None:
    start(world)
    assert missing(world) == LACKING
    assert missing(world, "--tenancy=off") == []

    world.cluster.install([RIGHTS])
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        world.at_end(functools.partial(world.kube.delete, kind, "edsm-tenancy"))
    wait_for(lambda: missing(world) == [], PATIENCE, "the rights to count")
    one(doctor(world)[1], "ok", "rbac", "has all 30 rights")

    world.kube.patch("Deployment", deployment, CONTROLLER_NAMESPACE, {"spec": {"template": {"spec": {"containers": [
        {"name": "main", "image": "none", "args": ["run", "--leader-elect"]}]}}}})
    one(doctor(world)[1], "ok", "rbac", "has all 26 rights")


def test_by_the_flag_where_there_is_no_deployment(world: World) -> None:
    start(world)
    assert not failures(doctor(world)[1]), "nothing says that it is on"
    for mode in ("audit", "enforce"):
        assert missing(world, f"--tenancy={mode}") == LACKING


def test_whether_it_is_on_may_be_unknown(world: World) -> None:
    start(world)
    nobody = world.cluster.write_kubeconfig(token=world.cluster.service_account_token(world.ns, "nobody"))

    def unknown(*arguments: str) -> list[tuple[str, str]]:
        _, findings = doctor(world, "--kubeconfig", str(nobody), *arguments)
        return [each for each in of_level(findings, "unknown") if each[0] == "rbac"]

    (seen,) = unknown()
    assert "whether the controller runs with --tenancy" in seen[1]
    assert unknown("--tenancy=off") == []
