"""The simulated Azure answers as the bed's does and as the real services were recorded, to Microsoft's own clients.

Who judges what:

| what | judge |
|---|---|
| Key Vault: get, set, update, delete, recover, purge, lists; the challenge | azure-keyvault-secrets, which takes the answers; recordings of the real service (tests/vectors/azure) |
| Service Bus: send, receive, renew, unlock, delete | azure-servicebus 0.50.3, the last one over HTTP; recordings of the real service |
| Entra: tokens for a client secret, and for a workload's token | azure-identity; a recording of the real service |
| all of these step by step, lost locks, dead letters, events in both schemas | the bed, which is ours after Microsoft's documents |
| events | azure-eventgrid and azure-core, whose parsers take them |
| audit records | the bed's, member by member |
| lost locks of a queue that is moved, throttling, forged challenges, arrays of events | nobody: after Microsoft's documents |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.core.messaging import CloudEvent
from azure.core.pipeline.transport import RequestsTransport
from azure.eventgrid import EventGridEvent
from azure.identity import ClientSecretCredential, WorkloadIdentityCredential
from azure.keyvault.secrets import SecretClient

from azure_scripts import Run
from bed import ROOT
from bed.azure import Azure
from bed.azure_clients import led_to
from bed.azure_events import audit_record
from bed.azure_names import TENANT
from bed.recordings import keys
from cloud_scripts import play
from two_azures import QUEUE, SPACE, VAULT, Bed, Simulated, scripts

# As tests/sim/azure/tokens.hpp has them.
_CLIENT, _SECRET, _FEDERATED = ("0d5e0000-5c1a-4d53-a1c4-6b6e00000000", "client-secret",
                                "e30.eyJzdWIiOiJlZHNtIn0.c2lt")
_VAULT, _BUS = f"https://{VAULT}.vault.azure.net", f"https://{SPACE}.servicebus.windows.net"
_RECORDED = json.loads((ROOT / "tests/vectors/azure/recorded.json").read_text())
# Of the connection, which is simulated elsewhere.
_WIRE = {"Content-Length", "Date", "Transfer-Encoding", "Connection"}


@pytest.fixture(scope="module")
def bed() -> Iterator[Azure]:
    with Azure() as azure, led_to(azure):
        yield azure


@pytest.mark.parametrize("path", scripts(ROOT), ids=lambda path: path.stem)
def test_answers_as_the_bed_does(path: Path, bed: Azure) -> None:
    with Simulated() as azure:
        play(json.loads(path.read_text())["steps"], Run(azure), Run(Bed(bed)))


def names(headers: Mapping[str, str]) -> list[str]:
    return sorted(set(headers) - _WIRE, key=str.lower)


def ask(azure: Simulated, method: str, url: str, body: Any = None, **headers: str) -> requests.Response:
    own = {"Authorization": "Bearer any", "x-ms-client-request-id": "25b31dce-025c-4844-58a3-dfc6e10e7e13", **headers}
    return azure.session().request(method, url, data=body if isinstance(body, str) else json.dumps(body), headers=own)


# Certificates, of which the other one is a list, are not simulated.
@pytest.mark.parametrize("recording", sorted(set(_RECORDED["key_vault"]) - {"items of a list"}))
def test_key_vault_answers_what_was_recorded(recording: str) -> None:
    version = ""
    with Simulated() as azure:
        azure.act({"do": "set", "settling": 60})
        for exchange in _RECORDED["key_vault"][recording]:
            if "later" in exchange:
                azure.wait(exchange["later"])
            path = exchange["path"].replace("VERSION", version)
            answer = ask(azure, exchange["method"], f"{_VAULT}{path}?api-version=7.3", exchange["body"] or {})
            body = answer.json() if answer.content else None
            assert answer.status_code == exchange["status"], (path, answer.text)
            assert json.dumps(keys(body, exchange["keys"])) == json.dumps(exchange["keys"]), path
            assert names(answer.headers) == names(dict.fromkeys(exchange["headers"]))
            version = (body or {}).get("id", "").rpartition("/")[2] or version


@pytest.mark.parametrize("recording", list(_RECORDED["service_bus"]))
def test_service_bus_answers_what_was_recorded(recording: str) -> None:
    lock, properties = "", {}
    with Simulated() as azure:
        azure.act({"do": "queue", "path": "utqueue"})
        for exchange in _RECORDED["service_bus"][recording]:
            url = lock if exchange["path"] == "LOCK" else f"{_BUS}/utqueue{exchange['path']}"
            answer = ask(azure, exchange["method"], url, "text" if url.endswith("messages") else "",
                         **{"Content-Type": "application/atom+xml;type=entry;charset=utf-8"})
            assert answer.status_code == exchange["status"], (url, answer.text)
            assert names(answer.headers) == names(dict.fromkeys(exchange["headers"]))
            if exchange["broker_properties"]:
                properties = json.loads(answer.headers["BrokerProperties"])
                assert list(properties) == exchange["broker_properties"]
                assert properties["DeliveryCount"] == exchange["deliveries"]
                assert properties["TimeToLive"] == 922337203685.47754
                assert answer.text == "text"
            if "Location" in answer.headers:
                lock = answer.headers["Location"]
                assert lock == f"{_BUS}/utqueue/messages/1/{properties['LockToken']}"


def test_service_bus_errors_are_those_that_were_recorded() -> None:
    recorded = _RECORDED["service_bus_error"]
    with Simulated() as azure:
        answer = ask(azure, "POST", f"{_BUS}/none/messages/head?timeout=1")
    assert answer.status_code == recorded["status"]
    assert set(names(answer.headers)) - {"Strict-Transport-Security"} == set(recorded["headers"]) - _WIRE
    assert answer.text.startswith(recorded["form"])


def test_entra_answers_what_was_recorded() -> None:
    with Simulated() as azure:
        answer = azure.session().post(f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token", data={
            "grant_type": "client_credentials", "client_id": _CLIENT, "client_secret": _SECRET,
            "scope": "https://vault.azure.net/.default"})
    recorded = _RECORDED["entra"]
    assert answer.status_code == recorded["status"]
    assert list(answer.json()) == recorded["keys"]
    assert names(answer.headers) == names(dict.fromkeys(recorded["headers"]))


def test_hands_out_tokens_that_microsofts_library_takes(tmp_path: Path) -> None:
    """For a secret and for a workload's token; they are good until they expire."""
    file = tmp_path / "token"
    file.write_text(_FEDERATED)
    with Simulated() as azure:
        azure.act({"do": "set", "tokens": True})
        transport = RequestsTransport(session=azure.session(), session_owner=False)
        fields = {"transport": transport, "disable_instance_discovery": True}
        ask(azure, "PUT", f"{_VAULT}/secrets/a?api-version=7.4", {"value": "one"})
        for credential in (ClientSecretCredential(TENANT, _CLIENT, _SECRET, **fields),
                           WorkloadIdentityCredential(tenant_id=TENANT, client_id=_CLIENT, token_file_path=str(file),
                                                      **fields)):
            client = SecretClient(_VAULT, credential, transport=transport, retry_total=0)
            client.set_secret("a", "one")
            assert client.get_secret("a").value == "one"
            azure.act({"do": "expire"})
            with pytest.raises(ClientAuthenticationError):
                client.get_secret("a")
        with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
            ClientSecretCredential(TENANT, _CLIENT, "wrong", **fields).get_token("https://vault.azure.net/.default")


@pytest.mark.parametrize("cloud_events", [False, True])
def test_events_are_ones_that_microsofts_libraries_take(cloud_events: bool) -> None:
    with Simulated() as azure:
        azure.act({"do": "set", "cloud_events": cloud_events})
        ask(azure, "PUT", f"{_VAULT}/secrets/db?api-version=7.4", {"value": "one"})
        received = ask(azure, "POST", f"{_BUS}/{QUEUE}/messages/head?timeout=0")
    if cloud_events:
        event = CloudEvent.from_dict(received.json())
        kind, data = event.type, event.data
    else:
        event = EventGridEvent.from_dict(received.json())
        kind, data = event.event_type, event.data
    assert kind == "Microsoft.KeyVault.SecretNewVersionCreated"
    assert data["Id"] == f"{_VAULT}/secrets/db/{data['Version']}"


def test_audit_records_have_the_documented_members() -> None:
    with Simulated() as azure:
        azure.act({"do": "set", "audit": True})
        ask(azure, "PUT", f"{_VAULT}/secrets/db?api-version=7.4", {"value": "one"})
        messages = [ask(azure, "POST", f"{_BUS}/{QUEUE}/messages/head?timeout=0").json() for _ in range(2)]
    (record,) = next(message["records"] for message in messages if "records" in message)
    like = audit_record(VAULT, "SecretSet", f"{_VAULT}/secrets/db")
    assert list(record) == list(like)
    assert record["properties"] == like["properties"]
    assert (record["operationName"], record["resultType"]) == ("SecretSet", "Success")
