"""The Kubernetes objects of the tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bed.aws import REGION
from bed.controlplane import NODE
from bed.kube import Object

LABEL = "eventdrivensecretsmanaged"
ANNOTATION = "eventdrivensecretsmanaged"
SPELLINGS = ("eventdrivensecretsmanaged", "eventsecrets", "eventdrivensecrets")
ROLLED_OUT = "secrets.edsm.io/rolled-out"
TEMPLATE_MARK = "secrets.edsm.io/rollout"
SYNC_REQUEST = "edsm.io/last-updated"


def binding(name: str, namespace: str, path: str, target_name: str, **spec: Any) -> Object:
    """An EventDrivenSecret; `spec` adds members, or replaces the usual ones (None: leaves them out)."""
    usual = {"cloudProvider": "aws", "cloudProviderOptions": {"region": REGION}, "secretPath": path,
             "targetSecretName": target_name}
    members = {key: value for key, value in (usual | spec).items() if value is not None}
    return {"apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret",
            "metadata": {"name": name, "namespace": namespace}, "spec": members}


def secret(name: str, namespace: str, data: Mapping[str, bytes], *, labels: Mapping[str, str] | None = None,
           type: str = "Opaque") -> Object:
    """A Secret that somebody else makes."""
    return {"apiVersion": "v1", "kind": "Secret", "type": type,
            "metadata": {"name": name, "namespace": namespace, "labels": dict(labels or {})},
            "data": {key: base64.b64encode(value).decode() for key, value in data.items()}}


def workload(kind: str, name: str, namespace: str, secrets: Sequence[str] | str | None, *,
             spelling: str = ANNOTATION, replicas: int = 1, **spec: Any) -> Object:
    """A workload whose pods kwok makes ready. `secrets` goes into the annotation: a list as JSON, a
    string as it is, None leaves the annotation out."""
    labels = {"app": name}
    annotations = {} if secrets is None else {
        spelling: secrets if isinstance(secrets, str) else json.dumps(list(secrets))}
    body: Object = {"selector": {"matchLabels": labels}, "template": {
        "metadata": {"labels": labels},
        "spec": {"nodeName": NODE, "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": "main", "image": "none"}]}}}
    if kind != "DaemonSet":
        body["replicas"] = replicas
    if kind == "StatefulSet":
        body["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
            "spec": body | spec}


def decoded(obj: Object) -> dict[str, bytes]:
    """The data of a Secret."""
    return {key: base64.b64decode(value) for key, value in obj.get("data", {}).items()}
