"""EDSM with Azure's secrets: what people do in Key Vault, and what becomes of it in the cluster."""

from __future__ import annotations

import base64
import re

import pytest

from azure_world import QUEUE, AzureWorld
from bed import azure_events
from bed.azure import Azure
from bed.azure_events import EXPIRED, NEAR_EXPIRY, Schema
from bed.azure_names import CHINA, GOVERNMENT, Cloud
from bed.bus_entity import Message
from bed.exchange import Recorder, delay
from bed.kube import KubeError
from bed.process import wait_for
from google_world import WITHOUT_AWS
from tenants import ENFORCE, Permit
from world import World


@pytest.mark.parametrize("schema", Schema)
def test_a_change_reaches_the_secret_and_the_workload_and_is_acknowledged_after_it(
        world: World, azure_cloud: Azure, azure_calls: Recorder, schema: Schema) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, schema=schema)
    first = azure.put("db", {"password": "swordfish1"})
    azure.bind("db")
    edsm = world.start(wired=True, env=WITHOUT_AWS | azure.env())
    world.wait_synced("db", version=first)
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    azure.wait_drained()
    world.calls.clear()
    azure.calls.clear()
    # Slow enough that an acknowledgement that does not wait would come first.
    world.api_wire.fault(delay(0.5), count=None, method="PATCH", path="/secrets/db|/deployments/web")

    second = azure.put("db", {"password": "swordfish2"})
    world.wait_data("db", {"password": b"swordfish2"})
    assert azure.azure.locked(azure.queue), "until its effect is there"
    world.wait_synced("db", version=second)
    world.wait_restarts("web", before + 1)
    azure.wait_drained()

    assert azure.reads() == ["db"], "once"
    writes = world.calls.find(proxy="api", method="PATCH", path=f"/namespaces/{world.ns}/(secrets/db|deployments/web)")
    assert len(writes) == 2
    (completion,) = azure.settled("DELETE")
    assert all(write.ended_at < completion.began_at for write in writes)
    seen, = edsm.logs(msg="event received", event="SecretNewVersionCreated", version=second)
    assert (seen["source"], seen["bindings"]) == (f"azure/{azure.vault.store.name}/db/current", 1)
    note = world.wait_k8s_event("Updated", about="db")["message"]
    assert re.search(r" \(changed \S+Z, queued \S+Z, received \S+Z\)$", note), "what trace tells"

    azure.put("db", {"password": "swordfish2"})
    azure.wait_drained()
    assert world.restarts("web") == before + 1, "a new version with an equal value"
    text = edsm.process.log.read_text()
    assert "swordfish" not in text and "ya29" not in text
    edsm.terminate()


def test_versions_names_and_identifiers(world: World, azure: AzureWorld) -> None:
    first = azure.put("db", {"n": "1"})
    azure.put("db", {"n": "2"})
    url = f"{azure.vault.store.url}/secrets/DB"
    azure.bind("short", cloudProviderOptions={"azureVaultURL": azure.vault.store.name.upper()}, path="db")
    azure.bind("pinned", path=f"db/{first}")
    azure.bind("whole", path=url, cloudProviderOptions=None)
    azure.bind("version", path=f"{url}/{first.upper()}", cloudProviderOptions=None)
    azure.bind("none", cloudProviderOptions=None)
    edsm = world.start(env=azure.env() | {"AZURE_KEY_VAULT_URL": azure.vault.store.url})
    for binding, value in {"short": b"2", "pinned": b"1", "whole": b"2", "version": b"1"}.items():
        world.wait_data(binding, {"n": value})
    world.wait_reason("none", "SourceGone")
    azure.wait_drained()
    azure.calls.clear()

    azure.events.quirk = azure_events.in_upper
    azure.put("db", {"n": "3"})
    world.wait_data("short", {"n": b"3"})
    world.wait_data("whole", {"n": b"3"})
    azure.wait_drained()
    assert [path for path in azure.reads() if path != "db"] == [], "a version cannot change"
    assert azure.stays("pinned", {"n": b"1"})

    azure.events.quirk = azure_events.as_documented
    azure.put("none", {"n": "4"})
    world.wait_data("none", {"n": b"4"})
    azure.wait_drained()
    assert len(edsm.logs(msg="event received")) >= 2


def test_a_certificate_with_its_key_is_the_file_that_it_is(world: World, azure: AzureWorld) -> None:
    pfx = b"\x30\x82\x01\x00\xff\x00"
    azure.azure.put_certificate(azure.vault, "tls", base64.b64encode(pfx).decode())
    azure.azure.put_certificate(azure.vault, "pem", "-----BEGIN", "application/x-pem-file")
    azure.bind("tls", rawKey="keystore.p12")
    azure.bind("pem", rawKey="tls.pem")
    world.start(env=azure.env())
    world.wait_data("tls", {"keystore.p12": pfx})
    world.wait_data("pem", {"tls.pem": b"-----BEGIN"})
    azure.azure.put_certificate(azure.vault, "tls", base64.b64encode(pfx + b"2").decode())
    world.wait_data("tls", {"keystore.p12": pfx + b"2"})
    azure.wait_drained()


def test_the_sweep_finds_what_has_no_event(world: World, azure: AzureWorld) -> None:
    names = ("disabled", "deleted", "kept", "patched", "unheard")
    for name in names:
        azure.put(name, {"n": "1"})
        azure.bind(name)
    edsm = world.start(env=azure.env(), flags=("--resync-interval=10s",))
    for name in names:
        world.wait_synced(name)
    azure.wait_drained()
    azure.calls.clear()
    wait_for(lambda: azure.lists() > len(names), 60, "two sweeps", [edsm.process])
    assert azure.reads() == []

    azure.azure.patch_secret(azure.vault, "disabled", attributes={"enabled": False})
    azure.azure.delete_secret(azure.vault, "deleted")
    azure.azure.patch_secret(azure.vault, "patched", tags={"team": "blue"})
    azure.events.copies = 0
    version = azure.put("unheard", {"n": "2"})
    said = world.wait_reason("disabled", "SourceDisabled")["message"]
    assert f"the secret disabled of {azure.vault.host} is disabled" in said
    world.wait_reason("deleted", "SourceGone")
    world.wait_synced("unheard", version=version)
    assert azure.stays("disabled", {"n": b"1"}) and azure.stays("deleted", {"n": b"1"})
    assert "kept" not in azure.reads() and "patched" not in azure.reads()

    azure.azure.patch_secret(azure.vault, "disabled", attributes={"enabled": True})
    azure.azure.recover_secret(azure.vault, "deleted")
    world.wait_synced("disabled")
    world.wait_synced("deleted")


def test_a_vault_that_is_not_swept_anew_costs_a_call_for_each_page(world: World, azure: AzureWorld) -> None:
    azure.azure.offset = -3600  # so that the times of its secrets have settled
    world.at_end(lambda: setattr(azure.azure, "offset", 0))
    names = [f"s{number}" for number in range(30)]
    for name in names:
        azure.put(name, {"n": "1"})
        azure.bind(name)
    edsm = world.start(env=azure.env(queue=False), flags=("--resync-interval=10s",))
    for name in names:
        world.wait_synced(name)
    wait_for(lambda: len(edsm.logs(msg="swept", secrets=len(names))) >= 2, 60, "two sweeps", [edsm.process])
    azure.calls.clear()
    before = len(edsm.logs(msg="swept"))
    wait_for(lambda: len(edsm.logs(msg="swept")) >= before + 2, 40, "two more", [edsm.process])
    assert azure.reads() == []
    swept = len(edsm.logs(msg="swept")) - before
    assert swept * 2 <= azure.lists() <= (swept + 1) * 2


def test_audit_records_are_events_too(world: World, azure: AzureWorld) -> None:
    azure.events.copies = 0
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env())
    world.wait_synced("db")
    version = azure.put("db", {"n": "2"})
    url = f"{azure.vault.store.url}/secrets/db/{version}"
    records = [azure_events.audit_record(azure.vault.store.name, operation, url) for operation in ("SecretGet", "SecretSet")]
    azure.azure.send(azure.space, QUEUE, Message(azure_events.records(*records)))
    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
    assert [line["event"] for line in edsm.logs(msg="event received")] == ["SecretSet"]


def test_one_event_is_one_read_for_all_who_use_the_secret(world: World, azure: AzureWorld) -> None:
    azure.put("db", {"n": "1"})
    namespaces = [world.ns, *(world.new_namespace() for _ in range(3))]
    for namespace in namespaces:
        azure.bind("db", namespace=namespace)
    azure.bind("copy", path="DB", target="copy")
    world.start(env=azure.env())
    for namespace in namespaces:
        world.wait_synced("db", namespace=namespace)
    world.wait_synced("copy")
    azure.wait_drained()
    azure.calls.clear()

    version = azure.put("db", {"n": "2"})
    for namespace in namespaces:
        world.wait_synced("db", version=version, namespace=namespace)
        world.wait_data("db", {"n": b"2"}, namespace=namespace)
    world.wait_synced("copy", version=version)
    azure.wait_drained()
    assert azure.reads() == ["db"]
    assert len(azure.settled("DELETE")) == 1


def test_an_array_of_events_is_completed_after_all_their_effects(world: World, azure: AzureWorld) -> None:
    azure.events.copies = 0
    for name in ("a", "b", "unbound"):
        azure.put(name, {"n": "1"})
    for name in ("a", "b"):
        azure.bind(name)
    world.start(wired=True, env=azure.env())
    for name in ("a", "b"):
        world.wait_synced(name)
    world.calls.clear()
    azure.calls.clear()
    world.api_wire.fault(delay(0.5), method="PATCH", path="/secrets/b")
    versions = {name: azure.put(name, {"n": "2"}) for name in ("a", "b", "unbound")}
    azure.send(azure.message(*(azure.data(name, version) for name, version in versions.items())))
    for name in ("a", "b"):
        world.wait_data(name, {"n": b"2"})
    azure.wait_drained()
    assert sorted(azure.reads()) == ["a", "b"]
    (completion,) = azure.settled("DELETE")
    writes = world.calls.find(proxy="api", method="PATCH", path=f"/namespaces/{world.ns}/secrets/")
    assert len(writes) == 2 and all(write.ended_at < completion.began_at for write in writes)


def test_a_new_version_that_is_disabled_leaves_the_secret_alone(world: World, azure: AzureWorld) -> None:
    azure.bound()
    version = azure.put("db", {"n": "2"}, attributes={"enabled": False})
    said = world.wait_reason("db", "SourceDisabled")["message"]
    assert f"the secret db of {azure.vault.host} is disabled; enable it, or set a new version" in said
    azure.wait_drained()  # it is no dead letter
    assert azure.stays("db", {"n": b"1"}) and azure.dead() == 0

    azure.azure.patch_secret(azure.vault, "db", version, attributes={"enabled": True})
    azure.ask_again("db")
    world.wait_synced("db", version=version)
    azure.changes_arrive("3")


def test_what_expires_is_said_and_synced(world: World, azure: AzureWorld) -> None:
    version = azure.put("db", {"n": "1"}, attributes={"exp": 1700000000})
    azure.put("early", {"n": "1"}, attributes={"nbf": 4000000000})
    azure.bind("db")
    azure.bind("early")
    edsm = world.start(env=azure.env())
    world.wait_synced("db", version=version)
    world.wait_synced("early")
    assert len([line for line in edsm.logs(level="warn") if line.get("secret") in ("db", "early")]) == 2
    azure.wait_drained()
    azure.calls.clear()
    for what in (NEAR_EXPIRY, EXPIRED):
        azure.azure.tell(azure.vault, what, "db")
    azure.wait_drained()
    assert {line["event"] for line in edsm.logs(msg="event received")} >= {"SecretNearExpiry", "SecretExpired"}
    assert len([line for line in edsm.logs(level="warn") if line.get("secret") == "db"]) == 1, "once for each version"


WRONG: dict[str, tuple[dict[str, object], str, str]] = {
    "no vault": ({"cloudProviderOptions": None}, "MissingVault", "azureVaultURL"),
    "another service": ({"cloudProviderOptions": {"azureVaultURL": "https://edsm.blob.core.windows.net"}}, "InvalidVault",
                        "https://shop-kv.vault.azure.net"),
    "another cloud": ({"cloudProviderOptions": {"azureVaultURL": "https://edsm.vault.azure.cn"}}, "InvalidVault", "this cloud"),
    "two vaults": ({"path": "https://other-kv.vault.azure.net/secrets/db"}, "VaultMismatch", "other-kv"),
}
REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "no-name": ({"path": "prod/shop/db"}, "NAME has letters, digits and -"),
    "a-key": ({"path": "https://edsm-kv.vault.azure.net/keys/db"}, "/secrets/NAME"),
    "a-role": ({"cloudProviderOptions": {"azureVaultURL": "edsm-kv", "roleARN": "arn:aws:iam::1:role/x"}}, "roleARN"),
}


def test_what_is_wrong_with_a_binding_is_said(world: World, azure: AzureWorld) -> None:
    names = {case: case.replace(" ", "-") for case in WRONG}
    for case, (spec, _, _) in WRONG.items():
        azure.bind(names[case], **{"path": "db", **spec})
    for name, (spec, words) in REFUSED.items():
        with pytest.raises(KubeError, match=re.escape(words)):
            azure.bind(name, **{"path": "db", **spec})
    world.start(env=azure.env())
    for case, (_, reason, words) in WRONG.items():
        said = world.wait_reason(names[case], reason)["message"]
        assert words in said, case
    assert not azure.said_to(azure.vault.host, "/secrets")
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.wait_synced("db")


def test_a_vault_that_is_none_is_said_and_holds_up_nobody(world: World, azure: AzureWorld) -> None:
    azure.bind("lost", path="db", cloudProviderOptions={"azureVaultURL": "https://edsm-none.vault.azure.net"})
    azure.bound()
    lost = world.kube.wait("EventDrivenSecret", "lost", world.ns, lambda seen: (
        seen.get("status", {}).get("reason") not in (None, "", "Synced")), "not synced", 60)
    assert "edsm-none.vault.azure.net" in lost["status"]["message"]
    azure.changes_arrive("2")


@pytest.mark.parametrize("role, secret_role", [("Key Vault Reader", "Key Vault Secrets User"), ("secrets/get", None)])
def test_a_sweep_with_lesser_roles(world: World, azure_cloud: Azure, azure_calls: Recorder, role: str,
                                   secret_role: str | None) -> None:
    """Roles on each secret and a reader of the vault; or values only, without any list."""
    azure = AzureWorld(world, azure_cloud, azure_calls, roles=[role])
    if secret_role:
        azure.grants[f"{azure.vault.store.name}/secrets/db"] = [secret_role]
    azure.events.copies = 0
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env(), flags=("--resync-interval=10s",))
    world.wait_synced("db")
    version = azure.put("db", {"n": "2"})
    world.wait_synced("db", version=version)
    wait_for(lambda: edsm.logs(msg="swept", secrets=1), 40, "a sweep", [edsm.process])
    refused = [line for line in edsm.logs(level="warn") if line["msg"].startswith("secrets may not be listed")]
    assert len(refused) == (0 if secret_role else 1), "it says so once"


def test_a_secret_that_is_made_anew_is_found_by_its_event(world: World, azure: AzureWorld) -> None:
    azure.bound(flags=("--resync-interval=10s",))
    azure.azure.delete_secret(azure.vault, "db", purge=True)
    world.wait_reason("db", "SourceGone")
    azure.changes_arrive("2")
    azure.wait_drained()


@pytest.mark.parametrize("cloud, name", [(GOVERNMENT, "AzureUSGovernment"), (CHINA, "AzureChinaCloud")],
                         ids=lambda each: each if isinstance(each, str) else "")
def test_other_clouds_of_azure(world: World, azure_cloud: Azure, azure_calls: Recorder, cloud: Cloud, name: str) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, cloud=cloud)
    begin = len(azure.azure.connects)
    azure.bound(env=azure.env(AZURE_CLOUD=name))
    azure.changes_arrive("2")
    azure.wait_drained()
    assert set(azure.azure.connects[begin:]) == {cloud.login, azure.vault.host, azure.space.host}


@pytest.mark.usefixtures("rights")
def test_a_policy_says_who_may_have_which_vaults_secrets(world: World, azure: AzureWorld, permit: Permit) -> None:
    azure.put("db", {"n": "1"})
    azure.put("root", {"n": "1"})
    permit(provider="azure", paths=["db"], accounts=[azure.vault.store.name])
    azure.bind("db")
    azure.bind("root")
    world.start(env=azure.env(), flags=ENFORCE)
    world.wait_synced("db")
    said = world.wait_reason("root", "NotAllowed")["message"]
    assert "root" in said
    azure.put("root", {"n": "2"})
    azure.changes_arrive("2")
    azure.wait_drained()
    assert set(azure.reads()) == {"db"}
    assert world.kube.find("Secret", "root", world.ns) is None
