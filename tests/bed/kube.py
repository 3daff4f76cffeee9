"""A thin Kubernetes client for tests: plain dicts in, plain dicts out."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import yaml

from bed.process import wait_for

Object = dict[str, Any]
Objects = list[Object]  # inside of Kube, `list` is its method

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"


class KubeError(Exception):
    """An answer that is no success: `status`, `reason`, and the whole `body`."""

    def __init__(self, request: str, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        self.reason = body.get("reason", "") if isinstance(body, dict) else ""
        message = body.get("message", body) if isinstance(body, dict) else body
        super().__init__(f"{request}: {status} {self.reason}: {message}")


@dataclass(frozen=True)
class Kind:
    """How a kind is addressed."""

    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str | None, subresource: str | None) -> str:
        parts = ["api" if "/" not in self.api_version else "apis", self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", quote(namespace)]
        parts.append(self.plural)
        parts += [quote(part) for part in (name, subresource) if part]
        return "/" + "/".join(parts)


_RBAC = "rbac.authorization.k8s.io/v1"

KINDS: dict[str, Kind] = {
    "ConfigMap": Kind("v1", "configmaps"),
    "Event": Kind("v1", "events"),
    "Namespace": Kind("v1", "namespaces", False),
    "Node": Kind("v1", "nodes", False),
    "Pod": Kind("v1", "pods"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "DaemonSet": Kind("apps/v1", "daemonsets"),
    "Deployment": Kind("apps/v1", "deployments"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    "Lease": Kind("coordination.k8s.io/v1", "leases"),
    "ClusterRole": Kind(_RBAC, "clusterroles", False),
    "ClusterRoleBinding": Kind(_RBAC, "clusterrolebindings", False),
    "Role": Kind(_RBAC, "roles"),
    "RoleBinding": Kind(_RBAC, "rolebindings"),
    "ValidatingAdmissionPolicy": Kind("admissionregistration.k8s.io/v1", "validatingadmissionpolicies", False),
    "CustomResourceDefinition": Kind("apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "EventDrivenSecret": Kind("secrets.edsm.io/v1alpha1", "eventdrivensecrets"),
    "SecretAccessPolicy": Kind("secrets.edsm.io/v1alpha1", "secretaccesspolicies", False),
}


@dataclass(frozen=True)
class WatchEvent:
    """One line of a watch, with the monotonic time at which it was read."""

    type: str
    object: Object
    at: float


class Kube:
    """One user of one API server. Its methods raise KubeError."""

    def __init__(self, url: str, ca: Path, *, client_cert: tuple[Path, Path] | None = None,
                 token: str | None = None, headers: dict[str, str] | None = None) -> None:
        self.url, self.ca, self.client_cert = url, ca, client_cert
        self.headers = dict(headers or {})
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self._session = self._new_session()

    def as_token(self, token: str) -> Kube:
        """The same API server as the bearer of `token`."""
        return Kube(self.url, self.ca, token=token)

    def as_user(self, user: str, group: str | None = None) -> Kube:
        """The same client impersonating another user (a service account's
        groups come by themselves; requests can send only one more)."""
        headers = self.headers | {"Impersonate-User": user}
        if group:
            headers["Impersonate-Group"] = group
        return Kube(self.url, self.ca, client_cert=self.client_cert, headers=headers)

    # -- one object ---------------------------------------------------------

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        return self.request("GET", self._kind(kind).path(namespace, name, None))

    def find(self, kind: str, name: str, namespace: str | None = None) -> Object | None:
        """Like get, None if it is not there."""
        try:
            return self.get(kind, name, namespace)
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def create(self, obj: Object, *, manager: str = "bed") -> Object:
        return self.request("POST", self._path_of(obj, named=False), obj, params={"fieldManager": manager})

    def replace(self, obj: Object, *, manager: str = "bed", subresource: str | None = None) -> Object:
        return self.request("PUT", self._path_of(obj, subresource=subresource), obj,
                            params={"fieldManager": manager})

    def apply(self, obj: Object, *, manager: str = "bed", force: bool = True) -> Object:
        """Server-side apply: creates or changes the fields that `obj` names."""
        params = {"fieldManager": manager, "force": str(force).lower()}
        return self.request("PATCH", self._path_of(obj), obj, params=params, content_type=APPLY)

    def patch(self, kind: str, name: str, namespace: str | None, patch: Any, *, type: str = MERGE,
              manager: str = "bed", subresource: str | None = None) -> Object:
        path = self._kind(kind).path(namespace, name, subresource)
        return self.request("PATCH", path, patch, params={"fieldManager": manager}, content_type=type)

    def delete(self, kind: str, name: str, namespace: str | None = None, **options: Any) -> Object:
        """Deletes; `options` go into DeleteOptions (propagationPolicy, preconditions)."""
        return self.request("DELETE", self._kind(kind).path(namespace, name, None), options or None)

    def wait(self, kind: str, name: str, namespace: str | None, condition: Callable[[Object], Any],
             what: str, timeout: float = 15) -> Object:
        """Waits until the object exists and meets the condition; returns it."""
        seen: Object = {}

        def met() -> bool:
            nonlocal seen
            seen = self.get(kind, name, namespace)
            return bool(condition(seen))

        try:
            wait_for(met, timeout, f"{kind} {namespace or ''}/{name}: {what}")
        except TimeoutError as error:
            state = json.dumps({key: seen.get(key) for key in ("metadata", "status")}, indent=1)
            raise TimeoutError(f"{error}\nlast seen: {state}") from error
        return seen

    def wait_gone(self, kind: str, name: str, namespace: str | None = None, timeout: float = 15) -> None:
        """Waits until the object does not exist."""
        wait_for(lambda: self.find(kind, name, namespace) is None, timeout,
                 f"{kind} {namespace or ''}/{name} to be gone")

    # -- many objects -------------------------------------------------------

    def list(self, kind: str, namespace: str | None = None, **params: Any) -> Objects:
        """All objects, of all namespaces if none is named; params like labelSelector."""
        return self.list_raw(kind, namespace, **params)["items"]

    def list_raw(self, kind: str, namespace: str | None = None, **params: Any) -> Object:
        """The list object itself, with its resourceVersion."""
        return self.request("GET", self._kind(kind).path(namespace, None, None), params=params)

    def watch(self, kind: str, namespace: str | None = None, *, seconds: int = 60,
              **params: Any) -> Iterator[WatchEvent]:
        """Watches until the server ends it after `seconds`. Without a
        resourceVersion it begins with what exists now."""
        with self.open_watch(kind, namespace, seconds=seconds, **params) as answer:
            yield from read_watch(answer)

    def open_watch(self, kind: str, namespace: str | None = None, *, seconds: int = 60,
                   **params: Any) -> requests.Response:
        """The answer to a watch, to be read by read_watch()."""
        params |= {"watch": "true", "timeoutSeconds": str(seconds)}
        answer = self._new_session().get(
            self.url + self._kind(kind).path(namespace, None, None), params=params, stream=True,
            headers={"Accept-Encoding": "identity"}, timeout=(5, seconds + 10))
        _raise_for_status(answer)
        return answer

    def apply_file(self, path: Path | str, **kwargs: Any) -> Objects:
        """Applies every object of a YAML file."""
        documents = yaml.safe_load_all(Path(path).read_text())
        return [self.apply(document, **kwargs) for document in documents if document]

    # -- plumbing -----------------------------------------------------------

    def request(self, method: str, path: str, body: Any = None, *, params: dict[str, Any] | None = None,
                content_type: str = "application/json") -> Any:
        """Any call: `body` goes as JSON, the answer is JSON or text."""
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type} if data is not None else {}
        answer = self._session.request(method, self.url + path, params=params, data=data,
                                       headers=headers, timeout=30)
        _raise_for_status(answer)
        return answer.json() if _is_json(answer) else answer.text

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False  # no proxies, no .netrc
        session.verify = str(self.ca)
        session.cert = None
        if self.client_cert:
            cert, key = self.client_cert
            session.cert = (str(cert), str(key))
        session.headers.update(self.headers)
        return session

    def _path_of(self, obj: Object, *, named: bool = True, subresource: str | None = None) -> str:
        kind = self._kind(obj["kind"], obj["apiVersion"])
        metadata = obj["metadata"]
        namespace = metadata.get("namespace", "default") if kind.namespaced else None
        return kind.path(namespace, metadata["name"] if named else None, subresource)

    def _kind(self, kind: str, api_version: str | None = None) -> Kind:
        known = KINDS.get(kind)
        if known and api_version in (None, known.api_version):
            return known
        if api_version is None:
            raise ValueError(f"unknown kind {kind}: add it to KINDS")
        prefix = "api" if "/" not in api_version else "apis"
        for resource in self.request("GET", f"/{prefix}/{api_version}")["resources"]:
            if resource["kind"] == kind and "/" not in resource["name"]:
                return Kind(api_version, resource["name"], resource["namespaced"])
        raise ValueError(f"the API server does not know {api_version} {kind}")


def read_watch(answer: requests.Response) -> Iterator[WatchEvent]:
    """The events of an open watch, as they come."""
    for line in answer.iter_lines():
        event = json.loads(line)
        yield WatchEvent(event["type"], event["object"], time.monotonic())


def _is_json(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Type", "").startswith("application/json")


def _raise_for_status(answer: requests.Response) -> None:
    if not answer.ok:
        request = f"{answer.request.method} {answer.request.path_url}"
        raise KubeError(request, answer.status_code, answer.json() if _is_json(answer) else answer.text)


def without_server_fields(obj: Object) -> Object:
    """A copy that can be created or applied again."""
    result = copy.deepcopy(obj)
    result.pop("status", None)
    for field in ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"):
        result["metadata"].pop(field, None)
    return result
