"""However many bindings consume a cloud secret, a change of it is read once."""

from __future__ import annotations

import math

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
        world.put(name, {"x": name})
        world.bind(name)
    world.start()
    for name in names:
        world.wait_synced(name)

    calls = world.calls.find(target="BatchGetSecretValue") + world.calls.find(target="GetSecretValue")
    assert sorted(world.reads()) == sorted(map(world.path, names))
    # A batch waits only so long for those that are about to ask: on a busy machine some are not full.
    full = math.ceil(SECRETS / BATCH)
    assert full <= len(calls) <= 2 * full
