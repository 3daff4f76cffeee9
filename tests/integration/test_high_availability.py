"""Several replicas: one writes, another takes over when it is killed, stopped, cut off or asked to end,
and the change of the leader costs neither a change nor a second effect."""

from __future__ import annotations

import threading
from signal import SIGCONT, SIGSTOP
from contextlib import ExitStack
from datetime import timedelta

import pytest

from bed.aws import Queue
from bed.exchange import hold
from bed.process import wait_for
from estate import SECRETS, Estate
from replicas import (LEASE_DURATION, RETRY_PERIOD, Replica, cut_off, start_replicas, taken_over, transitions,
                      wait_leader)
from world import World, now

TAKEOVER = timedelta(seconds=LEASE_DURATION + RETRY_PERIOD)
HANDOVER = timedelta(seconds=2)
BUSY = timedelta(seconds=1.5)  # what requests, and a sanitized program on a busy machine, may add

pytestmark = pytest.mark.timeout(180)


def change(estate: Estate, value: str, secrets: tuple[str, ...] = SECRETS) -> None:
    for name in secrets:
        estate.put(name, f"{value} of {name}")


def leader_and_standby(world: World, stack: ExitStack) -> tuple[Queue, Estate, Replica, Replica]:
    """An estate in order, tended by the first of two replicas."""
    queue = world.new_queue(visibility=3)
    estate = Estate(world, stack)
    replicas = start_replicas(world, 2, queue)
    first = wait_leader(replicas)
    (second,) = [replica for replica in replicas if replica is not first]
    estate.begin()
    return queue, estate, first, second


def test_killed_leader_is_replaced_and_an_orderly_one_hands_over(world: World, stack: ExitStack) -> None:
    queue = world.new_queue(visibility=3)
    estate, beginning = Estate(world, stack), now()
    replicas = start_replicas(world, 3, queue)
    first = wait_leader(replicas)
    estate.begin()
    changes_of_hands = transitions(world)

    change(estate, "1")
    wait_for(lambda: first.writes(beginning, verb="patch", resource="secrets"), 30, "its first write of a change")
    first.edsm.kill9()
    killed = now()
    change(estate, "2", SECRETS[:3])
    standby = [replica for replica in replicas if replica is not first]
    second, at = taken_over(standby, killed)
    assert at - killed < TAKEOVER + BUSY
    estate.wait_converged()
    (third,) = [replica for replica in standby if replica is not second]
    assert not third.leads() and not third.writes(beginning, namespace=world.ns)

    # The next one goes in order, in the middle of work.
    change(estate, "3")
    second.edsm.terminate(timeout=30)
    stopped = now()
    successor, at = taken_over([third], stopped - timedelta(seconds=10))
    assert successor is third and at - stopped < HANDOVER
    estate.wait_converged()

    world.wait_drained(queue)
    assert transitions(world) == changes_of_hands + 2
    assert estate.check()["restarts"] > 0
    estate.check_reads(queue, starts=3)


def test_stopped_leader_writes_nothing_when_it_goes_on(world: World, stack: ExitStack) -> None:
    queue, estate, first, second = leader_and_standby(world, stack)

    # Stopped with a write on its way, which arrives when another leads.
    released = threading.Event()
    stack.callback(released.set)
    first.api.fault(hold(released), method="PATCH", path="/secrets/a")
    change(estate, "1")
    late = wait_for(lambda: world.calls.find(proxy=first.api.name, method="PATCH", path="/secrets/a"), 30,
                    "its write")[0]
    first.edsm.process.signal(SIGSTOP)
    stopped = now()
    _, at = taken_over([second], stopped)
    assert at - stopped < TAKEOVER + BUSY
    estate.wait_converged()
    released.set()
    wait_for(lambda: late.upstream_status, 20, "the late write to be answered")
    assert late.upstream_status == 409, "it was based on an older state"
    change(estate, "2")
    estate.wait_converged()
    calls = len(world.calls.find(proxy=first.aws.name))

    first.edsm.process.signal(SIGCONT)
    resumed = now()
    assert first.edsm.process.wait(30) == 1, "it exits, to be started anew"
    assert first.edsm.logs(msg="leadership lost: exiting, so that nothing is written twice")
    assert not first.writes(resumed)
    assert len(world.calls.find(proxy=first.aws.name)) == calls
    first.edsm.start()
    first.edsm.ready(30)
    change(estate, "3")
    estate.wait_converged()
    assert not first.leads() and not first.writes(resumed)

    world.wait_drained(queue)
    estate.check()
    estate.check_reads(queue, starts=2)


def test_leader_cut_off_from_the_api_server_ends_before_another_leads(world: World, stack: ExitStack) -> None:
    queue, estate, first, second = leader_and_standby(world, stack)

    cut_off(first.api)
    cut = now()
    change(estate, "1")
    assert first.edsm.process.wait(LEASE_DURATION) == 1
    ended = now()
    _, at = taken_over([second], cut)
    assert ended < at < cut + TAKEOVER + BUSY
    estate.wait_converged()
    assert not first.writes(cut)

    # It is started again, as Kubernetes would, and waits until the API server can be reached.
    first.edsm.start()
    first.edsm.wait_log(msg="cannot start yet", timeout=30)
    first.api.clear_faults()
    first.edsm.ready(60)
    world.wait_drained(queue)
    assert second.leads() and not first.leads()
    estate.check()
    estate.check_reads(queue, starts=3)


def test_leader_cut_off_from_aws_says_so_and_hands_over_when_asked(world: World, stack: ExitStack) -> None:
    queue, estate, first, second = leader_and_standby(world, stack)
    changes_of_hands = transitions(world)

    cut_off(first.aws)
    change(estate, "1", SECRETS[:3])
    world.kube.patch("Secret", "f", world.ns, {"data": {"x": "d3Jvbmc="}})  # to be healed by a read
    said = world.wait_reason("f", "SourceUnavailable", timeout=60)
    assert "secretsmanager" in said["message"]
    first.edsm.wait_log(msg="queue cannot be read")
    assert first.leads() and transitions(world) == changes_of_hands, "it holds the lease that it can renew"

    first.edsm.terminate(timeout=30)
    stopped = now()
    _, at = taken_over([second], stopped - timedelta(seconds=10))
    assert at - stopped < HANDOVER
    world.wait_data("f", {"x": b"0"})
    estate.wait_converged()
    world.wait_drained(queue)
    estate.check()
