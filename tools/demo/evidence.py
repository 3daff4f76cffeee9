"""When something happened: by the word of the wire to the cloud, of the API server's audit
log, and of watches. Nothing is taken from the controller's own account.

All times are monotonic seconds of this process, the clock of the wire proxy and
of the watches alike; those of the audit log are converted to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Self

from bed.audit import AuditEntry
from bed.controlplane import ControlPlane
from bed.exchange import Exchange, Recorder
from bed.kube import Object, WatchEvent
from bed.process import Hopeless, Process, wait_for
from bed.watching import Watching
from demo.clouds.cloud import Cloud

VERSION = "secrets.edsm.io/version"  # on targets: the cloud version that they hold
ROLLED_OUT = "secrets.edsm.io/rolled-out"  # on workloads: what their pods have seen
TEMPLATE = "secrets.edsm.io/rollout"  # on pod templates: its change restarts the pods

LIMIT = 20.0  # seconds for any single step


class Evidence:
    """Watches one namespace, and reads what the wire's recorder keeps (with bodies)."""

    def __init__(self, cluster: ControlPlane, namespace: str, cloud: Cloud, recorder: Recorder) -> None:
        self._cluster, self._namespace, self._cloud, self._recorder = cluster, namespace, cloud, recorder
        self.processes: list[Process] = []  # whose end makes waiting vain

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.secrets, self.deployments, self.pods = (
                stack.enter_context(Watching(self._cluster.kube, kind, self._namespace))
                for kind in ("Secret", "Deployment", "Pod"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait(self, look: Callable[[], Any], what: str, limit: float = LIMIT) -> Any:
        """Waits for what `look` finds; a failure names it."""
        return wait_for(look, limit, what, self.processes)

    # -- the cluster ------------------------------------------------------------

    def event(self, watch: Watching, condition: Callable[[WatchEvent], Any], after: float, what: str) -> WatchEvent:
        """The first event of the watch after a moment that meets the condition."""
        def look() -> WatchEvent | None:
            ended = watch.ended  # looked at first: the list is complete if it is set
            for event in list(watch.events):
                if event.at >= after and condition(event):
                    return event
            if ended:
                raise Hopeless(f"while waiting for {what}, the demo's own watch broke: {ended}")
            return None
        return self.wait(look, what)

    def write(self, what: str, after: float, **wanted: Any) -> AuditEntry:
        """The first write after a moment that the API server accepted, of these
        properties; watches tell of it a little later."""
        def look() -> AuditEntry | None:
            entries = self._cluster.audit(stage="ResponseComplete", namespace=self._namespace, **wanted)
            return next((entry for entry in entries if entry.code < 300 and moment(entry.received) >= after), None)
        return self.wait(look, what)

    def new_pods_ready(self, old: Iterable[str], count: int) -> list[float]:
        """When the first `count` pods that are not `old` (uids) became ready, in order."""
        known = set(old)

        def look() -> list[float] | None:
            ready: dict[str, float] = {}
            for event in list(self.pods.events):
                uid = event.object["metadata"]["uid"]
                if uid not in known and event.type != "DELETED" and is_ready(event.object):
                    ready.setdefault(uid, event.at)
            return sorted(ready.values())[:count] if len(ready) >= count else None
        return self.wait(look, f"{count} new pods to be ready")

    def template_changes(self, after: float) -> list[WatchEvent]:
        """The events with which a Deployment got another pod template: restarts."""
        last: dict[str, Any] = {}
        changes = []
        for event in list(self.deployments.events):
            name, template = event.object["metadata"]["name"], event.object["spec"]["template"]
            changed = event.type == "MODIFIED" and last.get(name) not in (None, template)
            if changed and event.at >= after:
                changes.append(event)
            last[name] = template
        return changes

    # -- the wire -----------------------------------------------------------------

    def received(self, version: str) -> tuple[Exchange, str]:
        """The reply that brought the event about this version from the queue, and its receipt."""
        def look() -> tuple[Exchange, str] | None:
            for exchange in self._ended():
                if receipt := self._cloud.received(exchange).get(version):
                    return exchange, receipt
            return None
        return self.wait(look, f"the event about version {version} to be received from the queue")

    def deleted(self, receipt: str) -> Exchange:
        """The call that took the received message off the queue."""
        def look() -> Exchange | None:
            return next((exchange for exchange in self._ended() if receipt in self._cloud.deleted(exchange)), None)
        return self.wait(look, "the event to be taken off the queue after its effect")

    def value_reads(self, after: float) -> list[Exchange]:
        """The answered reads of values that were asked for after a moment."""
        return [exchange for exchange in self._ended()
                if self._cloud.operation(exchange) in self._cloud.reads and exchange.began_at >= after]

    def value_asked(self, after: float) -> float:
        """When the first value after a moment was asked for."""
        return self.wait(lambda: self.value_reads(after), "the value to be read from the cloud")[0].began_at

    def _ended(self) -> list[Exchange]:
        """The answered exchanges with the cloud."""
        return self._recorder.find(lambda exchange: bool(exchange.ended))


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def rolled_out(deployment: Object) -> bool:
    """Whether all its pods are of its current template and available (as `kubectl rollout status` says)."""
    status, wished = deployment.get("status", {}), deployment["spec"]["replicas"]
    return (status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
            and status.get("replicas") == status.get("updatedReplicas") == status.get("availableReplicas") == wished)


def moment(wall: datetime) -> float:
    """A time of the audit log (of this machine) on the monotonic clock."""
    return wall.timestamp() - time.time() + time.monotonic()


def now() -> float:
    return time.monotonic()
