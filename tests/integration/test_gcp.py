"""EDSM with Google's cloud, alone and beside AWS."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

import manifests
from bed.bearers import Bearers
from bed.exchange import answer, cut_before, delay, hang
from bed.gcp import LOCATION, NUMBER, PROJECT, GoogleCloud
from bed.gidentity import GoogleIdentity
from bed.process import wait_for
from bed.scratch import work_dir
from google_world import WITHOUT_AWS, GoogleWorld
from world import World


@pytest.fixture(scope="module")
def bearers() -> Bearers:
    return Bearers(work_dir("bearers"))


@pytest.fixture(scope="module")
def identity(bearers: Bearers) -> Iterator[GoogleIdentity]:
    with GoogleIdentity(bearers) as identity:
        yield identity


@pytest.fixture(scope="module")
def google_cloud(bearers: Bearers) -> Iterator[GoogleCloud]:
    with GoogleCloud(bearers=bearers, hold=20) as google:
        yield google


@pytest.fixture
def google(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> GoogleWorld:
    return GoogleWorld(world, google_cloud, identity)


def test_a_change_reaches_the_secret_and_the_workload_and_is_acknowledged_after_it(
        world: World, google: GoogleWorld) -> None:
    first = google.put("db", {"password": "swordfish1"})
    google.bind("db")
    edsm = world.start(wired=True, env=WITHOUT_AWS | google.env())
    world.wait_synced("db", version=google.version("db", first))
    world.workload("web", ["db"])
    before = world.wait_recorded("web")
    google.wait_drained()
    world.calls.clear()
    # Slow enough that an acknowledgement that does not wait would come first.
    world.api_wire.fault(delay(0.5), count=None, method="PATCH", path="/secrets/db|/deployments/web")

    second = google.put("db", {"password": "swordfish2"})
    world.wait_data("db", {"password": b"swordfish2"})
    world.wait_synced("db", version=google.version("db", second))
    world.wait_restarts("web", before + 1)
    google.wait_drained()

    assert google.reads() == [f"projects/{PROJECT}/secrets/{google.name('db')}/versions/latest"], "once"
    writes = world.calls.find(proxy="api", method="PATCH", path=f"/namespaces/{world.ns}/(secrets/db|deployments/web)")
    assert len(writes) == 2
    (acknowledgement,) = world.calls.find(proxy="google", path=":acknowledge$")
    assert all(write.ended < acknowledgement.began for write in writes)
    seen, = edsm.logs(msg="event received", event="SECRET_VERSION_ADD", version=google.version("db", second))
    assert (seen["source"], seen["bindings"]) == (f"gcp/{NUMBER}/global/{google.name('db')}/latest", 1)
    note = world.wait_k8s_event("Updated", about="db")["message"]
    assert re.search(r" \(changed \S+Z, queued \S+Z, received \S+Z\)$", note), "what trace tells"

    google.put("db", {"password": "swordfish2"})
    google.wait_drained()
    assert world.restarts("web") == before + 1, "a new version with an equal value"
    text = edsm.process.log.read_text()
    assert "swordfish" not in text and "ya29" not in text
    edsm.terminate()


def test_versions_aliases_and_regions(world: World, google: GoogleWorld) -> None:
    cloud, name = google.google, google.name("db")
    google.put("db", {"n": "1"})
    google.put("db", {"n": "2"})
    cloud.update_secret(name, versionAliases={"stable": "1"})
    google.put("eu", {"n": "eu"}, location=LOCATION)
    google.bind("latest", path=name)
    google.bind("pinned", path=f"{name}/versions/1")
    google.bind("alias", path=f"projects/{PROJECT}/secrets/{name}/versions/stable", cloudProviderOptions=None)
    google.bind("number", path=f"projects/{NUMBER}/secrets/{name}", cloudProviderOptions=None)
    google.bind("region", path=google.name("eu"), cloudProviderOptions={"gcpProjectID": PROJECT, "region": LOCATION})
    world.start(env=google.env())
    for binding, value in {"latest": b"2", "pinned": b"1", "alias": b"1", "number": b"2", "region": b"eu"}.items():
        world.wait_data(binding, {"n": value})
    google.wait_drained()
    world.calls.clear()

    google.put("db", {"n": "3"})
    world.wait_data("latest", {"n": b"3"})
    world.wait_data("number", {"n": b"3"})
    google.wait_drained()
    assert not [path for path in google.reads() if path.endswith("/versions/1")], "that cannot change"

    cloud.update_secret(name, versionAliases={"stable": "3"})
    world.wait_data("alias", {"n": b"3"})
    google.put("eu", {"n": "new"}, location=LOCATION)
    world.wait_data("region", {"n": b"new"})
    google.wait_drained()
    assert manifests.decoded(world.kube.get("Secret", "pinned", world.ns)) == {"n": b"1"}


def test_binary_and_text_values_become_what_they_are(world: World, google: GoogleWorld) -> None:
    google.put("text", "gr\u00fc\u00df dich")
    google.put("binary", b"\x00\xff\x01")
    google.bind("text")
    google.bind("binary", rawKey="keystore")
    google.bind("refused", path=google.name("binary"), format="Text")
    world.start(env=google.env())
    world.wait_data("text", {"value": "gr\u00fc\u00df dich".encode()})
    world.wait_data("binary", {"keystore": b"\x00\xff\x01"})
    world.wait_reason("refused", "NotText")


def test_a_disabled_version_leaves_the_secret_alone_and_says_so(world: World, google: GoogleWorld) -> None:
    version = google.put("db", {"n": "1"})
    google.bind("db")
    world.start(env=google.env())
    world.wait_synced("db")

    google.google.disable_version(google.name("db"), version)
    said = world.wait_reason("db", "SourceDisabled")["message"]
    assert f"version {version} of the secret projects/{PROJECT}/secrets/{google.name('db')} is disabled" in said
    assert manifests.decoded(world.kube.get("Secret", "db", world.ns)) == {"n": b"1"}
    google.wait_drained()  # it is no dead letter

    google.google.enable_version(google.name("db"), version)
    world.wait_synced("db", version=google.version("db", version))
    google.wait_drained()


def test_a_deleted_secret_is_gone_and_its_target_stays(world: World, google: GoogleWorld) -> None:
    google.put("db", {"n": "1"})
    google.bind("db")
    world.start(env=google.env())
    world.wait_synced("db")
    google.google.delete_secret(google.name("db"))
    world.wait_reason("db", "SourceGone")
    assert manifests.decoded(world.kube.get("Secret", "db", world.ns)) == {"n": b"1"}


def test_entries_of_the_audit_log_are_events_too(world: World, google: GoogleWorld) -> None:
    google.put("db", {"n": "1"}, notify=False)
    google.bind("db")
    edsm = world.start(env=google.env())
    world.wait_synced("db")
    version = google.put("db", {"n": "2"}, notify=False)
    path = f"projects/{NUMBER}/secrets/{google.name('db')}"

    def entry(method: str, **payload: object) -> dict[str, object]:
        return {"logName": f"projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity", "insertId": "1", "protoPayload": {
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "secretmanager.googleapis.com",
            "methodName": f"google.cloud.secretmanager.v1.SecretManagerService.{method}", "resourceName": path, **payload}}

    google.google.publish(google.topic, entry("AccessSecretVersion"))
    google.google.publish(google.topic, entry("AddSecretVersion", status={"code": 7}))
    google.google.publish(google.topic, entry(
        "AddSecretVersion", response={"name": f"{path}/versions/{version}"}))
    world.wait_data("db", {"n": b"2"})
    google.wait_drained()
    assert [line["event"] for line in edsm.logs(msg="event received")] == ["AddSecretVersion"]
    ignored = {line["event"] for line in edsm.logs(msg="event ignored")}
    assert ignored >= {"AccessSecretVersion", "failed AddSecretVersion"}


def test_what_is_no_event_is_counted_and_not_quoted(world: World, google: GoogleWorld) -> None:
    google.google.publish(google.topic, "no event", note="hunter2")
    edsm = world.start(env=google.env())
    line = edsm.wait_log(20, msg="message is no event; left for the dead-letter queue")
    assert "JSON" in line["why"] and line["received"] == 1
    edsm.wait_log(20, msg="message is no event; left for the dead-letter queue", received=2)
    assert "hunter2" not in edsm.process.log.read_text()


def test_without_events_the_sweep_finds_changes_and_reads_no_value_in_vain(world: World, google: GoogleWorld) -> None:
    google.put("db", {"n": "1"}, notify=False)
    google.bind("db")
    edsm = world.start(env=google.env(subscription=False), flags=("--resync-interval=10s",))
    world.wait_synced("db")
    world.calls.clear()
    wait_for(lambda: world.calls.count(proxy="google", path="/versions/latest$") >= 2, 40, "two sweeps", [edsm.process])
    assert google.reads() == []
    version = google.put("db", {"n": "2"}, notify=False)
    world.wait_synced("db", version=google.version("db", version))
    assert len(google.reads()) == 1

    # A secret made anew has the numbers of the old one; and a state is no new version.
    google.google.delete_secret(google.name("db"))
    for value in ("one", "anew"):
        version = google.put("db", {"n": value}, notify=False)
    world.wait_data("db", {"n": b"anew"}, timeout=40)
    google.google.disable_version(google.name("db"), version)
    world.wait_reason("db", "SourceDisabled", timeout=40)
    assert manifests.decoded(world.kube.get("Secret", "db", world.ns)) == {"n": b"anew"}


def test_a_missing_role_is_named(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    google = GoogleWorld(world, google_cloud, identity, roles=["roles/secretmanager.viewer"])
    google.put("db", {"n": "1"})
    google.bind("db")
    world.start(env=google.env())
    said = world.wait_reason("db", "AccessDenied")["message"]
    assert (f"grant roles/secretmanager.secretAccessor (secretmanager.versions.access) on "
            f"projects/{PROJECT}/secrets/{google.name('db')}") in said


def test_the_doctor_looks_at_subscription_and_secrets(world: World, google: GoogleWorld) -> None:
    google.put("db", {"n": "1"})
    google.bind("db")
    google.bind("none")
    edsm = world.start(env=WITHOUT_AWS | google.env())
    world.wait_synced("db")
    world.calls.clear()
    said = subprocess.run([edsm.binary, "doctor", "-n", world.ns, "-o", "json"], env=edsm.env, capture_output=True, text=True,
                          timeout=60, check=False)
    found = {(each["level"], each["area"]): each["what"] for each in json.loads(said.stdout)}
    assert f"pubsub/{google.subscription.name.replace('projects/', '').replace('/subscriptions', '')}" in str(found)
    assert f"gcp/global: 1 of 2 secrets can be seen" in found["ok", "secrets"]
    assert f"projects/{PROJECT}/secrets/{google.name('none')} does not exist" in found["FAIL", "secrets"]
    assert google.reads() == [] and "aws" not in said.stdout.lower()


@pytest.mark.parametrize("fault", [cut_before(), hang(), answer(503)], ids=lambda fault: fault.name)
def test_a_cloud_that_is_down_does_not_hold_up_the_other(world: World, google: GoogleWorld, fault: object) -> None:
    world.put("aws", {"n": "1"})
    world.bind("aws", path=world.path("aws"))
    for number in range(70):  # more than there are workers
        google.put(f"g{number}", {"n": "1"})
        google.bind(f"g{number}")
    world.start(env=google.env())
    world.wait_synced("aws")
    for number in range(70):
        world.wait_synced(f"g{number}")
    google.wait_drained()

    rule = google.wire.fault(fault, count=None)
    google.wire.cut_open()
    for number in range(70):
        google.put(f"g{number}", {"n": "2"})
        world.kube.patch("EventDrivenSecret", f"g{number}", world.ns,
                         {"metadata": {"annotations": {manifests.SYNC_REQUEST: "again"}}})
    world.put("aws", {"n": "2"})
    world.wait_data("aws", {"n": b"2"}, timeout=25)
    world.wait_drained()

    google.wire.rules.remove(rule)
    google.wire.cut_open()
    for number in range(70):
        world.wait_data(f"g{number}", {"n": b"2"}, timeout=60)

    world.aws_wire.fault(cut_before(), count=None)
    world.aws_wire.cut_open()
    google.put("g0", {"n": "3"})
    world.wait_data("g0", {"n": b"3"}, timeout=15)
    world.aws_wire.clear_faults()
    google.wait_drained()


def test_a_cloud_that_never_answers_takes_no_place_of_the_other(world: World, google: GoogleWorld) -> None:
    names = [f"a{number}" for number in range(70)]  # more than there are workers for each cloud
    for name in names:
        world.put(name, {"n": "1"})
        world.bind(name, path=world.path(name))
    google.put("g", {"n": "1"})
    google.bind("g")
    world.start(env=google.env())
    for name in [*names, "g"]:
        world.wait_synced(name)

    world.aws_wire.fault(hang(), count=None)
    world.aws_wire.cut_open()
    for name in names:
        world.kube.patch("EventDrivenSecret", name, world.ns,
                         {"metadata": {"annotations": {manifests.SYNC_REQUEST: "again"}}})
    for number in range(2, 5):
        google.put("g", {"n": str(number)})
        world.wait_data("g", {"n": str(number).encode()}, timeout=8)
        google.wait_drained()
    world.aws_wire.clear_faults()
    world.aws_wire.cut_open()


def test_what_was_received_and_not_acknowledged_comes_again_after_a_crash(world: World, google: GoogleWorld) -> None:
    google.put("db", {"n": "1"})
    google.bind("db")
    edsm = world.start(env=google.env())
    world.wait_synced("db")
    google.wait_drained()
    rule = google.wire.fault(hang(), count=None, path=":access$")
    google.put("db", {"n": "2"})
    edsm.wait_log(msg="event received", event="SECRET_VERSION_ADD", version=google.version("db", "2"))
    edsm.kill9()
    google.wire.rules.remove(rule)
    edsm.start()
    edsm.ready(30)
    world.wait_data("db", {"n": b"2"})
    google.wait_drained()
