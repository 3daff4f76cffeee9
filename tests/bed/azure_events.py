"""What Azure says of a vault's secrets: Event Grid's events in both schemas, and Azure Monitor's audit records."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from bed.azure_names import GROUP, SUBSCRIPTION, resource_id
from bed.bus_entity import Message

NEW_VERSION, NEAR_EXPIRY, EXPIRED = "NewVersionCreated", "NearExpiry", "Expired"

Data = dict[str, Any]


class Schema(Enum):
    """How Event Grid is told to deliver."""

    EVENT_GRID = "EventGridSchema"
    CLOUD_EVENTS = "CloudEventSchemaV1_0"


def data_of(vault: str, url: str, name: str, version: str, *, kind: str = "Secret", nbf: int | None = None,
            exp: int | None = None) -> Data:
    """An event's `data`, with the keys of the documentation's table."""
    return {"Id": f"{url}/{kind.lower()}s/{name}/{version}", "VaultName": vault, "ObjectType": kind, "ObjectName": name,
            "Version": version, "NBF": nbf, "EXP": exp}


def event(schema: Schema, what: str, data: Data) -> dict[str, Any]:
    """An event of that vault: `what` is NEW_VERSION, NEAR_EXPIRY or EXPIRED, of the object that `data` names."""
    kind = f"Microsoft.KeyVault.{data['ObjectType']}{what}"
    return envelope(schema, kind, data["ObjectName"], data["VaultName"], data)


def envelope(schema: Schema, kind: str, subject: str, vault: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Any event of that vault."""
    source, when = resource_id("Microsoft.KeyVault/vaults", vault), _now(7)
    if schema is Schema.CLOUD_EVENTS:
        return {"id": str(uuid.uuid4()), "source": source, "subject": subject, "type": kind, "time": when,
                "data": data, "specversion": "1.0"}
    return {"id": str(uuid.uuid4()), "topic": source, "subject": subject, "eventType": kind, "eventTime": when,
            "data": data, "dataVersion": "1", "metadataVersion": "1"}


# -- quirks of the real service -----------------------------------------------------


def as_documented(data: Data) -> Data:
    """As the documentation's own sample has it: a key and a value with blanks, times as strings."""
    odd = {"ObjectName": "ObjectName "}
    return {odd.get(key, key): f" {value}" if key == "Version" else str(value) if isinstance(value, int) else value
            for key, value in data.items()}


def in_lower_camel(data: Data) -> Data:
    """Keys as older documentation spells them: vaultName, nbf."""
    return {key.lower() if key.isupper() else key[0].lower() + key[1:]: value for key, value in data.items()}


def in_upper(data: Data) -> Data:
    """The object's name in capitals, here and in its id: names of vaults' objects have no case."""
    name = data["ObjectName"].upper()
    before, _, version = data["Id"].rpartition("/")
    return {**data, "Id": f"{before.rpartition('/')[0]}/{name}/{version}", "ObjectName": name}


Quirk = Callable[[Data], Data]


# -- messages -----------------------------------------------------------------------


def message(events: dict[str, Any] | list[dict[str, Any]], *, subscription: str = "edsm",
            kind: str = "Notification") -> Message:
    """The message in which Event Grid delivers an event, or several at once. Its id is Event Grid's own."""
    first = events[0] if isinstance(events, list) else events
    custom = {"aeg-subscription-name": subscription.upper(), "aeg-delivery-count": "0", "aeg-event-type": kind,
              "aeg-output-event-id": first["id"]}
    if "dataVersion" in first:
        custom |= {"aeg-data-version": first["dataVersion"], "aeg-metadata-version": first["metadataVersion"]}
    kinds = {True: "application/cloudevents+json; charset=utf-8", False: "application/json; charset=utf-8"}
    return Message(json.dumps(events).encode(), kinds["specversion" in first], {"MessageId": str(uuid.uuid4())},
                   {name: json.dumps(value) for name, value in custom.items()})


def audit_record(vault: str, operation: str, url: str, *, status: int = 200, caller: str = "someone@example.com",
                 address: str = "203.0.113.7") -> dict[str, Any]:
    """A record of category AuditEvent: `operation` is SecretSet, say, and `url` the request's."""
    return {"time": _now(7), "category": "AuditEvent", "operationName": operation, "operationVersion": "7.4",
            "resultType": "Success" if status < 300 else "Failed",
            "resultSignature": "OK" if status < 300 else "Forbidden",
            "resultDescription": "", "durationMs": "78", "callerIpAddress": address,
            "correlationId": str(uuid.uuid4()),
            "resourceId": f"/SUBSCRIPTIONS/{SUBSCRIPTION.upper()}/RESOURCEGROUPS/{GROUP.upper()}"
                          f"/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/{vault.upper()}",
            "identity": {"claim": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": caller,
                                   "appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}},
            "properties": {"clientInfo": "azsdk-python", "requestUri": f"{url}?api-version=7.4",
                           "id": url.partition("?")[0], "httpStatusCode": status}}


def records(*found: Mapping[str, Any]) -> bytes:
    """Records as Azure Monitor hands them on: many in one envelope."""
    return json.dumps({"records": found}).encode()


def _now(digits: int) -> str:
    now = datetime.now(UTC)
    return f"{now.strftime('%Y-%m-%dT%H:%M:%S')}.{f'{now.microsecond:06}'.ljust(digits, '0')[:digits]}Z"
