"""Azure on loopback: Key Vault with its events, Microsoft Entra, managed identities and Service Bus.

All have their real host names. Who is to come here takes `road` as HTTPS_PROXY and trusts `ca`; the metadata
server is at `imds` in plain HTTP.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bed import azure_events
from bed.azure_events import EXPIRED, NEAR_EXPIRY, NEW_VERSION, Data, Quirk, Schema
from bed.azure_names import HOSTS, PUBLIC, Cloud
from bed.azure_server import AzureServer
from bed.bearers import Bearers
from bed.bus_entity import Entity, Message
from bed.certs import CA
from bed.entra import Entra, MetadataServer
from bed.exchange import Recorder
from bed.key_vault import KeyVault, Vault
from bed.scratch import work_dir
from bed.service_bus import Namespace, ServiceBus
from bed.vault_store import Secret, Version
from bed.wire import WireProxy


@dataclass
class EventSubscription:
    """An event subscription of a vault: where its events go, and in which form. `copies` is how often each is
    delivered (at least once, says Event Grid; 0: lost); `quirk` changes each event's data."""

    space: Namespace
    path: str
    schema: Schema = Schema.EVENT_GRID
    copies: int = 1
    quirk: Quirk = dict


class Azure:
    """One Azure, from `with` to the end of its block. All https goes through `wire`, which records (into
    `recorder`) and injects faults. `offset` moves the clock of vaults and queues, in seconds."""

    def __init__(self, *, recorder: Recorder | None = None, ca: CA | None = None) -> None:
        folder = work_dir("azure")
        self._ca = ca or CA(folder, "azure-bed-ca")
        self.offset: float = 0
        self.bearers = Bearers(folder)
        self.entra, self.metadata = Entra(self.bearers), MetadataServer(self.bearers)
        self.vaults, self.bus = KeyVault(self.bearers, self._now), ServiceBus(self.bearers, self._now)
        self._server = AzureServer(self.entra, self.metadata, self.vaults, self.bus, at_road=lambda: self.wire.port)
        self._tls = self._ca.server("azure", HOSTS)
        self._recorder = recorder
        self._subscriptions: dict[str, list[EventSubscription]] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._server)
            self.wire = stack.enter_context(WireProxy(self._server.url, tls=self._tls, recorder=self._recorder,
                                                      name="azure"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def ca(self) -> Path:
        """What verifies its certificates."""
        return self._ca.cert

    @property
    def imds(self) -> str:
        """The metadata server, for AZURE_POD_IDENTITY_AUTHORITY_HOST."""
        return self._server.url

    @property
    def road(self) -> str:
        """The proxy that leads here."""
        return self._server.road

    @property
    def connects(self) -> list[str]:
        """The hosts that the road was asked for, in their order; others than Azure's were refused."""
        return self._server.connects

    def env(self) -> dict[str, str]:
        """The variables that lead a program here."""
        return {"HTTPS_PROXY": self.road, "NO_PROXY": "127.0.0.1,localhost", "AZURE_CA_BUNDLE": str(self.ca),
                "AZURE_POD_IDENTITY_AUTHORITY_HOST": self.imds}

    def _now(self) -> float:
        return time.time() + self.offset

    def _do(self, work: Callable[[], Any]) -> Any:
        """In the server's thread, between two requests."""
        async def worked() -> Any:
            return work()
        return self._server.run(worked())

    # -- vaults -----------------------------------------------------------------

    def vault(self, name: str, cloud: Cloud = PUBLIC) -> Vault:
        """A new, empty vault."""
        made = self.vaults.make(name, cloud)
        made.store.on_new = lambda secret, version: self._deliver(made, NEW_VERSION, _data(made, secret, version))
        return made

    def put_secret(self, vault: Vault, name: str, value: str | Mapping[str, Any], **fields: Any) -> str:
        """A new version of a secret, and before it perhaps the secret; its id. `fields` are those of the API:
        contentType, tags, attributes."""
        text = json.dumps(value) if isinstance(value, Mapping) else value
        made = self._do(lambda: vault.store.put(name, {"value": text, **fields}))
        return made["id"].rpartition("/")[2]

    def put_certificate(self, vault: Vault, name: str, value: str, content_type: str = "application/x-pkcs12",
                        **fields: Any) -> str:
        """The secret behind a certificate: Key Vault makes it, and tells of both."""
        body = {"value": value, "contentType": content_type, "tags": {}, **fields}
        kid = f"{vault.store.url}/keys/{name}/0"
        made = self._do(lambda: vault.store.put(name, body, managed=True, kid=kid))
        version = made["id"].rpartition("/")[2]
        self.publish(vault, NEW_VERSION, azure_events.data_of(vault.store.name, vault.store.url, name, version,
                                                              kind="Certificate"))
        return version

    def patch_secret(self, vault: Vault, name: str, version: str = "", **fields: Any) -> None:
        """Sets fields of a version (the newest): attributes={"enabled": False}, tags, contentType."""
        self._do(lambda: vault.store.patch(name, version, fields))

    def delete_secret(self, vault: Vault, name: str, *, purge: bool = False) -> None:
        self._do(lambda: vault.store.delete(name))
        if purge:
            self._do(lambda: vault.store.purge(name))

    def recover_secret(self, vault: Vault, name: str) -> None:
        self._do(lambda: vault.store.recover(name))

    # -- events -----------------------------------------------------------------

    def subscribe(self, vault: Vault, space: Namespace, path: str, **fields: Any) -> EventSubscription:
        """Lets the vault's events go to that queue or topic; `fields` are those of EventSubscription."""
        made = EventSubscription(space, path, **fields)
        self._subscriptions.setdefault(vault.host, []).append(made)
        return made

    def publish(self, vault: Vault, what: str, data: Data) -> None:
        """An event of the vault to all its subscriptions."""
        self._do(lambda: self._deliver(vault, what, data))

    def tell(self, vault: Vault, what: str, name: str) -> None:
        """What comes by time: NEAR_EXPIRY or EXPIRED of a secret's newest version."""
        assert what in (NEAR_EXPIRY, EXPIRED, NEW_VERSION)
        secret = self._do(lambda: vault.store.secret(name))
        self.publish(vault, what, _data(vault, secret, secret.newest))

    def _deliver(self, vault: Vault, what: str, data: Data) -> None:
        for each in self._subscriptions.get(vault.host, []):
            made = azure_events.event(each.schema, what, data)
            made["data"] = each.quirk(data)
            for _ in range(each.copies):
                self.bus.send(each.space, each.path, azure_events.message(made))

    # -- Service Bus --------------------------------------------------------------

    def namespace(self, name: str, cloud: Cloud = PUBLIC) -> Namespace:
        """A new namespace of Service Bus."""
        return self.bus.make(name, cloud)

    def send(self, space: Namespace, path: str, message: Message | bytes | str) -> None:
        """Puts a message into a queue or topic."""
        if not isinstance(message, Message):
            message = Message(message.encode() if isinstance(message, str) else message)
        self._do(lambda: self.bus.send(space, path, message))

    def waiting(self, entity: Entity) -> int:
        """How many messages could be received."""
        return self._do(lambda: entity.waiting(self._now()))

    def locked(self, entity: Entity) -> list[Message]:
        """The messages that somebody works on."""
        return self._do(lambda: entity.locked(self._now()))

    def backlog(self, entity: Entity) -> int:
        """How many messages were not completed."""
        return self.waiting(entity) + len(self.locked(entity))

    def pass_time(self, seconds: float) -> None:
        """Moves the clock of vaults and queues: locks end, tokens do not."""
        self.offset += seconds
        self._do(self.bus.wake)


def _data(vault: Vault, secret: Secret, version: Version) -> Data:
    return azure_events.data_of(vault.store.name, vault.store.url, secret.name, version.id,
                                nbf=version.nbf, exp=version.exp)
