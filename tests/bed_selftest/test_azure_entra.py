"""Microsoft Entra and the metadata server of the bed; Microsoft's client is the judge."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (CertificateCredential, ClientSecretCredential, CredentialUnavailableError,
                            ManagedIdentityCredential, WorkloadIdentityCredential)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from bed.azure import Azure
from bed.azure_clients import led_to
from bed.azure_names import TENANT
from bed.entra_apps import FEDERATED_AUDIENCE, App, Federation, ManagedIdentity

VAULT, BUS = "https://vault.azure.net/.default", "https://servicebus.azure.net/.default"
ISSUER, SUBJECT = "https://issuer.example/aks/", "system:serviceaccount:edsm:edsm"


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as azure, led_to(azure):
        yield azure


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "edsm")]), datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256()))


def with_certificate(app: App, key: rsa.RSAPrivateKey, shown: x509.Certificate) -> CertificateCredential:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + shown.public_bytes(Encoding.PEM)
    return CertificateCredential(TENANT, app.client_id, certificate_data=pem)


def test_a_secret_gives_tokens_for_both_audiences(azure: Azure) -> None:
    app = azure.entra.app("secret", secrets=["right"], expired_secrets=["old"])
    azure.entra.lifetime = 1000
    try:
        credential = ClientSecretCredential(TENANT, app.client_id, "right")
        for scope, audience in ((VAULT, "https://vault.azure.net"), (BUS, "https://servicebus.azure.net")):
            token = credential.get_token(scope)
            assert 990 < token.expires_on - time.time() <= 1000
            bearer = azure.bearers.find(token.token)
            assert bearer and (bearer.principal, bearer.scopes) == ("secret", (audience,))
    finally:
        azure.entra.lifetime = 86399
    for secret, code in (("wrong", "AADSTS7000215"), ("old", "AADSTS7000222")):
        with pytest.raises(ClientAuthenticationError, match=code):
            ClientSecretCredential(TENANT, app.client_id, secret).get_token(VAULT)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        ClientSecretCredential(TENANT, "00000000-0000-0000-0000-000000000000", "right").get_token(VAULT)
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        ClientSecretCredential(TENANT, app.client_id, "right").get_token("https://other.example/.default")


def test_a_certificate_signs(azure: Azure, key: rsa.RSAPrivateKey) -> None:
    known, other = certificate(key), rsa.generate_private_key(65537, 2048)
    app = azure.entra.app("certificate", certificates=[known])
    assert azure.bearers.find(with_certificate(app, key, known).get_token(VAULT).token)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        with_certificate(app, other, certificate(other)).get_token(VAULT)
    with pytest.raises(ClientAuthenticationError, match="signature validation"):
        with_certificate(app, other, known).get_token(VAULT)


def federated(app: App, folder: Path, key: rsa.RSAPrivateKey, **claims: Any) -> WorkloadIdentityCredential:
    now = int(time.time())
    token = {"iss": ISSUER, "sub": SUBJECT, "aud": [FEDERATED_AUDIENCE], "exp": now + 600, "iat": now} | claims
    (folder / "token").write_text(jwt.encode(token, key, algorithm="RS256"))
    return WorkloadIdentityCredential(tenant_id=TENANT, client_id=app.client_id, token_file_path=str(folder / "token"))


def test_a_workload_is_what_its_cluster_says(azure: Azure, key: rsa.RSAPrivateKey, tmp_path: Path) -> None:
    app = azure.entra.app("workload", federations=[Federation(ISSUER, SUBJECT, key.public_key())])
    bearer = azure.bearers.find(federated(app, tmp_path, key).get_token(VAULT).token)
    assert bearer and bearer.principal == "workload"
    thief = rsa.generate_private_key(65537, 2048)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700027"):
        federated(app, tmp_path, thief).get_token(VAULT)


@pytest.mark.parametrize("claims, code", [
    ({"iss": "https://other.example/"}, "AADSTS700211"), ({"sub": "system:serviceaccount:other:edsm"}, "AADSTS700213"),
    ({"aud": ["sts.amazonaws.com"]}, "AADSTS700212"), ({"exp": 1000}, "AADSTS700024")])
def test_a_foreign_workload_is_refused(azure: Azure, key: rsa.RSAPrivateKey, tmp_path: Path, claims: dict[str, Any],
                                       code: str) -> None:
    app = azure.entra.app("workload", federations=[Federation(ISSUER, SUBJECT, key.public_key())])
    with pytest.raises(ClientAuthenticationError, match=code):
        federated(app, tmp_path, key, **claims).get_token(VAULT)


@pytest.mark.parametrize("change, status, error, code", [
    ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
    ({"scope": "https://vault.azure.net"}, 400, "invalid_scope", 1002012),
    ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
    ({"client_id": "x"}, 400, "unauthorized_client", 700016)])
def test_errors_have_their_form(azure: Azure, change: dict[str, str], status: int, error: str, code: int) -> None:
    app = azure.entra.app("form", secrets=["s"])
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": "s",
            "scope": VAULT} | change
    answer = requests.post(f"https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token", data=form, timeout=5)
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert list(body) == ["error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id",
                          "error_uri"]


def test_another_tenant_is_not_known(azure: Azure) -> None:
    app = azure.entra.app("tenant", secrets=["s"])
    with pytest.raises(ClientAuthenticationError, match="AADSTS90002|tenant"):
        ClientSecretCredential("00000000-86f1-41af-91ab-2d7cd0110000", app.client_id, "s").get_token(VAULT)


def test_managed_identities(azure: Azure) -> None:
    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError)):
        ManagedIdentityCredential().get_token(VAULT)
    azure.metadata.system = ManagedIdentity("machine")
    azure.metadata.assigned = [ManagedIdentity("assigned", resource_id="/subscriptions/s/assigned")]
    assigned = azure.metadata.assigned[0]
    ways = {"machine": ManagedIdentityCredential(), "assigned": ManagedIdentityCredential(client_id=assigned.client_id)}
    for name, credential in ways.items():
        token = credential.get_token(VAULT)
        bearer = azure.bearers.find(token.token)
        assert bearer and (bearer.principal, bearer.scopes) == (name, ("https://vault.azure.net",))
        assert 86000 < token.expires_on - time.time() < 86400
    with pytest.raises((ClientAuthenticationError, CredentialUnavailableError)):
        ManagedIdentityCredential(client_id="00000000-0000-0000-0000-000000000000").get_token(VAULT)
    for field, value in (("object_id", assigned.object_id), ("msi_res_id", assigned.resource_id)):
        assert told(azure, **{field: value}).json()["client_id"] == assigned.client_id


def told(azure: Azure, metadata: str = "true", **query: str) -> requests.Response:
    asked = {"api-version": "2018-02-01", "resource": "https://vault.azure.net"} | query
    return requests.get(f"{azure.imds}/metadata/identity/oauth2/token", params=asked, headers={"Metadata": metadata},
                        timeout=5)


def test_the_metadata_server_is_particular(azure: Azure) -> None:
    azure.metadata.system = ManagedIdentity("machine")
    answer = told(azure).json()
    assert {name for name, value in answer.items() if isinstance(value, str)} == answer.keys()
    assert answer["resource"] == "https://vault.azure.net"
    assert told(azure, metadata="").status_code == 400
    assert told(azure, **{"api-version": "2017-01-01"}).status_code == 400
    assert told(azure, resource=VAULT).status_code == 400  # a scope is no resource
    azure.metadata.faults = [410, 429, 500]
    assert [told(azure).status_code for _ in range(4)] == [410, 429, 500, 200]
