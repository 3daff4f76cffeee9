"""An EDSM that is told to work in some namespaces only."""

from __future__ import annotations

import json
import subprocess

import manifests
from bed.edsm import default_binary
from bed.process import wait_for
from world import CONTROLLER_NAMESPACE, PATIENCE, USER, World, condition, now

FLAG = "--watch-namespace"
WATCHED = {"eventdrivensecrets", "secrets", "deployments", "statefulsets", "daemonsets"}


def call(world: World, *arguments: str) -> str:
    return subprocess.run([default_binary(), *arguments, "--kubeconfig", str(world.cluster.kubeconfig)],
                          env={"PATH": "/usr/bin", "HOME": "/nonexistent"}, text=True, capture_output=True, timeout=60,
                          check=False).stdout


def test_it_works_in_several_and_looks_at_no_other(world: World) -> None:
    first, second, third = world.ns, world.new_namespace(), world.new_namespace()
    world.put("db", {"password": "old"})
    for namespace in (first, second, third):
        world.bind("db", namespace=namespace)
    started = now()
    program = world.start(flags=(f"{FLAG}={first},{second}", "--rollout-window=200ms"))
    before = {}
    for namespace in (first, second):
        world.wait_synced("db", namespace=namespace)
        world.workload("web", ["db"], namespace=namespace)
        before[namespace] = world.wait_recorded("web", namespace=namespace)

    reads = len(world.reads("db"))
    world.put("db", {"password": "new"})
    for namespace in (first, second):
        world.wait_data("db", {"password": b"new"}, namespace=namespace)
        world.wait_restarts("web", before[namespace] + 1, namespace=namespace)
        world.kube.patch("Secret", "db", namespace, {"stringData": {"password": "by hand"}}, manager="somebody")
        world.wait_data("db", {"password": b"new"}, namespace=namespace)
    world.wait_drained()
    assert len(world.reads("db")) == reads + 3, "one for the change in both, one for each edit"

    assert condition(world.kube.get("EventDrivenSecret", "db", third), "Ready") == {}
    assert world.kube.find("Secret", "db", third) is None
    asked = [entry for entry in world.cluster.audit(user=USER)
             if entry.received >= started and entry.resource in WATCHED and entry.verb in ("list", "watch")]
    assert {entry.namespace for entry in asked} == {first, second}
    assert {(entry.namespace, entry.resource) for entry in asked if entry.verb == "watch"} == {
        (namespace, resource) for namespace in (first, second) for resource in WATCHED}

    world.kube.delete("EventDrivenSecret", "db", second)
    wait_for(lambda: program.metric("edsm_total_eventdrivensecrets", namespace=second) == 0, PATIENCE, "it to be seen")
    assert program.metric("edsm_total_eventdrivensecrets", namespace=first) == 1
    assert manifests.decoded(world.kube.get("Secret", "db", first)) == {"password": b"new"}


def test_a_restart_reads_nothing_and_the_sweep_covers_all_of_them(world: World) -> None:
    first, second = world.ns, world.new_namespace()
    for name, namespace in (("db", first), ("mail", second)):
        world.put(name, {"password": "old"})
        world.bind(name, namespace=namespace)
    flags = (FLAG, first, FLAG, second)
    program = world.start(flags=flags)
    for name, namespace in (("db", first), ("mail", second)):
        world.wait_synced(name, namespace=namespace)
    program.terminate()
    reads, started = len(world.reads()), now()

    program = world.start(flags=flags)
    swept = program.wait_log(msg="swept")
    assert swept["secrets"] == 2 and swept["differing"] == 0
    assert len(world.reads()) == reads
    assert not [entry for entry in world.writes(started) if entry.resource in ("secrets", "deployments")]
    program.terminate()

    # Only the sweep can tell of what happened while it was away and nobody kept the events.
    world.put("mail", {"password": "new"})
    world.aws.client("sqs").purge_queue(QueueUrl=world.queue.url)
    world.start(flags=flags)
    world.wait_data("mail", {"password": b"new"}, namespace=second)


def test_status_and_doctor_look_at_several(world: World) -> None:
    first, second = world.ns, world.new_namespace()
    for namespace in (first, second):
        world.bind("db", path="never-made", namespace=namespace)
    listed = json.loads(call(world, "status", "-n", f"{first},{second}", "-o", "json"))
    assert [item["namespace"] for item in listed] == sorted((first, second))
    found = json.loads(call(world, "doctor", "-n", first, "-n", second, "--as", USER, "-o", "json",
                            "--own-namespace", CONTROLLER_NAMESPACE))
    assert any("2 bindings" in finding["what"] for finding in found), found
    assert any("has all 48 rights" in finding["what"] for finding in found), found
