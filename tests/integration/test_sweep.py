"""What no event told is found by the sweep, with as few calls as can be; a start with everything in
order, and the loss of the digest key, cost no effect."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import manifests
from bed.aws import Ministack, Queue
from bed.edsm import Edsm
from bed.kube import Kube
from bed.process import wait_for
from history import History
from world import CONTROLLER_NAMESPACE, USER, World, now

MANY = 1000
PAGE = 100          # secrets in an answer of ListSecrets
KUBE_PAGE = 500     # objects in an answer to one of EDSM's lists
OFTEN = ["--resync-interval=10s", "--rollout-window=200ms"]


@pytest.fixture(scope="module")
def private() -> Iterator[Ministack]:
    """An AWS whose secrets are those of this module."""
    with Ministack() as server:
        yield server


def silent_queue(world: World) -> Queue:
    """A queue to which no rule leads."""
    return world.aws.make_queue(f"{world.ns}-silent")


def in_parallel(work: Callable[[Any], Any], items: Iterable[Any]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, items))


def bind_all(world: World, names: Iterable[str]) -> None:
    """Secrets and bindings, many at once."""
    own = threading.local()

    def one(name: str) -> None:
        if not hasattr(own, "kube"):  # a client serves one thread
            own.kube = Kube(world.kube.url, world.kube.ca, client_cert=world.kube.client_cert)
        world.put(name, {"x": name})
        own.kube.create(manifests.binding(name, world.ns, world.path(name), name))
    in_parallel(one, names)


def wait_all_synced(edsm: Edsm, number: int, timeout: float = 60) -> None:
    wait_for(lambda: edsm.metric("edsm_bindings", reason="Synced") >= number, timeout, f"{number} bindings to be synced",
             [edsm.process])


def calls(world: World) -> Counter[str]:
    """How often EDSM called which operation of Secrets Manager."""
    return Counter(call.target.split(".")[1] for call in world.calls.find()
                   if call.target.startswith("secretsmanager."))


def wait_sweeps(edsm: Edsm, number: int) -> None:
    done = edsm.metric("edsm_sweeps_total")
    wait_for(lambda: edsm.metric("edsm_sweeps_total") >= done + number, 15 * number, "sweeps", [edsm.process])


# -- lost events --------------------------------------------------------------------

@pytest.mark.parametrize("world", ["private"], indirect=True)
def test_lost_events_are_found_by_listing(world: World) -> None:
    names = [f"s{number}" for number in range(40)]
    bind_all(world, names)
    edsm = world.start(queue=silent_queue(world), flags=OFTEN)
    wait_all_synced(edsm, len(names))
    world.wait_next_second()
    world.workload("web", names[:3])
    world.wait_recorded("web", secrets=3)

    for name in names[:5]:
        world.put(name, {"x": "new"})
    for name in names[:5]:
        world.wait_data(name, {"x": b"new"})
    world.wait_restarts("web", 1)
    wait_sweeps(edsm, 1)

    assert Counter(world.reads()) == Counter(map(world.path, [*names, *names[:5]]))
    assert edsm.metric("edsm_sweep_differing_total") == 5
    in_account = len(world.aws.client("secretsmanager").list_secrets(MaxResults=PAGE)["SecretList"])
    assert in_account < PAGE
    assert calls(world)["DescribeSecret"] == 0
    assert calls(world)["ListSecrets"] in (edsm.metric("edsm_sweeps_total"), edsm.metric("edsm_sweeps_total") + 1)
    assert world.restarts("web") == 1


@pytest.mark.parametrize("world", ["private"], indirect=True)
def test_few_among_many_are_asked_for_one_by_one(world: World) -> None:
    in_parallel(lambda number: world.put(f"other{number}", "x"), range(3 * PAGE + 1))
    names = ["a", "b", "c"]
    bind_all(world, names)
    edsm = world.start(queue=silent_queue(world), flags=OFTEN)
    wait_all_synced(edsm, len(names))

    world.put("b", {"x": "new"})
    world.wait_data("b", {"x": b"new"})
    sweeps = edsm.metric("edsm_sweeps_total")

    assert Counter(world.reads()) == Counter(map(world.path, [*names, "b"]))
    assert calls(world)["ListSecrets"] == 0
    assert 0 <= calls(world)["DescribeSecret"] - len(names) * sweeps <= len(names)


# -- a start in order ---------------------------------------------------------------

@pytest.mark.timeout(240)
@pytest.mark.parametrize("world", ["private"], indirect=True)
def test_start_with_a_thousand_bindings_in_order_reads_and_writes_nothing(world: World) -> None:
    queue = world.new_queue(visibility=2)
    names = [f"s{number}" for number in range(MANY)]
    bind_all(world, names)
    edsm = world.start(queue=queue)
    wait_all_synced(edsm, MANY, 120)
    world.workload("web", names[:3])
    before = world.wait_recorded("web", secrets=3)
    wait_for(lambda: len([item for item in world.kube.list("EventDrivenSecret", world.ns)
                          if item.get("status", {}).get("syncedVersion")]) == MANY, 120, "all to be reported")
    edsm.terminate(30)
    reads, asked, moment = len(world.reads()), calls(world), now()

    edsm.start()
    edsm.ready(60)
    wait_for(lambda: edsm.metric("edsm_sweep_compared_total") >= MANY, 60, "the sweep at start", [edsm.process])
    world.wait_drained(queue)

    assert len(world.reads()) == reads
    assert not world.writes(moment)
    pages = -(-len(all_secrets(world)) // PAGE)
    assert calls(world) - asked == Counter(ListSecrets=pages)
    lists = Counter(entry.resource for entry in world.cluster.audit(user=USER, verb="list", stage="ResponseComplete")
                    if entry.received >= moment)
    assert lists["eventdrivensecrets"] <= MANY / KUBE_PAGE + 1 and lists["secrets"] <= MANY / KUBE_PAGE + 1
    assert world.restarts("web") == before


def all_secrets(world: World) -> list[Any]:
    pages = world.aws.client("secretsmanager").get_paginator("list_secrets").paginate(MaxResults=PAGE)
    return [secret for page in pages for secret in page["SecretList"]]


# -- the digest key -----------------------------------------------------------------

def test_digest_key_lost_while_running_restarts_nothing(world: World, stack: Any) -> None:
    queue = world.new_queue(visibility=2)
    names = ["a", "b", "c"]
    for name in names:
        world.put(name, {"x": "0"})
        world.bind(name)
    edsm = world.start(queue=queue)
    for name in names:
        world.wait_synced(name)
    world.wait_next_second()
    for name in names:
        world.workload(name, [name])
        world.wait_recorded(name)
    history = History(world.kube, world.ns, stack)

    # It goes on with the key that it knows.
    world.kube.delete("Secret", "edsm-digest-key", CONTROLLER_NAMESPACE)
    version = world.put("a", {"x": "1"})
    world.wait_synced("a", version=version)
    world.wait_restarts("a", 1)
    world.kube.patch("Secret", "b", world.ns, {"data": {"x": "d3Jvbmc="}})
    world.wait_data("b", {"x": b"0"})
    world.wait_drained(queue)

    # The next one makes a new key; one value changes while nobody runs.
    edsm.kill9()
    old = {name: states[-1].digest for name, states in history.secrets().items()}
    version = world.put("c", {"x": "1"})
    edsm.start()
    world.wait_synced("c", version=version)
    world.wait_restarts("c", 1)

    def recorded_anew() -> bool:
        history.catch_up()
        held = {name: states[-1].digest for name, states in history.secrets().items()}
        ran = {name: dict(states[-1].digests)[name] for (_, name), states in history.workloads().items()}
        return held == ran and all(held[name].split(":")[0] != old[name].split(":")[0] for name in names)
    wait_for(recorded_anew, 30, "everything under the new key")
    world.wait_drained(queue)
    assert {name: world.restarts(name) for name in names} == {"a": 1, "b": 0, "c": 1}
    assert Counter(world.reads()) == Counter({world.path("a"): 3, world.path("b"): 3, world.path("c"): 2})
