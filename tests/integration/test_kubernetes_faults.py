"""What Kubernetes does to its clients: none of it loses or doubles a change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bed.aws import Queue
from bed.exchange import Fault, answer, cut_after, cut_before, delay, kube_error, truncate
from bed.process import wait_for
from world import CONTROLLER_NAMESPACE, World


def prepared(world: World, **options: object) -> int:
    """A synced binding and a recorded Deployment; its restarts so far."""
    world.put("db", {"x": "old"})
    world.bind("db")
    world.start(wired=True, **options)
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    world.wait_drained()
    return before


def change_arrives_once(world: World, before: int, value: str = "new", queue: Queue | None = None) -> None:
    version = world.put("db", {"x": value})
    world.wait_data("db", {"x": value.encode()})
    world.wait_synced("db", version=version)
    world.wait_drained(queue)
    assert world.restarts("web") == before + 1


# -- one request fails ------------------------------------------------------------

FAULTS: dict[str, Fault] = {
    "conflict": kube_error(409, "Conflict"),
    "too many requests": kube_error(429, "TooManyRequests", Retry_After="1"),
    "unavailable": kube_error(503, "ServiceUnavailable"),
    "internal error": kube_error(500, "InternalError"),
    "not JSON": answer(502, "<html>bad gateway</html>", {"Content-Type": "text/html"}),
    "connection cut before": cut_before(),
    "reply lost": cut_after(),
    "reply torn": truncate(20),
}


@pytest.mark.parametrize("path", ["/secrets/db", "/deployments/web"])
@pytest.mark.parametrize("fault", FAULTS)
def test_failed_patch_is_made_good_without_a_second_effect(world: World, fault: str, path: str) -> None:
    before = prepared(world)
    reads = len(world.reads())
    rule = world.api_wire.fault(FAULTS[fault], method="PATCH", path=f"{path}(\\?|$)")

    change_arrives_once(world, before)

    assert rule.used == 1
    assert len(world.reads()) <= reads + 2


def test_reply_to_the_creation_lost_makes_one_secret(world: World) -> None:
    world.put("db", {"x": "1"})
    world.start(wired=True)
    rule = world.api_wire.fault(cut_after(), method="POST", path=f"/namespaces/{world.ns}/secrets")

    world.bind("db")

    secret = world.wait_data("db", {"x": b"1"})
    world.wait_synced("db")
    assert rule.used == 1
    assert world.kube.get("Secret", "db", world.ns)["metadata"]["uid"] == secret["metadata"]["uid"]
    assert not world.k8s_events("DriftHealed")


# -- watches ----------------------------------------------------------------------

def test_watches_that_are_gone_are_begun_anew(world: World) -> None:
    before = prepared(world)
    world.api_wire.fault(kube_error(410, "Expired"), count=4, method="GET", path="[?&]watch=(1|true)")
    assert world.api_wire.cut_open(path="[?&]watch=(1|true)") >= 4

    world.put("other", {"x": "1"})
    world.bind("other")
    world.wait_synced("other")
    change_arrives_once(world, before)


def test_watch_that_ends_with_an_error_event_is_begun_anew(world: World) -> None:
    before = prepared(world)
    gone = {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Expired",
                                        "code": 410, "message": "too old resource version"}}
    world.api_wire.fault(answer(200, json.dumps(gone) + "\n", {"Content-Type": "application/json"}), count=4,
                         method="GET", path="[?&]watch=(1|true)")
    world.api_wire.cut_open(path="[?&]watch=(1|true)")

    world.kube.patch("Secret", "db", world.ns, {"data": {"x": "d3Jvbmc="}})
    world.wait_data("db", {"x": b"old"})
    change_arrives_once(world, before)


def test_nothing_is_missed_between_a_torn_watch_and_the_next(world: World) -> None:
    before = prepared(world)
    world.api_wire.fault(delay(2), count=8, method="GET", path="[?&]watch=(1|true)")
    world.api_wire.cut_open(path="[?&]watch=(1|true)")

    world.kube.delete("Secret", "db", world.ns)
    world.put("late", {"x": "1"})
    world.bind("late")

    world.wait_data("db", {"x": b"old"})
    world.wait_synced("late")
    change_arrives_once(world, before)


# -- the API server ---------------------------------------------------------------

def test_change_while_the_api_server_is_down_arrives(world: World) -> None:
    world.put("db", {"x": "old"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")

    world.cluster.stop_apiserver(kill=True)
    try:
        world.put("db", {"x": "new"})
        edsm.wait_log(msg="event received", timeout=20)
    finally:
        world.cluster.start_apiserver()

    world.wait_data("db", {"x": b"new"})
    world.wait_restarts("web", before + 1)
    world.wait_drained()
    world.put("late", {"x": "1"})
    world.bind("late")
    world.wait_synced("late")
    assert world.restarts("web") == before + 1


# -- the token --------------------------------------------------------------------

def test_token_that_is_refused_is_said_and_its_renewal_taken(world: World) -> None:
    world.put("db", {"x": "1"})
    world.bind("db")
    token = Path(world.write_token())
    good = token.read_text()
    token.write_text(good[:-8] + "AAAAAAAA")
    edsm = world.edsm(token_file=str(token))

    said = edsm.wait_log(msg="cannot start yet", timeout=20)
    assert "401" in json.dumps(said) or "Unauthorized" in json.dumps(said)
    assert edsm.health("/readyz") == 503

    token.write_text(good)
    edsm.ready(60)
    world.wait_synced("db")


def test_rotated_token_is_read_again_after_a_refusal(world: World) -> None:
    token = Path(world.write_token())
    before = prepared(world, token_file=str(token))
    old = token.read_text()
    token.write_text(world.cluster.service_account_token(CONTROLLER_NAMESPACE, "edsm", 700))
    new = token.read_text()
    assert new != old

    def outdated(call: object) -> bool:
        return call.headers.get("authorization") == f"Bearer {old}" and call.proxy == "api"
    rule = world.api_wire.fault(kube_error(401, "Unauthorized"), count=None, when=outdated)
    change_arrives_once(world, before)

    assert rule.used >= 1
    patched = world.calls.find(proxy="api", method="PATCH", path="/secrets/db", status=200)
    assert patched[-1].headers["authorization"] == f"Bearer {new}"
