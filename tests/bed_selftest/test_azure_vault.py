"""The Key Vault of the bed does what the tests of EDSM rely on; Microsoft's client is the judge."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from bed.azure import Azure
from bed.azure_clients import led_to, secrets
from bed.azure_names import GOVERNMENT, TENANT, Cloud
from bed.bearers import Grants
from bed.exchange import answer, cut_after, delay
from bed.key_vault import Vault


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as azure, led_to(azure):
        yield azure


def credential(azure: Azure, grants: Grants | None = None, cloud: Cloud | None = None) -> ClientSecretCredential:
    app = azure.entra.app("judge", grants=grants, secrets=["right"])
    return ClientSecretCredential(TENANT, app.client_id, "right", **({"authority": cloud.login} if cloud else {}))


def client_of(azure: Azure, name: str) -> tuple[Vault, SecretClient]:
    vault = azure.vault(name)
    return vault, secrets(vault, credential(azure))


def raw(azure: Azure, vault: Vault, path: str, method: str = "GET", token: str | None = None) -> requests.Response:
    headers = {"Host": vault.host} | ({"Authorization": f"Bearer {token}"} if token else {})
    return requests.request(method, azure.imds + path, headers=headers, timeout=5)


def test_the_official_client_passes_from_creation_to_purge(azure: Azure) -> None:
    vault, client = client_of(azure, "official")
    first = client.set_secret("db", "one")
    second = client.set_secret("DB", "two", content_type="text/plain", tags={"team": "blue"})
    assert second.name == "db"  # names have no case, and stay as they were made
    read = client.get_secret("db")
    assert (read.value, read.properties.version) == ("two", second.properties.version)
    assert (read.properties.content_type, read.properties.tags) == ("text/plain", {"team": "blue"})
    assert client.get_secret("db", first.properties.version).value == "one"
    assert {each.version for each in client.list_properties_of_secret_versions("db")} == {
        first.properties.version, second.properties.version}
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        client.get_secret("db", "0" * 32)

    client.begin_delete_secret("db").wait()
    with pytest.raises(ResourceNotFoundError, match="was not found in this key vault"):
        client.get_secret("db")
    with pytest.raises(HttpResponseError, match="currently in a deleted but recoverable state") as refused:
        client.set_secret("db", "three")
    assert refused.value.status_code == 409
    client.begin_recover_deleted_secret("db").wait()
    assert client.get_secret("db").value == "two"
    client.begin_delete_secret("db").wait()
    client.purge_deleted_secret("db")
    assert not list(client.list_deleted_secrets())


def test_disabled_versions_are_not_given_away_and_untimely_ones_are(azure: Azure) -> None:
    vault, client = client_of(azure, "states")
    old = client.set_secret("s", "one")
    new = client.set_secret("s", "two", enabled=False)
    with pytest.raises(HttpResponseError, match="disabled secret") as refused:
        client.get_secret("s")
    assert (refused.value.status_code, refused.value.error.innererror["code"]) == (403, "SecretDisabled")
    assert client.get_secret("s", old.properties.version).value == "one"
    client.update_secret_properties("s", new.properties.version, enabled=True)
    assert client.get_secret("s").value == "two"

    now = datetime.now(UTC)
    client.set_secret("later", "v", not_before=now + timedelta(days=1))
    client.set_secret("over", "v", expires_on=now - timedelta(days=1))
    for name in ("later", "over"):
        assert client.get_secret(name).value == "v"
    assert client.get_secret("over").properties.expires_on < now

    vault.inner = "innerError"
    azure.patch_secret(vault, "s", attributes={"enabled": False})
    found = raw(azure, vault, "/secrets/s?api-version=7.4", token=azure.bearers.admin)
    assert found.json()["error"]["innerError"] == {"code": "SecretDisabled"}


def test_lists_come_in_pages_whose_links_name_the_port(azure: Azure) -> None:
    vault, client = client_of(azure, "pages")
    for number in range(7):
        azure.put_secret(vault, f"s{number}", "x")
    azure.put_certificate(vault, "tls", "x")
    pages = [[each.name for each in page] for page in client.list_properties_of_secrets(max_page_size=3).by_page()]
    assert pages == [["s0", "s1", "s2"], ["s3", "s4", "s5"], ["s6", "tls"]]
    first = raw(azure, vault, "/secrets?api-version=7.4&maxresults=3", token=azure.bearers.admin).json()
    assert first["nextLink"].startswith(f"https://{vault.host}:443/secrets?api-version=7.4&$skiptoken=")
    assert first["value"][0]["id"] == f"https://{vault.host}/secrets/s0"
    for query in ("&maxresults=26", "&maxresults=0", "&$skiptoken=x"):
        assert raw(azure, vault, f"/secrets?api-version=7.4{query}", token=azure.bearers.admin).status_code == 400
    managed = [each for each in client.list_properties_of_secrets() if each.managed]
    assert [(each.name, each.content_type) for each in managed] == [("tls", "application/x-pkcs12")]


def test_a_list_tells_when_the_newest_version_changed(azure: Azure) -> None:
    vault, client = client_of(azure, "times")
    version = azure.put_secret(vault, "s", "one")
    azure.pass_time(100)
    azure.put_secret(vault, "s", "two")
    created = next(client.list_properties_of_secrets()).updated_on
    azure.pass_time(100)
    azure.patch_secret(vault, "s", version, tags={"old": "one"})
    assert next(client.list_properties_of_secrets()).updated_on == created
    azure.patch_secret(vault, "s", tags={"new": "one"})
    assert next(client.list_properties_of_secrets()).updated_on >= created + timedelta(seconds=99)


def test_requests_are_checked(azure: Azure) -> None:
    vault, client = client_of(azure, "checked")
    for value in ("x" * 25601,):
        with pytest.raises(HttpResponseError) as refused:
            client.set_secret("big", value)
        assert (refused.value.status_code, refused.value.error.code) == (400, "BadParameter")
    client.set_secret("big", "x" * 25600)
    admin = azure.bearers.admin
    assert raw(azure, vault, "/secrets/big", token=admin).json()["error"]["code"] == "BadParameter"  # no api-version
    assert raw(azure, vault, "/secrets/big?api-version=seven", token=admin).status_code == 400
    assert raw(azure, vault, "/secrets/big/?api-version=7.4", token=admin).status_code == 200
    assert raw(azure, vault, "/SECRETS-none?api-version=7.4", token=admin).status_code == 404


def test_the_challenge(azure: Azure) -> None:
    vault, _ = client_of(azure, "challenge")
    azure.put_secret(vault, "s", "x")
    path = "/secrets/s?api-version=7.4"
    expected = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
    other = azure.bearers.issue("judge", scopes=["https://servicebus.azure.net"])
    short = azure.bearers.issue("judge", scopes=["https://vault.azure.net"], lifetime=-1)
    for token in (None, "invented", other, short):
        answer = raw(azure, vault, path, token=token)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, expected)
    vault.challenge = 'Bearer authorization="https://login.microsoftonline.com/x", resource="https://evil.example"'
    with pytest.raises(ValueError, match="does not match the requested domain"):
        secrets(vault, credential(azure)).get_secret("s")


def test_a_vault_of_another_tenant_takes_that_ones_tokens(azure: Azure) -> None:
    other = "73000000-86f1-41af-91ab-2d7cd0110000"
    vault = azure.vault("foreign")
    vault.tenant = other
    azure.put_secret(vault, "s", "x")
    app = azure.entra.app("judge", secrets=["right"])
    may_all = ClientSecretCredential(TENANT, app.client_id, "right", additionally_allowed_tenants=["*"])
    with pytest.raises(ClientAuthenticationError, match="authority configuration"):
        secrets(vault, may_all).get_secret("s")
    azure.entra.tenants.add(other)
    assert secrets(vault, may_all).get_secret("s").value == "x"
    home = azure.bearers.issue("judge", scopes=["https://vault.azure.net"], tenant=TENANT)
    answer = raw(azure, vault, "/secrets/s?api-version=7.4", token=home)
    assert answer.status_code == 401 and "AKV10032" in answer.json()["error"]["message"]
    assert f"/{other}\"" in answer.headers["WWW-Authenticate"]


def test_roles_count(azure: Azure) -> None:
    vault = azure.vault("roles")
    for name in ("mine", "other"):
        azure.put_secret(vault, name, "x")
    reader = secrets(vault, credential(azure, {"roles": ["Key Vault Secrets User"]}))
    assert reader.get_secret("mine").value == "x"
    assert len(list(reader.list_properties_of_secrets())) == 2
    narrow = secrets(vault, credential(azure, {"roles/secrets/mine": ["Key Vault Secrets User"]}))
    assert narrow.get_secret("mine").value == "x"
    for refused in (lambda: reader.set_secret("mine", "y"), lambda: narrow.get_secret("other"),
                    lambda: next(narrow.list_properties_of_secrets())):
        with pytest.raises(HttpResponseError, match="not authorized to perform action") as error:
            refused()
        assert (error.value.status_code, error.value.error.innererror or None) == (403, None)


def test_throttling(azure: Azure) -> None:
    vault, client = client_of(azure, "busy")
    azure.put_secret(vault, "s", "x")
    vault.throttled, vault.retry_after = 2, 7
    answer = raw(azure, vault, "/secrets/s?api-version=7.4", token=azure.bearers.admin)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    vault.retry_after = None
    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("s")
    assert refused.value.status_code == 429
    assert client.get_secret("s").value == "x"


def test_another_cloud(azure: Azure) -> None:
    vault = azure.vault("gov", GOVERNMENT)
    azure.put_secret(vault, "s", "x")
    client = secrets(vault, credential(azure, cloud=GOVERNMENT))
    assert client.get_secret("s").value == "x"
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        ClientSecretCredential(TENANT, azure.entra.app("p", secrets=["s"]).client_id, "s").get_token(
            "https://vault.usgovcloudapi.net/.default")


def test_the_road_leads_nowhere_else(azure: Azure) -> None:
    begin = len(azure.connects)
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        requests.get("https://vault.evil.example/", timeout=5)
    assert azure.connects[begin:] == ["vault.evil.example"]


def test_faults_of_the_wire(azure: Azure) -> None:
    vault, client = client_of(azure, "faults")
    azure.put_secret(vault, "s", "x")
    client.get_secret("s")
    azure.wire.fault(answer(503), path="/secrets/s")
    with pytest.raises(HttpResponseError) as refused:
        client.get_secret("s")
    assert refused.value.status_code == 503
    azure.wire.fault(cut_after(), path="/secrets/s")
    with pytest.raises(Exception, match="(?i)connection|remote end|aborted"):
        client.get_secret("s")
    azure.wire.fault(delay(0.3), path="/secrets/s")
    began = time.monotonic()
    assert client.get_secret("s").value == "x"
    assert time.monotonic() - began >= 0.3
