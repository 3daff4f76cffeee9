"""EDSM and Service Bus: a message is completed after its effect, comes again after a failure, and ends as a dead
letter if it is no event; and nobody who can write into the queue learns a token by it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azure_world import QUEUE, RECEIVER, AzureWorld
from bed import azure_events
from bed.azure import Azure
from bed.azure_events import Schema
from bed.azure_names import TENANT
from bed.bus_entity import Message
from bed.exchange import Recorder, cut_after, delay, hang, kube_error
from bed.process import wait_for
from world import World

SHORT: dict[str, Any] = {"lock_seconds": 2, "max_deliveries": 50}


def made(world: World, azure_cloud: Azure, calls: Recorder, **queue: Any) -> AzureWorld:
    """A world whose queue has these fields."""
    return AzureWorld(world, azure_cloud, calls, queue=queue)


# -- a message and its effect -------------------------------------------------------

def test_a_message_comes_again_until_its_effect_is_there(world: World, azure_cloud: Azure, azure_calls: Recorder) -> None:
    azure = made(world, azure_cloud, azure_calls, **SHORT)
    azure.bound(wired=True)
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    refusal = world.api_wire.fault(kube_error(403, "Forbidden"), count=None, method="PATCH", path="/secrets/db")
    azure.calls.clear()
    azure.put("db", {"n": "2"})
    world.wait_reason("db", "Forbidden")
    wait_for(lambda: any(message.deliveries > 1 for message in azure.azure.locked(azure.queue)), 20,
             "the message to come again")
    assert azure.settled("DELETE") == [] and azure.stays("db", {"n": b"1"})
    refusal.count = refusal.used

    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
    world.wait_restarts("web", before + 1)
    assert azure.dead() == 0 and world.restarts("web") == before + 1


def test_a_lock_that_ends_during_the_work_does_nothing_twice(world: World, azure: AzureWorld) -> None:
    azure.bound(wired=True)
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    azure.calls.clear()
    edsm = world.programs[0]
    slow = world.api_wire.fault(delay(3), method="PATCH", path="/secrets/db")
    azure.put("db", {"n": "2"})
    wait_for(lambda: slow.used, 20, "the write to begin", [edsm.process])
    azure.azure.pass_time(70)  # nobody holds the lock any more
    wait_for(lambda: [message.deliveries for message in azure.azure.locked(azure.queue)] == [2], 20,
             "the message to be received again", [edsm.process])
    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
    assert {call.status for call in azure.settled("DELETE")} <= {200, 404}
    assert azure.reads() == ["db"]
    world.wait_restarts("web", before + 1)
    azure.changes_arrive("3")
    azure.wait_drained()
    world.wait_restarts("web", before + 2)
    assert world.restarts("web") == before + 2 and azure.dead() == 0


def test_a_message_is_held_while_the_work_takes_long(world: World, azure: AzureWorld) -> None:
    azure.bound(wired=True)
    azure.calls.clear()
    world.api_wire.fault(delay(25), method="PATCH", path="/secrets/db")
    azure.put("db", {"n": "2"})
    world.wait_data("db", {"n": b"2"}, timeout=60)
    azure.wait_drained()
    renewed = azure.settled("POST")
    assert renewed and all(call.status == 200 for call in renewed)
    assert len(azure.said_to(azure.space.host, f"/{QUEUE}/messages/head", "POST")) < 6, "and no hot loop"


def test_a_reply_to_complete_that_is_lost_does_nothing_twice(world: World, azure: AzureWorld) -> None:
    azure.bound()
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    azure.calls.clear()
    azure.azure.wire.fault(cut_after(), method="DELETE", path="/messages/")
    azure.put("db", {"n": "2"})
    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
    world.wait_restarts("web", before + 1)
    assert world.restarts("web") == before + 1 and azure.reads() == ["db"]


@pytest.mark.parametrize("where", ["read", "complete"])
def test_what_was_received_and_not_completed_comes_again_after_a_crash(world: World, azure: AzureWorld, where: str) -> None:
    azure.bound()
    edsm = world.programs[0]
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    azure.calls.clear()
    method, path = {"read": ("GET", "^/secrets/db[?]"), "complete": ("DELETE", "/messages/")}[where]
    rule = azure.azure.wire.fault(hang(), count=None, method=method, path=path)
    version = azure.put("db", {"n": "2"})
    wait_for(lambda: rule.used, 30, f"the {where}", [edsm.process])
    if where == "complete":
        world.wait_synced("db", version=version)
        world.wait_restarts("web", before + 1)
    edsm.kill9()
    azure.azure.wire.clear_faults()
    assert azure.azure.backlog(azure.queue) == 1
    edsm.start()
    edsm.ready(30)
    world.wait_data("db", {"n": b"2"})
    azure.azure.pass_time(70)  # the lock of the program that is no more
    azure.wait_drained()
    world.wait_restarts("web", before + 1)
    assert world.restarts("web") == before + 1


def test_many_messages_are_drained_side_by_side(world: World, azure: AzureWorld) -> None:
    names = [f"s{number}" for number in range(60)]
    for name in names:
        azure.put(name, {"n": "1"})
        azure.bind(name)
    world.start(env=azure.env())
    for name in names:
        world.wait_synced(name)
    azure.wait_drained()
    azure.calls.clear()
    for name in names:
        azure.put(name, {"n": "2"})
    for name in names:
        world.wait_data(name, {"n": b"2"})
    azure.wait_drained()
    assert sorted(azure.reads()) == sorted(names)
    assert len(azure.said_to(azure.space.host, f"/{QUEUE}/messages/head", "POST")) < 4 * len(names)


def test_messages_that_are_delivered_twice_cost_no_second_read(world: World, azure_cloud: Azure,
                                                               azure_calls: Recorder) -> None:
    azure = made(world, azure_cloud, azure_calls, detects_duplicates=False)
    azure.events.copies = 3
    azure.bound()
    azure.calls.clear()
    azure.put("db", {"n": "2"})
    world.wait_data("db", {"n": b"2"})
    azure.wait_drained()
    assert azure.reads() == ["db"] and len(azure.settled("DELETE")) == 3


# -- what is no event ----------------------------------------------------------------

def forged(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "eventType": "Microsoft.KeyVault.SecretNewVersionCreated", **fields}


SENSELESS: dict[str, str] = {
    "no JSON": "hunter2",
    "nothing": "",
    "cut off": json.dumps(forged(data={"Id": "x"}))[:-5],
    "a number": "12345678901234567890",
    "null": "null",
    "an empty object": "{}",
    "array of numbers": "[1, 2, 3]",
    "no data": json.dumps(forged()),
    "data is text": json.dumps(forged(data="text")),
    "names are numbers": json.dumps(forged(data={"Id": 1, "VaultName": 2, "ObjectName": 3})),
    "a name with a way out": json.dumps(forged(data={"VaultName": "kv", "ObjectName": "../../deletedsecrets"})),
    "a vault that is none": json.dumps(forged(data={"VaultName": "evil.example/#", "ObjectName": "db"})),
    "bytes that are no text": "\\x7f\\u0085\\ufffd" * 50,
    "deep": "[" * 50_000 + "]" * 50_000,
    "deep objects": '{"data":' * 5_000 + "1" + "}" * 5_000,
    "large": json.dumps(forged(data="x" * 250_000))[:-1],
    "records of nothing": json.dumps({"records": [{"time": "now"}]}),
}


@pytest.mark.parametrize("max_deliveries", [2])
def test_senseless_messages_disturb_nobody_and_end_with_the_dead_letters(
        world: World, azure_cloud: Azure, azure_calls: Recorder, max_deliveries: int) -> None:
    azure = made(world, azure_cloud, azure_calls, lock_seconds=1, max_deliveries=max_deliveries)
    azure.bound()
    edsm = world.programs[0]
    azure.calls.clear()
    for body in SENSELESS.values():
        azure.send(body)
    azure.changes_arrive("between")
    wait_for(lambda: azure.dead() == len(SENSELESS), 60, "all to be dead letters", [edsm.process])
    azure.wait_drained()
    azure.changes_arrive("after")
    lines = edsm.logs(msg="message is no event; left for the dead-letter queue")
    assert len(lines) >= len(SENSELESS) and max(line["received"] for line in lines) == max_deliveries
    assert "hunter2" not in edsm.process.log.read_text()
    assert set(azure.reads()) == {"db"}


def test_what_concerns_nobody_is_completed_without_a_call(world: World, azure: AzureWorld) -> None:
    azure.bound()
    azure.calls.clear()
    vault = azure.vault.store.name
    others = [azure.message(azure.data("unbound")), azure.message(azure.data("db-but-longer")),
              azure.message(azure.data("db", kind="Key")),
              azure_events.message(azure_events.envelope(Schema.CLOUD_EVENTS, "Microsoft.KeyVault.VaultAccessPolicyChanged",
                                                         vault, vault, {})),
              azure_events.message(azure_events.envelope(Schema.EVENT_GRID, "Microsoft.EventGrid.SubscriptionValidationEvent",
                                                         "", vault, {"validationCode": "x"}), kind="SubscriptionValidation"),
              Message(azure_events.records(azure_events.audit_record(vault, "SecretGet", f"{azure.vault.store.url}/secrets/db")))]
    for message in others:
        azure.send(message)
    azure.wait_drained()
    assert azure.reads() == [] and len(azure.settled("DELETE")) == len(others) and azure.dead() == 0


# -- what is forged -----------------------------------------------------------------

def test_a_foreign_vaults_event_leads_nowhere(world: World, azure: AzureWorld) -> None:
    azure.bound()
    known = set(azure.azure.connects)
    for url in ("https://evil.example", "https://evil-kv.vault.azure.net", "https://127.0.0.1:1",
                f"https://{azure.vault.host}@evil.example", f"https://{azure.vault.host}.evil.example"):
        data = azure_events.data_of("evil-kv", url, "db", "0" * 32)
        azure.send(azure.message(data))
        azure.send(azure.message(data | {"VaultName": azure.vault.store.name}))
    azure.changes_arrive("2")
    azure.wait_drained()
    assert set(azure.azure.connects) == known, "neither a token nor anything else"


def test_a_lock_that_leads_elsewhere_is_not_followed(world: World, azure_cloud: Azure, azure_calls: Recorder) -> None:
    azure = made(world, azure_cloud, azure_calls, lock_seconds=1, max_deliveries=2)
    azure.bound()
    known = set(azure.azure.connects)
    azure.space.location = f"https://evil-bus.servicebus.windows.net/{QUEUE}/messages/1/2"
    azure.send(azure.message(azure.data("db")))
    line = world.programs[0].wait_log(20, msg="message is no event; left for the dead-letter queue")
    assert "Location" in line["why"]
    wait_for(lambda: azure.dead() == 1, 20, "the dead letter", [world.programs[0].process])
    azure.space.location = None
    azure.changes_arrive("2")
    assert set(azure.azure.connects) == known


def test_a_list_that_goes_on_elsewhere_is_not_followed(world: World, azure: AzureWorld) -> None:
    azure.azure.offset = -3600  # so that the times of its secrets have settled, and the vault is listed
    world.at_end(lambda: setattr(azure.azure, "offset", 0))
    for number in range(27):
        azure.put(f"s{number}", {"n": "1"})
    azure.vault.next_link = "https://evil-kv.vault.azure.net/secrets?api-version=7.4&$skiptoken=x"
    for number in range(27):
        azure.bind(f"s{number}")
    edsm = world.start(env=azure.env(), flags=("--resync-interval=10s",))
    for number in range(27):
        world.wait_synced(f"s{number}")
    wait_for(lambda: len(edsm.logs(msg="swept", secrets=27)) >= 3, 60, "three sweeps", [edsm.process])
    assert azure.said_to(azure.vault.host, "/secrets?"), "it did list"
    assert "evil-kv.vault.azure.net" not in azure.azure.connects


def test_a_vault_that_asks_for_another_services_token_gets_none(world: World, azure: AzureWorld) -> None:
    azure.bound()
    edsm = world.programs[0]
    served, unknown = azure.azure.entra.served[200], azure.azure.entra.served["AADSTS500011"]
    azure.vault.challenge = (f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", '
                             'resource="https://management.azure.com"')
    azure.azure.bearers.revoke_all(azure.app.name)
    azure.ask_again("db")
    line = edsm.wait_log(60, msg="binding not synced", reason="CredentialsRejected")
    assert "asks for a token for another service than vault.azure.net; none is sent" in line["message"]
    entra = azure.azure.entra
    assert entra.served["AADSTS500011"] == unknown and entra.served[200] <= served + 1  # the queue's token is revoked, too
    azure.vault.challenge = None
    world.wait_synced("db")


# -- other queues ---------------------------------------------------------------------

def test_a_topics_subscription_and_a_queue_are_both_heard(world: World, azure: AzureWorld) -> None:
    azure.space.topic("changes")
    heard, other = (azure.space.subscription("changes", name) for name in ("edsm", "other"))
    azure.grants[f"{azure.space.name}/changes"] = [RECEIVER]
    second = azure.azure.vault(f"{azure.vault.store.name}-2")
    azure.grants[second.store.name] = ["Key Vault Secrets User"]
    azure.azure.subscribe(second, azure.space, "changes")
    azure.azure.put_secret(second, "db", {"n": "other"})
    azure.bind("second", path=f"{second.store.url}/secrets/db", cloudProviderOptions=None)
    urls = f"{azure.queue_url}, https://{azure.space.host}/changes/Subscriptions/edsm"
    azure.bound(env=azure.env(AZURE_SERVICEBUS_QUEUE_URL=urls))
    world.wait_data("second", {"n": b"other"})
    azure.wait_drained(heard)

    azure.azure.put_secret(second, "db", {"n": "2"})
    world.wait_data("second", {"n": b"2"})
    azure.changes_arrive("2")
    azure.wait_drained()
    azure.wait_drained(heard)
    assert azure.azure.backlog(other) == 2, "another's subscription is left alone"


@pytest.mark.parametrize("names_queue", [False, True])
def test_a_queue_is_received_from_by_a_shared_key(world: World, azure_cloud: Azure, azure_calls: Recorder,
                                                  names_queue: bool) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, bus_roles=[])
    key = azure.space.key("listen", "Listen")
    connection = f"Endpoint=sb://{azure.space.host}/;SharedAccessKeyName={key.name};SharedAccessKey={key.key}"
    env = azure.env(queue=not names_queue) | {
        "AZURE_SERVICEBUS_CONNECTION_STRING": connection + (f";EntityPath={QUEUE}" if names_queue else "")}
    azure.bound(env=env)
    azure.changes_arrive("2")
    azure.wait_drained()
    heads = azure.said_to(azure.space.host, f"/{QUEUE}/messages", "POST")
    assert heads and all(call.headers["authorization"].startswith("SharedAccessSignature ") for call in heads)
    assert key.key not in world.programs[0].process.log.read_text()


# -- queues that cannot be read ---------------------------------------------------------

def test_a_queue_with_sessions_is_refused_with_a_remedy(world: World, azure_cloud: Azure, azure_calls: Recorder) -> None:
    azure = made(world, azure_cloud, azure_calls, sessions=True)
    azure.put("db", {"n": "1"})
    azure.bind("db")
    edsm = world.start(env=azure.env())
    world.wait_synced("db")
    said = edsm.wait_log(20, msg="queue cannot be read")["error"]
    assert "sessions" in said and f"{azure.space.host}/{QUEUE}" in said
    azure.queue.sessions = False
    azure.wait_drained(timeout=75)
    azure.changes_arrive("2")


def test_a_missing_role_or_queue_is_named_and_taken_up_later(world: World, azure_cloud: Azure, azure_calls: Recorder) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, bus_roles=[])
    azure.put("db", {"n": "1"})
    azure.bind("db")
    urls = f"{azure.queue_url},https://{azure.space.host}/none"
    edsm = world.start(env=azure.env(AZURE_SERVICEBUS_QUEUE_URL=urls))
    world.wait_synced("db")
    wait_for(lambda: len({line["queue"] for line in edsm.logs(msg="queue cannot be read")}) == 2, 20, "both", [edsm.process])
    said = " ".join(line["error"] for line in edsm.logs(msg="queue cannot be read"))
    assert f'grant the role "{RECEIVER}" on {azure.space.host}/{QUEUE}' in said
    assert edsm.health("/healthz") == 200
    azure.grants[f"{azure.space.name}/{QUEUE}"] = [RECEIVER]
    azure.wait_drained(timeout=75)
    azure.changes_arrive("2")
