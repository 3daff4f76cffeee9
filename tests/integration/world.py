"""One test's part of the bed: a namespace, a queue, the wires, and EDSM between them."""

from __future__ import annotations

import itertools
import json
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import cloudtrail
import manifests
from bed.audit import WRITES, AuditEntry
from bed.aws import REGION, ROOT_USER, Ministack, Moto, Queue
from bed.certs import CA
from bed.controlplane import ControlPlane
from bed.edsm import Edsm
from bed.exchange import Exchange, Recorder
from bed.kube import Object
from bed.process import Process, wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy
from restarts import Restarts

USER = "system:serviceaccount:kube-system:edsm"
CONTROLLER_NAMESPACE = "kube-system"
PATIENCE = 30  # seconds: a sanitized program on a busy machine

_numbers = itertools.count(1)


class World:
    """What a test works with. Cloud secrets are named after the namespace, so that tests which share
    an emulator do not hear of each other; `aws_wire` carries everything that EDSM says to AWS, and
    `calls` counts it. `api_wire` carries what an EDSM with wired=True says to the API server. Replicas
    that are to be cut off alone have wires of their own (wire_to_api, wire_to_aws)."""

    def __init__(self, cluster: ControlPlane, aws: Ministack | Moto, name: str, stack: ExitStack) -> None:
        self.cluster, self.kube, self.aws, self._stack = cluster, cluster.kube, aws, stack
        self._name = name
        self.namespaces: list[str] = []
        self.programs: list[Edsm] = []
        self.ns = self.new_namespace()
        self.calls = Recorder(bodies=True)
        self.aws_wire = self.wire_to_aws("aws")
        self._ca: CA | None = None
        self._api_wire: WireProxy | None = None
        self._restarts: dict[tuple[str, str], Restarts] = {}
        self.queue = self.new_queue()
        self.started = datetime.now(UTC)

    # -- making things ------------------------------------------------------------

    def new_namespace(self) -> str:
        name = f"{self._name}-{next(_numbers)}"
        self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.namespaces.append(name)
        return name

    def new_queue(self, **options: Any) -> Queue:
        """A queue that hears of this test's secrets; see Ministack.make_queue for the options."""
        queue = self.make_queue(f"{self.ns}-{next(_numbers)}", **options)
        self._stack.callback(self._forget_queue, queue)
        return queue

    def make_queue(self, name: str, **options: Any) -> Queue:
        """A queue of that name, as new_queue makes it."""
        queue = self.aws.make_queue(name, **options)
        self.aws.route_events(queue, {
            "source": ["aws.secretsmanager"], "detail-type": ["Secret Label Updated"],
            "detail": {"labelUpdated": ["AWSCURRENT"], "name": [{"prefix": f"{self.ns}/"}]}})
        return queue

    def _forget_queue(self, queue: Queue) -> None:
        events = self.aws.client("events")
        events.remove_targets(Rule=f"to-{queue.name}", Ids=[queue.name])
        events.delete_rule(Name=f"to-{queue.name}")
        self.aws.client("sqs").delete_queue(QueueUrl=queue.url)

    def path(self, name: str) -> str:
        """A cloud secret's full name."""
        return f"{self.ns}/{name}"

    def put(self, name: str, value: str | bytes | Mapping[str, Any], **params: Any) -> str:
        """Creates a cloud secret (no event) or gives it a new value (native event); its version."""
        return self.aws.put_secret(self.path(name), value, **params)

    def arn(self, name: str) -> str:
        return self.aws.client("secretsmanager").describe_secret(SecretId=self.path(name))["ARN"]

    def send(self, event: str | Mapping[str, Any], queue: Queue | None = None) -> str:
        return self.aws.send(queue or self.queue, event)

    def bind(self, name: str, *, path: str | None = None, target: str | None = None,
             how: Object | None = None, namespace: str | None = None, **spec: Any) -> Object:
        """An EventDrivenSecret: cloud secret, object and target share a name unless said otherwise.
        `how` is spec.target, `spec` has further members."""
        return self.kube.create(manifests.binding(
            name, namespace or self.ns, path or self.path(name), target or name, **spec | {"target": how}))

    def workload(self, name: str, secrets: Sequence[str] | str | None, *, kind: str = "Deployment",
                 namespace: str | None = None, **options: Any) -> Object:
        namespace = namespace or self.ns
        if (kind, namespace) not in self._restarts:
            self._restarts[kind, namespace] = Restarts(self.kube, kind, namespace, self._stack)
        return self.kube.create(manifests.workload(kind, name, namespace, secrets, **options))

    # -- EDSM ---------------------------------------------------------------------

    @property
    def api_wire(self) -> WireProxy:
        """The proxy before the API server."""
        if self._api_wire is None:
            self._api_wire = self.wire_to_api("api")
        return self._api_wire

    def wire_to_api(self, name: str) -> WireProxy:
        """One more proxy before the API server."""
        if self._ca is None:
            self._ca = CA(work_dir("wire-ca"), "wire-ca")
        return self._stack.enter_context(WireProxy(
            self.cluster.url, tls=self._ca.server(name), upstream_ca=self.cluster.ca_file,
            recorder=self.calls, name=name))

    def wire_to_aws(self, name: str) -> WireProxy:
        """One more proxy before AWS; its name begins with "aws"."""
        return self._stack.enter_context(WireProxy(self.aws.url, recorder=self.calls, name=name))

    def write_token(self, **options: Any) -> str:
        """A token file for EDSM's ServiceAccount."""
        path = work_dir("token") / "token"
        path.write_text(self.cluster.service_account_token(CONTROLLER_NAMESPACE, "edsm", **options))
        return str(path)

    def edsm(self, *, wired: bool = False, api: WireProxy | None = None, token_file: str | None = None,
             env: Mapping[str, str] | None = None, flags: Sequence[str] = ("--rollout-window=200ms",),
             queue: Queue | None = None, name: str = "edsm") -> Edsm:
        """A started EDSM, under the permissions that we ship. `wired`: through api_wire, or through
        `api`; `env` adds variables, or takes the usual ones away (empty)."""
        api = api or (self.api_wire if wired else None)
        where = {"server_url": api.url, "ca": self._ca.cert} if api and self._ca else {}
        config = self.cluster.write_kubeconfig(token_file=token_file or self.write_token(), **where)
        usual = {"AWS_REGION": REGION, "AWS_ENDPOINT": self.aws_wire.url,
                 "SQS_QUEUE_URL": (queue or self.queue).url, "AWS_EC2_METADATA_DISABLED": "true",
                 **ROOT_USER.env()}
        merged = {key: value for key, value in (usual | dict(env or {})).items() if value}
        program = Edsm(config, env=merged, flags=flags, name=name)
        self._stack.enter_context(program)
        self.programs.append(program)
        return program

    def start(self, **options: Any) -> Edsm:
        """Like edsm(), and waits until it is ready."""
        return self.edsm(**options).ready(PATIENCE)

    def _needed(self) -> list[Process]:
        """The programs that run, or have ended by themselves, which they must not."""
        ended_by_us = (0, -signal.SIGKILL)
        return [program.process for program in self.programs if program.process.returncode not in ended_by_us]

    # -- waiting --------------------------------------------------------------------

    def wait_synced(self, name: str, *, version: str | None = None, namespace: str | None = None) -> Object:
        """Waits until the binding is Ready, of the version if one is given."""
        def synced(seen: Object) -> bool:
            status = seen.get("status", {})
            return (condition(seen, "Ready").get("status") == "True"
                    and status["observedGeneration"] == seen["metadata"]["generation"]
                    and version in (None, status.get("syncedVersion")))
        return self.kube.wait("EventDrivenSecret", name, namespace or self.ns, synced, f"synced {version or ''}",
                              PATIENCE)

    def wait_reason(self, name: str, reason: str, *, namespace: str | None = None,
                    timeout: float = PATIENCE) -> Object:
        """Waits until the binding is not Ready for this reason; returns the condition."""
        def refused(seen: Object) -> bool:
            ready = condition(seen, "Ready")
            return ready.get("status") == "False" and ready["reason"] == reason
        seen = self.kube.wait("EventDrivenSecret", name, namespace or self.ns, refused, reason, timeout)
        return condition(seen, "Ready")

    def wait_data(self, name: str, data: Mapping[str, bytes], *, namespace: str | None = None,
                  timeout: float = PATIENCE) -> Object:
        """Waits until the Secret has exactly this data."""
        return self.kube.wait("Secret", name, namespace or self.ns,
                              lambda seen: manifests.decoded(seen) == data, f"data of keys {sorted(data)}", timeout)

    def wait_recorded(self, name: str, *, kind: str = "Deployment", namespace: str | None = None,
                      secrets: int = 1) -> int:
        """Waits until EDSM has noted with which values the workload runs; its restarts until then.
        (One, if the Secret changed in the second in which the workload was created.)"""
        def recorded(seen: Object) -> bool:
            text = seen["metadata"].get("annotations", {}).get(manifests.ROLLED_OUT, "{}")
            return len(json.loads(text)) == secrets
        self.kube.wait(kind, name, namespace or self.ns, recorded, "recorded", PATIENCE)
        return self.restarts(name, kind=kind, namespace=namespace)

    def restarts(self, name: str, *, kind: str = "Deployment", namespace: str | None = None) -> int:
        """How often the workload was restarted up to now."""
        return self._restarts[kind, namespace or self.ns].of(name)

    def wait_restarts(self, name: str, number: int, *, kind: str = "Deployment",
                      namespace: str | None = None) -> None:
        wait_for(lambda: self.restarts(name, kind=kind, namespace=namespace) >= number, PATIENCE,
                 f"{kind} {name} to be restarted", self._needed())

    def wait_drained(self, queue: Queue | None = None) -> None:
        """Waits until every message sent so far was acknowledged. That is after its effect, so what
        has not happened now will not happen because of them."""
        queue = queue or self.queue
        self.send(cloudtrail.read("a barrier"), queue)
        self.wait_empty(queue)

    def wait_empty(self, queue: Queue, timeout: float = PATIENCE) -> None:
        """Waits until the queue holds nothing, neither visible nor in flight."""
        def empty() -> bool:
            depth = self.aws.queue_depth(queue)
            return depth.visible == depth.in_flight == 0
        wait_for(empty, timeout, f"{queue.name} to be empty", self._needed())

    def wait_next_second(self) -> None:
        """Waits until new objects get a later creationTimestamp than those of now: Kubernetes counts
        in whole seconds."""
        before = int(datetime.now(UTC).timestamp())
        wait_for(lambda: int(datetime.now(UTC).timestamp()) > before, 3, "the next second")

    # -- counting ---------------------------------------------------------------------

    def reads(self, name: str | None = None) -> list[str]:
        """The secrets whose values EDSM asked for so far, one entry per secret and call."""
        asked: list[str] = []
        for call in self.calls.find(lambda call: call.proxy.startswith("aws")):
            request = json.loads(call.body) if call.target.startswith("secretsmanager.") else {}
            if call.target == "secretsmanager.GetSecretValue":
                asked.append(request["SecretId"])
            elif call.target == "secretsmanager.BatchGetSecretValue":
                asked += request["SecretIdList"]
        return asked if name is None else [path for path in asked if path == self.path(name)]

    def acknowledgements(self) -> list[Exchange]:
        """The exchanges that deleted messages."""
        return [call for call in self.calls.find(proxy="aws") if call.target.startswith("AmazonSQS.DeleteMessage")]

    def writes(self, since: datetime, **wanted: Any) -> list[AuditEntry]:
        """What EDSM wrote into this test's namespaces since then, by the API server's audit log."""
        entries = self.cluster.audit(user=USER, verb=WRITES, stage="ResponseComplete",
                                     namespace=frozenset(self.namespaces), **wanted)
        return [entry for entry in entries if entry.received >= since]

    def k8s_events(self, reason: str, *, about: str | None = None, namespace: str | None = None) -> list[Object]:
        """Kubernetes Events with this reason, about an object of that name."""
        return [event for event in self.kube.list("Event", namespace or self.ns) if event["reason"] == reason
                and about in (None, event["involvedObject"]["name"])]

    def wait_k8s_event(self, reason: str, *, about: str | None = None,
                       accept: Callable[[Object], bool] = lambda _: True) -> Object:
        """The first Kubernetes Event with this reason that is accepted."""
        def found() -> Object | None:
            return next(filter(accept, self.k8s_events(reason, about=about)), None)
        return wait_for(found, PATIENCE, f"an Event {reason} about {about}",
                        self._needed())

    # -- the end ----------------------------------------------------------------------

    def at_end(self, action: Callable[[], None]) -> None:
        """Has something undone after the test."""
        self._stack.callback(action)

    def clean_up(self) -> None:
        """Leaves nothing that the next test's EDSM would act on."""
        for namespace in self.namespaces:
            base = f"/apis/secrets.edsm.io/v1alpha1/namespaces/{namespace}/eventdrivensecrets"
            self.kube.request("DELETE", base)
            self.kube.delete("Namespace", namespace, propagationPolicy="Background")
        # doctor warns of a Lease that nobody holds.
        self.kube.request("DELETE", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
                                    "?fieldSelector=metadata.name%3Da06dd29d.edsm.io")

    def check_sanitizers(self) -> None:
        """Insists that no program of a sanitized build has reported anything."""
        for program in self.programs:
            text = program.process.log.read_text(errors="replace")
            assert "Sanitizer" not in text and "runtime error:" not in text, program.process.tail(100)

    def log_tails(self, lines: int = 60) -> str:
        return "\n".join(program.process.tail(lines) for program in self.programs)


def condition(obj: Object, name: str) -> Object:
    """A condition of an object, {} if it has none of that name."""
    conditions = obj.get("status", {}).get("conditions") or []
    return next((item for item in conditions if item["type"] == name), {})


def now() -> datetime:
    """The moment from which World.writes counts."""
    return datetime.now(UTC)
