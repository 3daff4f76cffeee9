"""How often the pod template of a workload changed: the one measure of a restart. (`generation` is
none: the API server counts changes of a Deployment's annotations, too.)"""

from __future__ import annotations

import json
from contextlib import ExitStack

from bed.kube import Kube, Object
from bed.process import wait_for
from bed.watching import Watching


class Restarts:
    """Watches the workloads of one kind in one namespace and counts each one's template changes."""

    def __init__(self, kube: Kube, kind: str, namespace: str, stack: ExitStack) -> None:
        self._kube, self._kind, self._namespace, self._stack = kube, kind, namespace, stack
        self._taken = 0  # of the events of the present watch
        self._templates: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._seen: dict[str, int] = {}  # resourceVersions
        self._open()

    def _open(self) -> None:
        self._watch = self._stack.enter_context(Watching(self._kube, self._kind, self._namespace))
        self._taken = 0

    def _take(self) -> None:
        over = self._watch.ended  # looked at first: the list is complete if it is set
        events = self._watch.events[self._taken:]
        self._taken += len(events)
        for event in events:
            self._count(event.object)
        if over:  # the API server was restarted
            self._open()

    def _count(self, seen: Object) -> None:
        name, template = seen["metadata"]["name"], json.dumps(seen["spec"]["template"], sort_keys=True)
        if self._templates.setdefault(name, template) != template:
            self._counts[name] = self._counts.get(name, 0) + 1
            self._templates[name] = template
        self._seen[name] = int(seen["metadata"]["resourceVersion"])

    def of(self, name: str) -> int:
        """How many there were up to now."""
        now = int(self._kube.get(self._kind, name, self._namespace)["metadata"]["resourceVersion"])

        def caught_up() -> bool:
            self._take()
            return self._seen.get(name, 0) >= now
        wait_for(caught_up, 20, f"the watch of {self._kind} {self._namespace}/{name} to catch up")
        return self._counts.get(name, 0)
