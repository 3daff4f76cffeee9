"""What befalls a Kubernetes API server and its clients in the life of a cluster: storms of errors, hours
when nobody answers, restarts, compaction, GOAWAY, revoked tokens. EDSM recovers by itself, does not
hammer on the server meanwhile, and neither loses nor doubles a change."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import manifests
from bed.controlplane import ControlPlane
from bed.exchange import answer, cut_after, cut_before, delay, kube_error, truncate
from bed.kube import Kube, KubeError
from bed.process import wait_for
from estate import SECRETS, Estate
from replicas import cut_off
from world import CONTROLLER_NAMESPACE, World

WATCH = "[?&]watch=true"


def test_storm_of_failures_loses_and_doubles_nothing(world: World, stack: ExitStack) -> None:
    queue = world.new_queue(visibility=2)
    estate, chance = Estate(world, stack), random.Random(7)
    world.start(queue=queue, wired=True)
    estate.begin()
    for fault in (kube_error(429, "TooManyRequests", Retry_After="1"), kube_error(500, "InternalError"),
                  kube_error(503, "ServiceUnavailable"), kube_error(504, "Timeout"), kube_error(409, "Conflict"),
                  answer(502, "<html>", {"Content-Type": "text/html"}), answer(200, "{"), cut_before(),
                  cut_after(), truncate(30), delay(1)):
        world.api_wire.fault(fault, count=None, when=lambda call: chance.random() < 0.04)
    for number in range(40):
        before = len(world.calls.find(proxy="api"))
        estate.put(SECRETS[number % len(SECRETS)], f"{number}")
        if number % 8 == 0:
            world.api_wire.cut_open(path=WATCH)
        wait_for(lambda: len(world.calls.find(proxy="api")) > before, 40, "it to do something")
    failed = [call for call in world.calls.find(proxy="api") if call.fault]
    world.api_wire.clear_faults()

    estate.wait_converged()
    world.wait_drained(queue)
    estate.check()
    estate.check_reads(queue, starts=1 + len(failed))
    assert len(failed) > 20


def test_unreachable_api_server_is_not_hammered(world: World, stack: ExitStack) -> None:
    queue = world.new_queue(visibility=3)
    estate = Estate(world, stack)
    edsm = world.start(queue=queue, wired=True)
    estate.begin()

    cut_off(world.api_wire)
    calls, began = len(world.calls.find(proxy="api")), time.monotonic()
    for name in SECRETS:
        estate.put(name, "1")
    wait_for(lambda: edsm.metric("edsm_messages_held") == len(SECRETS), 30, "the events")
    wait_for(lambda: time.monotonic() - began > 8, 10, "an outage of some length")
    assert len(world.calls.find(proxy="api")) - calls < 15 * 8, "no hot loop"
    assert edsm.metric("edsm_watch_restarts_total", cause="connection") >= 5
    assert edsm.metric("edsm_messages_held") == len(SECRETS), "nothing is acknowledged"
    assert edsm.health("/healthz") == 200
    assert {path: world.reads().count(path) for path in world.reads()} == dict.fromkeys(
        map(world.path, SECRETS), 2), "one at the beginning, one for the change"

    world.api_wire.clear_faults()
    estate.wait_converged()
    world.wait_drained(queue)
    estate.check()


def test_restart_and_compaction_of_the_server_lose_nothing(world: World) -> None:
    world.put("db", {"x": "0"})
    world.bind("db")
    world.put("gone", {"x": "0"})
    world.bind("gone")
    edsm = world.start(wired=True)
    for name in ("db", "gone"):
        world.wait_synced(name)
    world.wait_next_second()
    world.workload("web", ["db"])
    before = world.wait_recorded("web")

    # While nothing is seen, all kinds of things happen; then nobody remembers them any more.
    cut_off(world.api_wire)
    world.kube.delete("EventDrivenSecret", "gone", world.ns)
    world.kube.delete("Secret", "db", world.ns)
    world.put("late", {"x": "0"})
    world.bind("late")
    world.workload("worker", ["late"])
    world.cluster.compact()
    world.cluster.restart_apiserver(kill=False)
    world.api_wire.clear_faults()

    world.wait_data("db", {"x": b"0"}, timeout=60)
    world.wait_synced("late")
    world.wait_recorded("worker")
    refused = [call for call in world.calls.find(proxy="api", path=WATCH)
               if call.status == 410 or b'"code":410' in call.reply]
    assert refused, "a watch was told that its version is too old"
    assert edsm.metric("edsm_watch_restarts_total", cause="expired") >= 1
    assert edsm.metric("edsm_total_eventdrivensecrets", namespace=world.ns) == 2

    # Once more by SIGKILL, while it is worked on. (A server that is starting refuses everybody for a
    # moment; a load balancer leads nobody there yet.)
    version = world.put("db", {"x": "1"})
    cut_off(world.api_wire)
    world.cluster.restart_apiserver()
    world.api_wire.clear_faults()
    world.wait_synced("db", version=version)
    world.wait_restarts("web", before + 1)
    world.wait_drained()
    assert world.restarts("web") == before + 1


# -- the token ----------------------------------------------------------------------

def test_token_that_the_server_revokes_is_replaced_without_a_restart(world: World, stack: ExitStack) -> None:
    holder = world.kube.create(manifests.secret("holder", CONTROLLER_NAMESPACE, {}))
    token = Path(world.write_token())
    token.write_text(world.cluster.service_account_token(CONTROLLER_NAMESPACE, "edsm", bound_to=holder))
    world.put("db", {"x": "0"})
    world.bind("db")
    edsm = world.start(wired=True, token_file=str(token))
    world.wait_synced("db")
    world.wait_next_second()
    world.workload("web", ["db"])
    before = world.wait_recorded("web")

    world.kube.delete("Secret", "holder", CONTROLLER_NAMESPACE)
    someone = world.kube.as_token(token.read_text())
    wait_for(lambda: refused(someone), 60, "the token to be refused")
    calls, began = len(world.calls.find(proxy="api")), time.monotonic()
    version = world.put("db", {"x": "1"})
    wait_for(lambda: edsm.metric("edsm_api_calls_total", service="kubernetes", code="401") >= 1, 30, "a refusal")
    world.api_wire.cut_open(path=WATCH)
    wait_for(lambda: time.monotonic() - began > 6, 10, "an outage of some length")
    assert len(world.calls.find(proxy="api")) - calls < 15 * 6, "no hot loop"
    world.wait_data("db", {"x": b"0"})
    assert edsm.metric("edsm_messages_held") == 1

    token.write_text(world.cluster.service_account_token(CONTROLLER_NAMESPACE, "edsm"))
    world.wait_data("db", {"x": b"1"}, timeout=60)
    world.wait_synced("db", version=version)
    world.wait_drained()
    assert world.restarts("web") == before + 1
    world.put("late", {"x": "0"})
    world.bind("late")
    world.wait_data("late", {"x": b"0"}, timeout=90)  # the refused watches waited some time
    world.wait_synced("late")


def refused(kube: Kube) -> bool:
    try:
        kube.get("Secret", "edsm-digest-key", CONTROLLER_NAMESPACE)
    except KubeError as error:
        return error.status == 401
    return False


# -- HTTP/2 -------------------------------------------------------------------------

@pytest.fixture
def restless(cluster: ControlPlane) -> Iterator[ControlPlane]:
    """The API server sends a GOAWAY after every fiftieth request or so: its own means of balancing."""
    cluster.restart_apiserver(["--goaway-chance=0.02"])
    yield cluster
    cluster.restart_apiserver([])


def test_goaway_fails_no_request(restless: ControlPlane, world: World, stack: ExitStack) -> None:
    queue = world.new_queue()
    estate = Estate(world, stack)
    edsm = world.start(queue=queue)  # without a proxy: it speaks HTTP/2
    estate.begin()
    ports = sockets(edsm.process.pid, restless.port)
    for number in range(25):
        for name in SECRETS:
            estate.put(name, str(number))
        wait_for(lambda: edsm.metric("edsm_messages_held") == 0, 30, "the events to be done with")
        ports |= sockets(edsm.process.pid, restless.port)
    estate.wait_converged()
    world.wait_drained(queue)
    sums = estate.check()

    assert sums["writes"] >= 20 and len(ports) > 8, f"{len(ports)} connections: none was replaced"
    calls = {key: number for key, number in edsm.metrics().items()
             if key.startswith("edsm_api_calls_total") and 'service="kubernetes"' in key}
    # (The namespace of an earlier test, on its way out, refuses Events.)
    assert not [key for key in calls if not re.search('code="(2..|403|404|409)"', key)]
    assert not edsm.metric("edsm_watch_restarts_total", cause="connection")


def sockets(pid: int, port: int) -> set[int]:
    """The local ports of the process's connections to a port of 127.0.0.1."""
    inodes = {text[8:-1] for link in Path(f"/proc/{pid}/fd").iterdir()
              if (text := read_link(link)).startswith("socket:[")}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].split(":")[1], 16) for row in rows
            if row[9] in inodes and int(row[2].split(":")[1], 16) == port}


def read_link(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:  # closed meanwhile
        return ""
