"""The acts, in order. Each shows what happened, and insists on it."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from bed.audit import WRITES
from bed.kube import Object, WatchEvent
from demo.clouds.cloud import MANIFESTS
from demo.evidence import ROLLED_OUT, TEMPLATE, VERSION, is_ready, moment, now, rolled_out
from demo.stage import (ADMIN_USER, BINDING, CONTROLLER, CONTROLLER_USER, NAMESPACE, TARGET, WORKLOAD, Stage,
                        Tally)
from demo.terminal import Moment, Terminal

_FIRST = {"host": "db.shop.internal", "username": "shop", "password": "first-password"}
_ROTATED = _FIRST | {"password": "second-password"}

# How long nothing may happen before "nothing happened" is said: more than the
# window in which the controller collects changes for one restart (1 s).
_QUIET = 2.5
_CALLER, _WIRE, _AUDIT, _WATCH = "caller", "wire", "audit", "watch"


class Surprise(Exception):
    """Something was not as it has to be."""


class Story:
    """Plays on a stage that is set."""

    def __init__(self, stage: Stage, terminal: Terminal) -> None:
        self._stage, self._terminal = stage, terminal
        self._evidence, self._cloud = stage.evidence, stage.cloud
        self._tallies: list[tuple[str, Tally]] = [("before", stage.tally())]

    def introduce(self) -> None:
        """Whom the controller is, and what it may not do."""
        namespace, name = CONTROLLER
        self._terminal.fact("runs as", f"ServiceAccount {namespace}/{name} with a token that expires in 10 minutes, "
                            f"and in the cloud as {self._cloud.identity}")
        _insist(self._stage.may("patch", "secrets"), "EDSM may not write Secrets")
        asked = (("delete", "secrets", ""), ("create", "pods", ""), ("update", "eventdrivensecrets", "secrets.edsm.io"))
        for verb, resource, group in asked:
            _insist(not self._stage.may(verb, resource, group), f"EDSM may {verb} {resource}")
        self._terminal.fact("may not", ", ".join(f"{verb} {resource}" for verb, resource, _ in asked)
                            + " (the API server says so)")

    # -- a secret arrives -------------------------------------------------------

    def first_sync(self) -> None:
        self._terminal.act("A secret of the cloud becomes a Secret of the cluster")
        self._cloud.put(_FIRST)
        self._terminal.say(f"{self._cloud.store} holds {self._cloud.source}: a JSON object with {_names(_FIRST)}.")
        self._terminal.say("")
        self._terminal.quote(self._cloud.manifest.read_text())
        self._terminal.say("")
        begin = now()
        self._stage.kube.apply_file(self._cloud.manifest, manager="kubectl")
        secret = self._secret(lambda event: event.type == "ADDED", begin, f"Secret {TARGET} to appear")
        self._insist_on(secret.object, _FIRST)
        self._stage.kube.wait("EventDrivenSecret", BINDING, NAMESPACE, _ready, "Ready")
        self._terminal.say("When it happened, and who says so: the caller, the wire to the cloud, the API "
                           "server's audit log, or a watch.")
        self._terminal.timeline([
            Moment(begin, "EventDrivenSecret applied", _CALLER),
            Moment(self._evidence.value_asked(begin), "value asked for", _WIRE),
            Moment(self._written("secrets", begin), f"Secret {TARGET} written", _AUDIT, True)])
        self._terminal.good(f"{TARGET} holds {_names(_FIRST)}, with the values of the cloud")
        self._workload()
        self._close("first sync")

    def _workload(self) -> None:
        text = (MANIFESTS / "deployment.yaml").read_text()
        self._terminal.say("")
        self._terminal.quote(text.partition("  # ")[0] + "  ...")
        self._terminal.say("")
        # A workload is taken to be older than a value of the same second (Kubernetes knows
        # creation in whole seconds) and would be restarted once, to be safe.
        time.sleep(1)
        begin = now()
        self._stage.kube.apply_file(MANIFESTS / "deployment.yaml", manager="kubectl")
        self._evidence.event(
            self._evidence.deployments, lambda event: ROLLED_OUT in event.object["metadata"].get("annotations", {}),
            begin, f"EDSM to take Deployment {WORKLOAD} into its care")
        done = self._evidence.event(self._evidence.deployments, lambda event: rolled_out(event.object), begin,
                                    f"the pods of Deployment {WORKLOAD} to be ready")
        pods = [pod for pod in self._stage.pods() if is_ready(pod)]
        _insist(len(pods) == 3, f"{len(pods)} pods are ready, not 3")
        self._terminal.good(f"Deployment {WORKLOAD}: 3 of 3 pods ready after {done.at - begin:.1f} s, none restarted")

    # -- it changes ---------------------------------------------------------------

    def rotation(self) -> None:
        self._terminal.act("The secret is rotated in the cloud")
        old = {pod["metadata"]["uid"] for pod in self._stage.pods()}
        before = self._template_mark()
        sent = now()
        version = self._cloud.put(_ROTATED)
        answered = now()
        received, receipt = self._evidence.received(version)
        secret = self._secret(_holds(version), sent, f"Secret {TARGET} to hold version {version}")
        self._insist_on(secret.object, _ROTATED)
        patched = self._evidence.event(
            self._evidence.deployments, lambda event: _mark(event.object) not in ("", before), sent,
            f"the rollout of Deployment {WORKLOAD}")
        ready = self._evidence.new_pods_ready(old, 3)
        done = self._evidence.event(self._evidence.deployments, lambda event: rolled_out(event.object), patched.at,
                                    f"the rollout of Deployment {WORKLOAD} to be complete")
        self._terminal.timeline([
            Moment(sent, f"{self._cloud.change} sent", _CALLER),
            Moment(answered, "changed in the cloud: the call is answered", _CALLER, True),
            Moment(received.ended_at, "event received from the queue", _WIRE, True),
            Moment(self._evidence.value_asked(sent), "value asked for", _WIRE),
            Moment(self._written("secrets", sent), f"Secret {TARGET} written", _AUDIT, True),
            Moment(self._written("deployments", sent), "rollout: the pod template is patched", _AUDIT, True),
            *(Moment(at, f"{number} of 3 new pods ready", _WATCH, number == 3)
              for number, at in enumerate(ready, 1)),
            Moment(done.at, "rollout complete, old pods gone", _WATCH),
            Moment(self._evidence.deleted(receipt).ended_at, "event deleted from the queue: its effect is there",
                   _WIRE)])
        self._terminal.say("Before a restart EDSM waits a second for more changes: several become one restart. "
                           + self._cloud.delay)
        self._close("rotation", restarts=1)

    def equal_value(self) -> None:
        self._terminal.act("The same value is put again, as a new version")
        old = {pod["metadata"]["uid"] for pod in self._stage.pods()}
        sent = now()
        version = self._cloud.put(_ROTATED)
        received, receipt = self._evidence.received(version)
        secret = self._secret(_holds(version), sent, f"Secret {TARGET} to record version {version}")
        self._insist_on(secret.object, _ROTATED)
        self._terminal.timeline([
            Moment(sent, f"{self._cloud.change} sent", _CALLER),
            Moment(received.ended_at, "event received from the queue", _WIRE, True),
            Moment(self._evidence.value_asked(sent), "value asked for: it is the same", _WIRE),
            Moment(self._written("secrets", sent), "version recorded on the Secret, data as before", _AUDIT),
            Moment(self._evidence.deleted(receipt).ended_at, "event deleted from the queue", _WIRE)])
        self._nothing_restarts(old, sent)
        self._close("equal value again")

    # -- somebody touches it ------------------------------------------------------

    def drift(self) -> None:
        self._terminal.act("Somebody edits the Secret, somebody deletes it")
        begin = now()
        old = {pod["metadata"]["uid"] for pod in self._stage.pods()}
        self._heal(
            ["patch", "secret", TARGET, "--namespace", NAMESPACE, "--type=merge", "--field-manager=kubectl-edit",
             "-p", '{"stringData":{"password":"by-hand"}}'],
            lambda event: event.type == "MODIFIED" and _data(event.object) != _ROTATED, "edited by hand",
            lambda event: event.type == "MODIFIED" and _data(event.object) == _ROTATED, "healed")
        self._close("edit healed")
        self._terminal.say("")
        self._heal(
            ["delete", "secret", TARGET, "--namespace", NAMESPACE],
            lambda event: event.type == "DELETED", "deleted by hand",
            lambda event: event.type == "ADDED", "healed: made again")
        self._nothing_restarts(old, begin)
        self._close("deletion healed")
        self._terminal.say("")
        self._kubernetes_events()

    def _heal(self, command: list[str], is_harm: Callable[[WatchEvent], bool], harm: str,
              is_healed: Callable[[WatchEvent], bool], healed: str) -> None:
        begin = now()
        self._stage.kubectl(*command)
        first = self._secret(is_harm, begin, f"Secret {TARGET} to be {harm}")
        last = self._secret(is_healed, first.at, f"Secret {TARGET} to be {healed}")
        self._insist_on(last.object, _ROTATED)
        harmed = self._evidence.write(f"the audit entry of {command[0]}", begin, user=ADMIN_USER, verb=command[0],
                                      resource="secrets", name=TARGET)
        self._terminal.timeline([
            Moment(moment(harmed.received), f"Secret {TARGET} {harm}", _AUDIT, True),
            Moment(self._evidence.value_asked(begin), "value asked for", _WIRE),
            Moment(self._written("secrets", begin), healed, _AUDIT, True)])

    def _kubernetes_events(self) -> None:
        def of_edsm() -> list[Object]:
            events = self._stage.kube.list("Event", NAMESPACE)
            return [event for event in events if "edsm" in _reporter(event)]

        def complete() -> list[Object] | None:
            events = of_edsm()
            warnings = sum(_count(event) for event in events if event["type"] == "Warning")
            return events if warnings >= 2 else None
        self._evidence.wait(complete, "the Kubernetes Events about both healings")
        self._terminal.say("What EDSM said about it all in Kubernetes Events:")
        for event in sorted(of_edsm(), key=_time_of):
            about, times = event["involvedObject"], _count(event)
            self._terminal.fact(f"{event['type']:8} {event['reason']}", f"{about['kind']} {about['name']}: "
                                f"{event['message']}{f' (x{times})' if times > 1 else ''}", room=24)

    # -- numbers --------------------------------------------------------------------

    def numbers(self) -> None:
        self._terminal.act("What it took")
        rows = [["", "value reads", "Secret writes", "workload patches", "restarts"]]
        for (_, before), (name, after) in zip(self._tallies, self._tallies[1:]):
            spent = after - before
            rows.append([name, *map(str, (spent.value_reads, spent.secret_writes, spent.workload_patches,
                                          spent.restarts))])
        self._terminal.table(rows)
        self._terminal.say("(The first patch of a workload only notes which value its pods began with.)")
        self._terminal.say("")
        calls = self._stage.cloud_calls()
        self._terminal.fact("cloud calls", f"{sum(calls.values())} in all: " + ", ".join(
            f"{count} {operation}" for operation, count in sorted(calls.items())))
        statuses = sum(entry.subresource == "status" for entry in self._stage.controller_writes())
        events = sum(entry.resource == "events" for entry in self._stage.controller_writes())
        self._terminal.fact("beside that", f"{statuses} status patches, {events} writes of Kubernetes Events")
        self._terminal.fact("memory of EDSM", f"{self._stage.edsm.rss_kib() / 1024:.1f} MiB resident")

    def end(self) -> None:
        """EDSM is asked to end; it has to do so in order."""
        begin = now()
        self._stage.edsm.terminate()
        self._terminal.fact("its end", f"exit code 0, {(now() - begin) * 1000:.0f} ms after SIGTERM")

    # -- what several acts need -------------------------------------------------------

    def _secret(self, condition: Callable[[WatchEvent], bool], after: float, what: str) -> WatchEvent:
        return self._evidence.event(
            self._evidence.secrets,
            lambda event: event.object["metadata"]["name"] == TARGET and condition(event), after, what)

    def _written(self, resource: str, after: float) -> float:
        """When the API server had carried out the controller's next write of that kind."""
        written = self._evidence.write(f"the audit entry of EDSM's write of {resource}", after, user=CONTROLLER_USER,
                                       verb=WRITES, resource=resource, subresource="")
        return moment(written.done)

    def _insist_on(self, secret: Object, value: dict[str, str]) -> None:
        _insist(_data(secret) == value, f"Secret {TARGET} is not equal to the cloud's value")

    def _template_mark(self) -> str:
        return _mark(self._stage.kube.get("Deployment", WORKLOAD, NAMESPACE))

    def _nothing_restarts(self, old: set[str], since: float) -> None:
        time.sleep(_QUIET)
        pods = self._stage.pods()
        _insist({pod["metadata"]["uid"] for pod in pods} == old, "pods were replaced")
        _insist(not self._evidence.template_changes(since), "the Deployment was restarted")
        self._terminal.good(f"nothing restarts: {_QUIET:g} s later the same {len(pods)} pods run, "
                            "the pod template is untouched")

    def _close(self, act: str, restarts: int = 0) -> None:
        """Notes what the act cost."""
        spent = self._stage.tally() - self._tallies[-1][1]
        _insist(spent.restarts == restarts, f"{spent.restarts} restarts instead of {restarts}")
        self._tallies.append((act, self._stage.tally()))


def _insist(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Surprise(otherwise)


def _names(value: dict[str, str]) -> str:
    *most, last = sorted(value)
    return f"{', '.join(most)} and {last}"


def _data(secret: Object) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}


def _holds(version: str) -> Callable[[WatchEvent], bool]:
    """Of a number that a cloud may give again EDSM records when it was given, too: "7@2026-11-29T10:00:00Z"."""
    return lambda event: event.object["metadata"].get("annotations", {}).get(VERSION, "").partition("@")[0] == version


def _mark(workload: Object) -> str:
    return workload["spec"]["template"]["metadata"].get("annotations", {}).get(TEMPLATE, "")


def _ready(binding: Object) -> bool:
    conditions = binding.get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _reporter(event: Object) -> str:
    return event.get("reportingComponent") or event.get("source", {}).get("component", "")


def _count(event: Object) -> int:
    return (event.get("series") or {}).get("count") or event.get("count") or 1


def _time_of(event: Object) -> str:
    return event.get("eventTime") or event.get("firstTimestamp") or event["metadata"]["creationTimestamp"]
