"""Azure's stand-ins answer as the real services were recorded to answer: status, names of headers, keys in order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from bed import ROOT
from bed.azure import Azure
from bed.azure_names import TENANT
from bed.recordings import keys

_RECORDED = json.loads((ROOT / "tests/vectors/azure/recorded.json").read_text())


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as azure:
        yield azure


def ask(azure: Azure, host: str, method: str, path: str, *, body: Any = None, token: str | None = None,
        **headers: str) -> requests.Response:
    """Straight to the server, without the wire: a proxy chooses headers of its own."""
    own = {"Host": host, "x-ms-client-request-id": "25b31dce-025c-4844-58a3-dfc6e10e7e13", **headers}
    if token:
        own["Authorization"] = f"Bearer {token}"
    data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
    return requests.request(method, azure.imds + path, data=data, headers=own, timeout=10)


def names(headers: Mapping[str, str]) -> list[str]:
    return sorted((name for name in headers if name != "Connection"), key=str.lower)


def ordered(found: Any) -> str:
    return json.dumps(found)


@pytest.mark.parametrize("recording", list(_RECORDED["key_vault"]))
def test_key_vault(azure: Azure, recording: str) -> None:
    vault = azure.vault("recorded-" + str(list(_RECORDED["key_vault"]).index(recording)))
    vault.store.settling = 60
    if recording == "items of a list":
        azure.put_certificate(vault, "a", "x", attributes={"nbf": 1, "exp": 2})
        vault.store.secret("a").newest.kid = None  # of the list in the recording none had one
        azure.put_secret(vault, "b", "x")
    version = ""
    for exchange in _RECORDED["key_vault"][recording]:
        if "later" in exchange:
            azure.pass_time(exchange["later"])
        path = exchange["path"].replace("VERSION", version)
        answer = ask(azure, vault.host, exchange["method"], f"{path}?api-version=7.3", body=exchange["body"],
                     token=azure.bearers.admin)
        body = answer.json() if answer.content else None
        assert answer.status_code == exchange["status"], (path, answer.text)
        assert ordered(keys(body, exchange["keys"])) == ordered(exchange["keys"]), path
        assert names(answer.headers) == sorted(exchange["headers"], key=str.lower)
        version = (body or {}).get("id", "").rpartition("/")[2] or version


def test_entra(azure: Azure) -> None:
    app = azure.entra.app("recorded", secrets=["s"])
    answer = requests.post(f"{azure.imds}/{TENANT}/oauth2/v2.0/token", timeout=10, headers={
        "Host": "login.microsoftonline.com"}, data={
            "grant_type": "client_credentials", "client_id": app.client_id, "client_secret": "s",
            "scope": "https://vault.azure.net/.default"})
    recorded = _RECORDED["entra"]
    assert answer.status_code == recorded["status"]
    assert list(answer.json()) == recorded["keys"]
    assert names(answer.headers) == sorted(recorded["headers"], key=str.lower)


@pytest.mark.parametrize("recording", list(_RECORDED["service_bus"]))
def test_service_bus(azure: Azure, recording: str) -> None:
    space = azure.namespace("recorded-" + str(list(_RECORDED["service_bus"]).index(recording)))
    space.queue("utqueue")
    lock = ""
    for exchange in _RECORDED["service_bus"][recording]:
        path = lock if exchange["path"] == "LOCK" else f"/utqueue{exchange['path']}"
        answer = ask(azure, space.host, exchange["method"], path, body="text" if path.endswith("messages") else None,
                     token=azure.bearers.admin, **{"Content-Type": "application/atom+xml;type=entry;charset=utf-8"})
        assert answer.status_code == exchange["status"], (path, answer.text)
        assert names(answer.headers) == exchange["headers"]
        if exchange["broker_properties"]:
            properties = json.loads(answer.headers["BrokerProperties"])
            assert list(properties) == exchange["broker_properties"]
            assert properties["DeliveryCount"] == exchange["deliveries"]
            assert properties["TimeToLive"] == 922337203685.47754
            assert answer.text == "text"
        if "Location" in answer.headers:
            lock = answer.headers["Location"].removeprefix(f"https://{space.host}")
            assert lock == f"/utqueue/messages/1/{properties['LockToken']}"


def test_service_bus_errors(azure: Azure) -> None:
    space, recorded = azure.namespace("recorded-errors"), _RECORDED["service_bus_error"]
    answer = ask(azure, space.host, "POST", "/none/messages/head?timeout=1", token=azure.bearers.admin)
    assert answer.status_code == recorded["status"]
    assert set(names(answer.headers)) - {"Strict-Transport-Security"} == set(recorded["headers"])
    assert answer.text.startswith(recorded["form"])
