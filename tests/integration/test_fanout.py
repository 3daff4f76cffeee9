"""However many bindings consume a cloud secret, a change of it is read once."""

from __future__ import annotations

import math

from test_sweep import silent_queue
from world import World

NAMESPACES = 50
SECRETS = 45
BATCH = 20  # what AWS answers in one call


def test_fifty_namespaces_share_one_read(world: World) -> None:
    world.put("db", {"password": "old"})
    namespaces = [world.new_namespace() for _ in range(NAMESPACES)]
    for namespace in namespaces:
        world.bind("db", namespace=namespace)
    world.start()
    for namespace in namespaces:
        world.wait_synced("db", namespace=namespace)
    assert world.reads() == [world.path("db")], "the first value, too, is read once for all"

    world.put("db", {"password": "new"})

    for namespace in namespaces:
        world.wait_data("db", {"password": b"new"}, namespace=namespace)
    world.wait_drained()
    assert world.reads() == [world.path("db")] * 2


def test_many_secrets_are_read_in_batches(world: World) -> None:
    names = [f"s{number}" for number in range(SECRETS)]
    for name in names:
        world.put(name, {"x": "old"})
        world.bind(name)
    edsm = world.start()
    for name in names:
        world.wait_synced(name)
    edsm.terminate()
    for name in names:
        world.put(name, {"x": "new"})
    world.calls.clear()

    # All ask in the same moment, whatever the machine is busy with: what changed while nobody ran is found by one
    # answer to the first sweep, and nothing has to be looked up for a Secret that is in order. Events would be
    # received ten at a time, and new bindings first look for their Secrets, each for a time of its own.
    world.start(queue=silent_queue(world))
    for name in names:
        world.wait_data(name, {"x": b"new"})

    calls = world.calls.find(target="BatchGetSecretValue") + world.calls.find(target="GetSecretValue")
    assert sorted(world.reads()) == sorted(map(world.path, names))
    assert len(calls) == math.ceil(SECRETS / BATCH)
