"""Azure: a stand-in for Key Vault, its events, Service Bus and Microsoft Entra, under their real host names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from bed.azure import Azure
from bed.azure_events import Schema
from bed.azure_names import TENANT
from bed.exchange import Exchange, Recorder
from bed.process import Process
from demo.clouds.cloud import MANIFESTS, Cloud
from demo.terminal import Terminal

_VAULT, _SPACE, _QUEUE, _SECRET = "shop-kv", "shop-edsm", "edsm-events", "demo-client-secret"

# Method and path of a request, and what is called by it.
_OPERATIONS = (
    (r"POST /[^/]+/oauth2/v2.0/token", "Token"), (r"POST .*/messages/head", "Receive"),
    (r"DELETE .*/messages/\d+/", "Complete"), (r"POST .*/messages/\d+/", "RenewLock"),
    (r"GET /secrets/[^/]+/versions", "GetSecretVersions"), (r"GET /secrets/", "GetSecret"), (r"GET /secrets$", "GetSecrets"))


class AzureCloud(Cloud):
    """Key Vault, whose events come by Event Grid and Service Bus."""

    store, source, change = "Key Vault", "shop-db", "SetSecret"
    manifest = MANIFESTS / "eventdrivensecret-azure.yaml"
    identity = "an application that may read its vault's secrets and receive from its queue"
    delay = ""
    rotate = Path(__file__).with_name("rotate_azure.py")
    reads = frozenset({"GetSecret"})

    def start(self, stack: ExitStack, terminal: Terminal, recorder: Recorder) -> None:
        with terminal.doing("Azure") as tell:
            self._azure = stack.enter_context(Azure(recorder=recorder))
            self._vault = self._azure.vault(_VAULT)
            self._space = self._azure.namespace(_SPACE)
            tell("Key Vault, Service Bus and Entra, TLS, tokens that count")
        with terminal.doing("Event route") as tell:
            self._space.queue(_QUEUE, detects_duplicates=True)
            self._azure.subscribe(self._vault, self._space, _QUEUE, schema=Schema.CLOUD_EVENTS)
            self._app = self._azure.entra.app("edsm", secrets=[_SECRET], grants={
                _VAULT: ["Key Vault Secrets User"], f"{_SPACE}/{_QUEUE}": ["Azure Service Bus Data Receiver"]})
            tell(f"Event Grid -> the queue {_QUEUE} of Service Bus")

    def controller_env(self) -> dict[str, str]:
        return self._azure.env() | {
            "AZURE_SERVICEBUS_QUEUE_URL": f"https://{self._space.host}/{_QUEUE}", "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": self._app.client_id, "AZURE_CLIENT_SECRET": _SECRET}

    def admin_env(self) -> dict[str, str]:
        return {"AZURE_KEY_VAULT_URL": self._vault.store.url, "AZURE_KEY_VAULT_ENDPOINT": self._azure.imds,
                "AZURE_ACCESS_TOKEN": self._azure.bearers.admin}

    def processes(self) -> list[Process]:
        return []  # it is a thread of this one

    def put(self, value: Mapping[str, str]) -> str:
        return self._azure.put_secret(self._vault, self.source, value)

    def operation(self, exchange: Exchange) -> str:
        asked = f"{exchange.method} {urlsplit(exchange.path).path}"
        return next((name for pattern, name in _OPERATIONS if re.match(pattern, asked)), "other")

    def received(self, exchange: Exchange) -> dict[str, str]:
        if self.operation(exchange) != "Receive" or exchange.status != 201:
            return {}
        event = json.loads(exchange.reply)
        lock = urlsplit(exchange.reply_headers["location"]).path
        return {event["data"]["Version"]: lock} if event["type"].endswith("NewVersionCreated") else {}

    def deleted(self, exchange: Exchange) -> set[str]:
        completes = self.operation(exchange) == "Complete" and exchange.status == 200
        return {urlsplit(exchange.path).path} if completes else set()
