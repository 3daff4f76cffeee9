"""Several secrets and workloads that change while things go wrong, and the judge of what became of
them: all that changed has arrived, and nothing has happened twice."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import ExitStack
from itertools import pairwise

import manifests
from bed.aws import Queue
from bed.process import wait_for
from history import WORKLOADS, Held, History, Ran
from world import World, condition

# A cloud secret for each target but the last, which copies the first.
SECRETS = ("a", "b", "c", "d", "e", "f")
COPY = "copy-of-a"
USERS: dict[tuple[str, str], list[str]] = {
    ("Deployment", "one"): ["a"],
    ("Deployment", "two"): ["b", "c"],
    ("Deployment", "many"): ["a", "c", "e", COPY],
    ("StatefulSet", "state"): ["d"],
    ("DaemonSet", "everywhere"): ["e", "f"],
}


class Estate:
    """Made before EDSM starts; begin() when it runs."""

    def __init__(self, world: World, stack: ExitStack) -> None:
        self.world = world
        self._watches = stack.enter_context(ExitStack())
        self.values: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self.puts = 0
        for name in SECRETS:
            self.put(name, "0")
            world.bind(name)
        world.bind(COPY, path=world.path("a"))

    def begin(self) -> None:
        """Makes the workloads."""
        for name in (*SECRETS, COPY):
            self.world.wait_synced(name)
        self.world.wait_next_second()  # otherwise a workload could be older than its value
        for (kind, name), secrets in USERS.items():
            self.world.kube.create(manifests.workload(kind, name, self.world.ns, secrets))
        wait_for(self._converged, 60, "the workloads to be recorded")
        self.forget()

    # -- change -----------------------------------------------------------------------

    def put(self, name: str, value: str) -> None:
        """A new version in the cloud, of another value or of the same."""
        self.versions[name] = self.world.put(name, {"x": value})
        self.values[name] = value
        self.puts += 1

    def source(self, target: str) -> str:
        return "a" if target == COPY else target

    # -- judgement ----------------------------------------------------------------------

    def wait_converged(self, timeout: float = 60) -> None:
        """Waits until everything has arrived: values, workloads, reports."""
        wait_for(lambda: self._converged() and self._reported(), timeout, "everything to be in order")

    def _converged(self) -> bool:
        kube, ns = self.world.kube, self.world.ns
        digests: dict[str, str] = {}
        for secret in kube.list("Secret", ns, labelSelector=f"{manifests.LABEL}=true"):
            name, held = secret["metadata"]["name"], Held.of(secret)
            source = self.source(name)
            right = manifests.decoded(secret) == {"x": self.values[source].encode()}
            if not right or held.version != self.versions[source]:
                return False
            digests[name] = held.digest
        ran = {(kind, item["metadata"]["name"]): dict(Ran.of(item).digests)
               for kind in WORKLOADS for item in kube.list(kind, ns)}
        return len(digests) == len(SECRETS) + 1 and all(
            ran.get(user) == {name: digests[name] for name in secrets} for user, secrets in USERS.items())

    def _reported(self) -> bool:
        bindings = self.world.kube.list("EventDrivenSecret", self.world.ns)
        return all(condition(item, "Ready").get("status") == "True" and item["status"]["syncedVersion"]
                   == self.versions[self.source(item["metadata"]["name"])] for item in bindings)

    def check(self) -> Counter[str]:
        """Insists that nothing happened twice or without need since begin(); what did happen."""
        self._history.catch_up()
        sums: Counter[str] = Counter()
        changes: dict[str, int] = {}
        for name, states in self._history.secrets().items():
            for before, after in pairwise(states):
                assert (before.data, before.version) != (after.data, after.version), f"{name} was written twice"
            sums["writes"] += len(states) - 1
            changes[name] = sum(before.data != after.data for before, after in pairwise(states))
        ran = self._history.workloads()
        for user, secrets in USERS.items():
            restarts = self._check_restarts(user, ran[user])
            most = sum(changes[name] for name in secrets)
            assert restarts <= most, f"{user} was restarted {restarts} times for {most} changes"
            sums["restarts"] += restarts
        return sums

    def forget(self) -> None:
        """What happens from now on is judged."""
        self._watches.close()
        self._history = History(self.world.kube, self.world.ns, self._watches)
        self.puts = 0

    @staticmethod
    def _check_restarts(user: tuple[str, str], states: list[Ran]) -> int:
        """A restart and a new record come together, always: so each change that a workload's pods had
        to see was a restart, and none was a second one of the same values."""
        restarts = 0
        for before, after in pairwise(states):
            restarted, changed = before.template != after.template, before.digests != after.digests
            assert restarted == changed, f"{user}: {'restarted' if restarted else 'recorded'} alone"
            restarts += restarted
        return restarts

    def check_reads(self, queue: Queue, starts: int) -> int:
        """Insists that each value read has a cause: an event that was received, or a start of the
        program, which compares versions; how many there were."""
        causes: Counter[str] = Counter()
        for call in self.world.calls.find(target="ReceiveMessage", status=200):
            if json.loads(call.body)["QueueUrl"] != queue.url:
                continue
            for message in json.loads(call.reply or b"{}").get("Messages", []):
                causes[json.loads(message["Body"])["detail"].get("name", "")] += 1
        reads = Counter(self.world.reads())
        for path, number in reads.items():
            assert number <= causes[path] + starts, f"{path} was read {number} times for {causes[path]} events"
        return sum(reads.values())
