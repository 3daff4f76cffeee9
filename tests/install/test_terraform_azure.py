"""The Terraform example for Azure: it is valid, grants the least, and what it declares carries events.

The provider is a stand-in (see tools/opstools/terraform-provider). What it leaves in Terraform's state is made in
the bed, where Microsoft's client works as the workload that the example lets in."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import jwt
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.identity import WorkloadIdentityCredential
from cryptography.hazmat.primitives.asymmetric import rsa

from bed import ROOT
from bed.azure import Azure
from bed.azure_clients import led_to, secrets
from bed.azure_events import Schema
from bed.azure_names import GROUP, SUBSCRIPTION, TENANT
from bed.bearers import Grants
from bed.entra_apps import App, Federation
from bed.key_vault import Vault
from bed.kube import Object
from bed.service_bus import Namespace
from commands import AZURE_EXAMPLE, CommandFailed, Terraform, declared_variables, shown_variables

State = Mapping[str, list[Object]]
ISSUER = "issuer.example/aks"
EVERYBODY = {"subscription_id": SUBSCRIPTION, "resource_group_name": GROUP, "cluster_name": "blue",
             "key_vault_names": ["tf-vault"]}


def terraform() -> Terraform:
    return Terraform(AZURE_EXAMPLE, account=SUBSCRIPTION, issuer=ISSUER)


def apply(**variables: object) -> State:
    return terraform().apply(**EVERYBODY, **variables)


@pytest.fixture(scope="module")
def applied_azure() -> Terraform:
    """The example, applied with nothing set but what everybody sets."""
    made = terraform()
    made.apply(**EVERYBODY)
    return made


def state_of(applied: Terraform) -> State:
    found: dict[str, list[Object]] = {}
    for each in json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]:
        found.setdefault(each["type"], []).append(each["values"])
    return found


def named(state: State, kind: str, name: str) -> Object:
    (found,) = [each for each in state[kind] if each["name"] == name]
    return found


def granted_to(state: State, identity: str) -> set[tuple[str, str]]:
    """The roles of an identity, each with the end of what it is on."""
    principal = named(state, "azurerm_user_assigned_identity", identity)["principal_id"]
    return {(each["role_definition_name"], each["scope"].partition("/providers/")[2])
            for each in state["azurerm_role_assignment"] if each["principal_id"] == principal}


# -- the text ---------------------------------------------------------------------


def test_it_is_formatted_and_valid(applied_azure: Terraform) -> None:
    applied_azure("fmt", "-check", "-diff")
    applied_azure("validate")


def test_a_second_plan_changes_nothing(applied_azure: Terraform) -> None:
    applied_azure("plan", "-detailed-exitcode", "-input=false", "-no-color")  # exit code 2 if it would


def test_every_variable_has_a_default_and_stands_on_the_page() -> None:
    assert shown_variables("azure-terraform.md") == declared_variables(AZURE_EXAMPLE)


@pytest.mark.parametrize("variables", [
    {"secret_paths": ["prod-*"]}, {"secret_paths": ["*", "a"]}, {"secret_paths": []}, {"cluster_name": "x" * 37},
    {"key_vault_names": []}, {"servicebus_sku": "Basic"}])
def test_wrong_variables_are_refused(variables: dict[str, object]) -> None:
    with pytest.raises(CommandFailed, match="Invalid value for variable"):
        terraform().apply(**(EVERYBODY | variables))


# -- what it makes ------------------------------------------------------------------


def test_roles_are_the_least(applied_azure: Terraform) -> None:
    state = state_of(applied_azure)
    (space,) = state["azurerm_servicebus_namespace"]
    queue = f"Microsoft.ServiceBus/namespaces/{space['name']}/queues/blue-edsm-events"
    (account,) = state["azurerm_storage_account"]
    assert granted_to(state, "blue-edsm") == {("Azure Service Bus Data Receiver", queue),
                                              ("Key Vault Secrets User", "Microsoft.KeyVault/vaults/tf-vault")}
    assert granted_to(state, "blue-edsm-events") == {
        ("Azure Service Bus Data Sender", queue),
        ("Storage Blob Data Contributor", f"Microsoft.Storage/storageAccounts/{account['name']}"
                                          "/blobServices/default/containers/edsm-undelivered")}
    assert space["local_auth_enabled"] is False


def test_names_of_secrets_narrow_the_roles() -> None:
    state = apply(secret_paths=["db", "tls"])
    vault = "Microsoft.KeyVault/vaults/tf-vault"
    of_vaults = {grant for grant in granted_to(state, "blue-edsm") if vault in grant[1]}
    assert of_vaults == {("Key Vault Secrets User", f"{vault}/secrets/db"), ("Key Vault Reader", vault),
                         ("Key Vault Secrets User", f"{vault}/secrets/tls")}


def test_roles_of_the_page_are_those_of_terraform() -> None:
    table = (ROOT / "docs/azure-terraform.md").read_text().partition("## Permissions")[2]
    roles = set(re.findall(r'role_definition_name = "([^"]+)"', (AZURE_EXAMPLE / "iam.tf").read_text()))
    assert set(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == roles


def test_only_the_service_account_of_this_cluster_is_edsm() -> None:
    state = apply(edsm_namespace="edsm", edsm_service_account_name="it")
    (credential,) = state["azurerm_federated_identity_credential"]
    assert (credential["subject"], credential["issuer"], credential["audience"]) == (
        "system:serviceaccount:edsm:it", f"https://{ISSUER}", ["api://AzureADTokenExchange"])
    assert credential["parent_id"] == named(state, "azurerm_user_assigned_identity", "blue-edsm")["id"]


def test_the_queue_can_be_read_over_http_and_events_can_come(applied_azure: Terraform) -> None:
    state = state_of(applied_azure)
    (queue,) = state["azurerm_servicebus_queue"]
    assert (queue["partitioning_enabled"], queue["requires_session"], queue["max_delivery_count"]) == (False, False, 10)
    (events,) = state["azurerm_eventgrid_system_topic_event_subscription"]
    assert events["service_bus_queue_endpoint_id"] == queue["id"]
    assert sorted(events["included_event_types"]) == [f"Microsoft.KeyVault.Secret{what}" for what in (
        "Expired", "NearExpiry", "NewVersionCreated")]
    carrier = named(state, "azurerm_user_assigned_identity", "blue-edsm-events")["id"]
    for part in ("delivery_identity", "dead_letter_identity"):
        assert events[part][0]["user_assigned_identity"] == carrier
    assert events["storage_blob_dead_letter_destination"][0]["storage_blob_container_name"] == "edsm-undelivered"


def test_each_vault_has_its_topic_and_all_have_one_queue() -> None:
    state = terraform().apply(**(EVERYBODY | {"key_vault_names": ["one", "two"],
                                              "key_vault_resource_group_name": "theirs"}))
    sources = {each["source_arm_resource_id"].rpartition("/")[2] for each in state["azurerm_eventgrid_system_topic"]}
    assert sources == {"one", "two"}
    assert {each["resource_group_name"] for each in state["azurerm_eventgrid_system_topic"]} == {"theirs"}
    endpoints = {each["service_bus_queue_endpoint_id"]
                 for each in state["azurerm_eventgrid_system_topic_event_subscription"]}
    assert len(state["azurerm_eventgrid_system_topic_event_subscription"]) == 2 and len(endpoints) == 1


def test_a_topic_that_is_there_is_used_as_what_it_is() -> None:
    state = apply(system_topic_names={"tf-vault": "theirs"})
    assert not [each for each in state["azurerm_eventgrid_system_topic"] if "topic_type" in each]  # it is only read
    (events,) = state["azurerm_eventgrid_system_topic_event_subscription"]
    assert (events["system_topic"], events["delivery_identity"][0]["type"]) == ("theirs", "SystemAssigned")
    known = {each["principal_id"] for each in state["azurerm_user_assigned_identity"]}
    own = {each["role_definition_name"] for each in state["azurerm_role_assignment"]
           if each["principal_id"] not in known}
    assert own == {"Azure Service Bus Data Sender", "Storage Blob Data Contributor"}


def test_the_audit_trail() -> None:
    state = apply(log_analytics_workspace_id="/subscriptions/s/theirs")
    (setting,) = state["azurerm_monitor_diagnostic_setting"]
    assert (setting["log_analytics_workspace_id"], setting["enabled_log"][0]["category"]) == (
        "/subscriptions/s/theirs", "AuditEvent")
    assert "azurerm_log_analytics_workspace" not in state
    assert "azurerm_monitor_diagnostic_setting" not in apply(audit_trail=False)


# -- it works ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as cloud, led_to(cloud):
        yield cloud


def grants_of(state: State, identity: str) -> Grants:
    """What an identity may do, for the bed: it knows vaults, secrets and queues by their names."""
    grants: dict[str, list[str]] = {}
    for role, scope in granted_to(state, identity):
        path = re.sub(r"^Microsoft\.\w+/\w+/", "", scope).replace("/queues/", "/")
        grants.setdefault(path, []).append(role)
    return grants


def make(azure: Azure, state: State, vault: Vault) -> Namespace:
    """Makes what the state says."""
    space = azure.namespace(state["azurerm_servicebus_namespace"][0]["name"])
    (queue,), (events,) = state["azurerm_servicebus_queue"], state["azurerm_eventgrid_system_topic_event_subscription"]
    assert queue["lock_duration"] == "PT1M"
    space.queue(queue["name"], lock_seconds=60, max_deliveries=queue["max_delivery_count"],
                detects_duplicates=queue["requires_duplicate_detection"], sessions=queue["requires_session"])
    azure.subscribe(vault, space, queue["name"], schema=Schema(events["event_delivery_schema"]))
    return space


def workload(app: App, folder: Path, key: rsa.RSAPrivateKey, subject: str) -> WorkloadIdentityCredential:
    token = {"iss": f"https://{ISSUER}", "sub": subject, "aud": ["api://AzureADTokenExchange"],
             "exp": time.time() + 600}
    (folder / "token").write_text(jwt.encode(token, key, algorithm="RS256"))
    return WorkloadIdentityCredential(tenant_id=TENANT, client_id=app.client_id, token_file_path=str(folder / "token"))


def test_events_reach_the_workload_that_may_read_them(azure: Azure, tmp_path: Path) -> None:
    made, key, vault = terraform(), rsa.generate_private_key(65537, 2048), azure.vault("tf-vault")
    state = made.apply(**EVERYBODY, secret_paths=["db"])
    outputs = made.outputs()
    space = make(azure, state, vault)
    (credential,) = state["azurerm_federated_identity_credential"]
    trust = Federation(credential["issuer"], credential["subject"], key.public_key(), credential["audience"][0])
    app = azure.entra.app("edsm", grants=grants_of(state, "blue-edsm"), client_id=outputs["edsm_client_id"],
                          federations=[trust])
    for name in ("db", "other"):
        azure.put_secret(vault, name, "1")

    subject = "system:serviceaccount:kube-system:edsm-k8s-event-driven-secrets"
    with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
        workload(app, tmp_path, key, "system:serviceaccount:other:edsm").get_token("https://vault.azure.net/.default")
    edsm = workload(app, tmp_path, key, subject)
    assert outputs["vault_urls"] == [vault.store.url]
    reader = secrets(vault, edsm)
    assert reader.get_secret("db").value == "1"
    assert len(list(reader.list_properties_of_secrets())) == 2
    with pytest.raises(HttpResponseError, match="not authorized"):
        reader.get_secret("other")
    with pytest.raises(HttpResponseError, match="not authorized"):
        reader.set_secret("db", "2")

    token = edsm.get_token("https://servicebus.azure.net/.default").token
    headers, (url,) = {"Authorization": f"Bearer {token}"}, outputs["servicebus_queue_urls"]
    assert url == outputs["servicebus_queue_url"] and space.host in url
    for _ in ("db", "other"):
        got = requests.post(f"{url}/messages/head?timeout=5", headers=headers, timeout=60)
        assert (got.status_code, got.json()["type"]) == (201, "Microsoft.KeyVault.SecretNewVersionCreated")
        assert requests.delete(got.headers["Location"], headers=headers, timeout=60).status_code == 200
    assert requests.post(f"{url}/messages", headers=headers, data="x", timeout=60).status_code == 401
    dead = requests.post(f"{outputs['dead_letter_queue_urls'][0]}/messages/head?timeout=0", headers=headers, timeout=60)
    assert dead.status_code == 204
