"""The chart's Guard in a cluster: what people see of it, for whom it is, and that it never gets in the way."""

from __future__ import annotations

import re
import shlex
from contextlib import ExitStack

import pytest
import yaml

import manifests
from bed import ROOT
from bed.controlplane import ControlPlane
from bed.kube import Kube, KubeError
from bed.process import wait_for
from bed.rights import grant
from commands import CRD, FULL_NAME, CommandFailed, Helm, kubectl
from installation import install, start
from world import PATIENCE, World

ALICE = "alice"


def marked(world: World, name: str, namespace: str) -> None:
    """A Secret as EDSM leaves it."""
    secret = manifests.secret(name, namespace, {"password": b"right"}, labels={manifests.LABEL: "true"})
    secret["metadata"]["annotations"] = {"secrets.edsm.io/binding": f"{namespace}/{name}"}
    world.kube.create(secret)


def edit(kube: Kube, name: str, namespace: str, value: str = "mine") -> object:
    return kube.patch("Secret", name, namespace, {"stringData": {"password": value}})


def wait_refused(kube: Kube, name: str, namespace: str) -> None:
    """A policy is in force about a second after it was made."""
    def refused() -> bool:
        try:
            kube.request("PATCH", f"/api/v1/namespaces/{namespace}/secrets/{name}", {"stringData": {"password": "other"}},
                         params={"dryRun": "All"}, content_type="application/merge-patch+json")
        except KubeError as error:
            return "ValidatingAdmissionPolicy" in str(error)
        return False
    wait_for(refused, PATIENCE, "the Guard to be in force")


# -- what the page shows ------------------------------------------------------------


def transcripts() -> list[tuple[str, str]]:
    """The commands of docs/guard.md, each with its prompt, and what they print."""
    page = (ROOT / "docs/guard.md").read_text()
    return re.findall(r"^    ([$#] kubectl .*)\n((?:    .*\n)+)", page, re.MULTILINE)


def test_the_page_shows_what_happens(world: World, helm: Helm, stack: ExitStack) -> None:
    own = world.new_namespace()
    start(world, install(world, helm, own), stack)
    world.put("database", {"password": "right"})
    world.bind("database")
    world.wait_synced("database")
    grant(world.kube, ALICE, "edit", world.ns)
    wait_refused(world.kube.as_user(ALICE), "database", world.ns)

    def here(text: str) -> str:
        return re.sub(r"\bshop\b", world.ns, text).replace("kube-system", own)

    shown = transcripts()
    assert len(shown) == 7
    for command, output in shown:
        prompt, _, *arguments = shlex.split(here(command))
        user = [f"--as={ALICE}"] if prompt == "$" else []
        try:
            said = kubectl(world.cluster, *user, *arguments)
        except CommandFailed as error:
            said = str(error).partition("exit code 1\n")[2]
        assert said.split() == here(output).split()
        world.wait_data("database", {"password": b"right"})


# How people write with kubectl: arguments, what is read, and the editor. NAME is the Secret.
OTHER_WAYS: dict[str, tuple[str, dict[str, object] | None, str]] = {
    "edit": ("edit secret NAME", None, "sed -i s/cmlnaHQ=/d3Jvbmc=/"),
    "apply": ("apply -f -", {"stringData": {"password": "mine"}}, ""),
    "apply server-side": ("apply --server-side --force-conflicts -f -", {"stringData": {"password": "mine"}}, ""),
    "replace": ("replace -f -", {"stringData": {"password": "mine"}}, ""),
    "replace by force": ("replace --force -f -", {"stringData": {"password": "mine"}}, ""),
    "delete by selector": (f"delete secret -l {manifests.LABEL}=true", None, ""),
    "delete all": ("delete secret --all", None, ""),
}


@pytest.mark.parametrize("way", OTHER_WAYS)
def test_every_way_of_kubectl_is_refused(world: World, helm: Helm, way: str) -> None:
    helm.install(namespace=world.new_namespace())
    grant(world.kube, ALICE, "edit", world.ns)
    secret = manifests.secret("db", world.ns, {"password": b"right"}, labels={manifests.LABEL: "true"})
    secret["metadata"] |= {"annotations": {"secrets.edsm.io/binding": f"{world.ns}/db"}, "ownerReferences": [
        {"apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret", "name": "db", "controller": True,
         "uid": owner(world)}]}
    before = world.kube.create(secret)
    wait_refused(world.kube.as_user(ALICE), "db", world.ns)
    arguments, members, editor = OTHER_WAYS[way]
    body = yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}} | members) if members else None

    with pytest.raises(CommandFailed, match=f"EventDrivenSecret {world.ns}/db"):
        kubectl(world.cluster, "--as", ALICE, "--namespace", world.ns, *shlex.split(arguments.replace("NAME", "db")),
                stdin=body, env={"KUBE_EDITOR": editor})

    assert world.kube.get("Secret", "db", world.ns) == before


def owner(world: World) -> str:
    """The uid of an EventDrivenSecret "db" that exists, so that the garbage collector leaves its Secret alone."""
    world.cluster.install([ROOT / "config/crd/bases"])
    return world.bind("db")["metadata"]["uid"]


# -- the release ----------------------------------------------------------------------


def test_it_goes_with_the_release_and_nothing_else_does(world: World, helm: Helm) -> None:
    own = world.new_namespace()
    helm.install(namespace=own)
    grant(world.kube, ALICE, "edit", world.ns)
    marked(world, "db", world.ns)
    alice = world.kube.as_user(ALICE)
    wait_refused(alice, "db", world.ns)

    helm("uninstall", "edsm", "--namespace", own)

    assert not [each for each in world.kube.list("ValidatingAdmissionPolicy") if FULL_NAME in each["metadata"]["name"]]
    assert world.kube.find("ClusterRole", f"{FULL_NAME}-{own}-break-glass") is None
    wait_for(lambda: edit(alice, "db", world.ns), PATIENCE, "the Guard to be gone")
    assert world.kube.find("CustomResourceDefinition", CRD)


def test_it_can_be_switched_off_and_on(world: World, helm: Helm) -> None:
    own = world.new_namespace()
    grant(world.kube, ALICE, "edit", world.ns)
    marked(world, "db", world.ns)
    alice = world.kube.as_user(ALICE)
    helm.install({"guard": {"enabled": False}}, namespace=own)
    edit(alice, "db", world.ns)
    helm.install({"guard": {"enabled": True}}, namespace=own)
    wait_refused(alice, "db", world.ns)
    helm.install({"guard": {"enabled": False}}, namespace=own)
    wait_for(lambda: edit(alice, "db", world.ns), PATIENCE, "the Guard to be gone")


def test_each_of_two_releases_guards_its_own_namespace(world: World, helm: Helm) -> None:
    here, there, third = world.ns, world.new_namespace(), world.new_namespace()
    once = {"crds": {"install": False}, "userRoles": {"create": False}}
    for namespace, values in ((here, {}), (there, once)):
        helm.install({"watchNamespaces": [namespace], **values}, namespace=namespace)
    for namespace in (here, there, third):
        marked(world, "db", namespace)
        grant(world.kube, ALICE, "edit", namespace)
    alice = world.kube.as_user(ALICE)
    for namespace in (here, there):
        wait_refused(alice, "db", namespace)
    edit(alice, "db", third)

    for namespace, other in ((here, there), (there, here)):
        account = world.kube.as_user(f"system:serviceaccount:{namespace}:{FULL_NAME}")
        edit(account, "db", namespace)
        grant(world.kube, f"system:serviceaccount:{namespace}:{FULL_NAME}", "edit", other)
        with pytest.raises(KubeError, match="ValidatingAdmissionPolicy"):
            edit(account, "db", other, value="not mine")


def test_without_the_api_there_is_everything_else() -> None:
    off = ["--disable-admission-plugins=ValidatingAdmissionPolicy",
           "--runtime-config=admissionregistration.k8s.io/v1/validatingadmissionpolicies=false"]
    with ControlPlane(controllers=False, kwok=False, apiserver_flags=off) as cluster:
        said = Helm(cluster).install()
        assert "so there is no Guard" in said
        assert cluster.kube.get("Deployment", FULL_NAME, "kube-system")
        assert cluster.kube.find("ClusterRole", f"{FULL_NAME}-kube-system-break-glass") is None
        assert "so there is no Guard" not in Helm(cluster).install({"guard": {"enabled": False}})
