"""AWS, Google Cloud and Azure in one cluster, by one program: each may be down, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from azure_world import AzureWorld
from bed.bearers import Bearers
from bed.edsm import Edsm
from bed.exchange import Fault, answer, cut_before, hang
from bed.gcp import GoogleCloud
from bed.gidentity import GoogleIdentity
from bed.process import wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy
from google_world import GoogleWorld
from world import World


@pytest.fixture(scope="module")
def google_bed() -> Iterator[tuple[GoogleCloud, GoogleIdentity]]:
    bearers = Bearers(work_dir("bearers"))
    with ExitStack() as stack:
        identity = stack.enter_context(GoogleIdentity(bearers))
        yield stack.enter_context(GoogleCloud(bearers=bearers, hold=20)), identity


@dataclass
class Part:
    """One of the clouds: how its secrets are set, its wire, and until when its queue is empty."""

    put: Callable[..., str]
    bind: Callable[..., object]
    wire: WireProxy
    wait_drained: Callable[[], None]


class Three:
    """A secret of each cloud, bound under the cloud's name, and a workload that uses all three."""

    def __init__(self, world: World, google: GoogleWorld, azure: AzureWorld) -> None:
        self.world, self.env, self._bus = world, google.env() | azure.env(), azure.azure.bus
        self.parts = {
            "aws": Part(world.put, lambda name: world.bind(name, path=world.path(name)), world.aws_wire, world.wait_drained),
            "gcp": Part(google.put, google.bind, google.wire, google.wait_drained),
            "azure": Part(azure.put, azure.bind, azure.azure.wire, azure.wait_drained)}
        for name, part in self.parts.items():
            part.put(name, {"n": "1"})
            part.bind(name)

    def start(self) -> Edsm:
        """EDSM, in step with all three."""
        edsm = self.world.start(env=self.env)
        for name in self.parts:
            self.world.wait_synced(name)
        self.world.wait_next_second()
        self.world.workload("web", list(self.parts))
        self.world.wait_recorded("web", secrets=len(self.parts))
        for part in self.parts.values():
            part.wait_drained()
        return edsm

    def break_(self, name: str, fault: Fault) -> None:
        part = self.parts[name]
        part.wire.fault(fault, count=None)
        part.wire.cut_open()
        if name == "azure":  # otherwise a message is sent to a receiver that is no more, and locked for a minute
            wait_for(lambda: self._bus.receiving == 0, 10, "the queue to notice")

    def mend(self, name: str) -> None:
        part = self.parts[name]
        part.wire.clear_faults()
        part.wire.cut_open()

    def put(self, name: str, value: str) -> None:
        self.parts[name].put(name, {"n": value})

    def wait(self, name: str, value: str, timeout: float = 30) -> None:
        self.world.wait_data(name, {"n": value.encode()}, timeout=timeout)


@pytest.fixture
def three(world: World, google_bed: tuple[GoogleCloud, GoogleIdentity], azure: AzureWorld) -> Three:
    return Three(world, GoogleWorld(world, *google_bed), azure)


def test_changes_of_all_clouds_arrive_and_restart_the_workload_once(world: World, three: Three) -> None:
    edsm = three.start()
    before = world.restarts("web")
    for name in three.parts:
        three.put(name, "2")
    for name, part in three.parts.items():
        three.wait(name, "2")
        part.wait_drained()
    world.wait_restarts("web", before + 1)
    assert before + 1 <= world.restarts("web") <= before + 3
    sources = {line["source"].split("/")[0] for line in edsm.logs(msg="event received") if line["bindings"]}
    assert sources == set(three.parts)
    edsm.terminate()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("down", ["aws", "gcp", "azure"])
@pytest.mark.parametrize("fault", [cut_before(), hang(), answer(503)], ids=lambda fault: fault.name)
def test_a_cloud_that_is_down_does_not_hold_up_the_others(world: World, three: Three, down: str, fault: Fault) -> None:
    others = [name for name in three.parts if name != down]
    edsm = three.start()
    three.break_(down, fault)
    three.put(down, "2")
    for value in ("2", "3"):
        for name in others:
            three.put(name, value)
        for name in others:
            three.wait(name, value, timeout=15)
    for name in others:
        three.parts[name].wait_drained()
    world.wait_data(down, {"n": b"1"})
    assert edsm.health("/healthz") == edsm.health("/readyz") == 200
    three.mend(down)
    three.wait(down, "2", timeout=90)
    three.parts[down].wait_drained()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("down", ["gcp", "azure"])
def test_a_cloud_that_is_down_at_the_start_does_not_hold_up_the_others(world: World, three: Three, down: str) -> None:
    three.break_(down, hang())
    world.start(env=three.env)
    for name in three.parts:
        if name != down:
            world.wait_synced(name)
    three.mend(down)
    three.wait(down, "1", timeout=90)
    three.put(down, "2")
    three.wait(down, "2")


def test_many_bindings_of_a_cloud_that_is_down_hold_up_nobody(world: World, three: Three, azure: AzureWorld) -> None:
    names = [f"s{number}" for number in range(70)]  # more than there are workers
    for name in names:
        azure.put(name, {"n": "1"})
        azure.bind(name)
    three.start()
    for name in names:
        world.wait_synced(name)
    three.break_("azure", hang())
    for name in names:
        azure.put(name, {"n": "2"})
        azure.ask_again(name)
    for name in ("aws", "gcp"):
        three.put(name, "2")
        three.wait(name, "2", timeout=25)
    three.mend("azure")
    for name in names:
        three.wait(name, "2", timeout=90)
