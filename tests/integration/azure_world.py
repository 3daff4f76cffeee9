"""One test's part of an Azure: a vault, a queue that its events come to, and an identity."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from bed.azure import Azure
from bed.azure_events import Schema
from bed.azure_names import TENANT
from bed.exchange import Exchange, Recorder
from bed.kube import Object
from bed.process import wait_for
from world import PATIENCE, World

_numbers = itertools.count(1)
QUEUE = "edsm-events"


class AzureWorld:
    """The vault and the namespace of Service Bus are this test's own. EDSM is an application with the roles that
    docs/azure.md names, and perhaps others in the place of `roles` on the vault. `calls` counts what is said to
    Azure by all tests, of which `vault` has a name of its own."""

    def __init__(self, world: World, azure: Azure, calls: Recorder, *, schema: Schema = Schema.CLOUD_EVENTS,
                 roles: Sequence[str] = ("Key Vault Secrets User",)) -> None:
        number = next(_numbers)
        self.world, self.azure, self.calls = world, azure, calls
        self.vault = azure.vault(f"edsm-kv{number}")
        self.space = azure.namespace(f"edsm-bus{number}")
        self.queue = self.space.queue(QUEUE, detects_duplicates=True)
        self.events = azure.subscribe(self.vault, self.space, QUEUE, schema=schema)
        self.app = azure.entra.app(f"edsm{number}", secrets=["right"], grants={
            self.vault.store.name: list(roles), f"{self.space.name}/{QUEUE}": ["Azure Service Bus Data Receiver"]})

    def env(self, *, queue: bool = True) -> dict[str, str]:
        """The variables for EDSM."""
        env = self.azure.env() | {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": self.app.client_id,
                                  "AZURE_CLIENT_SECRET": "right"}
        return env | ({"AZURE_SERVICEBUS_QUEUE_URL": f"https://{self.space.host}/{QUEUE}"} if queue else {})

    def put(self, name: str, value: str | Mapping[str, Any], **fields: Any) -> str:
        """Creates a secret, or gives it a new value; its version."""
        return self.azure.put_secret(self.vault, name, value, **fields)

    def bind(self, name: str, *, path: str | None = None, **spec: Any) -> Object:
        """An EventDrivenSecret of the secret of that name."""
        spec = {"cloudProviderOptions": {"azureVaultURL": self.vault.store.url}} | spec
        return self.world.bind(name, path=path or name, cloudProvider="azure", **spec)

    def wait_drained(self) -> None:
        """Waits until every message sent so far was completed."""
        wait_for(lambda: self.azure.backlog(self.queue) == 0, PATIENCE, f"{self.space.name} to be empty",
                 [program.process for program in self.world.programs])

    def reads(self) -> list[str]:
        """The secrets whose values were read, in their order: "db", or "db/VERSION"."""
        return [call.path.removeprefix("/secrets/").partition("?")[0]
                for call in self.said_to(self.vault.host, "/secrets/") if "/versions?" not in call.path and call.status == 200]

    def lists(self) -> int:
        """How often the vault or the versions of a secret were listed."""
        return sum(call.path.startswith("/secrets?") or "/versions?" in call.path
                   for call in self.said_to(self.vault.host, "/secrets"))

    def said_to(self, host: str, path: str, method: str = "GET") -> list[Exchange]:
        """What was asked of a host, below that path."""
        return [call for call in self.calls.find(method=method)
                if call.headers.get("host", "").partition(":")[0] == host and call.path.startswith(path)]
