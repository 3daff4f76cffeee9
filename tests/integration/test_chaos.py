"""EDSM is killed without warning while secrets change, again and again: no change is lost, and nothing
happens twice.

EDSM_CHAOS_ROUNDS (20) says how often, EDSM_CHAOS_SEED draws the same changes and kills once more.
`make chaos ROUNDS=1000` runs this module alone.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack, suppress

import pytest

from bed.aws import Queue
from bed.edsm import Edsm
from bed.exchange import Exchange, cut_after, cut_before
from bed.process import wait_for
from estate import SECRETS, Estate
from world import World, now

ROUNDS = int(os.environ.get("EDSM_CHAOS_ROUNDS") or 20)
SEED = int(os.environ.get("EDSM_CHAOS_SEED") or random.SystemRandom().randrange(1 << 32))

FLOW = 1.0   # seconds, over which changes are spread
LATEST = 30  # exchanges: a kill by the wire comes at one of so many


class Killer:
    """Kills the program once: at a moment in time, or at one of its next exchanges with a peer, just
    before the peer hears of it or just after the peer did what it was asked."""

    def __init__(self, world: World, edsm: Edsm, chance: random.Random) -> None:
        self._world, self._edsm = world, edsm
        self.how = chance.choice(["clock", "before", "after", "after"])
        self._left = chance.randint(1, LATEST)
        fault = cut_before() if self.how == "before" else cut_after()
        if self.how != "clock":
            for wire in (world.api_wire, world.aws_wire):
                wire.fault(fault, when=self._strike)

    def _strike(self, exchange: Exchange) -> bool:
        waiting = "watch=true" in exchange.path or exchange.target.endswith("ReceiveMessage")
        self._left -= not waiting
        if waiting or self._left != 0:
            return False
        self._edsm.process.signal(signal.SIGKILL)
        return True

    def wait(self, timeout: float) -> None:
        """Gives it so long to happen, then kills. All wires are well again."""
        with suppress(TimeoutError):
            self._edsm.process.wait(timeout)
        self._edsm.kill9()
        for wire in (self._world.api_wire, self._world.aws_wire):
            wire.clear_faults()


def change_and_kill(world: World, edsm: Edsm, estate: Estate, chance: random.Random) -> str:
    """Secrets change, before the kill and after it: most to new values, some to the present or the first."""
    killer = Killer(world, edsm, chance)

    def change() -> None:
        name = chance.choice(SECRETS)
        estate.put(name, chance.choices([f"{chance.getrandbits(64):x}", estate.values[name], "0"], [7, 2, 1])[0])
    schedule = [(chance.uniform(0, FLOW), change) for _ in range(chance.randint(3, 10))]
    if killer.how == "clock":
        schedule.append((chance.uniform(0, 1.5 * FLOW), edsm.kill9))
    began = time.monotonic()
    for moment, act in sorted(schedule, key=lambda entry: entry[0]):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        act()
    killer.wait(FLOW)
    return killer.how


@pytest.mark.timeout(180 + 15 * ROUNDS)
def test_killed_at_any_moment_it_loses_and_doubles_nothing(world: World, stack: ExitStack) -> None:
    print(f"EDSM_CHAOS_SEED={SEED} EDSM_CHAOS_ROUNDS={ROUNDS}")
    chance, kills = random.Random(SEED), Counter[str]()
    queue = world.new_queue(visibility=2)  # what a killed program had received comes back soon
    estate = Estate(world, stack)
    edsm = world.start(queue=queue, wired=True)
    estate.begin()
    for number in range(ROUNDS):
        kills[change_and_kill(world, edsm, estate, chance)] += 1
        edsm.start()
        if chance.random() < 0.3:  # once more, while it recovers
            Killer(world, edsm, chance).wait(chance.uniform(0, 1.5 * FLOW))
            kills["while it recovers"] += 1
            edsm.start()
        estate.wait_converged()
        print(f"round {number}: {estate.check()}")

    world.wait_drained(queue)
    nothing_happens_any_more(world, edsm, queue)
    sums = estate.check() + Counter(puts=estate.puts)
    sums["reads"] = estate.check_reads(queue, starts=sum(kills.values()) + 2)
    print(f"kills: {dict(kills)}; {dict(sums)}")


def nothing_happens_any_more(world: World, edsm: Edsm, queue: Queue) -> None:
    """One more kill and start find everything in order."""
    reads, moment = len(world.reads()), now()
    edsm.kill9()
    edsm.start()
    wait_for(lambda: edsm.metric("edsm_sweeps_total") >= 1, 30, "the sweep at start", [edsm.process])
    world.wait_drained(queue)
    assert len(world.reads()) == reads
    assert not [entry for entry in world.writes(moment) if entry.resource != "events"]
