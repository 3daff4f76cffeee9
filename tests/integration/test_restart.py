"""A restart of EDSM costs nothing, and no crash loses or doubles a change."""

from __future__ import annotations

import cloudtrail
import manifests
from bed.aws import Queue
from bed.exchange import hang
from bed.process import wait_for
from world import World, now

BINDINGS = 200
BURST = 30


def short_queue(world: World) -> Queue:
    """The emulator hands the next message to the poll of a program that has gone: it comes back soon."""
    return world.new_queue(visibility=2)


def test_restart_in_sync_reads_and_writes_nothing(world: World) -> None:
    queue = short_queue(world)
    names = [f"s{number}" for number in range(BINDINGS)]
    for name in names:
        world.put(name, {"x": name})
        world.bind(name)
    edsm = world.start(queue=queue)
    for name in names:
        world.wait_synced(name)
    world.workload("web", names[:3])
    before = world.wait_recorded("web", secrets=3)
    world.wait_drained(queue)
    edsm.terminate()
    reads, moment = len(world.reads()), now()

    edsm.start()
    edsm.ready(30)
    wait_for(lambda: edsm.metric("edsm_sweep_compared_total") >= BINDINGS, 30, "the sweep at start")
    # A barrier: what this program does after all of its start.
    version = world.put(names[0], {"x": "new"})
    world.wait_synced(names[0], version=version)
    world.wait_drained(queue)

    assert world.reads()[reads:] == [world.path(names[0])]
    written = {(entry.resource, entry.name) for entry in world.writes(moment) if entry.resource != "events"}
    assert written == {("secrets", names[0]), ("eventdrivensecrets", names[0]), ("deployments", "web")}
    assert world.restarts("web") == before + 1


def test_kill_in_the_middle_of_a_burst_converges(world: World) -> None:
    queue = short_queue(world)
    names = [f"s{number}" for number in range(BURST)]
    for name in names:
        world.put(name, {"x": "old"})
        world.bind(name)
        world.workload(name, [name])
    edsm = world.start(queue=queue)
    before = {name: world.wait_recorded(name) for name in names}

    versions = {name: world.put(name, {"x": f"new {name}"}) for name in names}
    wait_for(lambda: any(manifests.decoded(secret) != {"x": b"old"} for secret in world.kube.list(
        "Secret", world.ns, labelSelector=f"{manifests.LABEL}=true")), 30, "the first new value")
    edsm.kill9()
    edsm.start()

    for name in names:
        world.wait_data(name, {"x": f"new {name}".encode()})
        world.wait_synced(name, version=versions[name])
        world.wait_restarts(name, before[name] + 1)
    world.wait_drained(queue)
    assert {name: world.restarts(name) - before[name] for name in names} == dict.fromkeys(names, 1)


def test_kill_between_the_write_and_the_rollout_restarts_once(world: World) -> None:
    queue = short_queue(world)
    world.put("db", {"x": "old"})
    world.bind("db")
    edsm = world.start(queue=queue, wired=True)
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    hindrance = world.api_wire.fault(hang(), count=None, method="PATCH", path="/deployments/web")

    world.put("db", {"x": "new"})
    wait_for(lambda: hindrance.used, 30, "the patch of the Deployment")
    assert manifests.decoded(world.kube.get("Secret", "db", world.ns)) == {"x": b"new"}
    edsm.kill9()
    world.api_wire.clear_faults()
    edsm.start()

    world.wait_restarts("web", before + 1)
    world.wait_drained(queue)
    assert world.restarts("web") == before + 1


def test_change_while_down_is_found_without_any_event(world: World) -> None:
    queue = world.aws.make_queue(f"{world.ns}-silent")
    world.put("db", {"x": "old"})
    world.bind("db")
    edsm = world.start(queue=queue)
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    edsm.terminate()

    world.put("db", {"x": "new"})
    edsm.start()

    world.wait_data("db", {"x": b"new"})
    world.wait_restarts("web", before + 1)


def test_event_sent_while_down_is_picked_up(world: World) -> None:
    queue = short_queue(world)
    world.put("db", {"x": "old"})
    world.bind("db")
    edsm = world.start(queue=queue)
    world.wait_synced("db")
    edsm.terminate()

    world.put("db", {"x": "new"})
    world.send(cloudtrail.put_secret_value(world.path("db")), queue)
    edsm.start()

    world.wait_data("db", {"x": b"new"})
    world.wait_empty(queue)


def test_orderly_stop_in_a_burst_loses_nothing(world: World) -> None:
    queue = short_queue(world)
    names = [f"s{number}" for number in range(BURST)]
    for name in names:
        world.put(name, {"x": "old"})
        world.bind(name)
    edsm = world.start(queue=queue)
    for name in names:
        world.wait_synced(name)

    for name in names:
        world.put(name, {"x": "new"})
    edsm.terminate()
    edsm.start()

    for name in names:
        world.wait_data(name, {"x": b"new"})
    world.wait_drained(queue)


def test_lost_digest_key_restarts_nothing(world: World) -> None:
    queue = short_queue(world)
    world.put("db", {"x": "1"})
    world.bind("db")
    edsm = world.start(queue=queue)
    world.wait_synced("db")
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    edsm.terminate()
    digest = world.kube.get("Secret", "db", world.ns)["metadata"]["annotations"]["secrets.edsm.io/digest"]

    world.kube.delete("Secret", "edsm-digest-key", "kube-system")
    edsm.start()
    world.kube.wait("Secret", "db", world.ns, lambda seen: (
        seen["metadata"]["annotations"]["secrets.edsm.io/digest"] != digest), "a digest under the new key", 30)
    version = world.put("db", {"x": "2"})
    world.wait_synced("db", version=version)
    world.wait_drained(queue)

    assert world.restarts("web") == before + 1, "once for the change, not for the key"
