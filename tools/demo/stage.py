"""What the demo plays on: a cluster, a cloud and the controller between them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Self

from bed import ROOT
from bed.audit import WRITES, AuditEntry
from bed.aws import REGION, ROOT_USER, Ministack
from bed.controlplane import ControlPlane, programs
from bed.edsm import Edsm
from bed.exchange import Recorder
from bed.kube import Object
from bed.process import Process
from bed.scratch import work_dir
from bed.wire import WireProxy
from demo.evidence import Evidence, operation
from demo.terminal import Terminal

MANIFESTS = Path(__file__).parent / "manifests"
NAMESPACE, BINDING, TARGET, WORKLOAD = "shop", "shop-db", "shop-db", "shop"
SOURCE = "prod/shop/db"
CONTROLLER = ("kube-system", "edsm")
ADMIN_USER = "admin"  # of the cluster's own kubeconfig
CONTROLLER_USER = "system:serviceaccount:kube-system:edsm"

# What the controller may do in the cloud, and nothing else.
# (In AWS the actions without "Batch" cover those with it; ministack wants both named.)
_POLICY = [
    {"Effect": "Allow", "Resource": f"arn:aws:sqs:{REGION}:*:edsm-events",
     "Action": ["sqs:ReceiveMessage", "sqs:GetQueueAttributes", "sqs:DeleteMessage", "sqs:DeleteMessageBatch",
                "sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch"]},
    {"Effect": "Allow", "Resource": f"arn:aws:secretsmanager:{REGION}:*:secret:prod/*",
     "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]},
    {"Effect": "Allow", "Resource": "*",
     "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"]},
]


@dataclass(frozen=True)
class Tally:
    """What the controller had done by some moment. `restarts` were seen by a watch,
    the rest is from the wire and from the API server's audit log."""

    value_reads: int
    secret_writes: int
    workload_patches: int
    restarts: int

    def __sub__(self, earlier: Tally) -> Tally:
        return Tally(*(getattr(self, name) - getattr(earlier, name) for name in self.__dataclass_fields__))


class Stage:
    """Starts part after part, telling what it does; all of it ends with the block."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder = work_dir("demo")
        with ExitStack() as stack:  # undoes a start that fails half-way
            self._stack = stack
            self._start_cluster()
            self._start_cloud()
            self._start_controller()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_cluster(self) -> None:
        with self._terminal.doing("Kubernetes") as tell:
            self.bin = programs()
            self.cluster = self._stack.enter_context(ControlPlane())
            self.kube = self.cluster.kube
            tell(f"{self.kube.request('GET', '/version')['gitVersion']} on etcd {self._version_of('etcd')}, "
                 f"pods by kwok {self._version_of('kwok')}")
        with self._terminal.doing("EDSM's manifests") as tell:
            self.cluster.install([ROOT / "config/crd", ROOT / "config/rbac"])
            self.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
            tell("custom resource definition, ServiceAccount, roles")

    def _start_cloud(self) -> None:
        with self._terminal.doing("AWS emulator") as tell:
            self.cloud = self._stack.enter_context(Ministack(auth=True))
            tell(f"ministack {package_version('ministack')}, enforces signatures and IAM policies")
        with self._terminal.doing("Event route") as tell:
            self.queue = self.cloud.make_queue("edsm-events")
            self.cloud.route_native_events(self.queue)
            self.credentials = self.cloud.create_user_with_policy("edsm", _POLICY)
            tell('EventBridge "Secret Label Updated" -> SQS edsm-events')
        # Between controller and cloud, to see and count what it asks; the demo's own calls go around it.
        self.wire = self._stack.enter_context(WireProxy(self.cloud.url, recorder=Recorder(bodies=True), name="aws"))

    def _start_controller(self) -> None:
        with self._terminal.doing("EDSM") as tell:
            self.token_file = self.folder / "token"
            self.renew_token()
            kubeconfig = self.cluster.write_kubeconfig(token_file=self.token_file)
            self.evidence = self._stack.enter_context(Evidence(self.cluster, NAMESPACE, self.wire.recorder))
            self.edsm = self._stack.enter_context(Edsm(kubeconfig, env={
                "SQS_QUEUE_URL": self.wire.through(self.queue.url), "AWS_ENDPOINT_URL": self.wire.url,
                "AWS_REGION": REGION, **self.credentials.env()}))
            self.evidence.processes = [self.edsm.process]  # its log belongs to every failure
            self.edsm.ready(timeout=30)
            tell(f"{self._controller_version()}, ready (says its own /readyz)")

    def renew_token(self) -> None:
        """A new token for the controller, as a kubelet does it: good for ten minutes."""
        new = self.folder / "token.new"
        new.touch(mode=0o600)
        new.write_text(self.cluster.service_account_token(*CONTROLLER, seconds=600))
        new.rename(self.token_file)  # never seen half written

    def _version_of(self, program: str) -> str:
        said = subprocess.run([self.bin / program, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
        found = re.search(r"v?\d+\.\d+\.\d+", said)
        return found[0] if found else "?"

    def _controller_version(self) -> str:
        said = subprocess.run([self.edsm.binary, "version"], check=True, stdout=subprocess.PIPE, text=True).stdout
        return said.splitlines()[0].strip()

    # -- what the acts use --------------------------------------------------------

    def may(self, verb: str, resource: str, group: str = "") -> bool:
        """Whether the controller's token allows that, asked with the token itself."""
        as_controller = self.kube.as_token(self.token_file.read_text())
        answer = as_controller.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": verb, "resource": resource, "group": group, "namespace": NAMESPACE}}})
        return bool(answer["status"]["allowed"])

    def kubectl(self, *words: str) -> None:
        """Runs the real kubectl as cluster admin, shown as a command."""
        shown = " ".join(word if re.fullmatch(r"[\w./=:,-]+", word) else f"'{word}'" for word in words)
        self._terminal.command(f"kubectl {shown}")
        done = subprocess.run([self.bin / "kubectl", *words], text=True, capture_output=True, timeout=30, env={
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "KUBECONFIG": str(self.cluster.kubeconfig)})
        if done.returncode != 0:
            raise RuntimeError(f"kubectl {shown}: {done.stderr.strip()}")
        self._terminal.quote(done.stdout)

    def put_secret(self, value: dict[str, str]) -> str:
        """Creates or changes the cloud secret, with the rights of an AWS administrator."""
        return self.cloud.put_secret(SOURCE, json.dumps(value))

    def pods(self) -> list[Object]:
        """The pods that are there to stay."""
        return [pod for pod in self.kube.list("Pod", NAMESPACE) if "deletionTimestamp" not in pod["metadata"]]

    def parts(self) -> list[Process]:
        """What must be running for any of this to work."""
        cluster = self.cluster
        return [cluster.etcd, cluster.apiserver, cluster.controller_manager, cluster.kwok, self.cloud.process,
                self.edsm.process]

    def tally(self) -> Tally:
        writes = self.controller_writes()
        return Tally(
            value_reads=len(self.evidence.value_reads(after=0)),
            secret_writes=sum(entry.resource == "secrets" for entry in writes),
            workload_patches=sum(entry.resource == "deployments" for entry in writes),
            restarts=len(self.evidence.template_changes(after=0)))

    def controller_writes(self) -> list[AuditEntry]:
        """The writes into the namespace that the API server accepted from the controller."""
        entries = self.cluster.audit(user=CONTROLLER_USER, stage="ResponseComplete", verb=WRITES, namespace=NAMESPACE)
        return [entry for entry in entries if entry.code < 300]

    def cloud_calls(self) -> Counter[tuple[str, str]]:
        """The controller's calls by service and operation, those under way included."""
        calls = self.wire.recorder.find()
        return Counter((_service(exchange.target), operation(exchange)) for exchange in calls)

    def admin_env(self) -> dict[str, str]:
        """The environment of a person who may do everything, in the cluster and in the cloud."""
        return {"KUBECONFIG": str(self.cluster.kubeconfig), "AWS_ENDPOINT_URL": self.cloud.url,
                "AWS_DEFAULT_REGION": REGION, **ROOT_USER.env()}


def _service(target: str) -> str:
    return {"AmazonSQS": "SQS", "secretsmanager": "Secrets Manager"}.get(target.partition(".")[0], "other")
