"""The simulated Google Cloud answers as one does that we did not write, to Google's own clients.

Who judges what:

| what | judge |
|---|---|
| Pub/Sub: pull, acknowledge, modifyAckDeadline, redelivery, dead letters | Google's fake (pstest), by google-cloud-pubsub |
| Secret Manager: forms of names, messages and errors | Google's definitions, by google-cloud-secret-manager |
| Secret Manager: what create, get, addVersion, access, enable, disable, destroy and "not found" answer | recordings of the real service (tests/vectors/gcp) |
| aliases, lists, latest in whatever state, secrets made anew, notifications | the bed, which is ours after Google's documents |
| the metadata server and its tokens | google-auth, which reads them |
| entries of the audit log, lost late acknowledgements, damaged values, quotas | nobody: after Google's documents |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import google.auth.transport.requests
import pytest
from google.auth import compute_engine

from bed import ROOT
from bed.gcp import NUMBER, PROJECT, GoogleCloud
from cloud_scripts import play
from google_scripts import Run
from two_googles import Bed, Simulated, scripts

_RECORDED = json.loads((ROOT / "tests/vectors/gcp/secret_manager.json").read_text()
                       .replace("projects/example-project", f"projects/{PROJECT}")
                       .replace("projects/123456789", f"projects/{NUMBER}"))
_OWN = ("createTime", "destroyTime", "etag")  # each answer has its own
# One recording asked for states as numbers, which the simulation does not do.
_STATES = {1: "ENABLED", 2: "DISABLED", 3: "DESTROYED"}

pytestmark = pytest.mark.filterwarnings("ignore:The return_immediately flag is deprecated")


@pytest.fixture(scope="module")
def bed() -> Iterator[GoogleCloud]:
    with GoogleCloud(hold=1) as google:
        yield google


@pytest.mark.parametrize("path", scripts(ROOT), ids=lambda path: path.stem)
def test_answers_as_the_bed_does(path: Path, bed: GoogleCloud) -> None:
    with Simulated() as cloud:
        play(json.loads(path.read_text())["steps"], Run(cloud), Run(Bed(bed)))


def uniform(answer: Any) -> Any:
    """The answer with a mark for what cannot be the same twice."""
    return {name: "..." if name in _OWN else _STATES.get(value, value) if name == "state" else value
            for name, value in answer.items()}


@pytest.mark.parametrize("recording", list(_RECORDED))
def test_answers_what_was_recorded(recording: str) -> None:
    etags: dict[str, str] = {}
    with Simulated() as cloud:
        session = cloud.session()
        for exchange in _RECORDED[recording]:
            asked = exchange["body"]
            if asked and "etag" in asked:
                asked = {**asked, "etag": etags[exchange["path"].partition(":")[0]]}
            answer = session.request(exchange["method"], f"http://google.sim/v1/{exchange['path']}", json=asked,
                                     params=exchange["query"])
            assert (answer.status_code, uniform(answer.json())) == (exchange["status"], uniform(exchange["answer"])), (
                exchange)
            if "etag" in answer.json():
                etags[exchange["path"]] = answer.json()["etag"]


def test_hands_out_tokens_that_googles_library_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are good until they expire."""
    monkeypatch.setenv("GCE_METADATA_HOST", "google.sim")
    with Simulated() as cloud:
        cloud.step({"do": "set", "tokens": True})
        session = cloud.session()
        credentials = compute_engine.Credentials()
        credentials.refresh(google.auth.transport.requests.Request(session))
        secret = f"http://google.sim/v1/projects/{PROJECT}/secrets"
        bearer = {"Authorization": f"Bearer {credentials.token}"}
        assert session.get(secret, headers=bearer).status_code == 200
        cloud.step({"do": "expire"})
        for headers in (bearer, {}):
            refused = session.get(secret, headers=headers)
            assert (refused.status_code, refused.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_entries_of_the_audit_log_have_the_documented_members() -> None:
    with Simulated() as cloud:
        cloud.step({"do": "set", "audit": True})
        session, parent = cloud.session(), f"http://google.sim/v1/projects/{PROJECT}"
        made = session.post(f"{parent}/secrets", params={"secretId": "a"}, json={"replication": {"automatic": {}}})
        assert made.ok
        assert session.post(f"{parent}/secrets/a:addVersion", json={"payload": {"data": "MQ=="}}).ok
        run = Run(cloud)
        pulled = run.step({"call": "Pull", "input": {
            "subscription": f"projects/{PROJECT}/subscriptions/edsm-events", "maxMessages": 10}})
    entries = [received["message"]["data"] for received in pulled["receivedMessages"]]
    for entry in entries:
        assert entry.keys() == {"protoPayload", "insertId", "resource", "timestamp", "severity", "logName",
                                "receiveTimestamp"}
        assert entry["logName"].endswith("/logs/cloudaudit.googleapis.com%2Factivity")
        assert entry["protoPayload"]["serviceName"] == "secretmanager.googleapis.com"
        assert entry["protoPayload"]["response"]["name"].startswith(f"projects/{NUMBER}/secrets/a")
    assert sorted(entry["protoPayload"]["methodName"].rpartition(".")[2] for entry in entries) == [
        "AddSecretVersion", "CreateSecret"]
