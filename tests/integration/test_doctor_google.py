"""`edsm doctor` and `edsm impact` on Google Cloud: each fault is found, and the command that is named mends it."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bed import ROOT
from bed.bearers import Bearers
from bed.edsm import default_binary
from bed.gcp import LOCATION, NUMBER, PROJECT, GoogleCloud
from bed.gidentity import GoogleIdentity
from bed.process import wait_for
from bed.scratch import work_dir
from google_world import WITHOUT_AWS, GoogleWorld
from test_doctor import call, doctor, failures, metrics_url, of_level, one
from world import PATIENCE, World

AGENT = f"serviceAccount:service-{NUMBER}@gcp-sa-secretmanager.iam.gserviceaccount.com"
MOVER = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
WRITER = f"serviceAccount:service-{NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
# As the Terraform example sends them.
CHANGES = ('protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.methodName=~"\\.(CreateSecret|'
           'UpdateSecret|DeleteSecret|AddSecretVersion|EnableSecretVersion|DisableSecretVersion|DestroySecretVersion)$"')


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


@pytest.fixture(autouse=True)
def no_sinks(google_cloud: GoogleCloud) -> None:
    google_cloud.set_sinks()


class Setup(GoogleWorld):
    """One binding in sync, whose events come as docs/gcp.md says, and what doctor may read of it."""

    def __init__(self, world: World, google: GoogleCloud, identity: GoogleIdentity, *, doctor_permissions: bool = True,
                 **options: Any) -> None:
        self.dead = google.make_topic(f"d-{world.ns}")
        topic, subscription = (f"projects/{PROJECT}/{kind}-{world.ns}" for kind in ("topics/t", "subscriptions/s"))
        # What the Terraform example grants by doctor_permissions.
        reads: dict[str, list[str]] = {
            topic: ["pubsub.topics.getIamPolicy", "pubsub.topics.publish"], self.dead: ["pubsub.topics.getIamPolicy"],
            subscription: ["pubsub.subscriptions.getIamPolicy"], f"projects/{PROJECT}": ["logging.sinks.list"]}
        fields: dict[str, Any] = {"ack_deadline": 60, "dead_letter": self.dead, "max_attempts": 10,
                                  "expirationPolicy": {}, "retryPolicy": {"minimumBackoff": "10s"}}
        super().__init__(world, google, identity, **{
            "more": reads if doctor_permissions else None, **fields, **options})
        google.set_policy(self.topic, publisher=[AGENT])
        google.set_policy(self.dead, publisher=[MOVER])
        google.set_policy(self.subscription.name, subscriber=[MOVER])

    def start(self, **options: Any) -> Setup:
        self.put("db", {"a": "1"})
        self.bind("db")
        self.world.start(env=WITHOUT_AWS | self.env(), **options)
        self.world.wait_synced("db")
        return self


def test_everything_in_order(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity).start()
    world.calls.clear()

    code, findings = doctor(world)

    assert code == 0 and not of_level(findings, "FAIL", "WARN"), findings
    areas = {finding["area"] for finding in findings if finding["level"] == "ok"}
    assert {"identity", "clock", "queue", "topics", "policy", "iam", "secrets"} <= areas
    assert [area for area, _ in of_level(findings, "unknown")] == ["admission"]
    assert google.account.email in one(findings, "ok", "identity", "the key of a service account")["what"]
    one(findings, "ok", "clock", "that of Google")
    one(findings, "ok", "topics", "1 of 1 secrets name a topic that is listened to")
    one(findings, "ok", "secrets", "gcp/global: 1 of 1 secret can be seen")
    assert google.reads() == [], "no value is read"
    assert not [each for each in findings if re.search("AWS|SQS", str(each))], "there is none"


# -- broken in one place --------------------------------------------------------------


Break = Callable[[Setup], Any]
# What is broken, the finding's level, area and words, and whether its remedy is a command that mends it.
BROKEN: dict[str, tuple[Break, str, str, str, bool]] = {
    "secret without topic": (lambda g: g.google.update_secret(g.name("db"), topics=[]),
                             "FAIL", "topics", "it names no topic, and no log sink sends them", True),
    "secret with another topic": (lambda g: g.google.update_secret(g.name("db"), topics=[{"name": g.dead}]),
                                  "FAIL", "topics", "it names no topic that is listened to", True),
    "agent may not publish": (lambda g: g.google.set_policy(g.topic, publisher=[WRITER]),
                              "WARN", "policy", f"does not let Secret Manager of {PROJECT} publish to it", True),
    "dead letters cannot be moved": (lambda g: g.google.set_policy(g.dead),
                                     "WARN", "policy", "does not let Pub/Sub itself publish to it", True),
    "dead letters cannot be taken": (lambda g: g.google.set_policy(g.subscription.name),
                                     "WARN", "policy", "does not let Pub/Sub itself take from it", True),
    "sink disabled": (lambda g: g.google.set_sinks(sink(g, CHANGES, disabled=True)),
                      "WARN", "sink", "sink changes is disabled", False),
    "sink of reads": (lambda g: (g.google.set_sinks(sink(g, 'protoPayload.serviceName="secretmanager.googleapis.com"')),
                                 g.google.set_policy(g.topic, publisher=[AGENT, WRITER])),
                      "WARN", "sink", "lets reads through", False),
    "sink may not publish": (lambda g: g.google.set_sinks(sink(g, CHANGES)),
                             "WARN", "policy", f"does not let sink changes of {PROJECT} publish to it", True),
}


def sink(google: GoogleWorld, text: str, **fields: Any) -> dict[str, Any]:
    return {"name": "changes", "destination": f"pubsub.googleapis.com/{google.topic}", "filter": text,
            "writerIdentity": WRITER, **fields}


def obey(google: GoogleCloud, command: str) -> None:
    """Does what a remedy says: commands of gcloud, by the calls beneath it."""
    words = shlex.split(command)
    flags = dict(word.removeprefix("--").split("=", 1) for word in words if word.startswith("--"))
    assert words[0] == "gcloud" and flags.pop("project") == PROJECT, command
    match words[1:4]:
        case ["secrets", "update", name]:
            google.update_secret(name, topics=[{"name": flags.pop("add-topics")}])
        case ["pubsub", kind, "add-iam-policy-binding"]:
            path = f"projects/{PROJECT}/{kind}/{words[4]}"
            role = flags.pop("role").removeprefix("roles/pubsub.")
            found = google.call("GET", f"{path}:getIamPolicy").get("bindings", [])
            members = [member for each in found for member in each["members"]]
            google.set_policy(path, **{role: [*members, flags.pop("member")]})
        case _:
            raise AssertionError(command)
    assert not flags, command


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity, what: str) -> None:
    do, level, area, words, command = BROKEN[what]
    google = Setup(world, google_cloud, identity).start()
    do(google)

    code, findings = doctor(world)

    found = one(findings, level, area, words)
    assert code == (1 if level == "FAIL" else 0)
    assert failures(findings) == ([(area, found["what"])] if level == "FAIL" else [])
    if not command:
        return
    obey(google_cloud, found["remedy"])
    _, after = doctor(world)
    assert not of_level(after, "FAIL", "WARN"), found["remedy"]


@pytest.mark.parametrize(("fields", "level", "words"), [
    ({"dead_letter": None}, "WARN", "no dead-letter topic"),
    ({"expirationPolicy": {"ttl": "2678400s"}}, "note", "if nobody reads it for 31 days, Google deletes it"),
    ({"ack_deadline": 600}, "WARN", "comes back after 600 s only"),
    ({"max_attempts": 5, "retryPolicy": None}, "WARN", "after 5 deliveries in vain"),
], ids=["no dead letters", "expires", "long deadline", "few attempts"])
def test_how_a_subscription_is_set_up(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity,
                                      fields: dict[str, Any], level: str, words: str) -> None:
    google = Setup(world, google_cloud, identity, **fields).start()
    found = one(doctor(world)[1], level, "queue", words)
    _, _, name = google.subscription.name.rpartition("/")
    assert found["remedy"].startswith(f"gcloud pubsub subscriptions update {name} --project={PROJECT} --")


def test_a_filter_that_drops_the_events_is_named_as_googles_own_fake_obeys_it(
        world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity, filter='attributes.eventType = "SECRET_ROTATE"').start()
    one(doctor(world)[1], "FAIL", "topics", "drops what its topic sends of it")
    google.put("db", {"a": "2"})
    assert google_cloud.pull(google.subscription, wait=1) == []


def test_a_sink_tells_of_secrets_without_a_topic(world: World, google_cloud: GoogleCloud,
                                                 identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity)
    google_cloud.set_policy(google.topic, publisher=[WRITER])
    google_cloud.set_sinks(sink(google, CHANGES))
    google.start()
    google_cloud.update_secret(google.name("db"), topics=[])

    code, findings = doctor(world)

    assert code == 0 and not of_level(findings, "FAIL", "WARN"), findings
    one(findings, "ok", "topics", "a log sink tells of the changes of 1 secret")
    one(findings, "ok", "sink", f"{PROJECT}: sink changes sends the changes of all secrets")


def test_what_is_broken_elsewhere_is_named(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    gone = f"projects/{PROJECT}/subscriptions/s-{world.ns}-of-nobody"
    google = Setup(world, google_cloud, identity, more={gone: ["roles/pubsub.subscriber", "roles/pubsub.viewer"]}).start()
    google.bind("ghost")
    world.wait_reason("ghost", "SourceGone")

    code, findings = doctor(world, GCP_PUBSUB_SUBSCRIPTION=gone)
    assert code == 1
    assert "GCP_PUBSUB_SUBSCRIPTION" in one(findings, "FAIL", "queue", "NOT_FOUND")["remedy"]
    one(findings, "FAIL", "secrets", f"{google.name('ghost')} does not exist")
    assert {area for area, _ in failures(findings)} == {"queue", "secrets"}

    code, findings = doctor(world, GCP_PUBSUB_SUBSCRIPTION=f"{gone}-either")
    one(findings, "unknown", "queue", "it may also not exist")
    one(findings, "FAIL", "iam", "pubsub.subscriptions.consume is not permitted")

    code, findings = doctor(world, GOOGLE_APPLICATION_CREDENTIALS="/none")
    assert code == 1 and [area for area, _ in failures(findings)] == ["identity"]

    code, findings = doctor(world, GCP_PUBSUB_SUBSCRIPTION="")
    assert code == 1
    assert "GCP_PUBSUB_SUBSCRIPTION" in one(findings, "note", "queue", "no subscription is configured")["remedy"]


# -- permissions ----------------------------------------------------------------------


def test_without_further_permissions_the_rest_is_unknown(world: World, google_cloud: GoogleCloud,
                                                         identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity, doctor_permissions=False).start()
    google_cloud.update_secret(google.name("db"), topics=[])

    code, findings = doctor(world)

    assert code == 0 and not failures(findings)
    assert "logging.sinks.list" in one(findings, "unknown", "sink", "PERMISSION_DENIED")["remedy"]
    policies = [each["remedy"] for each in findings if (each["level"], each["area"]) == ("unknown", "policy")]
    assert any("pubsub.topics.getIamPolicy" in remedy for remedy in policies)
    assert any("pubsub.subscriptions.getIamPolicy" in remedy for remedy in policies)
    # The most common mistake is seen all the same.
    assert f"gcloud secrets update {google.name('db')}" in one(findings, "WARN", "topics", "names no topic")["remedy"]


def test_each_missing_right_of_the_controller_is_named(world: World, google_cloud: GoogleCloud,
                                                       identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity, roles=[], subscription_roles=[], doctor_permissions=False)
    google.put("db", {"a": "1"})
    google.bind("db")
    world.start(env=WITHOUT_AWS | google.env())
    world.wait_reason("db", "AccessDenied")
    world.calls.clear()

    code, findings = doctor(world)

    assert code == 1
    named = {re.search(r"[\w.]+(?= is not permitted)", what)[0]: each["remedy"] for each in findings
             if each["area"] == "iam" and (what := each["what"]).count("not permitted")}
    assert set(named) == {"pubsub.subscriptions.consume", "pubsub.subscriptions.get", "secretmanager.versions.access",
                          "secretmanager.versions.get"}
    member = f"--member=serviceAccount:{google.account.email}"
    assert all(member in remedy for remedy in named.values())
    assert named["secretmanager.versions.access"].endswith("--role=roles/secretmanager.secretAccessor")
    assert failures(findings) and {area for area, _ in failures(findings)} <= {"iam", "binding"}
    one(findings, "unknown", "queue", "PERMISSION_DENIED")
    assert google.reads() == [], "no value is read, though metadata may not be"


# -- the project -----------------------------------------------------------------------


def test_a_binding_without_a_project_is_of_the_one_that_the_metadata_server_tells(
        world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity)
    identity.attached = google.account
    world.at_end(lambda: setattr(identity, "attached", None))
    google.put("db", {"a": "1"})
    google.bind("db", cloudProviderOptions=None)
    asked = identity.served["metadata", 200]
    env = WITHOUT_AWS | google.env() | {"GOOGLE_APPLICATION_CREDENTIALS": "", "HOME": "/nonexistent",
                                        "GCE_METADATA_HOST": identity.url.removeprefix("http://")}
    world.start(env=env)
    world.wait_synced("db")
    assert f"projects/{PROJECT}/secrets/{google.name('db')}/versions/latest" in google.reads()
    version = google.version("db", google.put("db", {"a": "2"}))
    world.wait_synced("db", version=version)
    google.wait_drained()
    assert identity.served["metadata", 200] == asked + 2, "the project and a token, each once"

    code, findings = doctor(world)
    assert code == 0, findings
    assert google.account.email in one(findings, "ok", "identity", "the metadata server")["what"]
    one(findings, "ok", "topics", "1 of 1 secrets name a topic that is listened to")


def test_where_nobody_tells_the_project_the_remedy_is_said(world: World, google_cloud: GoogleCloud,
                                                           identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity)
    google.put("db", {"a": "1"})
    google.bind("db", cloudProviderOptions=None)
    world.put("aws", {"n": "1"})
    world.bind("aws", path=world.path("aws"))
    world.start(env=google.env(subscription=False) | {
        "GOOGLE_APPLICATION_CREDENTIALS": "", "HOME": "/nonexistent", "GCE_METADATA_HOST": "127.0.0.1:1"})
    world.wait_synced("aws")
    said = world.wait_reason("db", "SourceUnavailable", timeout=60)["message"]
    assert "spec.cloudProviderOptions.gcpProjectID" in said and "GOOGLE_CLOUD_PROJECT" in said


# -- other commands ---------------------------------------------------------------------


def run(world: World, *arguments: str) -> str:
    env = world.programs[0].env if world.programs else {}
    return subprocess.run([default_binary(), *arguments, "-n", world.ns, "--kubeconfig", str(world.cluster.kubeconfig)],
                          env=env, text=True, capture_output=True, timeout=60, check=False).stdout


def test_impact_status_trace_and_sync_know_its_names(world: World, google_cloud: GoogleCloud,
                                                     identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity).start()
    google.put("eu", {"a": "1"}, location=LOCATION)
    google.bind("eu", cloudProviderOptions={"gcpProjectID": PROJECT, "region": LOCATION})
    google.bind("pinned", path=f"{google.name('db')}/versions/1")
    world.workload("web", ["db"])
    world.wait_synced("eu")

    name = google.name("db")
    for wanted in (name, f"projects/{PROJECT}/secrets/{name}", f"projects/{NUMBER}/secrets/{name}"):
        assert "changes 1 Secret in 1 namespace and restarts 1 workload" in run(world, "impact", wanted), wanted
    assert "changes 2 Secrets" in run(world, "impact", f"projects/{PROJECT}/secrets/{name}/versions/1")
    assert "no EventDrivenSecret here reads" in run(world, "impact", f"projects/other/secrets/{name}")
    assert "changes 1 Secret" in run(
        world, "impact", f"projects/{PROJECT}/locations/{LOCATION}/secrets/{google.name('eu')}")

    version = google.version("db", google.put("db", {"a": "2"}))
    world.wait_synced("db", version=version)
    assert re.search(rf"\bdb +True +Synced +db +{name} +2 ", run(world, "status"))
    shown = run(world, "trace", "db")
    assert "received" in shown and "holds version 2 of" in shown
    assert f"in sync with version {version}" in run(world, "sync", "db")


def test_a_probe_is_consumed_and_has_no_effect(world: World, google_cloud: GoogleCloud,
                                               identity: GoogleIdentity) -> None:
    google = Setup(world, google_cloud, identity).start()
    google.wait_drained()
    before, secret = len(google.reads()), world.kube.get("Secret", "db", world.ns)

    code, findings = doctor(world, "--probe", "--metrics-url", metrics_url(world))
    assert code == 0, failures(findings)
    assert re.search(r"was received after \d+\.\d s, and the message deleted after \d+\.\d s$",
                     one(findings, "ok", "probe", "concerns no binding")["what"])
    assert len(google.reads()) == before

    code, findings = doctor(world, f"--probe={world.ns}/db", "--metrics-url", metrics_url(world))
    assert code == 0, failures(findings)
    assert "the value read again after" in one(findings, "ok", "probe", f"the secret of {world.ns}/db")["what"]
    assert len(google.reads()) == before + 1
    assert world.kube.get("Secret", "db", world.ns) == secret


# -- what the page shows ----------------------------------------------------------------


def test_the_page_shows_what_it_prints(world: World, google_cloud: GoogleCloud, identity: GoogleIdentity) -> None:
    page = (ROOT / "docs/commands.md").read_text()
    google = Setup(world, google_cloud, identity).start(flags=["--leader-elect=true"])
    wait_for(lambda: world.programs[0].metric("edsm_leader") == 1, PATIENCE, "it to lead")

    def shown() -> str:
        text = call(world).stdout.replace(google.name("db"), "database")
        for pattern, replacement in ((rf"d-{re.escape(world.ns)}", "shop-dead-letters"), (rf"[ts]-{re.escape(world.ns)}", "shop-events"), (re.escape(world.ns), "shop"),
                                     (PROJECT, "shop-123456"), (NUMBER, "123456789012"),
                                     (r"\(GOOGLE_APPLICATION_CREDENTIALS=\S+\)", "(GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json)")):
            text = re.sub(pattern, replacement, text)
        return text

    part = re.search(r"^ok +identity.*(?:\n.*)*?(?=\n\n)", shown(), re.MULTILINE)[0]
    google_cloud.update_secret(google.name("db"), topics=[])
    trouble = re.search(r"^FAIL .*\n +->.*", shown(), re.MULTILINE)[0]
    missing = [text for text in (part, trouble) if "".join(f"    {line}\n" for line in text.splitlines()) not in page]
    assert not missing, "\n".join(missing)
