"""What the demo plays on: a cluster, a cloud and the controller between them."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from bed import ROOT
from bed.audit import WRITES, AuditEntry
from bed.controlplane import ControlPlane, programs
from bed.edsm import Edsm
from bed.exchange import Recorder
from bed.kube import Object
from bed.process import Process
from bed.scratch import work_dir
from demo.clouds.cloud import Cloud
from demo.evidence import Evidence
from demo.terminal import Terminal

NAMESPACE, BINDING, TARGET, WORKLOAD = "shop", "shop-db", "shop-db", "shop"
CONTROLLER = ("kube-system", "edsm")
ADMIN_USER = "admin"  # of the cluster's own kubeconfig
CONTROLLER_USER = "system:serviceaccount:kube-system:edsm"


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

    def __init__(self, terminal: Terminal, cloud: Cloud) -> None:
        self._terminal, self.cloud = terminal, cloud
        self._recorder = Recorder(bodies=True)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder = work_dir("demo")
        with ExitStack() as stack:  # undoes a start that fails half-way
            self._stack = stack
            self._start_cluster()
            self.cloud.start(stack, self._terminal, self._recorder)
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

    def _start_controller(self) -> None:
        with self._terminal.doing("EDSM") as tell:
            self.token_file = self.folder / "token"
            self.renew_token()
            kubeconfig = self.cluster.write_kubeconfig(token_file=self.token_file)
            self.evidence = self._stack.enter_context(Evidence(self.cluster, NAMESPACE, self.cloud, self._recorder))
            self.edsm = self._stack.enter_context(Edsm(kubeconfig, env=self.cloud.controller_env()))
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

    def pods(self) -> list[Object]:
        """The pods that are there to stay."""
        return [pod for pod in self.kube.list("Pod", NAMESPACE) if "deletionTimestamp" not in pod["metadata"]]

    def parts(self) -> list[Process]:
        """What must be running for any of this to work."""
        cluster = self.cluster
        return [cluster.etcd, cluster.apiserver, cluster.controller_manager, cluster.kwok, self.edsm.process,
                *self.cloud.processes()]

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

    def cloud_calls(self) -> Counter[str]:
        """The controller's calls by operation, those under way included."""
        return Counter(map(self.cloud.operation, self._recorder.find()))

    def admin_env(self) -> dict[str, str]:
        """The environment of a person who may do everything, in the cluster and in the cloud."""
        return {"KUBECONFIG": str(self.cluster.kubeconfig), **self.cloud.admin_env()}
