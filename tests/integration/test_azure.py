"""EDSM with Azure, alone and beside AWS."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest

import manifests
from azure_world import QUEUE, AzureWorld
from bed import azure_events
from bed.azure import Azure
from bed.azure_events import Schema
from bed.azure_names import TENANT
from bed.bus_entity import Message
from bed.exchange import Recorder, cut_before, delay, hang
from bed.process import wait_for
from google_world import WITHOUT_AWS
from world import World


@pytest.fixture(scope="module")
def calls() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def azure_cloud(calls: Recorder) -> Iterator[Azure]:
    with Azure(recorder=calls) as azure:
        yield azure


@pytest.fixture
def azure(world: World, azure_cloud: Azure, calls: Recorder) -> AzureWorld:
    return AzureWorld(world, azure_cloud, calls)


def stays(world: World, name: str, data: dict[str, bytes]) -> bool:
    return manifests.decoded(world.kube.get("Secret", name, world.ns)) == data


@pytest.mark.parametrize("schema", Schema)
def test_a_change_reaches_the_secret_and_the_workload_and_is_acknowledged_after_it(
        world: World, azure_cloud: Azure, calls: Recorder, schema: Schema) -> None:
    azure = AzureWorld(world, azure_cloud, calls, schema=schema)
    first = azure.put("db", {"password": "swordfish1"})
    azure.bind("db")
    edsm = world.start(wired=True, env=WITHOUT_AWS | azure.env())
    world.wait_synced("db", version=first)
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    azure.wait_drained()
    world.calls.clear()
    calls.clear()
    # Slow enough that an acknowledgement that does not wait would come first.
    world.api_wire.fault(delay(0.5), count=None, method="PATCH", path="/secrets/db|/deployments/web")

    second = azure.put("db", {"password": "swordfish2"})
    world.wait_data("db", {"password": b"swordfish2"})
    assert azure.azure.locked(azure.queue), "until its effect is there"
    world.wait_synced("db", version=second)
    world.wait_restarts("web", before + 1)
    azure.wait_drained()

    assert azure.reads() == ["db"], "once"
    assert len(azure.said_to(azure.space.host, f"/{QUEUE}/messages/", "DELETE")) == 1
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
    assert stays(world, "pinned", {"n": b"1"})

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
    assert stays(world, "disabled", {"n": b"1"}) and stays(world, "deleted", {"n": b"1"})
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


def test_what_is_no_event_is_counted_and_not_quoted(world: World, azure: AzureWorld) -> None:
    azure.azure.send(azure.space, QUEUE, "no event, hunter2")
    edsm = world.start(env=azure.env())
    line = edsm.wait_log(20, msg="message is no event; left for the dead-letter queue")
    assert "JSON" in line["why"] and line["received"] == 1
    assert "hunter2" not in edsm.process.log.read_text()


def test_a_foreign_vaults_event_leads_nowhere(world: World, azure: AzureWorld) -> None:
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env())
    world.wait_synced("db")
    azure.wait_drained()
    known = set(azure.azure.connects)
    for url in ("https://evil.example", "https://evil-kv.vault.azure.net"):
        data = azure_events.data_of("evil-kv", url, "db", "0" * 32)
        azure.azure.send(azure.space, QUEUE, azure_events.message(azure_events.event(Schema.EVENT_GRID, "NewVersionCreated", data)))
    azure.wait_drained()
    assert set(azure.azure.connects) == known


def test_a_missing_role_is_named(world: World, azure_cloud: Azure, calls: Recorder) -> None:
    azure = AzureWorld(world, azure_cloud, calls, roles=["Key Vault Reader"])
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env())
    said = world.wait_reason("db", "AccessDenied")["message"]
    assert f"the secret db of {azure.vault.host}; grant the role Key Vault Secrets User on {azure.vault.host}" in said


def test_a_vault_that_asks_for_another_services_token_gets_none(world: World, azure: AzureWorld) -> None:
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env(queue=False))
    world.wait_synced("db")
    served = azure.azure.entra.served[200]
    azure.vault.challenge = (f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", '
                             'resource="https://management.azure.com"')
    azure.azure.bearers.revoke_all(azure.app.name)
    world.kube.patch("EventDrivenSecret", "db", world.ns, {"metadata": {"annotations": {manifests.SYNC_REQUEST: "again"}}})
    line = edsm.wait_log(30, msg="binding not synced", reason="CredentialsRejected")
    assert "asks for a token for another service than vault.azure.net; none is sent" in line["message"]
    assert azure.azure.entra.served[200] == served
    azure.vault.challenge = None
    world.wait_synced("db")


@pytest.mark.parametrize("fault", [cut_before(), hang()], ids=lambda fault: fault.name)
def test_a_cloud_that_is_down_does_not_hold_up_the_other(world: World, azure: AzureWorld, fault: object) -> None:
    world.put("aws", {"n": "1"})
    world.bind("aws", path=world.path("aws"))
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env())
    world.wait_synced("aws")
    world.wait_synced("db")
    rule = azure.azure.wire.fault(fault, count=None)
    azure.azure.wire.cut_open()
    azure.put("db", {"n": "2"})
    world.put("aws", {"n": "2"})
    world.wait_data("aws", {"n": b"2"}, timeout=25)
    azure.azure.wire.rules.remove(rule)
    azure.azure.wire.cut_open()
    world.wait_data("db", {"n": b"2"}, timeout=90)
    azure.wait_drained()


def test_what_was_received_and_not_completed_comes_again_after_a_crash(world: World, azure: AzureWorld) -> None:
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env())
    world.wait_synced("db")
    azure.wait_drained()
    rule = azure.azure.wire.fault(hang(), count=None, path="^/secrets/db[?]")
    azure.put("db", {"n": "2"})
    edsm.wait_log(msg="event received", event="SecretNewVersionCreated")
    edsm.kill9()
    azure.azure.wire.rules.remove(rule)
    edsm.start()
    edsm.ready(30)
    world.wait_data("db", {"n": b"2"})
    azure.azure.pass_time(120)  # the lock of the program that is no more
    azure.wait_drained()


def test_a_token_that_was_revoked_is_renewed(world: World, azure: AzureWorld) -> None:
    azure.put("db", {"n": "1"})
    azure.bind("db")
    world.start(env=azure.env())
    world.wait_synced("db")
    azure.wait_drained()
    azure.azure.bearers.revoke_all(azure.app.name)
    azure.put("db", {"n": "2"})
    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
