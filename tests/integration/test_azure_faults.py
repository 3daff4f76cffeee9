"""What Azure does to its clients, for one call, for a while or for long: EDSM recovers by itself, does not hammer
on it meanwhile, and says how it is."""

from __future__ import annotations

import itertools
import json
import random
import signal
import time
from contextlib import suppress

import pytest

from azure_world import QUEUE, AzureWorld
from bed.azure import Azure
from bed.exchange import Exchange, Fault, Recorder, answer, cut_after, cut_before, delay, hang, truncate
from bed.process import wait_for
from world import World

JSON = {"Content-Type": "application/json; charset=utf-8"}


def vault_error(status: int, code: str, **headers: str) -> Fault:
    """An error as Key Vault sends it; a header's name has _ for -."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return answer(status, json.dumps({"error": {"code": code, "message": "injected"}}), JSON | named)


def bus_error(status: int, detail: str) -> Fault:
    """An error as Service Bus sends it."""
    return answer(status, f"<Error><Code>{status}</Code><Detail>{detail}</Detail></Error>",
                  {"Content-Type": "application/xml; charset=utf-8"})


VAULT_FAULTS: dict[str, Fault] = {
    "throttled": vault_error(429, "Throttled", Retry_After="1"),
    "throttled without a wish": vault_error(429, "Throttled"),
    "internal error": vault_error(500, "InternalServerError"),
    "no code at all": answer(503, "<html>", {"Content-Type": "text/html"}),
    "a proxy's 404": answer(404, "<html>", {"Content-Type": "text/html"}),
    "success that is not JSON": answer(200, "not JSON", JSON),
    "empty success": answer(200, "{}", JSON),
    "another secret": answer(200, json.dumps({"value": "x", "id": "https://evil-kv.vault.azure.net/secrets/db/1"}), JSON),
    "connection cut before": cut_before(),
    "reply lost": cut_after(),
    "reply torn": truncate(20),
    "late": delay(2),
}
BUS_FAULTS: dict[str, Fault] = {
    "throttled": bus_error(429, "throttled"),
    "server busy": bus_error(503, "ServerBusy"),
    "expired by its own clock": bus_error(401, "ExpiredToken: The token is expired. Expiration time: 'x'.TrackingId:1"),
    "gateway gave up": answer(504, "<html>", {"Content-Type": "text/html"}),
    "empty success": answer(200, "", {}),
    "no broker properties": answer(201, "{}", {"Location": "nowhere"}),
    "connection cut before": cut_before(),
    "reply lost": cut_after(),
    "late": delay(2),
}


def prepared(world: World, azure: AzureWorld) -> int:
    """A synced binding and a recorded Deployment; its restarts so far."""
    azure.bound()
    world.wait_next_second()
    world.workload("web", ["db"])
    return world.wait_recorded("web")


def test_a_failed_read_is_made_good_without_a_second_effect(world: World, azure: AzureWorld) -> None:
    before = prepared(world, azure)
    for number, (name, fault) in enumerate(VAULT_FAULTS.items(), 1):
        rule = azure.azure.wire.fault(fault, method="GET", path="^/secrets/db[?]")
        version = azure.put("db", {"n": f"after {name}"})
        try:
            world.wait_data("db", {"n": f"after {name}".encode()})
        except TimeoutError as error:
            raise AssertionError(name) from error
        world.wait_synced("db", version=version)
        world.wait_restarts("web", before + number)
        assert rule.used == 1, name
    azure.azure.pass_time(70)
    azure.wait_drained()
    assert world.restarts("web") == before + len(VAULT_FAULTS) and azure.dead() == 0


def test_a_failed_receive_is_made_good_without_a_second_effect(world: World, azure_cloud: Azure,
                                                               azure_calls: Recorder) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, queue={"lock_seconds": 2, "max_deliveries": 50})
    before = prepared(world, azure)
    for number, (name, fault) in enumerate(BUS_FAULTS.items(), 1):
        rule = azure.azure.wire.fault(fault, method="POST", path=f"^/{QUEUE}/messages/head")
        azure.azure.wire.cut_open(path=f"^/{QUEUE}/messages/head")  # so that it is the next poll that gets the message
        wait_for(lambda: rule.used, 40, f"the next poll: {name}", [world.programs[0].process])
        azure.put("db", {"n": f"after {name}"})
        try:
            world.wait_data("db", {"n": f"after {name}".encode()}, timeout=40)
        except TimeoutError as error:
            raise AssertionError(name) from error
        world.wait_restarts("web", before + number)
    azure.wait_drained()
    assert world.restarts("web") == before + len(BUS_FAULTS) and azure.dead() == 0


def test_a_storm_of_failures_loses_and_doubles_nothing(world: World, azure_cloud: Azure, azure_calls: Recorder) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, queue={"lock_seconds": 2, "max_deliveries": 1000})
    names, chance = [f"s{number}" for number in range(6)], random.Random(7)
    for name in names:
        azure.put(name, {"n": "0"})
        azure.bind(name)
    world.start(env=azure.env())
    for name in names:
        world.wait_synced(name)
    world.wait_next_second()
    for name in names:
        world.workload(name, [name])
    before = {name: world.wait_recorded(name) for name in names}
    azure.wait_drained()
    faults = [fault for fault in (*VAULT_FAULTS.values(), *BUS_FAULTS.values())
              if fault.status is None or fault.status >= 429]
    for fault in faults:
        azure.azure.wire.fault(fault, count=None, when=lambda call: chance.random() < 0.04)
    for number in range(40):
        seen = len(azure.calls.find())
        azure.put(names[number % len(names)], {"n": f"{number}"})
        wait_for(lambda: len(azure.calls.find()) > seen, 40, "it to do something")
    failed = [call for call in azure.calls.find() if call.fault]
    azure.azure.wire.clear_faults()
    for index, name in enumerate(names):
        last = max(number for number in range(40) if number % len(names) == index)
        world.wait_data(name, {"n": f"{last}".encode()}, timeout=60)
    azure.wait_drained(timeout=60)
    for name in names:
        world.wait_restarts(name, before[name] + 1)
        assert world.restarts(name) <= before[name] + 7, "no more restarts than changes"
    assert len(failed) > 20 and azure.dead() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_program_that_is_killed_at_any_moment_loses_nothing(world: World, azure_cloud: Azure,
                                                              azure_calls: Recorder, seed: int) -> None:
    azure = AzureWorld(world, azure_cloud, azure_calls, queue={"lock_seconds": 3, "max_deliveries": 1000})
    names, chance = [f"s{number}" for number in range(4)], random.Random(seed)
    for name in names:
        azure.put(name, {"n": "0"})
        azure.bind(name)
    edsm = world.start(wired=True, env=azure.env())
    for name in names:
        world.wait_synced(name)
    world.wait_next_second()
    for name in names:
        world.workload(name, [name])
    before = {name: world.wait_recorded(name) for name in names}
    azure.wait_drained()

    def kill_at(left: int) -> None:
        """At one of the next exchanges that are no polls and watches, before or after its effect."""
        count = itertools.count(1)

        def strikes(call: Exchange) -> bool:
            waiting = "watch=true" in call.path or "/messages/head" in call.path
            if waiting or next(count) != left:
                return False
            edsm.process.signal(signal.SIGKILL)
            return True
        fault = chance.choice([cut_before(), cut_after()])
        for wire in (azure.azure.wire, world.api_wire):
            wire.fault(fault, when=strikes)

    for number in range(12):
        kill_at(chance.randint(1, 14))
        for name in names:
            azure.put(name, {"n": f"{number}"})
        with suppress(TimeoutError):
            edsm.process.wait(2)
        edsm.kill9()
        for wire in (azure.azure.wire, world.api_wire):
            wire.clear_faults()
        edsm.start()
        edsm.ready(30)
    for name in names:
        world.wait_data(name, {"n": b"11"}, timeout=60)
    azure.wait_drained(timeout=60)
    for name in names:
        world.wait_restarts(name, before[name] + 1)
        assert world.restarts(name) <= before[name] + 12, "no more restarts than changes"
    assert azure.dead() == 0


def test_throttling_is_obeyed(world: World, azure: AzureWorld) -> None:
    azure.bound()
    azure.calls.clear()
    azure.vault.throttled, azure.vault.retry_after = 2, 3
    azure.put("db", {"n": "2"})
    world.wait_data("db", {"n": b"2"})
    refused = azure.calls.find(status=429)
    asked = azure.said_to(azure.vault.host, "/secrets/db?")
    assert len(refused) == 2
    for call in refused:
        later = min((each.began_at for each in asked if each.began > call.began), default=0)
        assert later - call.ended_at >= 2.9, "Retry-After is 3 s"
    azure.wait_drained()


def of_db(call: Exchange) -> bool:
    return call.path.startswith("/secrets/db?")


def test_throttling_of_one_secret_is_said_and_holds_up_nobody_else(world: World, azure: AzureWorld) -> None:
    azure.put("other", {"n": "1"})
    azure.bind("other")
    azure.bound()
    world.wait_synced("other")
    edsm = world.programs[0]
    slow = azure.azure.wire.fault(vault_error(429, "Throttled"), count=None, when=of_db)
    azure.put("db", {"n": "2"})
    wait_for(lambda: slow.used, 20, "the first refusal")
    began = time.monotonic()
    version = azure.put("other", {"n": "2"})
    world.wait_synced("other", version=version)
    said = world.wait_reason("db", "Throttled", timeout=60)
    assert "keyvault" in said["message"] and azure.vault.host in said["message"]
    assert slow.used <= 5 + 2 * (time.monotonic() - began), "it is asked ever more seldom"
    assert edsm.metric("edsm_messages_held") == 1
    assert edsm.metric("edsm_api_calls_total", service="keyvault", operation="GetSecret", code="Throttled") >= slow.used
    azure.azure.wire.clear_faults()
    azure.changes_arrive("3")  # an event tries again at once
    azure.wait_drained()


@pytest.mark.parametrize("fault", [cut_before(), hang(), answer(503, "")], ids=lambda fault: fault.name)
def test_a_vault_that_is_away_is_said_and_found_again(world: World, azure: AzureWorld, fault: Fault) -> None:
    azure.bound()
    edsm = world.programs[0]
    azure.azure.wire.fault(fault, count=None)
    azure.azure.wire.cut_open()
    azure.calls.clear()
    began = time.monotonic()
    world.kube.patch("Secret", "db", world.ns, {"data": {"n": "d3Jvbmc="}})  # to be healed by a read
    said = world.wait_reason("db", "SourceUnavailable", timeout=90)
    assert azure.vault.host in said["message"]
    assert len(azure.calls.find()) <= 20 + 2 * (time.monotonic() - began), "no hot loop"
    assert edsm.health("/healthz") == edsm.health("/readyz") == 200, "a restart would not help"
    azure.azure.wire.clear_faults()
    azure.azure.wire.cut_open()
    azure.ask_again("db")
    world.wait_data("db", {"n": b"1"}, timeout=60)
    azure.changes_arrive("2")
    azure.wait_drained(timeout=60)


VALUES: dict[str, tuple[str, dict[str, object], dict[str, bytes]]] = {
    "text beyond ASCII": ('{"a":"Zürich – 北京 🔐"}', {}, {"a": "Zürich – 北京 🔐".encode()}),
    "numbers keep their digits": ('{"big":12345678901234567890,"exp":1E+2}', {}, {"big": b"12345678901234567890", "exp": b"1E+2"}),
    "plain text": ("no JSON\r\nat all\n", {}, {"value": b"no JSON\r\nat all\n"}),
    "nothing": ("", {}, {"value": b""}),
    "NUL": ("a\0b", {}, {"value": b"a\0b"}),
    "25 KiB": ("x" * 25600, {"rawKey": "big"}, {"big": b"x" * 25600}),
    "JSON taken as text": ('{"a": 1}', {"format": "Text", "rawKey": "config.json"}, {"config.json": b'{"a": 1}'}),
    "selected and renamed": ('{"db":{"password":"p"},"unused":"u"}',
                             {"data": [{"secretKey": "PASSWORD", "property": "db.password"}]}, {"PASSWORD": b"p"}),
}


def test_values_arrive_byte_for_byte(world: World, azure: AzureWorld) -> None:
    for number, (value, spec, _) in enumerate(VALUES.values()):
        azure.put(f"v{number}", value)
        azure.bind(f"v{number}", **spec)
    azure.put("file", "bm8gUEZY", contentType="application/x-pkcs12")
    azure.bind("file")
    world.start(env=azure.env())
    for number, (case, (_, _, data)) in enumerate(VALUES.items()):
        try:
            world.wait_data(f"v{number}", data)
        except TimeoutError as error:
            raise AssertionError(case) from error
    world.wait_data("file", {"value": b"bm8gUEZY"})  # what only claims to be one
