"""What exists in both clouds, and the requests that make and change it (see `send` in bench/load)."""

from __future__ import annotations

import base64
import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from bed.aws import REGION
from bed.kube import STRATEGIC, Kube, Object

Order = dict[str, Any]

LABEL = "eventdrivensecretsmanaged"
_BINDINGS = "/apis/secrets.edsm.io/v1alpha1/namespaces/{}/eventdrivensecrets"


def names(count: int, prefix: str = "s") -> list[str]:
    return [f"{prefix}-{number:06d}" for number in range(count)]


def value(unique: str) -> dict[str, str]:
    """Two keys, 200 bytes."""
    return {"username": "u" * 88, "password": unique + "p" * (88 - len(unique))}


# -- the cloud ------------------------------------------------------------------


def create_in_cloud(secrets: Iterable[str], unique: str) -> Iterator[Order]:
    for name in secrets:
        yield _aws("secretsmanager.CreateSecret", Name=name, SecretString=json.dumps(value(unique)),
                   ClientRequestToken=str(uuid.uuid4()))


def change_in_cloud(secrets: Iterable[str], unique: str) -> Iterator[Order]:
    for name in secrets:
        yield _aws("secretsmanager.PutSecretValue", SecretId=name, SecretString=json.dumps(value(unique)),
                   ClientRequestToken=str(uuid.uuid4()))


def send_events(queue_url: str, secrets: list[str]) -> Iterator[Order]:
    """One event for each, ten in a call."""
    for first in range(0, len(secrets), 10):
        yield _aws("AmazonSQS.SendMessageBatch", QueueUrl=queue_url, Entries=[
            {"Id": str(number), "MessageBody": json.dumps(_label_updated(name))}
            for number, name in enumerate(secrets[first:first + 10])])


def _label_updated(secret: str) -> Object:
    """The event says no version, so that one value may be announced again and again."""
    return {"version": "0", "id": str(uuid.uuid4()), "detail-type": "Secret Label Updated",
            "source": "aws.secretsmanager", "account": "000000000000",
            "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "region": REGION, "resources": [],
            "detail": {"labelUpdated": "AWSCURRENT", "name": secret}}


def _aws(target: str, **body: Any) -> Order:
    return {"target": target, "body": body}


# -- the cluster ------------------------------------------------------------------


def binding(name: str, namespace: str, secret: str) -> Order:
    return _create(_BINDINGS.format(namespace), {
        "apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"cloudProvider": "aws", "cloudProviderOptions": {"region": REGION}, "secretPath": secret,
                 "targetSecretName": name}})


def secret(name: str, namespace: str, unique: str) -> Order:
    """One that EDSM has nothing to do with."""
    return _create(f"/api/v1/namespaces/{namespace}/secrets", {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
        "data": _encoded(value(unique))})


def deployment(name: str, namespace: str, secrets: list[str] | None = None) -> Order:
    annotations = {LABEL: json.dumps(secrets)} if secrets else {}
    labels = {"app": name}
    return _create(f"/apis/apps/v1/namespaces/{namespace}/deployments", {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations},
        "spec": {"selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [{"name": "main", "image": "none"}]}}}})


def write_secrets(kube: Kube, namespace: str, unique: str) -> list[Order]:
    """The patches that EDSM would send for new values of all Secrets of the namespace: data and marks, on the
    condition that nobody changed them since. The label differs in one letter, so that EDSM does not watch them."""
    orders = []
    for found in kube.list("Secret", namespace):
        metadata = found["metadata"]
        name = metadata["name"]
        body = {"metadata": {
            "uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"],
            "labels": {LABEL[:-1] + "x": "true"},
            "annotations": {
                "secrets.edsm.io/version": str(uuid.uuid4()),
                "secrets.edsm.io/digest": f"{random.getrandbits(32):08x}:{random.getrandbits(256):064x}",
                "secrets.edsm.io/source": f"aws/{REGION}/{name}", "secrets.edsm.io/binding": f"{namespace}/{name}",
                "secrets.edsm.io/changed-at": datetime.now(UTC).isoformat()},
            "ownerReferences": [{"apiVersion": "secrets.edsm.io/v1alpha1", "kind": "EventDrivenSecret", "name": name,
                                 "uid": metadata["uid"], "controller": True}]},
            "data": {"$patch": "replace"} | _encoded(value(unique))}
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}?fieldManager=writer"
        orders.append({"method": "PATCH", "path": path, "type": STRATEGIC, "body": body})
    return orders


def _create(path: str, body: Object) -> Order:
    return {"method": "POST", "path": path, "type": "application/json", "body": body}


def _encoded(data: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(text.encode()).decode() for key, text in data.items()}
