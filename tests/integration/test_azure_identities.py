"""Whom EDSM is in Azure: each kind of credential, what is said if it is not taken, and tokens that end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat,
                                                          pkcs12)

from azure_world import CLIENT_SECRET, AzureWorld
from bed.azure_names import TENANT
from bed.entra_apps import FEDERATED_AUDIENCE, Federation, ManagedIdentity
from bed.exchange import answer
from bed.process import wait_for
from bed.scratch import work_dir
from world import CONTROLLER_NAMESPACE, USER, World

NO_SECRET = {"AZURE_CLIENT_SECRET": ""}
OTHER_TENANT = "73000000-86f1-41af-91ab-2d7cd0110000"


# -- workload identity ----------------------------------------------------------------

def cluster_key(world: World) -> Any:
    """The public key that verifies the cluster's ServiceAccount tokens, where Entra would look for it."""
    found = world.kube.request("GET", "/openid/v1/jwks")
    keys = (found if isinstance(found, dict) else json.loads(found))["keys"]
    return jwt.PyJWK(keys[0]).key


def pod_token(world: World, name: str = "edsm", audience: str = FEDERATED_AUDIENCE) -> str:
    """A token as the kubelet mounts it for workload identity: made by the API server."""
    world.cluster.service_account_token(CONTROLLER_NAMESPACE, name)
    answer = world.kube.request("POST", f"/api/v1/namespaces/{CONTROLLER_NAMESPACE}/serviceaccounts/{name}/token", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": {"audiences": [audience], "expirationSeconds": 3600}})
    return answer["status"]["token"]


def federated(world: World, azure: AzureWorld, **token: str) -> tuple[Path, dict[str, str]]:
    """The token's file, and the variables that the webhook of AKS injects."""
    azure.app.federations.append(Federation(f"{world.cluster.url}/", USER, cluster_key(world)))
    file = work_dir("azure-identity") / "azure-identity-token"
    file.write_text(pod_token(world, **token) + "\n")
    return file, azure.env(**NO_SECRET) | {
        "AZURE_FEDERATED_TOKEN_FILE": str(file), "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"}


def test_the_pods_own_token_is_exchanged(world: World, azure: AzureWorld) -> None:
    file, env = federated(world, azure)
    azure.bound(env=env)
    azure.changes_arrive("2")
    file.write_text(pod_token(world))  # as the kubelet renews it
    azure.azure.bearers.revoke_all(azure.app.name)
    azure.changes_arrive("3")
    azure.wait_drained()
    text = world.programs[0].process.log.read_text()
    assert file.read_text().split(".")[1] not in text and "ya29" not in text


@pytest.mark.parametrize("token, subject, audience", [
    ({"name": "somebody"}, "system:serviceaccount:kube-system:somebody", FEDERATED_AUDIENCE),
    ({"audience": "sts.amazonaws.com"}, USER, "sts.amazonaws.com")], ids=["subject", "audience"])
def test_a_foreign_pods_token_is_said_and_the_right_one_taken(world: World, azure: AzureWorld, token: dict[str, str],
                                                              subject: str, audience: str) -> None:
    file, env = federated(world, azure, **token)
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=env)
    said = world.wait_reason("db", "CredentialsRejected")["message"]
    for words in ("no federated credential", f"{world.cluster.url}/", subject, audience, azure.app.client_id):
        assert words in said
    assert edsm.logs(msg="queue cannot be read")
    file.write_text(pod_token(world))
    azure.ask_again("db")
    world.wait_data("db", {"n": b"1"}, timeout=75)
    azure.wait_drained(timeout=75)
    azure.changes_arrive("2")


# -- a secret, a certificate ------------------------------------------------------------

@pytest.mark.parametrize("secret, code", [("wrong-swordfish", "AADSTS7000215"), ("old-swordfish", "AADSTS7000222")])
def test_a_client_secret_that_is_refused_is_said(world: World, azure: AzureWorld, secret: str, code: str) -> None:
    azure.app.expired_secrets.append("old-swordfish")
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env(AZURE_CLIENT_SECRET=secret))
    said = world.wait_reason("db", "CredentialsRejected")["message"]
    assert "AZURE_CLIENT_SECRET" in said and azure.app.client_id in said
    assert code in edsm.process.log.read_text() and secret not in edsm.process.log.read_text()
    wait_for(lambda: edsm.logs(msg="queue cannot be read"), 20, "the queue's own line", [edsm.process])


def certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "edsm")]), datetime.now(UTC)
    return (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(7).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .sign(key, hashes.SHA256()))


@pytest.mark.parametrize("form", ["pem", "pfx"])
def test_a_certificate_signs(world: World, azure: AzureWorld, form: str) -> None:
    key, wrong = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    azure.app.certificates.append(certificate(key))
    file = work_dir("azure-certificate") / f"client.{form}"

    def write(with_key: rsa.RSAPrivateKey) -> None:
        shown = azure.app.certificates[0] if with_key is key else certificate(with_key)
        if form == "pfx":
            file.write_bytes(pkcs12.serialize_key_and_certificates(b"edsm", with_key, shown, None,
                                                                   BestAvailableEncryption(b"hunter2")))
        else:
            file.write_bytes(with_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                             + shown.public_bytes(Encoding.PEM))
    write(wrong)
    azure.put("db", {"n": "1"})
    azure.bind("db")
    env = azure.env(**NO_SECRET) | {"AZURE_CLIENT_CERTIFICATE_PATH": str(file)}
    if form == "pfx":
        env["AZURE_CLIENT_CERTIFICATE_PASSWORD"] = "hunter2"
    edsm = world.start(env=env)
    assert "upload this certificate" in world.wait_reason("db", "CredentialsRejected")["message"]
    write(key)  # the file is read at each exchange
    azure.ask_again("db")
    world.wait_data("db", {"n": b"1"}, timeout=75)
    azure.wait_drained(timeout=75)
    azure.changes_arrive("2")
    assert "hunter2" not in edsm.process.log.read_text() and "PRIVATE KEY" not in edsm.process.log.read_text()


# -- the machine's identity -------------------------------------------------------------

@pytest.fixture
def machine(azure: AzureWorld) -> Iterator[ManagedIdentity]:
    """An identity of the machine, with what EDSM needs."""
    metadata = azure.azure.metadata
    yield ManagedIdentity("machine", grants=azure.grants)
    metadata.system, metadata.assigned, metadata.faults = None, [], []


@pytest.mark.parametrize("kind", ["system", "only one", "by client id"])
def test_the_machines_identity(world: World, azure: AzureWorld, machine: ManagedIdentity, kind: str) -> None:
    metadata = azure.azure.metadata
    env = azure.env(**NO_SECRET, AZURE_TENANT_ID="", AZURE_CLIENT_ID=machine.client_id if kind == "by client id" else "")
    if kind == "system":
        metadata.system = machine
    else:
        metadata.assigned = [machine]
    if kind == "by client id":
        metadata.assigned.append(ManagedIdentity("other", grants={}))
    metadata.faults = [429, 500, 404]  # it is being updated
    azure.bound(env=env)
    azure.changes_arrive("2")
    azure.azure.bearers.revoke_all("machine")
    azure.changes_arrive("3")
    asked = {query["resource"] for query in metadata.asked}
    assert asked == {"https://vault.azure.net", "https://servicebus.azure.net"}
    assert azure.said_to("login.microsoftonline.com", "/", "POST") == []


def test_several_identities_of_a_machine_have_to_be_chosen_from(world: World, azure: AzureWorld,
                                                                machine: ManagedIdentity) -> None:
    azure.azure.metadata.assigned = [machine, ManagedIdentity("other", grants={})]
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env(**NO_SECRET, AZURE_TENANT_ID="", AZURE_CLIENT_ID=""))
    said = world.wait_reason("db", "CredentialsRejected")["message"]
    assert "say which by AZURE_CLIENT_ID" in said


def test_a_metadata_server_that_is_updated_is_waited_for(world: World, azure: AzureWorld, machine: ManagedIdentity) -> None:
    azure.azure.metadata.system = machine
    azure.azure.metadata.faults = [410] * 6  # of each two scopes, half
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env(**NO_SECRET, AZURE_TENANT_ID="", AZURE_CLIENT_ID=""))
    world.wait_data("db", {"n": b"1"}, timeout=60)
    azure.wait_drained(timeout=60)
    assert not edsm.logs(msg="queue cannot be read")


# -- tenants ------------------------------------------------------------------------------

@pytest.fixture
def foreign(azure: AzureWorld) -> Iterator[AzureWorld]:
    """A world whose vault is of another tenant, in which EDSM's application is known, too."""
    azure.vault.tenant = OTHER_TENANT
    azure.azure.entra.tenants.add(OTHER_TENANT)
    yield azure
    azure.azure.entra.tenants.discard(OTHER_TENANT)


def token_tenants(azure: AzureWorld) -> list[str]:
    return [call.path.split("/")[1] for call in azure.said_to("login.microsoftonline.com", "/", "POST")]


@pytest.mark.parametrize("named", [False, True])
def test_a_vault_of_another_tenant_says_so(world: World, foreign: AzureWorld, named: bool) -> None:
    options = {"azureVaultURL": foreign.vault.store.url} | ({"azureTenantID": OTHER_TENANT.upper()} if named else {})
    foreign.put("db", {"n": "1"})
    foreign.bind("db", cloudProviderOptions=options)
    world.start(env=foreign.env())
    world.wait_synced("db")
    foreign.wait_drained()
    if named:
        assert foreign.calls.find(status=401) == []
    asked = len(token_tenants(foreign))
    assert asked == (2 if named else 3), "once for each tenant and service; not in the own one if another is named"
    assert set(token_tenants(foreign)) == {TENANT, OTHER_TENANT}
    foreign.calls.clear()
    foreign.changes_arrive("2")
    foreign.wait_drained()
    assert foreign.calls.find(status=401) == [] and token_tenants(foreign) == [], "the challenge is remembered"


def test_a_tenant_that_is_not_the_vaults_is_said(world: World, foreign: AzureWorld) -> None:
    foreign.put("db", {"n": "1"})
    foreign.bind("db", cloudProviderOptions={"azureVaultURL": foreign.vault.store.url, "azureTenantID": TENANT})
    world.start(env=foreign.env())
    said = world.wait_reason("db", "CredentialsRejected")["message"]
    assert "correct or drop spec.cloudProviderOptions.azureTenantID" in said and OTHER_TENANT in said


def test_a_tenant_that_does_not_know_the_identity_is_said(world: World, azure: AzureWorld) -> None:
    azure.vault.tenant = OTHER_TENANT
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env())
    said = world.wait_reason("db", "CredentialsRejected")["message"]
    assert OTHER_TENANT in said and "AZURE_TENANT_ID" in said


# -- tokens that end ------------------------------------------------------------------------

def test_tokens_are_renewed_before_and_after_their_end(world: World, azure: AzureWorld) -> None:
    entra = azure.azure.entra
    world.at_end(lambda: setattr(entra, "lifetime", 86399))
    entra.lifetime = 4
    azure.bound()
    edsm = world.programs[0]
    entra.lifetime = 86399
    begin = time.monotonic()
    wait_for(lambda: time.monotonic() > begin + 5, 10, "the first tokens' end", [edsm.process])
    azure.changes_arrive("2")
    azure.wait_drained()
    assert not edsm.logs(msg="queue cannot be read")
    azure.azure.bearers.revoke_all(azure.app.name)
    azure.changes_arrive("3")
    azure.wait_drained()
    assert not edsm.logs(msg="queue cannot be read")


def test_an_authority_that_is_down_is_asked_again(world: World, azure: AzureWorld) -> None:
    down = azure.azure.wire.fault(answer(503, "<html>", {"Content-Type": "text/html"}), count=None, path=f"^/{TENANT}/oauth2")
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env())
    wait_for(lambda: down.used >= 4, 30, "it to be asked", [edsm.process])
    azure.azure.wire.clear_faults()
    world.wait_data("db", {"n": b"1"}, timeout=75)
    azure.wait_drained(timeout=75)
    assert CLIENT_SECRET not in edsm.process.log.read_text()


def test_what_is_set_wrongly_ends_the_program_at_once(world: World, azure: AzureWorld) -> None:
    for change, words in (({"AZURE_CLIENT_ID": ""}, "AZURE_CLIENT_SECRET is set, but not AZURE_CLIENT_ID"),
                          ({"AZURE_CLOUD": "AzureMoon"}, "AZURE_CLOUD"),
                          ({"AZURE_SERVICEBUS_QUEUE_URL": "https://edsm-bus.servicebus.chinacloudapi.cn/q"}, "AzureChinaCloud"),
                          ({"AZURE_AUTHORITY_HOST": "http://login.microsoftonline.com"}, "AZURE_AUTHORITY_HOST")):
        edsm = world.edsm(env=azure.env() | change)
        assert edsm.process.wait(20) != 0
        assert words in edsm.process.log.read_text(), change
        world.programs.remove(edsm)
