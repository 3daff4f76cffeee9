"""`edsm doctor` and `edsm impact` on Azure: each fault is found, and the role that is named mends it."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azure_world import QUEUE, AzureWorld
from bed import ROOT
from bed.azure import Azure
from bed.bus_entity import Message
from bed.exchange import Recorder, answer
from bed.process import wait_for
from google_world import WITHOUT_AWS
from test_doctor import call, doctor, failures, metrics_url, of_level, one
from test_doctor_google import run
from world import PATIENCE, World

OWNER, SENDER = "Azure Service Bus Data Owner", "Azure Service Bus Data Sender"


@pytest.fixture(scope="module")
def calls() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def azure_cloud(calls: Recorder) -> Iterator[Azure]:
    with Azure(recorder=calls) as azure:
        yield azure


class Setup(AzureWorld):
    """One binding in sync, whose events come as docs/azure.md says."""

    def let(self, where: str, *roles: str) -> None:
        """Gives EDSM these roles there, and no others."""
        self.app.grants[where] = list(roles)  # the bed's dict is ours

    @property
    def bus(self) -> str:
        return f"{self.space.name}/{QUEUE}"

    def start(self, **options: Any) -> Setup:
        self.put("db", {"a": "1"})
        self.bind("db")
        self.world.start(env=WITHOUT_AWS | self.env(), **options)
        self.world.wait_synced("db")
        self.wait_drained()
        self.calls.clear()
        return self


@pytest.fixture
def azure(world: World, azure_cloud: Azure, calls: Recorder) -> Setup:
    world.at_end(azure_cloud.wire.clear_faults)
    return Setup(world, azure_cloud, calls)


def test_everything_in_order_with_the_roles_that_are_documented(world: World, azure: Setup) -> None:
    azure.start()

    code, findings = doctor(world)

    assert code == 0 and not of_level(findings, "FAIL", "WARN"), findings
    areas = {finding["area"] for finding in findings if finding["level"] == "ok"}
    assert {"identity", "clock", "queue", "vault", "iam", "secrets"} <= areas
    assert [area for area, _ in of_level(findings, "unknown")] == ["admission", "queue", "events"]
    assert azure.app.client_id in one(findings, "ok", "identity", "a client secret (AZURE_CLIENT_SECRET)")["what"]
    one(findings, "ok", "clock", "that of Azure")
    one(findings, "ok", "secrets", f"azure/{azure.vault.store.name}: 1 of 1 secret can be seen")
    assert azure.reads() == [], "no value is read"
    assert not [each for each in findings if re.search("AWS|SQS|EventBridge|Google|Pub/Sub", str(each))], "there is none"


def test_no_message_is_touched(world: World, azure: Setup) -> None:
    azure.start()
    other = azure.space.queue("other")
    azure.let(f"{azure.space.name}/other", OWNER)
    azure.azure.send(azure.space, "other", Message(b"{}"))

    _, findings = doctor(world, AZURE_SERVICEBUS_QUEUE_URL=f"https://{azure.space.host}/other")

    one(findings, "ok", "queue", "reachable, held for 60 s; 1 message waiting")
    one(findings, "ok", "queue", "its dead-letter queue is empty")
    assert azure.said_to(azure.space.host, "/other/messages/head", "POST") == []
    message = other.receive(time.time() + azure.azure.offset)
    assert message and message.deliveries == 1, "the first delivery is this one"


# -- broken in one place --------------------------------------------------------------


Break = Callable[[Setup], Any]
FIREWALL = answer(403, json.dumps({"error": {"code": "Forbidden", "message": "Client address is not authorized.",
                                             "innererror": {"code": "ForbiddenByFirewall"}}}),
                  {"Content-Type": "application/json"})


def soon(seconds: float) -> int:
    return int(time.time() + seconds)


# What is broken, the finding's level, area and words, and whether its remedy is a role that mends it.
BROKEN: dict[str, tuple[Break, str, str, str, bool]] = {
    "may not receive": (lambda a: a.let(a.bus), "FAIL", "queue", "or there is no such queue", True),
    "may not read": (lambda a: a.let(a.vault.store.name, "Key Vault Reader"), "FAIL", "iam", "get is not permitted", True),
    "may not list": (lambda a: a.let(a.vault.store.name, "secrets/get"),
                     "note", "iam", "list of its versions is not permitted", True),
    "disabled": (lambda a: a.azure.patch_secret(a.vault, "db", attributes={"enabled": False}),
                 "WARN", "secrets", "db is disabled", False),
    "expired": (lambda a: a.azure.patch_secret(a.vault, "db", attributes={"exp": soon(-60)}),
                "WARN", "secrets", "db has expired", False),
    "not yet valid": (lambda a: a.azure.patch_secret(a.vault, "db", attributes={"nbf": soon(3600)}),
                      "WARN", "secrets", "db is not valid yet", False),
    "deleted": (lambda a: a.azure.delete_secret(a.vault, "db"), "FAIL", "secrets", "db does not exist, or was deleted", False),
    "firewall": (lambda a: a.azure.wire.fault(FIREWALL, count=None, path="/secrets/db"),
                 "FAIL", "vault", "ForbiddenByFirewall", False),
}


def obey(azure: Setup, command: str) -> None:
    """Does what a remedy says: a role that is given by `az`."""
    command = command.rpartition("): ")[2].partition("; or")[0]
    words = shlex.split(command)
    assert words[:4] == ["az", "role", "assignment", "create"], command
    flags = dict(zip(words[4::2], words[5::2], strict=True))
    assert flags["--assignee"] == azure.app.client_id
    if azure.space.name in flags["--scope"]:
        assert flags["--scope"].endswith(f")/queues/{QUEUE}")
        azure.let(azure.bus, flags["--role"])
    else:
        assert f"az keyvault show --name {azure.vault.store.name} " in flags["--scope"]
        _, _, secret = flags["--scope"].partition(")")
        azure.let(azure.vault.store.name + secret, flags["--role"])


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named(world: World, azure: Setup, what: str) -> None:
    do, level, area, words, role = BROKEN[what]
    azure.start()
    do(azure)

    code, findings = doctor(world)

    found = one(findings, level, area, words)
    assert code == (1 if level == "FAIL" else 0)
    assert [each for each in failures(findings) if each[0] != "binding"] == (
        [(area, found["what"])] if level == "FAIL" else [])
    if not role:
        return
    obey(azure, found["remedy"])
    code, after = doctor(world)
    assert not [each for each in of_level(after, "FAIL", "WARN") if each[0] != "binding"], found["remedy"]


@pytest.mark.parametrize(("fields", "level", "words"), [
    ({"sessions": True}, "FAIL", "it requires sessions"),
    ({"status": "ReceiveDisabled"}, "FAIL", "its status is ReceiveDisabled"),
    ({"partitioned": True}, "WARN", "it is partitioned"),
    ({"lock_seconds": 5}, "WARN", "messages come back after 5 s already"),
    ({"max_deliveries": 1}, "WARN", "given up after 1"),
], ids=["sessions", "disabled", "partitioned", "short lock", "few deliveries"])
def test_how_a_queue_is_set_up_as_seen_by_who_may_manage_it(world: World, azure: Setup, fields: dict[str, Any],
                                                            level: str, words: str) -> None:
    azure.start()
    azure.space.queue("other", **fields)
    azure.let(f"{azure.space.name}/other", OWNER)
    code, findings = doctor(world, AZURE_SERVICEBUS_QUEUE_URL=f"https://{azure.space.host}/other")
    one(findings, level, "queue", words)
    assert code == (1 if level == "FAIL" else 0)


def test_what_is_broken_elsewhere_is_named(world: World, azure: Setup) -> None:
    azure.start()
    azure.let(azure.space.name, "Azure Service Bus Data Receiver")

    code, findings = doctor(world, AZURE_SERVICEBUS_QUEUE_URL=f"https://{azure.space.host}/none")
    assert code == 1
    assert "AZURE_SERVICEBUS_QUEUE_URL" in one(findings, "FAIL", "queue", "NoEntity")["remedy"]
    assert [area for area, _ in failures(findings)] == ["queue"]

    code, findings = doctor(world, AZURE_SERVICEBUS_QUEUE_URL="")
    assert code == 0
    assert "AZURE_SERVICEBUS_QUEUE_URL" in one(findings, "WARN", "queue", "only the sweep finds changes")["remedy"]

    code, findings = doctor(world, AZURE_CLIENT_SECRET="wrong")
    assert code == 1 and [area for area, _ in failures(findings)] == ["identity"]

    code, findings = doctor(world, AZURE_SERVICEBUS_QUEUE_URL="https://nowhere.example.com/q")
    assert code == 1 and [area for area, _ in failures(findings)] == ["identity"]
    assert "AZURE_SERVICEBUS_QUEUE_URL" in failures(findings)[0][1]


# -- other commands ---------------------------------------------------------------------


def test_impact_knows_its_names(world: World, azure: Setup) -> None:
    azure.start()
    version = azure.put("db", {"a": "2"})
    azure.bind("pinned", path=f"db/{version}")
    azure.bind("whole", path=f"{azure.vault.store.url}/secrets/other", cloudProviderOptions=None)
    world.workload("web", ["db"])
    world.wait_synced("db", version=version)
    vault, url = azure.vault.store.name, azure.vault.store.url
    for wanted in ("db", f"{vault}/db", f"{url}/secrets/DB"):
        assert "changes 1 Secret in 1 namespace and restarts 1 workload" in run(world, "impact", wanted), wanted
    assert "changes 2 Secrets" in run(world, "impact", f"{url}/secrets/db/{version}")
    assert "changes 1 Secret in" in run(world, "impact", f"{vault}/other")
    assert "no EventDrivenSecret here reads" in run(world, "impact", "https://elsewhere.vault.azure.net/secrets/db")


def test_a_probe_is_consumed_and_has_no_effect(world: World, azure: Setup) -> None:
    azure.start()
    before, secret = len(azure.reads()), world.kube.get("Secret", "db", world.ns)

    _, findings = doctor(world, "--probe", "--metrics-url", metrics_url(world))
    assert SENDER in one(findings, "unknown", "probe", "Unauthorized")["remedy"]

    azure.let(azure.bus, "Azure Service Bus Data Receiver", SENDER)
    code, findings = doctor(world, "--probe", "--metrics-url", metrics_url(world))
    assert code == 0, failures(findings)
    assert re.search(r"was received after \d+\.\d s, and the message deleted after \d+\.\d s$",
                     one(findings, "ok", "probe", "concerns no binding")["what"])
    assert len(azure.reads()) == before

    code, findings = doctor(world, f"--probe={world.ns}/db", "--metrics-url", metrics_url(world))
    assert code == 0, failures(findings)
    assert "the value read again after" in one(findings, "ok", "probe", f"the secret of {world.ns}/db")["what"]
    assert len(azure.reads()) == before + 1
    assert world.kube.get("Secret", "db", world.ns) == secret


# -- what the page shows ----------------------------------------------------------------


def test_the_page_shows_what_it_prints(world: World, azure: Setup) -> None:
    page = (ROOT / "docs/commands.md").read_text()
    azure.start(flags=["--leader-elect=true"])
    wait_for(lambda: world.programs[0].metric("edsm_leader") == 1, PATIENCE, "it to lead")

    def shown() -> str:
        text = call(world).stdout
        for word, replacement in ((azure.vault.store.name, "shop-kv"), (azure.space.name, "shop-edsm"),
                                  (azure.app.client_id, "5b1e0000-27af-4a4c-8c1e-3f9d00000000"), (world.ns, "shop")):
            text = text.replace(word, replacement)
        return text

    part = re.search(r"^ok +identity.*(?:\n.*)*?(?=\n\n)", shown(), re.MULTILINE)[0]
    azure.let(azure.vault.store.name, "Key Vault Reader")
    trouble = re.search(r"^FAIL +iam.*\n +->.*", shown(), re.MULTILINE)[0]
    missing = [text for text in (part, trouble) if "".join(f"    {line}\n" for line in text.splitlines()) not in page]
    assert not missing, "\n".join(missing)
