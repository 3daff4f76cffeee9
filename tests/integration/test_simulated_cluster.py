"""The simulated API server (tests/sim/cluster) answers as the real one does.

Each file of tests/sim/scripts/cluster is a list of steps, which both play:

    {"method", "path", "headers", "body", "token"}   a request; a body that is a string goes as it is
        "capture": {"name": "metadata.uid"}          keeps a part of the answer for later steps: ${name}
        "fill": {"count": 9, "with": "A"}            what FILL in the body stands for
        "loose": ["message"]                         parts of the answer that need not be equal
        "until": 404                                 is sent again until the answer has this status
    {"watch": "w", "path", "headers", "token"}       opens a watch
    {"read": "w", "events": 3}                       waits for so many events of it
    {"read": "w", "end": true}                       reads it to its end
    {"sleep": 1}, {"forget": true}                   waits; the server forgets all old versions

${ns} is a namespace of the script's own. The answers are equal but for what must differ: names made
by the server, times, the versions themselves. How versions relate to each other must not differ.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from bed import ROOT
from bed.controlplane import ControlPlane
from bed.edsm import default_binary
from bed.process import wait_for

SCRIPTS = sorted((ROOT / "tests/sim/scripts/cluster").glob("*.json"))
CRD = ROOT / "config/crd/bases"
SIMULATED_NAMESPACE = "shop"  # what cluster-script calls ${ns}
PATIENCE = 20  # seconds
COLLECTOR_PATIENCE = 60  # it looks for new kinds every 30 seconds
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Numbers in messages that are versions.
VERSION_IN_TEXT = re.compile(r"((?:resource version|current): |\(|precondition \(|record \()\d+\)?")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@pytest.fixture(scope="module")
def quiet() -> Iterator[ControlPlane]:
    """An API server alone: nobody else writes."""
    with ControlPlane(controllers=False, kwok=False) as cluster:
        cluster.install([CRD])
        yield cluster


def program() -> Path:
    folder = os.environ.get("EDSM_SIM_DIR") or default_binary().parent / "tests/sim"
    return Path(folder) / "cluster-script"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_answers_are_equal(request: pytest.FixtureRequest, path: Path) -> None:
    script = json.loads(path.read_text())
    cluster = request.getfixturevalue("cluster" if script.get("controllers") else "quiet")
    simulated = json.loads(subprocess.run([program(), path], check=True, stdout=subprocess.PIPE, timeout=60).stdout)
    namespace = f"sim-{path.stem}"
    real = RealCluster(cluster, namespace).play(script["steps"])
    expected, found = Normal(real, namespace), Normal(simulated, SIMULATED_NAMESPACE)
    differences = [
        f"step {number}: {json.dumps(step)[:300]}\n  real:      {wanted}\n  simulated: {got}"
        for number, step in enumerate(script["steps"])
        for wanted, got in [differing(expected.answer(number, step), found.answer(number, step))] if wanted != got]
    assert not differences, "\n".join(differences)


class RealCluster:
    """Plays a script on a real API server."""

    def __init__(self, cluster: ControlPlane, namespace: str) -> None:
        self.cluster = cluster
        self.variables = {"ns": namespace}
        self.watches: dict[str, tuple[requests.Response, Iterator[bytes]]] = {}
        cluster.kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})

    def play(self, steps: list[dict[str, Any]]) -> list[Any]:
        try:
            return [self.step(step) for step in steps]
        finally:
            for answer, _ in self.watches.values():
                answer.close()

    def step(self, step: dict[str, Any]) -> Any:
        if "method" in step:
            return self.send(step)
        if "watch" in step:
            return self.watch(step)
        if "read" in step:
            return self.read(step)
        if "forget" in step:
            self.forget()
        time.sleep(step.get("sleep", 0))
        return None

    def fill_in(self, text: str) -> str:
        return re.sub(r"\$\{([^}]*)\}", lambda match: self.variables[match[1]], text)

    def request(self, step: dict[str, Any], stream: bool = False) -> requests.Response:
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.cluster.ca_file)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "client/1 (test)"}
        headers |= step.get("headers", {})
        if "token" not in step:
            session.cert = self.cluster.kube.client_cert
        elif step["token"]:
            headers["Authorization"] = f"Bearer {step['token']}"
        body = step.get("body")
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        if "fill" in step:
            body = body.replace("FILL", step["fill"]["count"] * step["fill"]["with"])
        return session.request(step.get("method", "GET"), self.cluster.url + self.fill_in(step["path"]),
                               data=None if body is None else self.fill_in(body), headers=headers, stream=stream,
                               timeout=(5, PATIENCE))

    def send(self, step: dict[str, Any]) -> dict[str, Any]:
        patient_until = time.monotonic() + COLLECTOR_PATIENCE
        while True:
            answer = self.request(step)
            if answer.status_code == step.get("until", answer.status_code) or time.monotonic() > patient_until:
                break
            time.sleep(0.2)
        body = body_of(answer)
        for name, path in step.get("capture", {}).items():
            self.variables[name] = str(at(body, path))
        return head(answer) | {"body": body}

    def watch(self, step: dict[str, Any]) -> dict[str, Any]:
        answer = self.request(step, stream=True)
        if not answer.ok:
            return head(answer) | {"body": body_of(answer)}
        self.watches[step["watch"]] = (answer, answer.iter_lines(chunk_size=None))
        return head(answer)

    def read(self, step: dict[str, Any]) -> dict[str, Any]:
        lines = self.watches[step["read"]][1]
        if step.get("end"):
            return {"events": [json.loads(line) for line in lines], "ended": True}
        return {"events": [json.loads(next(lines)) for _ in range(step["events"])], "ended": False}

    def forget(self) -> None:
        """etcd forgets by compaction, the API server's own memory by a new start."""
        revision = self.cluster.kube.list_raw("Secret", self.variables["ns"])["metadata"]["resourceVersion"]
        answer = requests.post(f"{self.cluster.etcd_url}/v3/kv/compaction", timeout=5,
                               json={"revision": revision, "physical": True})
        answer.raise_for_status()
        self.cluster.restart_apiserver()
        wait_for(lambda: self.cluster.kube.list("EventDrivenSecret", self.variables["ns"]) == [], PATIENCE,
                 "the CRD to be served", [self.cluster.apiserver])


def head(answer: requests.Response) -> dict[str, Any]:
    names = ("Content-Type", "Retry-After")
    return {"status": answer.status_code, "headers": {name: answer.headers[name] for name in names if name in answer.headers}}


def body_of(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except requests.JSONDecodeError:
        return answer.text


def at(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name, "") if isinstance(body, dict) else ""
    return body


class Normal:
    """The answers of one side, with what may differ replaced by what must not."""

    def __init__(self, answers: list[Any], namespace: str) -> None:
        self.answers, self.namespace = answers, namespace
        self.versions = sorted(set(object_versions(answers)))
        self.uids: dict[str, str] = {}

    def answer(self, number: int, step: dict[str, Any]) -> Any:
        normal = self.value(self.answers[number])
        for path in step.get("loose", []):
            *parents, last = path.split(".")
            parent = normal["body"]
            for name in parents:
                parent = parent.get(name, {})
            parent.pop(last, None)
        if isinstance(normal, dict) and "events" in normal:
            normal["events"] = merge_bookmarks(normal["events"])
            if not step.get("end"):
                del normal["ended"]
        return normal

    def value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # In a fixed order, for the numbers of the uids; a uid may be in a key too.
            value = {self.value(key): self.value(value[key], key) for key in sorted(value)}
            return loosened(value)
        if isinstance(value, list):
            value = [self.value(item, name) for item in value]
            if name == "managedFields":
                value.sort(key=lambda entry: (entry["manager"], entry["operation"], entry.get("subresource", "")))
            return value
        if name == "resourceVersion" and str(value).isdigit():
            # How many of the objects' versions are not newer: of a list or bookmark too.
            return f"version {sum(version <= int(value) for version in self.versions)}"
        if not isinstance(value, str):
            return value
        if name in ("creationTimestamp", "deletionTimestamp", "time"):
            return "time"
        if name == "continue" and value:
            return "token"
        value = UUID.sub(lambda match: self.uids.setdefault(match[0], f"uid {len(self.uids)}"), value)
        value = value.replace(self.namespace, "NS")
        return VERSION_IN_TEXT.sub(r"\1N", value) if name == "message" else value


def loosened(value: dict[str, Any]) -> dict[str, Any]:
    """Workloads have dozens of defaults, which no one here looks at; complaints about the keys of a map have
    no order."""
    causes = value.get("details", {}).get("causes", []) if value.get("kind") == "Status" else []
    if len(causes) > 1:
        said = [f"{cause['field']}: {cause['message']}" for cause in causes]
        value["message"] = value["message"].replace(f"[{', '.join(said)}]", f"[{', '.join(sorted(said))}]")
        causes.sort(key=lambda cause: (cause["field"], cause["message"]))
    if value.get("kind") in WORKLOADS and "spec" in value:
        spec, status = value["spec"], value.get("status", {})
        value["spec"] = {"replicas": spec.get("replicas"), "template": spec["template"]["metadata"]}
        value["status"] = {"observedGeneration": status.get("observedGeneration")}
    if value.get("apiVersion") == "apps/v1":
        value.pop("fieldsV1", None)
    return value


def object_versions(value: Any) -> Iterator[int]:
    """The versions of all objects in there, without those of lists and bookmarks."""
    if isinstance(value, list):
        for item in value:
            yield from object_versions(item)
    elif isinstance(value, dict):
        metadata = value.get("metadata")
        if isinstance(metadata, dict) and "uid" in metadata:
            yield int(metadata["resourceVersion"])
        for item in value.values():
            yield from object_versions(item)


def merge_bookmarks(events: list[Any]) -> list[Any]:
    """Near the end there may be one or two."""
    return [event for number, event in enumerate(events)
            if event["type"] != "BOOKMARK" or number == 0 or events[number - 1] != event]


def differing(left: Any, right: Any) -> tuple[Any, Any]:
    """Only the parts of two values that are not equal."""
    if left == right:
        return None, None
    if isinstance(left, dict) and isinstance(right, dict):
        keys = [key for key in left | right if left.get(key, "(absent)") != right.get(key, "(absent)")]
        pairs = {key: differing(left.get(key, "(absent)"), right.get(key, "(absent)")) for key in keys}
        return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        pairs = [differing(one, other) for one, other in zip(left, right)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return left, right
