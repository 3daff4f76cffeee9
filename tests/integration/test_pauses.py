"""A binding that people pause: nothing is done for it, they see it everywhere, and all is caught up afterwards."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta

from bed.edsm import Edsm, default_binary
from bed.kube import Object
from world import CONTROLLER_NAMESPACE, PATIENCE, World, condition, now

ANNOTATION = "secrets.edsm.io/paused-until"


def call(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([default_binary(), *arguments, "--kubeconfig", str(world.cluster.kubeconfig)],
                          env={"PATH": "/usr/bin", "HOME": "/nonexistent"}, text=True, capture_output=True, timeout=60,
                          check=False)


def annotate(world: World, name: str, value: str | None) -> None:
    world.kube.patch("EventDrivenSecret", name, world.ns, {"metadata": {"annotations": {ANNOTATION: value}}})


def in_time(**time: float) -> str:
    return (datetime.now(UTC) + timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%SZ")


def wait_paused(world: World, name: str, status: str = "True") -> Object:
    seen = world.kube.wait("EventDrivenSecret", name, world.ns,
                           lambda seen: condition(seen, "Paused").get("status") == status, f"Paused={status}", PATIENCE)
    return condition(seen, "Paused")


def wait_not_paused(world: World, name: str) -> None:
    world.kube.wait("EventDrivenSecret", name, world.ns, lambda seen: not condition(seen, "Paused"), "not paused",
                    PATIENCE)


def begin(world: World) -> tuple[Edsm, int]:
    """A binding "db" with a workload, and one "mail" beside it, in order; the restarts so far."""
    for name in ("db", "mail"):
        world.put(name, {"password": "old"})
        world.bind(name)
    program = world.start()
    for name in ("db", "mail"):
        world.wait_synced(name)
    world.workload("web", ["db"])
    return program, world.wait_recorded("web")


def test_nothing_is_done_until_the_annotation_goes(world: World) -> None:
    program, before = begin(world)
    ready = condition(world.kube.get("EventDrivenSecret", "db", world.ns), "Ready")
    annotate(world, "db", in_time(hours=2))
    paused = wait_paused(world, "db")
    assert paused["reason"] == "Paused" and "paused until" in paused["message"]
    beginning, reads = now(), len(world.reads("db"))

    world.put("db", {"password": "new"})
    world.put("mail", {"password": "new"})
    world.wait_data("mail", {"password": b"new"})
    world.wait_drained()  # the event is acknowledged, and not lost
    world.kube.patch("Secret", "db", world.ns, {"stringData": {"password": "by hand"}}, manager="somebody")
    world.put("mail", {"password": "newer"})  # whatever the edit would have caused has happened by then
    world.wait_data("mail", {"password": b"newer"})

    assert world.kube.get("Secret", "db", world.ns)["data"]["password"] == "YnkgaGFuZA=="
    assert len(world.reads("db")) == reads
    assert not [each for each in world.writes(beginning) if each.name in ("db", "web") and each.resource in (
        "secrets", "deployments")]
    assert world.restarts("web") == before
    seen = world.kube.get("EventDrivenSecret", "db", world.ns)
    assert condition(seen, "Ready") == ready, "a pause is no failure"
    assert "until" in world.wait_k8s_event("Paused", about="db")["message"]
    assert program.metric("edsm_paused_bindings") == 1

    table = call(world, "status", "-n", world.ns).stdout
    assert "Paused" in next(line for line in table.splitlines() if " db " in line)
    assert f"{world.ns}/db: paused until " in table
    listed = {item["name"]: item for item in json.loads(call(world, "status", "-n", world.ns, "-o", "json").stdout)}
    assert listed["db"]["paused"] and listed["db"]["pausedUntil"] and not listed["mail"]["paused"]
    asked = call(world, "sync", f"{world.ns}/db")
    assert asked.returncode == 1 and "paused until" in asked.stderr

    annotate(world, "db", None)
    world.wait_data("db", {"password": b"new"})
    world.wait_restarts("web", before + 1)
    wait_not_paused(world, "db")
    assert len(world.reads("db")) == reads + 1
    world.wait_k8s_event("Resumed", about="db")
    assert program.metric("edsm_paused_bindings") == 0


def test_it_ends_when_its_time_has_come(world: World) -> None:
    _, before = begin(world)
    annotate(world, "db", in_time(seconds=6))
    wait_paused(world, "db")
    world.put("db", {"password": "new"})
    world.wait_drained()
    assert world.kube.get("Secret", "db", world.ns)["data"]["password"] == "b2xk"
    world.wait_data("db", {"password": b"new"})
    world.wait_restarts("web", before + 1)
    wait_not_paused(world, "db")
    assert ANNOTATION in world.kube.get("EventDrivenSecret", "db", world.ns)["metadata"]["annotations"], "it may stay"


def test_a_replica_that_starts_afterwards_catches_up(world: World) -> None:
    program, before = begin(world)
    annotate(world, "db", in_time(hours=2))
    wait_paused(world, "db")
    world.put("db", {"password": "new"})
    world.wait_drained()
    program.kill9()
    annotate(world, "db", None)
    world.start()
    world.wait_data("db", {"password": b"new"})
    world.wait_restarts("web", before + 1)


def test_what_is_no_time_pauses_nothing(world: World) -> None:
    begin(world)
    annotate(world, "db", "until tomorrow")
    assert wait_paused(world, "db", "False")["reason"] == "InvalidPause"
    event = world.wait_k8s_event("InvalidPause", about="db")
    assert event["type"] == "Warning" and "2026-12-01T12:00:00Z" in event["message"]
    world.put("db", {"password": "new"})
    world.wait_data("db", {"password": b"new"})
    found = call(world, "doctor", "-n", world.ns, "--own-namespace", CONTROLLER_NAMESPACE).stdout
    assert f"{world.ns}/db is not paused" in found
    annotate(world, "db", None)
    wait_not_paused(world, "db")


def test_one_that_was_never_synced_is_unknown_and_not_failing(world: World) -> None:
    world.put("db", {"password": "old"})
    world.bind("late", path=world.path("db"))
    annotate(world, "late", in_time(hours=1))
    world.start()
    wait_paused(world, "late")
    seen = world.kube.get("EventDrivenSecret", "late", world.ns)
    assert condition(seen, "Ready")["status"] == "Unknown"
    assert world.kube.find("Secret", "late", world.ns) is None
    assert world.reads("db") == []
    annotate(world, "late", None)
    world.wait_data("late", {"password": b"old"})
    world.wait_synced("late")
