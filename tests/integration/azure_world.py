"""One test's part of an Azure: a vault, a queue that its events come to, and an identity."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

import manifests
from bed.azure import Azure
from bed.azure_events import Data, Schema, data_of, event, message
from bed.azure_names import PUBLIC, TENANT, Cloud
from bed.bus_entity import Entity, Message
from bed.exchange import Exchange, Recorder
from bed.kube import Object
from bed.process import wait_for
from world import PATIENCE, World

_numbers = itertools.count(1)
QUEUE = "edsm-events"
CLIENT_SECRET = "client-swordfish"
RECEIVER = "Azure Service Bus Data Receiver"


class AzureWorld:
    """The vault and the namespace of Service Bus are this test's own. EDSM is an application with the roles that
    docs/azure.md names, or `roles` on the vault and `bus_roles` on the queue. `queue` are fields of the queue's
    Entity. `calls` counts what is said to Azure since this was made."""

    def __init__(self, world: World, azure: Azure, calls: Recorder, *, schema: Schema = Schema.CLOUD_EVENTS,
                 roles: Sequence[str] = ("Key Vault Secrets User",), bus_roles: Sequence[str] = (RECEIVER,),
                 queue: Mapping[str, Any] | None = None, cloud: Cloud = PUBLIC) -> None:
        number = next(_numbers)
        self.world, self.azure, self.calls = world, azure, calls
        self.vault = azure.vault(f"edsm-kv{number}", cloud)
        self.space = azure.namespace(f"edsm-bus{number}", cloud)
        self.queue = self.space.queue(QUEUE, **{"detects_duplicates": True, **(queue or {})})
        self.events = azure.subscribe(self.vault, self.space, QUEUE, schema=schema)
        self.grants: dict[str, Sequence[str]] = {self.vault.store.name: list(roles), f"{self.space.name}/{QUEUE}": list(bus_roles)}
        self.app = azure.entra.app(f"edsm{number}", secrets=[CLIENT_SECRET], grants=self.grants)
        calls.clear()
        world.at_end(azure.wire.clear_faults)

    # -- EDSM -------------------------------------------------------------------------

    def env(self, *, queue: bool = True, **more: str) -> dict[str, str]:
        """The variables for EDSM; `more` adds some, or takes some away (empty)."""
        env = self.azure.env() | {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": self.app.client_id,
                                  "AZURE_CLIENT_SECRET": CLIENT_SECRET}
        return env | ({"AZURE_SERVICEBUS_QUEUE_URL": self.queue_url} if queue else {}) | more

    @property
    def queue_url(self) -> str:
        return f"https://{self.space.host}/{QUEUE}"

    def put(self, name: str, value: str | Mapping[str, Any], **fields: Any) -> str:
        """Creates a secret, or gives it a new value; its version."""
        return self.azure.put_secret(self.vault, name, value, **fields)

    def bind(self, name: str, *, path: str | None = None, **spec: Any) -> Object:
        """An EventDrivenSecret of the secret of that name."""
        spec = {"cloudProviderOptions": {"azureVaultURL": self.vault.store.url}} | spec
        return self.world.bind(name, path=path or name, cloudProvider="azure", **spec)

    def bound(self, **options: Any) -> None:
        """The secret "db" in its Secret, a started EDSM, and no event left."""
        self.put("db", {"n": "1"})
        self.bind("db")
        self.world.start(**({"env": self.env()} | options))
        self.world.wait_synced("db")
        self.wait_drained()

    def changes_arrive(self, value: str) -> None:
        """The secret "db" gets that value, and the Secret follows."""
        version = self.put("db", {"n": value})
        self.world.wait_data("db", {"n": value.encode()})
        self.world.wait_synced("db", version=version)

    def ask_again(self, name: str) -> None:
        """Has EDSM read a binding's secret."""
        self.world.kube.patch("EventDrivenSecret", name, self.world.ns,
                              {"metadata": {"annotations": {manifests.SYNC_REQUEST: f"again{next(_numbers)}"}}})

    # -- its queue ----------------------------------------------------------------------

    def data(self, name: str, version: str = "0" * 32, **fields: Any) -> Data:
        """An event's data, of a secret of the vault."""
        return data_of(self.vault.store.name, self.vault.store.url, name, version, **fields)

    def message(self, *events: Data, schema: Schema = Schema.EVENT_GRID) -> Message:
        """One message that tells of new versions: an array, if of several."""
        made = [event(schema, "NewVersionCreated", data) for data in events]
        return message(made if len(made) > 1 else made[0])

    def send(self, what: Message | bytes | str) -> None:
        self.azure.send(self.space, QUEUE, what)

    def wait_drained(self, queue: Entity | None = None, timeout: float = PATIENCE) -> None:
        """Waits until every message sent so far was completed, and each such call was answered."""
        queue = queue or self.queue

        def drained() -> bool:
            return self.azure.backlog(queue) == 0 and all(call.ended for call in self._settlings("DELETE"))

        wait_for(drained, timeout, f"{self.space.name}/{queue.path} to be empty",
                 [program.process for program in self.world.programs])

    def dead(self) -> int:
        """The number of dead letters."""
        assert self.queue.dead_letters
        return self.azure.backlog(self.queue.dead_letters)

    def settled(self, method: str) -> list[Exchange]:
        """The answered calls that completed (DELETE), renewed (POST) or unlocked (PUT) messages."""
        return [call for call in self._settlings(method) if call.ended]

    def _settlings(self, method: str) -> list[Exchange]:
        return self.calls.find(method=method, path=r"/messages/\d+/")

    # -- counting -----------------------------------------------------------------------

    def reads(self) -> list[str]:
        """The secrets whose values were read, in their order: "db", or "db/VERSION"."""
        return [call.path.removeprefix("/secrets/").partition("?")[0] for call in self.said_to(
            self.vault.host, "/secrets/") if "/versions?" not in call.path and call.status == 200]

    def lists(self) -> int:
        """How often the vault or the versions of a secret were listed."""
        return sum(call.path.startswith("/secrets?") or "/versions?" in call.path
                   for call in self.said_to(self.vault.host, "/secrets"))

    def said_to(self, host: str, path: str, method: str = "GET") -> list[Exchange]:
        """What was asked of a host, below that path."""
        return [call for call in self.calls.find(method=method)
                if call.headers.get("host", "").partition(":")[0] == host and call.path.startswith(path)]

    def stays(self, name: str, data: Mapping[str, bytes]) -> bool:
        """Whether the Secret has this data."""
        return manifests.decoded(self.world.kube.get("Secret", name, self.world.ns)) == data


@pytest.fixture(scope="module")
def azure_calls() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def azure_cloud(azure_calls: Recorder) -> Iterator[Azure]:
    with Azure(recorder=azure_calls) as azure:
        yield azure


@pytest.fixture
def azure(world: World, azure_cloud: Azure, azure_calls: Recorder) -> AzureWorld:
    return AzureWorld(world, azure_cloud, azure_calls)
