"""The program as the kubelet would start it: with what the API server has stored in the Deployment."""

from __future__ import annotations

import base64
import json
import re
import shlex
from pathlib import Path

from bed.controlplane import ControlPlane
from bed.edsm import Edsm
from bed.kube import Object
from bed.process import Process
from bed.scratch import work_dir
from bed.wire import WireProxy

_ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"
# What EKS's webhook adds if the ServiceAccount has the annotation (IRSA).
_ROLE = "eks.amazonaws.com/role-arn"
_WEB_IDENTITY = "/run/secrets/eks.amazonaws.com/serviceaccount"

# A mount namespace is the container: the token where pods have it, the program as the only thing added, and
# a root that cannot be written.
_CONTAINER = """\
mount -t tmpfs tmpfs /run
mkdir -p {account} {web_identity}
mount --bind {token_folder} {account}
mount --bind {token_folder}/aws {web_identity}
touch /run/edsm && mount --bind {binary} /run/edsm
mount -o remount,bind,ro /
exec setpriv --reuid={uid} --regid={gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
  --pdeathsig=KILL -- /run/edsm {arguments}
"""


class Pod(Edsm):
    """One replica of a Deployment, which reaches the API server through the proxy `api`, whose certificate
    `api_ca` signed."""

    def __init__(self, cluster: ControlPlane, deployment: Object, *, api: WireProxy, api_ca: Path,
                 name: str = "pod") -> None:
        spec = deployment["spec"]["template"]["spec"]
        self._container = spec["containers"][0]
        self._security = spec["securityContext"] | self._container["securityContext"]
        self._namespace = deployment["metadata"]["namespace"]
        self._cluster, self._ca, self.api = cluster, api_ca, api
        self._account = spec["serviceAccountName"]
        host, port = api.url.removeprefix("https://").split(":")
        super().__init__(name=name, env=self._environment() | {
            "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port})

    def _environment(self) -> dict[str, str]:
        result = {}
        for source in self._container.get("envFrom", []):
            data = self._cluster.kube.get("Secret", source["secretRef"]["name"], self._namespace)["data"]
            result |= {key: base64.b64decode(value).decode() for key, value in data.items()}
        fields = {"metadata.namespace": self._namespace}
        for variable in self._container["env"]:
            field = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
            result[variable["name"]] = fields[field] if field else variable["value"]
        if role := self._role():
            result |= {"AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": f"{_WEB_IDENTITY}/token"}
        return result

    def _role(self) -> str | None:
        account = self._cluster.kube.get("ServiceAccount", self._account, self._namespace)
        return account["metadata"].get("annotations", {}).get(_ROLE)

    def _token(self, **spec: object) -> str:
        path = f"/api/v1/namespaces/{self._namespace}/serviceaccounts/{self._account}/token"
        return self._cluster.kube.request("POST", path, {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600, **spec}})["status"]["token"]

    def _port(self, name: str) -> int:
        return next(port["containerPort"] for port in self._container["ports"] if port["name"] == name)

    def start(self) -> None:
        self.metrics_port, self.health_port = self._port("metrics"), self._port("probes")
        token_folder = work_dir("token")
        token_folder.chmod(0o755)
        (token_folder / "aws").mkdir()
        for name, text in {"token": self._token(), "ca.crt": self._ca.read_text(), "namespace": self._namespace,
                           "aws/token": _flat_audience(self._token(audiences=["sts.amazonaws.com"]))}.items():
            (token_folder / name).write_text(text)
        assert self._security["readOnlyRootFilesystem"] and self._security["capabilities"] == {"drop": ["ALL"]}
        script = _CONTAINER.format(
            account=_ACCOUNT, web_identity=_WEB_IDENTITY, token_folder=token_folder, binary=self.binary, uid=self._security["runAsUser"],
            gid=self._security["runAsGroup"], arguments=shlex.join(self._container["args"]))
        self.process = Process(self.name, ["unshare", "--mount", "sh", "-euc", script],
                               env={"HOME": "/", **self.env}, folder=self.folder)

    def status(self) -> dict[str, str]:
        """What the kernel says about the process."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.MULTILINE))


def _flat_audience(token: str) -> str:
    """A token whose audience is no list. AWS takes a list of one as that one, as Kubernetes writes it; ministack
    does not (and does not look at signatures)."""
    head, claims, signature = token.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    decoded["aud"], = decoded["aud"]
    return ".".join([head, base64.urlsafe_b64encode(json.dumps(decoded).encode()).decode().rstrip("="), signature])
