"""How a target is made, shared, changed by its binding, and what becomes of it."""

from __future__ import annotations

import manifests
from world import World


def test_merge_leaves_the_keys_of_others_alone(world: World) -> None:
    world.kube.create(manifests.secret("shared", world.ns, {"theirs": b"t", "a": b"before"}))
    world.put("db", {"a": "1", "b": "1"})
    world.bind("db", target="shared", how={"creationPolicy": "Merge"})
    world.start()
    world.wait_data("shared", {"theirs": b"t", "a": b"1", "b": b"1"})
    world.wait_synced("db")

    world.put("db", {"a": "2"})
    world.wait_data("shared", {"theirs": b"t", "a": b"2"})
    world.kube.patch("Secret", "shared", world.ns, {"data": {"theirs": "dTI="}})
    version = world.put("db", {"a": "3"})
    world.wait_synced("db", version=version)
    secret = world.wait_data("shared", {"theirs": b"u2", "a": b"3"})
    assert "ownerReferences" not in secret["metadata"]
    assert not world.k8s_events("DriftHealed")

    world.kube.patch("Secret", "shared", world.ns, {"data": {"a": "d3Jvbmc="}}, manager="mallory")
    world.wait_data("shared", {"theirs": b"u2", "a": b"3"})
    world.kube.delete("EventDrivenSecret", "db", world.ns)
    world.put("db", {"a": "4"})
    world.wait_drained()
    world.wait_data("shared", {"theirs": b"u2", "a": b"3"})


def test_merge_makes_the_secret_if_there_is_none(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db", how={"creationPolicy": "Merge"})
    world.start()
    secret = world.wait_data("db", {"a": b"1"})
    assert "ownerReferences" not in secret["metadata"]


def test_owned_target_goes_with_its_binding(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    for kind in ("EventDrivenSecret", "Secret"):
        assert "finalizers" not in world.kube.get(kind, "db", world.ns)["metadata"]

    world.kube.delete("EventDrivenSecret", "db", world.ns)

    world.kube.wait_gone("Secret", "db", world.ns, timeout=30)


def test_orphaned_target_stays(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db", how={"creationPolicy": "Orphan"})
    world.start()
    world.wait_synced("db")
    uid = world.kube.get("Secret", "db", world.ns)["metadata"]["uid"]

    world.kube.delete("EventDrivenSecret", "db", world.ns)
    world.put("db", {"a": "2"})
    world.wait_drained()

    secret = world.wait_data("db", {"a": b"1"})
    assert secret["metadata"]["uid"] == uid and "ownerReferences" not in secret["metadata"]


def test_owner_who_becomes_orphan_lets_go(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")

    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"target": {"creationPolicy": "Orphan"}}})
    world.kube.wait("Secret", "db", world.ns, lambda seen: not seen["metadata"].get("ownerReferences"), "let go", 30)

    world.wait_data("db", {"a": b"1"})


def test_deletion_policy_delete_does_not_delete_at_once(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db", how={"deletionPolicy": "Delete"})
    world.start()
    world.wait_synced("db")

    world.aws.client("secretsmanager").delete_secret(SecretId=world.path("db"), ForceDeleteWithoutRecovery=True)
    world.kube.patch("EventDrivenSecret", "db", world.ns, {"metadata": {"annotations": {manifests.SYNC_REQUEST: "1"}}})
    world.wait_reason("db", "SourceGone")
    world.wait_data("db", {"a": b"1"})


def test_another_selection_changes_the_keys_and_restarts_once(world: World) -> None:
    world.put("db", {"a": "1", "b": "2"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")

    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"data": [{"secretKey": "B", "property": "b"}]}})

    world.wait_data("db", {"B": b"2"})
    world.wait_synced("db")
    world.wait_restarts("web", before + 1)
    version = world.put("db", {"a": "changed", "b": "2"})  # not selected
    world.wait_synced("db", version=version)
    world.wait_drained()
    assert world.restarts("web") == before + 1


def test_another_target_name_moves_the_secret(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db", target="before")
    world.start()
    world.wait_synced("db")

    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"targetSecretName": "after"}})

    world.wait_data("after", {"a": b"1"})
    world.wait_synced("db")
    # By the garbage collector: the controller may not delete Secrets.
    world.kube.wait_gone("Secret", "before", world.ns)
    version = world.put("db", {"a": "2"})
    world.wait_synced("db", version=version)
    world.wait_data("after", {"a": b"2"})


def test_another_path_brings_another_value(world: World) -> None:
    world.put("one", {"a": "1"})
    world.put("two", {"a": "2"})
    world.bind("db", path=world.path("one"))
    world.start()
    world.wait_data("db", {"a": b"1"})

    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"secretPath": world.path("two")}})
    world.wait_data("db", {"a": b"2"})
    world.put("two", {"a": "3"})
    world.wait_data("db", {"a": b"3"})


def test_labels_and_annotations_are_written_and_kept(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db", how={"labels": {"team": "blue"}, "annotations": {"note": "n"}})
    world.start()
    world.wait_synced("db")
    secret = world.kube.get("Secret", "db", world.ns)
    assert secret["metadata"]["labels"]["team"] == "blue" and secret["metadata"]["annotations"]["note"] == "n"

    world.kube.patch("Secret", "db", world.ns, {"metadata": {"labels": {"team": "red"}}})
    world.kube.wait("Secret", "db", world.ns, lambda seen: seen["metadata"]["labels"]["team"] == "blue", "healed", 30)
    world.kube.patch("EventDrivenSecret", "db", world.ns, {"spec": {"target": {"labels": {"team": "green"}}}})
    world.kube.wait("Secret", "db", world.ns, lambda seen: seen["metadata"]["labels"]["team"] == "green", "green", 30)


def test_typed_secret(world: World) -> None:
    world.put("tls", {"cert": "c", "key": "k"})
    world.bind("tls", how={"type": "kubernetes.io/tls"}, data=[
        {"secretKey": "tls.crt", "property": "cert"}, {"secretKey": "tls.key", "property": "key"}])
    world.start()
    assert world.wait_data("tls", {"tls.crt": b"c", "tls.key": b"k"})["type"] == "kubernetes.io/tls"


def test_request_for_a_sync_reads_again_each_time_it_changes(world: World) -> None:
    queue = world.aws.make_queue(f"{world.ns}-silent")
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start(queue=queue)
    world.wait_synced("db")

    for number, value in enumerate(("2", "3"), start=1):
        world.put("db", {"a": value})
        world.kube.patch("EventDrivenSecret", "db", world.ns, {
            "metadata": {"annotations": {manifests.SYNC_REQUEST: f"now {number}"}}})
        world.wait_data("db", {"a": value.encode()})
    world.kube.wait("EventDrivenSecret", "db", world.ns, lambda seen: (
        seen["status"].get("handledSyncRequest") == "now 2"), "the request to be handled", 30)
    assert len(world.reads("db")) == 3
