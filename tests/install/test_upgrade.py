"""What docs/upgrade.md promises: the CRD by kubectl, and a Secret that changes hands."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
import yaml

import manifests
from bed import ROOT
from bed.controlplane import ControlPlane
from bed.documents import sections
from bed.kube import Object
from bed.process import wait_for
from commands import CRD, CommandFailed, Helm, kubectl
from restarts import Restarts
from world import PATIENCE, World, condition

PAGE = sections("docs/upgrade.md")
OTHERS = "From External Secrets and other operators that poll"


def served(cluster: ControlPlane, name: str) -> None:
    cluster.kube.wait("CustomResourceDefinition", name, None,
                      lambda seen: condition(seen, "Established").get("status") == "True", "established")


# -- between versions ---------------------------------------------------------------


def older_definition() -> Object:
    """The CRD without `spec.data`, as if that were new."""
    definition = yaml.safe_load((ROOT / f"config/crd/bases/secrets.edsm.io_{CRD.split('.')[0]}.yaml").read_text())
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    del spec["properties"]["data"], spec["x-kubernetes-validations"]
    return definition


def test_kubectl_brings_the_new_crd_and_nothing_is_lost(cluster: ControlPlane, helm: Helm) -> None:
    line = "kubectl apply --server-side -f config/crd/bases"
    assert f"`{line}`" in PAGE["Between versions of EDSM"]
    kubectl(cluster, "apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(older_definition()))
    served(cluster, CRD)
    old = manifests.binding("db", "default", "prod/db", "db")
    new = manifests.binding("new", "default", "prod/db", "new", data=[{"secretKey": "a"}])
    apply = ("apply", "--server-side", "--validate=strict", "-f", "-")
    cluster.kube.wait("CustomResourceDefinition", CRD, None, lambda _: cluster.kube.list("EventDrivenSecret") == [], "served")
    kubectl(cluster, *apply, stdin=yaml.safe_dump(old))
    uid = cluster.kube.get("EventDrivenSecret", "db", "default")["metadata"]["uid"]
    with pytest.raises(CommandFailed, match="spec.data"):
        kubectl(cluster, *apply, stdin=yaml.safe_dump(new))

    kubectl(cluster, *line.split()[1:-1], ROOT / "config/crd/bases")

    cluster.kube.wait("CustomResourceDefinition", CRD, None, lambda _: "condition met" in kubectl(
        cluster, "wait", "--for=condition=Established", f"crd/{CRD}"), "the new one")
    kept = cluster.kube.get("EventDrivenSecret", "db", "default")
    assert kept["metadata"]["uid"] == uid and kept["spec"].items() >= old["spec"].items()

    def taken(_: Object) -> bool:
        try:
            kubectl(cluster, *apply, stdin=yaml.safe_dump(new))
        except CommandFailed:
            return False
        return True
    cluster.kube.wait("CustomResourceDefinition", CRD, None, taken, "to take the new field")


# -- from other operators -------------------------------------------------------------


def external_secrets(cluster: ControlPlane) -> None:
    """A definition in the place of theirs: what counts here is who owns the Secret."""
    name = "externalsecrets.external-secrets.io"
    cluster.kube.apply({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {"group": "external-secrets.io", "scope": "Namespaced", "names": {
            "kind": "ExternalSecret", "listKind": "ExternalSecretList", "plural": "externalsecrets",
            "singular": "externalsecret"}, "versions": [{
                "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}})
    served(cluster, name)


def owned_by_another(world: World) -> None:
    """An ExternalSecret, and the Secret that its operator has made of it."""
    external_secrets(world.cluster)
    path = f"/apis/external-secrets.io/v1/namespaces/{world.ns}/externalsecrets"
    owner = wait_for(lambda: world.kube.request("POST", path, {
        "apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "database"}}),
        PATIENCE, "the kind to be served")
    secret = manifests.secret("database", world.ns, {"password": b"as before"})
    secret["metadata"]["ownerReferences"] = [{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": "database",
        "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}]
    world.kube.create(secret, manager="external-secrets")


def test_a_secret_changes_hands_without_a_restart(world: World, stack: ExitStack) -> None:
    world.cluster.install([ROOT / "config/crd/bases", ROOT / "config/rbac"])
    steps = PAGE[OTHERS]
    owned_by_another(world)
    world.put("database", {"password": "as before"})
    uid = world.kube.get("Secret", "database", world.ns)["metadata"]["uid"]
    world.wait_next_second()  # as in life, the pods are younger than the Secret
    restarts = Restarts(world.kube, "Deployment", world.ns, stack)
    world.kube.create(manifests.workload("Deployment", "api", world.ns, ["database"]))
    world.bind("database")
    world.start()
    assert "ExternalSecret" in world.wait_reason("database", "TargetNotOurs")["message"]

    for line in ("kubectl -n shop delete externalsecret database --cascade=orphan",
                 "kubectl -n shop label secret database eventdrivensecretsmanaged=true",
                 "kubectl -n shop wait --for=condition=Ready eds/database --timeout=1m"):
        assert line in steps
        kubectl(world.cluster, *line.replace("shop", world.ns).split()[1:])
        if "--cascade" in line:
            world.kube.wait("Secret", "database", world.ns, lambda seen: (
                not seen["metadata"].get("ownerReferences")), "let go", PATIENCE)

    secret = world.wait_data("database", {"password": b"as before"})
    assert secret["metadata"]["uid"] == uid
    assert [owner["kind"] for owner in secret["metadata"]["ownerReferences"]] == ["EventDrivenSecret"]
    world.kube.wait("Deployment", "api", world.ns, lambda seen: (
        manifests.ROLLED_OUT in seen["metadata"]["annotations"]), "recorded", PATIENCE)
    before = restarts.of("api")
    world.put("database", {"password": "new"})
    world.wait_data("database", {"password": b"new"})
    world.wait_drained()
    assert (before, restarts.of("api")) == (0, 1)


def test_flags_and_names_that_stay_are_there() -> None:
    told = PAGE["From the earlier controller in Go"]
    configuration = (ROOT / "docs/reference/configuration.md").read_text()
    flags = set(re.findall(r"`(--[a-z0-9-]+)`", told))
    assert len(flags) >= 9 and all(f"{flag}`" in configuration for flag in flags)
