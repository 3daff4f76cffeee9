"""Every state that the managed Secrets and the workloads of a namespace went through: what tells one
effect from two. (The audit log knows of requests, not of what they changed.)"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

import manifests
from bed.kube import Kube, Object
from bed.process import wait_for
from bed.watching import Watching

State = TypeVar("State")

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Held:
    """What a Secret held."""

    data: str
    version: str
    digest: str

    @classmethod
    def of(cls, secret: Object) -> Held:
        annotations = secret["metadata"].get("annotations", {})
        return cls(json.dumps(secret.get("data", {}), sort_keys=True),
                   annotations.get("secrets.edsm.io/version", ""), annotations.get("secrets.edsm.io/digest", ""))


@dataclass(frozen=True)
class Ran:
    """With which pod template a workload ran, and the digests that it was rolled out with."""

    template: str
    digests: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, workload: Object) -> Ran:
        records = json.loads(workload["metadata"].get("annotations", {}).get(manifests.ROLLED_OUT, "{}"))
        return cls(json.dumps(workload["spec"]["template"], sort_keys=True),
                   tuple(sorted((secret, record["digest"]) for secret, record in records.items())))


class History:
    """Begins with what is there when it is made. States that look alike to Held or Ran are one."""

    def __init__(self, kube: Kube, namespace: str, stack: ExitStack) -> None:
        self._kube, self._namespace = kube, namespace
        self._watches = {kind: stack.enter_context(Watching(kube, kind, namespace, **_selector(kind)))
                         for kind in ("Secret", *WORKLOADS)}
        self.catch_up()

    def secrets(self) -> dict[str, list[Held]]:
        """By name: the states of each, oldest first."""
        return {name: _steps([Held.of(state) for state in states]) for name, states in self._states("Secret").items()}

    def workloads(self) -> dict[tuple[str, str], list[Ran]]:
        """By kind and name."""
        return {(kind, name): _steps([Ran.of(state) for state in states])
                for kind in WORKLOADS for name, states in self._states(kind).items()}

    def _states(self, kind: str) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {}
        for event in list(self._watches[kind].events):
            if event.type != "DELETED":
                found.setdefault(event.object["metadata"]["name"], []).append(event.object)
        return found

    def catch_up(self) -> None:
        """Waits until all that has happened up to now is known."""
        for kind, watch in self._watches.items():
            now = {_name(item): _version(item) for item in self._kube.list(kind, self._namespace, **_selector(kind))}

            def known() -> bool:
                assert not watch.ended, watch.ended
                seen = {_name(event.object): _version(event.object) for event in list(watch.events)}
                return all(seen.get(name, 0) >= version for name, version in now.items())
            wait_for(known, 30, f"the watch of {kind} to catch up")


def _steps(states: list[State]) -> list[State]:
    return [state for number, state in enumerate(states) if number == 0 or state != states[number - 1]]


def _selector(kind: str) -> dict[str, str]:
    return {"labelSelector": f"{manifests.LABEL}=true"} if kind == "Secret" else {}


def _name(obj: Object) -> str:
    return obj["metadata"]["name"]


def _version(obj: Object) -> int:
    return int(obj["metadata"]["resourceVersion"])
