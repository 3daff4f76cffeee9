"""Google Cloud: its own fake of Pub/Sub, a Secret Manager that publishes to it, and service accounts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bed.bearers import Bearers
from bed.exchange import Exchange, Recorder
from bed.gcp import PROJECT, GoogleCloud
from bed.gidentity import GoogleIdentity
from bed.process import Process
from bed.scratch import work_dir
from bed.wire import WireProxy
from demo.clouds.cloud import MANIFESTS, Cloud
from demo.terminal import Terminal

# The end of a path, and what is called by it.
_OPERATIONS = {":pull": "Pull", ":acknowledge": "Acknowledge", ":modifyAckDeadline": "ModifyAckDeadline",
               ":access": "AccessSecretVersion", "/subscriptions/edsm-events": "GetSubscription"}


class Google(Cloud):
    """Secret Manager, whose notifications come by Pub/Sub."""

    store, source, change = "Secret Manager", "shop-db", "AddSecretVersion"
    manifest = MANIFESTS / "eventdrivensecret-gcp.yaml"
    identity = "a service account that may read its project's secrets and its subscription"
    delay = ""
    rotate = Path(__file__).with_name("rotate_google.py")
    reads = frozenset({"AccessSecretVersion"})

    def start(self, stack: ExitStack, terminal: Terminal, recorder: Recorder) -> None:
        with terminal.doing("Google Cloud") as tell:
            folder = work_dir("google")
            self._bearers = Bearers(folder)
            identity = stack.enter_context(GoogleIdentity(self._bearers))
            self._emulator = stack.enter_context(GoogleCloud(bearers=self._bearers))
            tell("Google's fake of Pub/Sub, Secret Manager, tokens that count")
        with terminal.doing("Event route") as tell:
            self._topic = self._emulator.make_topic("edsm-secrets")
            self._subscription = self._emulator.make_subscription("edsm-events", self._topic, ack_deadline=60)
            account = identity.account("edsm", grants={
                self._subscription.name: ["roles/pubsub.subscriber", "roles/pubsub.viewer"],
                f"projects/{PROJECT}": ["roles/secretmanager.secretAccessor", "roles/secretmanager.viewer"]})
            self._key = folder / "key.json"
            self._key.touch(mode=0o600)
            self._key.write_text(json.dumps(account.key_file(f"{identity.url}/token")))
            tell("the secret's notifications -> edsm-secrets -> edsm-events")
        self._wire = stack.enter_context(WireProxy(self._emulator.url, recorder=recorder, name="google"))

    def controller_env(self) -> dict[str, str]:
        return {"GCP_PUBSUB_SUBSCRIPTION": self._subscription.name, "GOOGLE_APPLICATION_CREDENTIALS": str(self._key),
                "GCP_SECRET_MANAGER_ENDPOINT": self._wire.url, "GCP_PUBSUB_ENDPOINT": self._wire.url}

    def admin_env(self) -> dict[str, str]:
        return {"GCP_SECRET_MANAGER_ENDPOINT": self._emulator.url,
                "CLOUDSDK_AUTH_ACCESS_TOKEN": self._bearers.admin, "CLOUDSDK_CORE_PROJECT": PROJECT}

    def processes(self) -> list[Process]:
        return [self._emulator.process]

    def put(self, value: Mapping[str, str]) -> str:
        return self._emulator.put_secret(self.source, value, topics=[self._topic])

    def operation(self, exchange: Exchange) -> str:
        path = urlsplit(exchange.path).path
        known = (name for end, name in _OPERATIONS.items() if path.endswith(end))
        return next(known, "GetSecretVersion" if re.search("/versions/[^/:]+$", path) else "other")

    def received(self, exchange: Exchange) -> dict[str, str]:
        if self.operation(exchange) != "Pull" or exchange.status != 200:
            return {}
        found = {}
        for received in json.loads(exchange.reply or b"{}").get("receivedMessages", []):
            attributes = received["message"]["attributes"]
            if attributes["eventType"] == "SECRET_VERSION_ADD":
                found[attributes["versionId"].rpartition("/")[2]] = received["ackId"]
        return found

    def deleted(self, exchange: Exchange) -> set[str]:
        acknowledges = self.operation(exchange) == "Acknowledge" and exchange.status == 200
        return set(json.loads(exchange.body)["ackIds"]) if acknowledges else set()
