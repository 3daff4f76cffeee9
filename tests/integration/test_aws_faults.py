"""What AWS does to its clients, for one call, for a while or for long: EDSM recovers by itself, does not
hammer on it meanwhile, and says how it is."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bed.aws import Ministack
from bed.exchange import Fault, answer, aws_error, cut_after, cut_before, delay, truncate
from bed.process import wait_for
from estate import SECRETS, Estate
from world import World


@pytest.fixture(scope="module")
def mortal() -> Iterator[Ministack]:
    """An AWS of this module's own, which may be stopped."""
    with Ministack() as server:
        yield server


def prepared(world: World, *names: str, **options: object) -> None:
    """Bindings in sync, and a Deployment that uses the first."""
    for name in names:
        world.put(name, {"x": "0"})
        world.bind(name)
    world.start(**options)
    for name in names:
        world.wait_synced(name)
    world.wait_next_second()
    world.workload("web", [names[0]])
    world.wait_recorded("web")


# -- one call fails -----------------------------------------------------------------

FAULTS: dict[str, Fault] = {
    "throttled": aws_error("ThrottlingException"),
    "internal error": aws_error("InternalServiceError", 500),
    "unavailable, with a wish": aws_error("ServiceUnavailable", 503, **{"Retry-After": "1"}),
    "no code at all": answer(503, "<html>", {"Content-Type": "text/html"}),
    "success that is not JSON": answer(200, "not JSON", {"Content-Type": "application/x-amz-json-1.1"}),
    "empty success": answer(200, "{}", {"Content-Type": "application/x-amz-json-1.1"}),
    "connection cut before": cut_before(),
    "reply lost": cut_after(),
    "reply torn": truncate(20),
    "late": delay(2),
}


@pytest.mark.parametrize("target", ["GetSecretValue", "ReceiveMessage"])
def test_failed_call_is_made_good_without_a_second_effect(world: World, target: str) -> None:
    queue = world.new_queue(visibility=2)  # what a lost reply had received comes back soon
    prepared(world, "db", queue=queue)
    for number, (name, fault) in enumerate(FAULTS.items()):
        rule = world.aws_wire.fault(fault, target=target)
        if target == "ReceiveMessage":  # so that it is the next poll that gets the message
            world.aws_wire.cut_open(target=target)
            wait_for(lambda: rule.used, 30, "the next poll")
        version = world.put("db", {"x": f"after {name}"})
        world.wait_data("db", {"x": f"after {name}".encode()})
        world.wait_synced("db", version=version)
        world.wait_restarts("web", number + 1)
        assert rule.used == 1, name
    world.wait_drained(queue)
    assert world.restarts("web") == len(FAULTS)


# -- many fail, for a while ------------------------------------------------------------

def test_storm_of_failures_loses_and_doubles_nothing(world: World, stack: ExitStack) -> None:
    queue = world.new_queue(visibility=2)
    estate, chance = Estate(world, stack), random.Random(7)
    world.start(queue=queue)
    estate.begin()
    for fault in FAULTS.values():
        world.aws_wire.fault(fault, count=None, when=lambda call: chance.random() < 0.08)
    for number in range(40):
        before = len(world.calls.find(proxy="aws"))
        estate.put(SECRETS[number % len(SECRETS)], f"{number}")
        wait_for(lambda: len(world.calls.find(proxy="aws")) > before, 40, "it to do something")
    failed = [call for call in world.calls.find(proxy="aws") if call.fault]
    world.aws_wire.clear_faults()

    estate.wait_converged()
    world.wait_drained(queue)
    estate.check()
    assert len(failed) > 20


# -- one secret cannot be read for long -------------------------------------------------

def test_throttling_of_one_secret_is_said_and_holds_up_nobody_else(world: World) -> None:
    prepared(world, "db", "other")
    edsm = world.programs[0]
    slow = world.aws_wire.fault(aws_error("ThrottlingException"), count=None, when=lambda call: (
        call.target.endswith("GetSecretValue") and world.path("db") in call.body.decode()))

    world.put("db", {"x": "1"})
    wait_for(lambda: slow.used, 20, "the first refusal")
    began = time.monotonic()
    version = world.put("other", {"x": "1"})
    world.wait_synced("other", version=version)
    said = world.wait_reason("db", "Throttled", timeout=60)

    assert "secretsmanager" in said["message"]
    assert slow.used <= 5 + 2 * (time.monotonic() - began), "it is asked ever more seldom"
    assert edsm.metric("edsm_bindings", reason="Throttled") == edsm.metric("edsm_bindings", reason="Synced") == 1
    assert edsm.metric("edsm_messages_held") == 1
    assert edsm.metric("edsm_api_calls_total", operation="GetSecretValue", code="ThrottlingException") >= slow.used
    world.wait_data("db", {"x": b"0"})

    world.aws_wire.clear_faults()
    version = world.put("db", {"x": "2"})  # an event tries again at once
    world.wait_synced("db", version=version)
    world.wait_data("db", {"x": b"2"})
    assert edsm.metric("edsm_bindings", reason="Synced") == 2
    world.wait_k8s_event("Synced", about="db")
    world.wait_drained()
    assert world.restarts("web") == 1


# -- AWS is away, and comes back empty ---------------------------------------------------

@pytest.mark.parametrize("world", ["mortal"], indirect=True)
def test_restarted_aws_is_found_again(world: World) -> None:
    prepared(world, "db", "other")
    edsm, aws = world.programs[0], world.aws
    world.wait_drained()

    aws.stop()
    calls, began = len(world.calls.find(proxy="aws")), time.monotonic()
    world.kube.patch("Secret", "db", world.ns, {"data": {"x": "d3Jvbmc="}})  # to be healed by a read
    said = world.wait_reason("db", "SourceUnavailable", timeout=60)
    assert "secretsmanager" in said["message"]
    assert len(world.calls.find(proxy="aws")) - calls <= 20 + 2 * (time.monotonic() - began), "no hot loop"
    assert edsm.logs(msg="queue cannot be read")
    assert edsm.metric("edsm_bindings", reason="SourceUnavailable") == 1
    assert edsm.health("/healthz") == edsm.health("/readyz") == 200, "a restart would not help"

    aws.start()  # without any secret or queue
    world.wait_reason("db", "SourceGone", timeout=60)
    assert world.kube.get("Secret", "db", world.ns), "what is gone is kept"
    assert world.make_queue(world.queue.name).url == world.queue.url
    for name in ("db", "other"):
        world.put(name, {"x": "0"})
        world.put(name, {"x": "1"})
        world.wait_data(name, {"x": b"1"}, timeout=60)
        world.wait_synced(name)
    world.wait_drained()
    assert world.restarts("web") == 1
    assert edsm.logs(msg="queue can be read again")
