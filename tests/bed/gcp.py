"""Google Cloud on loopback: Pub/Sub and Secret Manager with its notifications (tests/bed/gcpbed)."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import requests

from bed import ROOT
from bed.aws import Depth
from bed.bearers import Bearers
from bed.certs import KeyPair
from bed.process import Process, wait_for
from bed.scratch import free_port, work_dir

PROJECT = "edsm-bed"
NUMBER = "123456789012"  # of PROJECT: what answers and events say in its place
LOCATION = "europe-west1"

# For a server certificate of the bed's CA: the real services' names, if a client is led here under them.
HOSTS = ("localhost", "127.0.0.1", "*.googleapis.com", f"secretmanager.{LOCATION}.rep.googleapis.com")


def program() -> Path:
    """The program; builds it if it is not there yet."""
    script = ROOT / "tools/setup/gcpbed.sh"
    return Path(subprocess.run([script, "--print-path"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip())


class GoogleError(RuntimeError):
    """An answer that is no success."""

    def __init__(self, answer: requests.Response) -> None:
        self.code = answer.status_code
        try:
            self.body = answer.json()["error"]
            self.status, self.message = self.body["status"], self.body["message"]
        except (ValueError, KeyError):
            self.body, self.status, self.message = {}, "", answer.text
        super().__init__(f"{self.code} {self.status}: {self.message}")


@dataclass(frozen=True)
class Subscription:
    """A subscription and its topic, by their full names."""

    name: str
    topic: str


class GoogleCloud:
    """One Google Cloud with the project PROJECT, from `with` to the end of its block.

    With `bearers` only those tokens count; else anybody may do everything. `hold` is how long a pull
    waits for a message. `tls` is its certificate (for HOSTS); `ca` is what verifies it.
    """

    def __init__(self, *, bearers: Bearers | None = None, hold: float = 90, tls: KeyPair | None = None,
                 ca: Path | None = None) -> None:
        self._bearers, self._hold, self._tls, self._ca = bearers, hold, tls, ca

    def __enter__(self) -> Self:
        self.folder = work_dir("gcpbed")
        self.port = free_port()
        self.url = f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it (again), empty, on its port."""
        argv: list[str | Path] = [program(), "-address", f"127.0.0.1:{self.port}", "-projects", f"{PROJECT}={NUMBER}",
                                  "-hold", f"{self._hold}s"]
        if self._bearers:
            argv += ["-bearers", self._bearers.file]
        if self._tls:
            argv += ["-cert", self._tls.cert, "-key", self._tls.key]
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(self._ca) if self._ca else True
        if self._bearers:
            self._session.headers["Authorization"] = f"Bearer {self._bearers.admin}"
        self.process = Process("gcpbed", argv, env={}, folder=self.folder)
        try:
            wait_for(lambda: self.call("GET", f"projects/{PROJECT}/topics") == {}, 10, "gcpbed", [self.process])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops it; its state is gone."""
        self._session.close()
        self.process.stop(grace=2)

    def restart(self) -> None:
        """A new, empty Google Cloud at the old address."""
        self.stop()
        self.start()

    def set_clock(self, offset_seconds: float) -> None:
        """Moves its clock to `offset_seconds` from the true time, at once."""
        answer = self._session.put(f"{self.url}/bed/clock", params={"offset": f"{offset_seconds}s"}, timeout=10)
        answer.raise_for_status()

    def set_policy(self, resource: str, **roles: Sequence[str]) -> None:
        """Who has a role on a topic or a subscription, in place of who had one: `publisher=["serviceAccount:…"]`.
        It is only kept: what somebody may do is said by the bearers."""
        bindings = [{"role": f"roles/pubsub.{role}", "members": list(members)} for role, members in roles.items()]
        self.call("POST", f"{resource}:setIamPolicy", {"policy": {"bindings": bindings}})

    def set_sinks(self, *sinks: Mapping[str, Any], project: str = PROJECT) -> None:
        """The log sinks that the project has from now on, as Cloud Logging lists them. They send nothing."""
        answer = self._session.put(f"{self.url}/bed/sinks", params={"project": project}, json=list(sinks), timeout=10)
        answer.raise_for_status()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: Any) -> dict[str, Any]:
        """One call of the API, /v1/`path`, by somebody who may do everything; its answer."""
        answer = self._session.request(method, f"{self.url}/v1/{path}", json=body, params=query, timeout=30)
        if not answer.ok:
            raise GoogleError(answer)
        return answer.json()

    # -- Pub/Sub --------------------------------------------------------------

    def make_topic(self, topic: str) -> str:
        """Makes a topic; its full name."""
        return self.call("PUT", f"projects/{PROJECT}/topics/{topic}", {})["name"]

    def make_subscription(self, name: str, topic: str, *, ack_deadline: int = 10, dead_letter: str | None = None,
                          max_attempts: int = 5, **fields: Any) -> Subscription:
        """A subscription to a topic (by its full name); messages received `max_attempts` times in vain move
        to the topic `dead_letter`. `fields` are those of the API, such as filter."""
        if dead_letter:
            fields["deadLetterPolicy"] = {"deadLetterTopic": dead_letter, "maxDeliveryAttempts": max_attempts}
        made = self.call("PUT", f"projects/{PROJECT}/subscriptions/{name}",
                         {"topic": topic, "ackDeadlineSeconds": ack_deadline, **fields})
        return Subscription(made["name"], topic)

    def publish(self, topic: str, data: str | bytes | Mapping[str, Any], **attributes: str) -> str:
        """Publishes a message; its id."""
        text = json.dumps(data) if isinstance(data, Mapping) else data
        raw = text.encode() if isinstance(text, str) else text
        message = {"data": base64.b64encode(raw).decode(), "attributes": attributes}
        return self.call("POST", f"{topic}:publish", {"messages": [message]})["messageIds"][0]

    def pull(self, subscription: Subscription, *, wait: float = 5, max_messages: int = 100) -> list[dict[str, Any]]:
        """Receives what there is, as soon as there is something, without acknowledging it."""
        deadline = time.monotonic() + wait
        while True:
            answer = self.call("POST", f"{subscription.name}:pull",
                               {"maxMessages": max_messages, "returnImmediately": True})
            if (found := answer.get("receivedMessages")) or time.monotonic() >= deadline:
                return found or []
            time.sleep(0.01)

    def acknowledge(self, subscription: Subscription, *messages: Mapping[str, Any]) -> None:
        """Acknowledges messages that were pulled."""
        self.call("POST", f"{subscription.name}:acknowledge", {"ackIds": [message["ackId"] for message in messages]})

    def backlog(self, subscription: Subscription) -> Depth:
        """What was not acknowledged. (With a filter, what it dropped seems to wait.)"""
        told = self._ledger(subscription)
        return Depth(visible=told["waiting"], in_flight=told["out"])

    def held_pulls(self, subscription: Subscription) -> int:
        """How many pulls wait for a message now."""
        return self._ledger(subscription)["pulls"]

    def _ledger(self, subscription: Subscription) -> dict[str, int]:
        answer = self._session.get(f"{self.url}/bed/backlog", params={"subscription": subscription.name}, timeout=10)
        answer.raise_for_status()
        return answer.json()

    # -- Secret Manager ---------------------------------------------------------

    def secret_path(self, name: str, *, location: str | None = None, project: str = PROJECT) -> str:
        """The resource name of a secret, as users write it."""
        place = f"/locations/{location}" if location else ""
        return f"projects/{project}{place}/secrets/{name}"

    def create_secret(self, name: str, *, topics: Sequence[str] = (), location: str | None = None,
                      **fields: Any) -> str:
        """A secret without a version, whose changes are told to the topics; its path."""
        parent, _, _ = self.secret_path(name, location=location).rpartition("/secrets/")
        policy = {} if location else {"replication": {"automatic": {}}}
        self.call("POST", f"{parent}/secrets", {"topics": [{"name": topic} for topic in topics], **policy, **fields},
                  secretId=name)
        return self.secret_path(name, location=location)

    def put_secret(self, name: str, value: str | bytes | Mapping[str, Any], *, topics: Sequence[str] = (),
                   location: str | None = None) -> str:
        """Gives the secret a new version, and creates it before (with `topics`) if it is not there; the
        number of the version."""
        path = self.secret_path(name, location=location)
        try:
            return self.add_version(path, value)
        except GoogleError as error:
            if error.status != "NOT_FOUND":
                raise
        self.create_secret(name, topics=topics, location=location)
        return self.add_version(path, value)

    def add_version(self, path: str, value: str | bytes | Mapping[str, Any]) -> str:
        """A new version of the secret at this path; its number."""
        text = json.dumps(value) if isinstance(value, Mapping) else value
        raw = text.encode() if isinstance(text, str) else text
        made = self.call("POST", f"{path}:addVersion", {"payload": {"data": base64.b64encode(raw).decode()}})
        return made["name"].rpartition("/")[2]

    def update_secret(self, name: str, *, location: str | None = None, **fields: Any) -> dict[str, Any]:
        """Sets these fields of the secret: versionAliases={"prod": "2"}."""
        return self.call("PATCH", self.secret_path(name, location=location), fields, updateMask=",".join(fields))

    def enable_version(self, name: str, version: str, *, location: str | None = None) -> None:
        self._change("enable", name, version, location)

    def disable_version(self, name: str, version: str, *, location: str | None = None) -> None:
        self._change("disable", name, version, location)

    def destroy_version(self, name: str, version: str, *, location: str | None = None) -> None:
        self._change("destroy", name, version, location)

    def delete_secret(self, name: str, *, location: str | None = None) -> None:
        self.call("DELETE", self.secret_path(name, location=location))

    def _change(self, verb: str, name: str, version: str, location: str | None) -> None:
        self.call("POST", f"{self.secret_path(name, location=location)}/versions/{version}:{verb}", {})


def attributes(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The attributes of messages that were pulled, in the order of their publication."""
    found = sorted(messages, key=lambda received: int(received["message"]["messageId"].removeprefix("m")))
    return [received["message"]["attributes"] for received in found]


def data(message: Mapping[str, Any]) -> Any:
    """The JSON that a pulled message carries; None: nothing."""
    raw = base64.b64decode(message["message"].get("data", ""))
    return json.loads(raw) if raw else None
