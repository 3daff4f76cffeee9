"""A real Kubernetes control plane on loopback: etcd, API server, controllers, kwok."""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import requests
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from bed import ROOT, audit
from bed.certs import CA, new_key, write_key
from bed.kube import Kube, KubeError, Object
from bed.process import Process, wait_for
from bed.scratch import free_port, work_dir

NODE = "node-0"

_CONTROLLERS = (
    "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,"
    "garbage-collector-controller,namespace-controller,serviceaccount-controller,"
    "root-ca-certificate-publisher-controller,validatingadmissionpolicy-status-controller,"
    "clusterrole-aggregation-controller")


def programs() -> Path:
    """The folder of the programs; builds them if they are not there yet."""
    script = ROOT / "tools/setup/controlplane.sh"
    return Path(subprocess.run([script, "--print-path"], check=True, stdout=subprocess.PIPE,
                               text=True).stdout.strip())


class ControlPlane:
    """One cluster, from `with` to the end of its block.

    With `controllers` workloads, owner references and namespace deletion work;
    with `kwok` there is one node, NODE, on which pods become ready at once.
    There is no scheduler: pod templates say `nodeName: NODE`.
    """

    def __init__(self, *, controllers: bool = True, kwok: bool = True,
                 apiserver_flags: Sequence[str] = ()) -> None:
        self._with_controllers, self._with_kwok = controllers, kwok
        self._extra_flags = list(apiserver_flags)
        self._stack = ExitStack()
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # undoes a start that fails half-way
            self._stack = stack
            self._start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._bin = programs()
        self.folder = work_dir("cluster")
        self._ca = CA(self.folder, "cluster-ca")
        self.ca_file = self._ca.cert
        self._server_cert = self._ca.server("apiserver", ("localhost", "127.0.0.1", "10.0.0.1",
                                                          "kubernetes.default.svc"))
        self._signer = new_key()
        self._sa_key = write_key(self._signer, self.folder / "sa-signer.key")
        self.audit_log = self.folder / "audit.log"
        (self.folder / "audit-policy.yaml").write_text(audit.POLICY)
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.kubeconfig = self._client_kubeconfig("admin", "system:masters")
        self.kube = Kube(self.url, self.ca_file,
                         client_cert=(self.folder / "admin.crt", self.folder / "admin.key"))
        self._start_etcd()
        self.start_apiserver()
        if self._with_controllers:
            self._start_controllers()
        if self._with_kwok:
            self._start_kwok()

    # -- the parts ----------------------------------------------------------

    def _start_etcd(self) -> None:
        client, peer = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        self.etcd_url = client
        self.etcd = self._run("etcd", [
            f"--data-dir={self.folder / 'etcd'}", "--unsafe-no-fsync=true", "--log-level=warn",
            f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}"])
        wait_for(lambda: requests.get(f"{client}/health", timeout=1).ok, 20, "etcd", [self.etcd])

    def start_apiserver(self, extra_flags: Sequence[str] | None = None) -> None:
        """Starts the API server on its old port and data. `extra_flags`
        replace the earlier ones."""
        if extra_flags is not None:
            self._extra_flags = list(extra_flags)
        self.apiserver = Process("kube-apiserver", [
            self._bin / "kube-apiserver", f"--etcd-servers={self.etcd_url}",
            "--bind-address=127.0.0.1", f"--secure-port={self.port}",
            f"--tls-cert-file={self._server_cert.cert}", f"--tls-private-key-file={self._server_cert.key}",
            f"--client-ca-file={self.ca_file}", f"--cert-dir={self.folder}",
            "--authorization-mode=RBAC", "--allow-privileged=true",
            "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
            "--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none",
            f"--service-account-issuer={self.url}/", f"--service-account-key-file={self._sa_key}",
            f"--service-account-signing-key-file={self._sa_key}",
            f"--audit-policy-file={self.folder / 'audit-policy.yaml'}",
            f"--audit-log-path={self.audit_log}", "--profiling=false",
            # Without it an orderly stop waits a minute for watches.
            "--shutdown-watch-termination-grace-period=1s",
            *self._extra_flags], folder=self.folder)
        self._stack.callback(self.apiserver.kill)
        wait_for(lambda: self.kube.request("GET", "/readyz") == "ok" and self.kube.get("Namespace", "default"),
                 60, "the API server", [self.etcd, self.apiserver])

    def stop_apiserver(self, *, kill: bool = False) -> None:
        """Ends the API server, in order or by SIGKILL."""
        if kill:
            self.apiserver.kill()
        else:
            self.apiserver.stop(grace=30)

    def restart_apiserver(self, extra_flags: Sequence[str] | None = None, *, kill: bool = True) -> None:
        """Stops and starts the API server: its watch cache begins anew, and
        resourceVersions of before may be too old for a watch."""
        self.stop_apiserver(kill=kill)
        self.start_apiserver(extra_flags)

    def compact(self) -> int:
        """Makes etcd forget all older versions, as the API server does every five minutes; watches
        and lists that begin before the returned revision are refused from now on."""
        answer = requests.post(f"{self.etcd_url}/v3/kv/range", timeout=10,
                               json={"key": base64.b64encode(b"/registry/none").decode()})
        answer.raise_for_status()
        revision = answer.json()["header"]["revision"]
        requests.post(f"{self.etcd_url}/v3/kv/compaction", timeout=10,
                      json={"revision": revision, "physical": True}).raise_for_status()
        return int(revision)

    def _start_controllers(self) -> None:
        config = self._client_kubeconfig("system:kube-controller-manager")
        self.controller_manager = self._run("kube-controller-manager", [
            f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}", "--use-service-account-credentials=true",
            f"--service-account-private-key-file={self._sa_key}", f"--root-ca-file={self.ca_file}",
            "--service-cluster-ip-range=10.0.0.0/24", "--leader-elect=false", "--secure-port=0",
            f"--cert-dir={self.folder}", f"--controllers={_CONTROLLERS}"])
        # It makes the ServiceAccount: so its controllers are at work.
        wait_for(lambda: self.kube.find("ServiceAccount", "default", "default"), 60,
                 "kube-controller-manager", [self.controller_manager, self.apiserver])

    def _start_kwok(self) -> None:
        # A user of its own, so that the audit log tells it from the tests.
        config = self._client_kubeconfig("kwok", "system:masters")
        stages = sorted((self._bin.parent / "stages").glob("*.yaml"))
        self.kwok = self._run("kwok", [
            f"--kubeconfig={config}", "--manage-all-nodes=true", "--node-ip=10.0.0.1",
            "--cidr=10.0.0.0/24", "--node-lease-duration-seconds=40",
            *(f"--config={stage}" for stage in stages)])
        room = {"cpu": "64", "memory": "256Gi", "pods": "5000"}
        self.kube.create({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": NODE, "annotations": {"kwok.x-k8s.io/node": "fake"}},
            "status": {"capacity": room, "allocatable": room}})
        wait_for(lambda: _has_condition(self.kube.get("Node", NODE), "Ready"), 30,
                 "kwok's node", [self.kwok, self.apiserver])

    def _run(self, program: str, flags: Iterable[str]) -> Process:
        process = Process(program, [self._bin / program, *flags], folder=self.folder,
                          env={**os.environ, "HOME": str(self.folder)})
        self._stack.callback(process.stop)
        return process

    # -- what tests use -----------------------------------------------------

    def install(self, paths: Iterable[Path | str]) -> None:
        """Applies YAML files (folders: every *.yaml but kustomizations), and
        waits until their CRDs are served."""
        for path in map(Path, paths):
            files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
            for file in files:
                if file.name == "kustomization.yaml":
                    continue
                for applied in self.kube.apply_file(file):
                    if applied["kind"] == "CustomResourceDefinition":
                        self._wait_served(applied)

    def _wait_served(self, crd: Object) -> None:
        name, spec = crd["metadata"]["name"], crd["spec"]
        self.kube.wait("CustomResourceDefinition", name, None,
                       lambda seen: _has_condition(seen, "Established"), "Established")
        version = next(version["name"] for version in spec["versions"] if version["served"])
        path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
        wait_for(lambda: self.kube.request("GET", path), 15, f"{path} to be served", [self.apiserver])

    def service_account_token(self, namespace: str, name: str, seconds: int = 600, *,
                              bound_to: Object | None = None) -> str:
        """A genuine expiring token; the ServiceAccount is made if need be. It is void from the
        moment when the Secret or Pod that it is `bound_to` is deleted."""
        try:
            self.kube.create({"apiVersion": "v1", "kind": "ServiceAccount",
                              "metadata": {"name": name, "namespace": namespace}})
        except KubeError as error:
            if error.reason != "AlreadyExists":
                raise
        answer = self.kube.request("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"expirationSeconds": seconds} | ({"boundObjectRef": {
                "apiVersion": "v1", "kind": bound_to["kind"], "name": bound_to["metadata"]["name"],
                "uid": bound_to["metadata"]["uid"]}} if bound_to else {})})
        return answer["status"]["token"]

    def expired_token(self, token: str) -> str:
        """The same as `token`, signed by this cluster, but an hour older than its life."""
        head, claims, _ = token.split(".")
        decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        age = decoded["exp"] - decoded["iat"] + 3600
        decoded |= {name: decoded[name] - age for name in ("exp", "iat", "nbf")}
        text = f"{head}.{_base64url(json.dumps(decoded).encode())}"
        r, s = decode_dss_signature(self._signer.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_base64url(r.to_bytes(32) + s.to_bytes(32))}"

    def write_kubeconfig(self, *, token: str | None = None, token_file: Path | str | None = None,
                         server_url: str | None = None, ca: Path | None = None) -> Path:
        """A kubeconfig for a token, or for a file that holds one."""
        user = {"token": token} if token is not None else {"tokenFile": str(token_file)}
        return self._kubeconfig(f"config-{next(self._numbers)}", user, server_url, ca)

    def audit(self, **wanted: Any) -> list[audit.AuditEntry]:
        """The audit log, filtered: audit(verb="patch", resource="secrets")."""
        return audit.read(self.audit_log, **wanted)

    # -- kubeconfigs --------------------------------------------------------

    def _client_kubeconfig(self, user: str, *groups: str) -> Path:
        pair = self._ca.client(user, *groups)
        return self._kubeconfig(user.replace(":", "-"), {
            "client-certificate-data": _base64(pair.cert), "client-key-data": _base64(pair.key)})

    def _kubeconfig(self, name: str, user: dict[str, str], server_url: str | None = None,
                    ca: Path | None = None) -> Path:
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "bed",
            "clusters": [{"name": "bed", "cluster": {
                "server": server_url or self.url,
                "certificate-authority-data": _base64(ca or self.ca_file)}}],
            "contexts": [{"name": "bed", "context": {"cluster": "bed", "user": "bed"}}],
            "users": [{"name": "bed", "user": user}]}))
        return path


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _has_condition(obj: Object, name: str) -> bool:
    conditions = obj.get("status", {}).get("conditions") or []
    return any(condition["type"] == name and condition["status"] == "True" for condition in conditions)
