"""The Guard (config/optional/guard.yaml) beside the real EDSM: what others may do to its targets, and what not."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

import manifests
from bed import ROOT
from bed.aws import Ministack
from bed.controlplane import ControlPlane
from bed.kube import JSON_PATCH, Kube, KubeError, Object
from bed.process import wait_for
from bed.rights import RBAC, grant
from world import PATIENCE, USER, World

GUARD = ROOT / "config/optional/guard.yaml"
POLICY = "edsm-guard"
MARKS = "secrets.edsm.io/"
ALICE, BOB = "alice", "bob"  # both may do everything with Secrets; Bob may break the glass
COLLECTED = 60  # seconds: the garbage collector looks for new kinds every 30
VALUE = "cmlnaHQ="  # what the targets hold, as it is written
OWNER, ORPHAN, MERGE = "Owner", "Orphan", "Merge"

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def shop(cluster: ControlPlane, aws: Ministack) -> Iterator[World]:
    """A world with the Guard, EDSM at work, and Alice and Bob."""
    with ExitStack() as stack:
        stack.callback(remove_guard, cluster)
        cluster.install([GUARD])
        world = World(cluster, aws, "guard", stack)
        stack.callback(world.clean_up)
        grant(world.kube, ALICE, "edit", world.ns)
        grant(world.kube, BOB, "edit", world.ns)
        grant(world.kube, BOB, "edsm-break-glass", world.ns)
        world.put("db", {"password": "right"})
        world.start()
        wait_effective(world)
        yield world
    world.check_sanitizers()


def remove_guard(cluster: ControlPlane) -> None:
    for path in ("admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/edsm-guard",
                 "admissionregistration.k8s.io/v1/validatingadmissionpolicies/edsm-guard",
                 f"{RBAC}/v1/clusterroles/edsm-break-glass"):
        cluster.kube.request("DELETE", f"/apis/{path}")


def wait_effective(world: World) -> None:
    """A policy is in force about a second after it was made."""
    kept = Kept(world)

    def refused() -> bool:
        try:
            kept.kube.request("DELETE", f"/api/v1/namespaces/{kept.ns}/secrets/{kept.name}", params={"dryRun": "All"})
        except KubeError as error:
            return POLICY in str(error)
        return False
    wait_for(refused, PATIENCE, "the Guard to be in force")


class Kept:
    """A target that EDSM has just written, as some user sees it."""

    def __init__(self, world: World, policy: str = OWNER, user: str = ALICE) -> None:
        self.world, self.ns, self.name = world, world.ns, f"db-{next(_numbers)}"
        if policy == MERGE:
            world.kube.create(manifests.secret(self.name, world.ns, {"theirs": b"t"}))
        world.bind(self.name, path=world.path("db"), how={"creationPolicy": policy})
        world.wait_synced(self.name)
        self.kube: Kube = world.kube.as_user(user)
        self.before = self.now()

    def now(self) -> Object:
        return self.world.kube.get("Secret", self.name, self.ns)

    def merge(self, change: Object) -> Object:
        return self.kube.patch("Secret", self.name, self.ns, change, manager="mallory")

    def json(self, *operations: Object) -> Object:
        return self.kube.patch("Secret", self.name, self.ns, list(operations), type=JSON_PATCH)

    def replace(self, **members: object) -> Object:
        return self.kube.replace(self.before | members)

    def apply(self, force: bool = True, **members: object) -> Object:
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": self.name, "namespace": self.ns}, **members}
        return self.kube.apply(body, force=force, manager="mallory")

    def delete(self) -> Object:
        return self.kube.delete("Secret", self.name, self.ns)

    def delete_collection(self) -> Object:
        return self.kube.request("DELETE", f"/api/v1/namespaces/{self.ns}/secrets",
                                 params={"fieldSelector": f"metadata.name={self.name}"})


def annotate(name: str, value: str | None) -> Object:
    return {"metadata": {"annotations": {name: value}}}


def relabel(value: str | None) -> Object:
    return {"metadata": {"labels": {manifests.LABEL: value}}}


def dangling_owner(kept: Kept) -> Object:
    return kept.merge({"metadata": {"ownerReferences": [{
        "apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret", "name": "db", "controller": True,
        "uid": "00000000-0000-0000-0000-000000000000"}]}})


Deed = Callable[[Kept], object]

# What Alice tries, and what is said: who decides about the value, the marks, the existence.
REFUSED: dict[str, tuple[Deed, str]] = {
    "edit the value": (lambda it: it.merge({"data": {"password": "d3Jvbmc="}}), "change the value there"),
    "edit it as text": (lambda it: it.merge({"stringData": {"password": "wrong"}}), "change the value there"),
    "add a key": (lambda it: it.merge({"data": {"extra": "d3Jvbmc="}}), "change the value there"),
    "remove a key": (lambda it: it.json({"op": "remove", "path": "/data/password"}), "change the value there"),
    "remove all keys": (lambda it: it.replace(data={}), "change the value there"),
    "rename a key": (lambda it: it.json({"op": "move", "from": "/data/password", "path": "/data/pass"}), "change"),
    "apply another value": (lambda it: it.apply(stringData={"password": "wrong"}), "change the value there"),
    "make it immutable": (lambda it: it.merge({"immutable": True}), "change the value there"),
    "take the label off": (lambda it: it.merge(relabel(None)), "must stay"),
    "change the label": (lambda it: it.merge(relabel("no")), "must stay"),
    "take the label off and edit": (lambda it: it.merge(relabel(None) | {"data": {"password": "d3Jvbmc="}}), "change"),
    "put one without labels": (lambda it: it.kube.replace(manifests.secret(it.name, it.ns, {"a": b"1"})), "change"),
    "take the marks off": (lambda it: it.merge({"metadata": {"annotations": None}}), "must stay"),
    "take one mark off": (lambda it: it.merge(annotate(f"{MARKS}binding", None)), "must stay"),
    "forge a mark": (lambda it: it.merge(annotate(f"{MARKS}digest", "forged")), "must stay"),
    "add a mark": (lambda it: it.merge(annotate(f"{MARKS}keys", "[]")), "must stay"),
    "take the owner off": (lambda it: it.merge({"metadata": {"ownerReferences": None}}), "must stay"),
    "make another the owner": (dangling_owner, "must stay"),
    "delete it": (lambda it: it.delete(), "delete that, and the Secret goes with it"),
    "delete all": (lambda it: it.delete_collection(), "delete that, and the Secret goes with it"),
}
# creationPolicy by attempts that are refused there.
REFUSED_TO = {
    OWNER: set(REFUSED),
    ORPHAN: set(REFUSED) - {"delete it", "delete all", "take the label off", "change the label", "take the owner off"},
    # Its other keys are not EDSM's.
    MERGE: {"edit the value", "edit it as text", "remove a key", "remove all keys", "rename a key", "apply another value",
            "make it immutable", "take the label off and edit", "put one without labels", "take the marks off",
            "take one mark off", "forge a mark", "add a mark", "make another the owner"},
}


@pytest.mark.parametrize(("policy", "deed"), [(policy, deed) for policy in REFUSED_TO for deed in REFUSED
                                              if deed in REFUSED_TO[policy]])
def test_what_is_edsms_is_refused_to_others(shop: World, policy: str, deed: str) -> None:
    do, said = REFUSED[deed]
    kept = Kept(shop, policy)

    with pytest.raises(KubeError) as refused:
        do(kept)

    message = str(refused.value.body["message"])
    assert refused.value.status == 403 and said in message, message
    assert f"EventDrivenSecret {shop.ns}/{kept.name}" in message
    assert VALUE not in str(refused.value.body) and "right" not in message, "no word of the value"
    assert kept.now() == kept.before


# What Alice does, and nobody minds.
PERMITTED: dict[str, Deed] = {
    "nothing": lambda it: it.replace(),
    "apply what it holds": lambda it: it.apply(data=it.before["data"]),
    "annotate it": lambda it: it.merge(annotate("note", "n")),
    "label it": lambda it: it.merge({"metadata": {"labels": {"team": "blue"}}}),
    "kubectl's own note": lambda it: it.merge(annotate("kubectl.kubernetes.io/last-applied-configuration", "{}")),
    "set a finalizer": lambda it: it.merge({"metadata": {"finalizers": ["example.com/backup"]}})
                       and it.merge({"metadata": {"finalizers": None}}),
}


@pytest.mark.parametrize("deed", PERMITTED)
@pytest.mark.parametrize("policy", [OWNER, ORPHAN, MERGE])
def test_everything_else_is_permitted(shop: World, policy: str, deed: str) -> None:
    kept = Kept(shop, policy)
    PERMITTED[deed](kept)
    assert kept.now()["data"] == kept.before["data"]


def test_keys_of_others_in_a_shared_secret_are_theirs(shop: World) -> None:
    kept = Kept(shop, MERGE)
    kept.merge({"data": {"theirs": "dTI=", "more": "bQ=="}})
    kept.merge({"data": {"more": None}})
    shop.wait_data(kept.name, {"theirs": b"u2", "password": b"right"})


def test_one_that_is_shared_no_more_is_guarded_whole(shop: World) -> None:
    kept = Kept(shop, MERGE)
    kept.merge({"data": {"more": "bQ=="}})
    shop.kube.patch("EventDrivenSecret", kept.name, shop.ns, {"spec": {"target": {"creationPolicy": ORPHAN}}})
    shop.wait_data(kept.name, {"password": b"right"})
    with pytest.raises(KubeError, match="change the value there"):
        kept.merge({"data": {"more": "bQ=="}})


@pytest.mark.parametrize("policy", [ORPHAN, MERGE])
def test_a_secret_without_owner_can_be_given_up_and_is_restored_if_it_is_kept(shop: World, policy: str) -> None:
    """Its EventDrivenSecret may be gone; the API server cannot see that."""
    kept = Kept(shop, policy)
    kept.merge(relabel(None))
    shop.kube.wait("Secret", kept.name, shop.ns, lambda seen: (
        seen["metadata"]["labels"].get(manifests.LABEL) == "true"), "the label to be back", PATIENCE)
    kept.delete()
    shop.wait_data(kept.name, {"password": b"right"})

    shop.kube.delete("EventDrivenSecret", kept.name, shop.ns)
    kept.merge(relabel(None))
    kept.merge({"data": {"password": "bWluZQ=="}})
    kept.delete()
    assert shop.kube.find("Secret", kept.name, shop.ns) is None


def test_one_that_is_being_handed_over_is_still_its_owners(shop: World) -> None:
    alice = shop.kube.as_user(ALICE)
    alice.create(manifests.secret("handed", shop.ns, {"password": b"old"}))
    alice.patch("Secret", "handed", shop.ns, relabel("true"))
    alice.patch("Secret", "handed", shop.ns, {"data": {"password": "b3RoZXI="}})
    alice.patch("Secret", "handed", shop.ns, relabel(None))
    alice.delete("Secret", "handed", shop.ns)


# -- who passes -------------------------------------------------------------------


@pytest.mark.parametrize("policy", [OWNER, ORPHAN, MERGE])
@pytest.mark.parametrize("deed", ["edit the value", "take the label off and edit", "take the marks off", "delete it"])
def test_who_may_break_the_glass_does_and_edsm_mends_it(shop: World, policy: str, deed: str) -> None:
    kept = Kept(shop, policy, BOB)

    REFUSED[deed][0](kept)

    healed = shop.kube.wait("Secret", kept.name, shop.ns, lambda seen: (
        seen["metadata"]["resourceVersion"] != kept.before["metadata"]["resourceVersion"]
        and seen["data"]["password"] == VALUE and seen["metadata"]["labels"].get(manifests.LABEL) == "true"
        and seen["metadata"]["annotations"].get(f"{MARKS}digest") == kept.before["metadata"]["annotations"][f"{MARKS}digest"]),
        "mended", PATIENCE)
    assert healed["metadata"].get("ownerReferences") == kept.before["metadata"].get("ownerReferences")
    shop.wait_k8s_event("DriftHealed", about=kept.name)


def test_the_audit_log_has_who_broke_it(shop: World) -> None:
    kept = Kept(shop, user=BOB)
    kept.merge(annotate("note", "nothing broken"))
    kept.merge({"data": {"password": "d3Jvbmc="}})
    kept.delete()
    noted = [(entry.code, entry.annotations.get(f"{POLICY}/foreign-change")) for entry in shop.cluster.audit(
        impersonated=BOB, namespace=shop.ns, resource="secrets", name=kept.name)]
    what = f"what EventDrivenSecret {shop.ns}/{kept.name} keeps"
    assert noted == [(200, None), (200, f"UPDATE of {what}"), (200, f"DELETE of {what}")]


def test_the_right_may_be_for_one_eventdrivensecret(shop: World) -> None:
    carol = "carol"
    grant(shop.kube, carol, "edit", shop.ns)
    permitted, other = Kept(shop, user=carol), Kept(shop, user=carol)
    shop.kube.create({"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": {"name": "one", "namespace": shop.ns},
                      "rules": [{"apiGroups": ["secrets.edsm.io"], "resources": ["eventdrivensecrets"],
                                 "resourceNames": [permitted.name], "verbs": ["break-glass"]}]})
    shop.kube.create({
        "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": "one", "namespace": shop.ns},
        "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "one"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": carol}]})

    wait_for(lambda: permitted.merge({"data": {"password": "d3Jvbmc="}}), PATIENCE, "the role to count")

    with pytest.raises(KubeError, match="change the value there"):
        other.merge({"data": {"password": "d3Jvbmc="}})


def test_what_a_namespaces_administrator_may_do_does_not_break_it(shop: World) -> None:
    grant(shop.kube, "dave", "admin", shop.ns)
    kept = Kept(shop, user="dave")
    with pytest.raises(KubeError, match="change the value there"):
        kept.merge({"data": {"password": "d3Jvbmc="}})


def test_edsm_goes_on_with_everything_that_it_does(shop: World) -> None:
    shop.put("own", {"a": "1"})
    shop.bind("own", target="before")
    shop.wait_data("before", {"a": b"1"})
    shop.put("own", {"b": "2"})
    shop.wait_data("before", {"b": b"2"})

    shop.kube.patch("EventDrivenSecret", "own", shop.ns, {"spec": {"targetSecretName": "after"}})
    shop.wait_data("after", {"b": b"2"})
    shop.kube.wait_gone("Secret", "before", shop.ns, timeout=COLLECTED)

    shop.kube.patch("EventDrivenSecret", "own", shop.ns, {"spec": {"target": {"creationPolicy": "Orphan"}}})
    shop.kube.wait("Secret", "after", shop.ns, lambda seen: "ownerReferences" not in seen["metadata"], "let go", PATIENCE)


def test_the_garbage_collector_passes(shop: World) -> None:
    kept = Kept(shop)
    kept.json({"op": "add", "path": "/metadata/ownerReferences/-", "value": {
        "apiVersion": "v1", "kind": "Namespace", "name": "gone", "uid": "00000000-0000-0000-0000-000000000000"}})
    shop.kube.wait("Secret", kept.name, shop.ns, lambda seen: (
        seen["metadata"]["ownerReferences"] == kept.before["metadata"]["ownerReferences"]), "collected", COLLECTED)
    for options in ({}, {"propagationPolicy": "Foreground"}):
        kept = Kept(shop)
        kept.kube.delete("EventDrivenSecret", kept.name, shop.ns, **options)
        shop.kube.wait_gone("Secret", kept.name, shop.ns, timeout=COLLECTED)
    kept = Kept(shop)
    kept.kube.delete("EventDrivenSecret", kept.name, shop.ns, propagationPolicy="Orphan")
    shop.kube.wait("Secret", kept.name, shop.ns, lambda seen: "ownerReferences" not in seen["metadata"], "orphaned", COLLECTED)
    shop.kube.wait_gone("EventDrivenSecret", kept.name, shop.ns)
    kept.delete()


def test_a_namespace_goes_with_all_that_is_kept_in_it(shop: World) -> None:
    name = shop.new_namespace()
    for policy in (OWNER, ORPHAN, MERGE):
        shop.bind(policy.lower(), namespace=name, path=shop.path("db"), how={"creationPolicy": policy})
        shop.wait_synced(policy.lower(), namespace=name)

    shop.kube.delete("Namespace", name)

    shop.kube.wait_gone("Namespace", name, timeout=COLLECTED)
    shop.namespaces.remove(name)
    emptied = shop.cluster.audit(user="system:serviceaccount:kube-system:namespace-controller", namespace=name,
                                 resource="secrets", verb="deletecollection")
    assert emptied and {entry.code for entry in emptied} == {200}, "refused at first, and tried again later"


# -- the policy itself --------------------------------------------------------------


def test_its_expressions_have_the_right_types(shop: World) -> None:
    checked = shop.kube.wait("ValidatingAdmissionPolicy", POLICY, None, lambda seen: (
        seen.get("status", {}).get("observedGeneration") == seen["metadata"]["generation"]), "type-checked", PATIENCE)
    assert not checked["status"].get("typeChecking", {}).get("expressionWarnings")


@pytest.mark.parametrize("policy", [OWNER, MERGE])
def test_the_largest_secret_is_within_the_costs(shop: World, policy: str) -> None:
    """500 long keys with 1 MiB: a policy that costs too much refuses everything."""
    keys = [f"{number:03}-{'k' * 200}" for number in range(500)]
    name = f"large-{policy.lower()}"
    shop.put(name, {key: "v" * 90 for key in keys[:250]})  # AWS takes 64 KiB
    shop.bind(name, how={"creationPolicy": policy})
    shop.wait_synced(name)
    alice = shop.kube.as_user(ALICE)
    alice.patch("Secret", name, shop.ns, annotate("note", "n"))
    if policy == MERGE:
        alice.patch("Secret", name, shop.ns, {"data": {"theirs": "A" * 900_000}})
        alice.patch("Secret", name, shop.ns, annotate("note", "m"))
    with pytest.raises(KubeError, match="change the value there"):
        alice.patch("Secret", name, shop.ns, {"data": {keys[249]: "d3Jvbmc="}})
