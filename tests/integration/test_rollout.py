"""A change restarts the workloads that name the Secret: those, all of them, and once."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cloudtrail
import manifests
from bed.kube import Object
from world import World


def synced(world: World, name: str = "db", **options: Any) -> None:
    world.put(name, {"password": "old"})
    world.bind(name)
    world.start(**options)
    world.wait_synced(name)


def change(world: World, value: str, name: str = "db") -> None:
    """A new value, all of whose effects have happened."""
    version = world.put(name, {"password": value})
    world.wait_synced(name, version=version)
    world.wait_drained()


def test_one_change_restarts_the_annotated_deployments_once_each(world: World) -> None:
    synced(world)
    world.put("other", {"x": "1"})
    world.bind("other")
    named = dict(zip(("by-first", "by-second", "by-third"), manifests.SPELLINGS, strict=True))
    for name, spelling in named.items():
        world.workload(name, ["db"], spelling=spelling)
    world.workload("names-nothing", None)
    world.workload("names-another", ["other"])
    before = {name: world.wait_recorded(name) for name in (*named, "names-another")}
    before["names-nothing"] = world.restarts("names-nothing")

    change(world, "new")

    restarts = {name: world.restarts(name) - number for name, number in before.items()}
    assert restarts == {**dict.fromkeys(named, 1), "names-nothing": 0, "names-another": 0}
    for name in named:
        world.wait_k8s_event("SecretChanged", about=name)


def test_restarted_deployment_gets_new_pods(world: World) -> None:
    synced(world)
    world.wait_next_second()
    world.workload("web", ["db"], replicas=2)
    assert world.wait_recorded("web") == 0, "it came after the value: there is nothing to restart for"
    first = world.kube.get("Deployment", "web", world.ns)["spec"]["template"]["metadata"].get("annotations", {})

    change(world, "new")

    def rolled(seen: Object) -> bool:
        status = seen["status"]
        return (status.get("observedGeneration") == seen["metadata"]["generation"]
                and status.get("updatedReplicas") == status.get("availableReplicas") == status.get("replicas") == 2)
    done = world.kube.wait("Deployment", "web", world.ns, rolled, "rolled", 30)
    mark = done["spec"]["template"]["metadata"]["annotations"][manifests.TEMPLATE_MARK]
    assert mark and mark != first.get(manifests.TEMPLATE_MARK)
    assert done["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"


def test_repeated_events_and_equal_values_restart_nothing(world: World) -> None:
    synced(world)
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    change(world, "new")
    uid = world.kube.get("Secret", "db", world.ns)["metadata"]["uid"]
    assert world.restarts("web") == before + 1

    name, arn = world.path("db"), world.arn("db")
    for event in (cloudtrail.put_secret_value(arn, arn=arn), cloudtrail.by_hand(name), cloudtrail.by_hand(name)):
        world.send(event)
    equal = world.put("db", {"password": "new"})  # a new version with the same value
    world.wait_synced("db", version=equal)
    spaced = world.put("db", '{ "password" : "new" }')  # another text, the same data
    world.wait_synced("db", version=spaced)
    world.wait_drained()

    assert world.restarts("web") == before + 1
    secret = world.kube.get("Secret", "db", world.ns)
    assert secret["metadata"]["uid"] == uid
    assert secret["metadata"]["annotations"]["secrets.edsm.io/version"] == spaced


def test_several_changes_at_once_restart_once(world: World) -> None:
    # A window that a slow machine does not outrun.
    synced(world, flags=("--rollout-window=4s",))
    world.put("other", {"x": "1"})
    world.bind("other")
    world.workload("web", ["db", "other"])
    before = world.wait_recorded("web", secrets=2)

    world.put("other", {"x": "2"})
    change(world, "new")

    assert world.restarts("web") == before + 1
    record = json.loads(world.kube.get("Deployment", "web", world.ns)["metadata"]["annotations"][manifests.ROLLED_OUT])
    assert sorted(record) == ["db", "other"]


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_workloads_restart_too(world: World, kind: str) -> None:
    synced(world)
    world.workload("web", ["db"], kind=kind)
    before = world.wait_recorded("web", kind=kind)

    change(world, "new")

    assert world.restarts("web", kind=kind) == before + 1


def test_workload_annotated_later_takes_part(world: World) -> None:
    synced(world)
    world.workload("web", None)
    world.kube.patch("Deployment", "web", world.ns, {"metadata": {"annotations": {
        manifests.ANNOTATION: '["db"]'}}})
    before = world.wait_recorded("web")

    change(world, "new")

    assert world.restarts("web") == before + 1


def test_namesake_in_another_namespace_restarts_nobody(world: World) -> None:
    synced(world)
    elsewhere = world.new_namespace()
    world.put("namesake", {"x": "1"})
    world.bind("db", path=world.path("namesake"), namespace=elsewhere)
    world.wait_synced("db", namespace=elsewhere)
    world.workload("web", ["db"])
    world.workload("web", ["db"], namespace=elsewhere)
    here, there = world.wait_recorded("web"), world.wait_recorded("web", namespace=elsewhere)

    change(world, "new")

    assert world.restarts("web") == here + 1
    assert world.restarts("web", namespace=elsewhere) == there


def test_paused_deployment_is_marked_and_said(world: World) -> None:
    synced(world)
    world.workload("web", ["db"], paused=True)
    before = world.wait_recorded("web")

    change(world, "new")

    assert world.restarts("web") == before + 1
    event = world.wait_k8s_event("SecretChanged", about="web")
    assert "paused" in event["message"]


@pytest.mark.parametrize("text", ["db", '{"db": true}', "[1]", ""])
def test_broken_annotation_is_said_and_blocks_nobody(world: World, text: str) -> None:
    synced(world)
    world.workload("broken", text)
    world.workload("web", ["db"])
    broken, before = world.restarts("broken"), world.wait_recorded("web")

    event = world.wait_k8s_event("InvalidAnnotation", about="broken")
    assert event["type"] == "Warning"
    change(world, "new")

    assert world.restarts("web") == before + 1
    assert world.restarts("broken") == broken


def test_names_that_are_no_targets_block_nobody(world: World) -> None:
    synced(world)
    world.workload("web", ["missing", "db"])
    before = world.wait_recorded("web")

    change(world, "new")

    assert world.restarts("web") == before + 1


def test_deployment_gone_meanwhile_holds_nothing_up(world: World) -> None:
    synced(world)
    world.workload("web", ["db"])
    world.workload("doomed", ["db"])
    before = world.wait_recorded("web")
    world.wait_recorded("doomed")

    world.kube.delete("Deployment", "doomed", world.ns, propagationPolicy="Orphan")
    change(world, "new")

    assert world.restarts("web") == before + 1
