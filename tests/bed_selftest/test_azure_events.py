"""What the bed's vaults tell: Microsoft's parsers take it, and the changes that Azure tells nothing of stay silent."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent, SystemEventNames

from bed import azure_events
from bed.azure import Azure
from bed.azure_events import EXPIRED, NEAR_EXPIRY, NEW_VERSION, Quirk, Schema
from bed.bus_entity import Entity, Message
from bed.key_vault import Vault
from bed.service_bus import Namespace

_NUMBER = itertools.count()


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as azure:
        yield azure


@pytest.fixture
def vault(azure: Azure) -> Vault:
    return azure.vault(f"events-{next(_NUMBER)}")


@pytest.fixture
def space(azure: Azure, vault: Vault) -> Namespace:
    return azure.namespace(f"n-{vault.store.name}")


@pytest.fixture
def queue(space: Namespace) -> Entity:
    return space.queue("events")


def received(queue: Entity) -> list[Message]:
    found = []
    while message := queue.take(0):
        found.append(message)
    return found


def events(queue: Entity) -> list[dict[str, Any]]:
    return [json.loads(message.body) for message in received(queue)]


def test_event_grid_schema(azure: Azure, vault: Vault, space: Namespace, queue: Entity) -> None:
    azure.subscribe(vault, space, "events")
    version = azure.put_secret(vault, "db", "one", attributes={"nbf": 5, "exp": 2000000000})
    (message,) = received(queue)
    event = EventGridEvent.from_dict(json.loads(message.body))
    assert event.event_type == SystemEventNames.KeyVaultSecretNewVersionCreatedEventName
    assert event.subject == "db" and event.topic.endswith(f"/Microsoft.KeyVault/vaults/{vault.store.name}")
    assert event.data == {"Id": f"https://{vault.host}/secrets/db/{version}", "VaultName": vault.store.name,
                          "ObjectType": "Secret", "ObjectName": "db", "Version": version, "NBF": 5, "EXP": 2000000000}
    assert message.custom["aeg-event-type"] == '"Notification"' and message.custom["aeg-data-version"] == '"1"'


def test_cloud_events(azure: Azure, vault: Vault, space: Namespace, queue: Entity) -> None:
    azure.subscribe(vault, space, "events", schema=Schema.CLOUD_EVENTS)
    azure.put_secret(vault, "db", "one")
    (message,) = received(queue)
    event = CloudEvent.from_dict(json.loads(message.body))
    assert (event.type, event.subject) == (SystemEventNames.KeyVaultSecretNewVersionCreatedEventName, "db")
    assert event.data["ObjectName"] == "db" and event.data["NBF"] is None
    assert "aeg-data-version" not in message.custom


def test_a_batch(azure: Azure, vault: Vault, space: Namespace, queue: Entity) -> None:
    data = [azure_events.data_of(vault.store.name, vault.store.url, name, "0" * 32) for name in ("a", "b")]
    azure.send(space, "events", azure_events.message(
        [azure_events.event(Schema.EVENT_GRID, NEW_VERSION, each) for each in data]))
    (batch,) = events(queue)
    assert [EventGridEvent.from_dict(each).subject for each in batch] == ["a", "b"]


@pytest.mark.parametrize("quirk, name_key, name", [
    (azure_events.as_documented, "ObjectName ", "db"), (azure_events.in_lower_camel, "objectName", "db"),
    (azure_events.in_upper, "ObjectName", "DB")])
def test_quirks(azure: Azure, vault: Vault, space: Namespace, queue: Entity, quirk: Quirk, name_key: str,
                name: str) -> None:
    azure.subscribe(vault, space, "events", quirk=quirk)
    version = azure.put_secret(vault, "db", "one", attributes={"exp": 7})
    (event,) = events(queue)
    assert EventGridEvent.from_dict(event).data[name_key] == name
    trimmed = {key.strip().lower(): str(value).strip() for key, value in event["data"].items() if value is not None}
    assert trimmed["version"] == version and trimmed["exp"] == "7"
    assert trimmed["id"] == f"https://{vault.host}/secrets/{name}/{version}"


def test_what_is_told_and_what_is_not(azure: Azure, vault: Vault, space: Namespace, queue: Entity) -> None:
    azure.subscribe(vault, space, "events")
    azure.put_secret(vault, "s", "one")
    azure.put_secret(vault, "s", "two")
    azure.tell(vault, NEAR_EXPIRY, "s")
    azure.tell(vault, EXPIRED, "s")
    azure.put_certificate(vault, "tls", "pfx")
    told = [event["eventType"].removeprefix("Microsoft.KeyVault.") for event in events(queue)]
    assert told == ["SecretNewVersionCreated", "SecretNewVersionCreated", "SecretNearExpiry", "SecretExpired",
                    "SecretNewVersionCreated", "CertificateNewVersionCreated"]
    known = {value for name, value in vars(SystemEventNames).items() if "KeyVault" in name and isinstance(value, str)}
    assert {f"Microsoft.KeyVault.{each}" for each in told} <= known
    azure.patch_secret(vault, "s", attributes={"enabled": False})
    azure.patch_secret(vault, "s", attributes={"enabled": True}, tags={"a": "b"})
    azure.delete_secret(vault, "s")
    azure.recover_secret(vault, "s")
    azure.delete_secret(vault, "s", purge=True)
    assert events(queue) == []


def test_copies_and_several_subscriptions(azure: Azure, vault: Vault, space: Namespace, queue: Entity) -> None:
    space.topic("all")
    other = space.subscription("all", "edsm")
    azure.subscribe(vault, space, "events", copies=2)
    lost = azure.subscribe(vault, space, "all")
    azure.put_secret(vault, "s", "one")
    assert len({each["id"] for each in events(queue)}) == 1
    assert len(events(other)) == 1
    lost.copies = 0
    azure.put_secret(vault, "s", "two")
    assert (len(events(queue)), events(other)) == (2, [])


def test_audit_records() -> None:
    record = azure_events.audit_record("v", "SecretSet", "https://v.vault.azure.net/secrets/s")
    envelope = json.loads(azure_events.records(record, record))
    assert len(envelope["records"]) == 2
    assert (record["category"], record["properties"]["httpStatusCode"]) == ("AuditEvent", 200)
    assert record["properties"]["requestUri"] == "https://v.vault.azure.net/secrets/s?api-version=7.4"
