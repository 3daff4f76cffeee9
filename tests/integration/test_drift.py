"""Whatever anybody does to a target is undone: one value read, a Warning, no restart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import manifests
from bed.kube import Object
from world import World

DIGEST = "secrets.edsm.io/digest"
GOOD = {"user": b"admin", "password": b"right"}


def patch(world: World, change: Object) -> None:
    world.kube.patch("Secret", "db", world.ns, change, manager="mallory")


def forge(world: World) -> None:
    """Changes the value together with its digest, which looks like a genuine one."""
    digest = world.kube.get("Secret", "db", world.ns)["metadata"]["annotations"][DIGEST]
    patch(world, {"data": {"password": "d3Jvbmc="},
                  "metadata": {"annotations": {DIGEST: digest[:-1] + ("0" if digest[-1] != "0" else "1")}}})


# What somebody does, and what the Warning must say of it.
DRIFTS: dict[str, tuple[Callable[[World], object], str]] = {
    "value edited": (lambda world: patch(world, {"data": {"password": "d3Jvbmc="}}), "mallory"),
    "key added": (lambda world: patch(world, {"data": {"extra": "d3Jvbmc="}}), "mallory"),
    "key removed": (lambda world: patch(world, {"data": {"password": None}}), "data was changed"),
    "all keys removed": (lambda world: patch(world, {"data": None}), "data was changed"),
    "label removed": (lambda world: patch(world, {"metadata": {"labels": {manifests.LABEL: None}}}), "label"),
    "label changed": (lambda world: patch(world, {"metadata": {"labels": {manifests.LABEL: "no"}}}), "label"),
    "marks removed": (lambda world: patch(world, {"metadata": {"annotations": {
        DIGEST: None, "secrets.edsm.io/version": None}}}), "annotations were removed"),
    "value and digest forged": (lambda world: forge(world), "mallory"),
    "owner removed": (lambda world: patch(world, {"metadata": {"ownerReferences": None}}), "owner"),
    "deleted": (lambda world: world.kube.delete("Secret", "db", world.ns), "deleted"),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_drift_is_healed(world: World, case: str) -> None:
    world.put("db", {"user": "admin", "password": "right"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    owner = world.kube.get("Secret", "db", world.ns)["metadata"]["ownerReferences"]
    do, said = DRIFTS[case]

    do(world)

    event = world.wait_k8s_event("DriftHealed", about="db")
    assert event["type"] == "Warning" and said in event["message"]
    healed = world.wait_data("db", GOOD)
    assert healed["metadata"]["labels"][manifests.LABEL] == "true"
    assert healed["metadata"]["ownerReferences"] == owner
    assert world.reads("db") == [world.path("db")] * 2, "one value read heals"
    assert edsm.metric("edsm_drift_healed_total", namespace=world.ns, secret="db") == 1

    version = world.put("db", {"user": "admin", "password": "next"})
    world.wait_synced("db", version=version)
    world.wait_drained()
    assert world.restarts("web") == before + 1, "only the change restarted, the healing did not"


def test_edit_with_a_digest_of_an_unknown_key_is_undone_and_restarts_nothing(world: World) -> None:
    world.put("db", {"user": "admin", "password": "right"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")

    patch(world, {"data": {"password": "d3Jvbmc="}, "metadata": {"annotations": {DIGEST: "unknown:0000"}}})
    world.wait_data("db", GOOD)

    version = world.put("db", {"user": "admin", "password": "next"})
    world.wait_synced("db", version=version)
    world.wait_drained()
    assert world.restarts("web") == before + 1


def test_edit_while_the_controller_was_away_is_healed_at_its_start(world: World) -> None:
    world.put("db", {"user": "admin", "password": "right"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    edsm.terminate()

    patch(world, {"data": {"password": "d3Jvbmc="}})
    edsm.start()

    world.wait_data("db", GOOD)
    world.wait_k8s_event("DriftHealed", about="db", accept=lambda event: "mallory" in event["message"])


def test_untouched_secrets_of_others_are_nobodys_business(world: World) -> None:
    world.put("db", {"password": "right"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    world.kube.create(manifests.secret("theirs", world.ns, {"a": b"1"}))
    world.kube.create(manifests.secret("labelled", world.ns, {"a": b"1"}, labels={manifests.LABEL: "true"}))

    world.put("db", {"password": "next"})
    world.wait_data("db", {"password": b"next"})
    world.wait_drained()

    for name in ("theirs", "labelled"):
        assert manifests.decoded(world.kube.get("Secret", name, world.ns)) == {"a": b"1"}
