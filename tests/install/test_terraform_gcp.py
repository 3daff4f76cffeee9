"""The Terraform example for Google Cloud: it is valid, grants the least, and what it declares carries events.

The provider is a stand-in (see tools/opstools/terraform-provider). What it leaves in Terraform's state is made in
the bed, where Google's clients work with exactly what the example grants."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import pytest
from google.api_core import exceptions
from google.oauth2.credentials import Credentials

from bed import ROOT
from bed import google_clients as clients
from bed.bearers import Bearers, Grants
from bed.gcp import NUMBER, PROJECT, GoogleCloud
from bed.kube import Object
from bed.scratch import work_dir
from commands import GOOGLE_EXAMPLE, CommandFailed, Terraform, declared_variables, shown_variables

State = Mapping[str, list[Object]]
EDSM = f"serviceAccount:blue-edsm@{PROJECT}.iam.gserviceaccount.com"
PUBLISHERS = {f"serviceAccount:service-{NUMBER}@gcp-sa-secretmanager.iam.gserviceaccount.com",
              f"serviceAccount:service-{NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"}


def terraform() -> Terraform:
    return Terraform(GOOGLE_EXAMPLE, account=NUMBER)


def apply(**variables: object) -> State:
    return terraform().apply(project_id=PROJECT, cluster_name="blue", **variables)


@pytest.fixture(scope="module")
def applied_google() -> Terraform:
    """The example, applied with nothing set but what everybody sets."""
    made = terraform()
    made.apply(project_id=PROJECT, cluster_name="blue")
    return made


def state_of(applied: Terraform) -> State:
    found: dict[str, list[Object]] = {}
    for each in json.loads(applied("show", "-json"))["values"]["root_module"]["resources"]:
        found.setdefault(each["type"], []).append(each["values"])
    return found


def granted_to(state: State, who: str) -> set[tuple[str, str]]:
    """The roles of somebody, each with what it is on."""
    kinds = {"google_project_iam_member": "project", "google_pubsub_topic_iam_member": "topic",
             "google_pubsub_subscription_iam_member": "subscription",
             "google_service_account_iam_member": "service_account_id"}
    return {(each["role"], each[on]) for kind, on in kinds.items()
            for each in state.get(kind, []) if each["member"] == who}


# -- the text ---------------------------------------------------------------------


def test_it_is_formatted_and_valid(applied_google: Terraform) -> None:
    applied_google("fmt", "-check", "-diff")
    applied_google("validate")


def test_a_second_plan_changes_nothing(applied_google: Terraform) -> None:
    applied_google("plan", "-detailed-exitcode", "-input=false", "-no-color")  # exit code 2 if it would


def test_every_variable_has_a_default_and_stands_on_the_page() -> None:
    assert shown_variables("gcp-terraform.md") == declared_variables(GOOGLE_EXAMPLE)


def test_the_sink_takes_changes_and_no_reads(applied_google: Terraform) -> None:
    (sink,) = state_of(applied_google)["google_logging_project_sink"]
    assert sink["destination"] == f"pubsub.googleapis.com/projects/{PROJECT}/topics/blue-edsm-events"
    named = re.findall(r'"google\.cloud\.secretmanager\.v1\.SecretManagerService\.(\w+)"', sink["filter"])
    assert sorted(named) == ["AddSecretVersion", "CreateSecret", "DeleteSecret", "DestroySecretVersion",
                             "DisableSecretVersion", "EnableSecretVersion", "UpdateSecret"]
    rest = re.sub(r"methodName=\([^)]*\)", "methodName=()", sink["filter"])
    assert rest == (f'logName="projects/{PROJECT}/logs/cloudaudit.googleapis.com%2Factivity" AND '
                    'protoPayload.serviceName="secretmanager.googleapis.com" AND protoPayload.methodName=() AND '
                    "NOT protoPayload.status.code>0")


@pytest.mark.parametrize("variables", [
    {"identity": "irsa"}, {"secret_paths": ["prod/*"]}, {"secret_paths": []}, {"cluster_name": "x" * 26},
    {"secret_paths": [f"s{number}" for number in range(7)]}])
def test_wrong_variables_are_refused(variables: dict[str, object]) -> None:
    with pytest.raises(CommandFailed, match="Invalid value for variable"):
        terraform().apply(**({"project_id": PROJECT, "cluster_name": "blue"} | variables))


# -- what it grants ---------------------------------------------------------------


def test_roles_are_the_least(applied_google: Terraform) -> None:
    state = state_of(applied_google)
    assert granted_to(state, EDSM) == {("roles/pubsub.subscriber", "blue-edsm-events"),
                                       ("roles/pubsub.viewer", "blue-edsm-events"),
                                       ("roles/secretmanager.secretAccessor", PROJECT),
                                       ("roles/secretmanager.viewer", PROJECT)}
    publishers = [each for each in state["google_pubsub_topic_iam_member"] if each["topic"] == "blue-edsm-events"]
    assert {each["member"] for each in publishers} == PUBLISHERS
    assert {each["role"] for each in publishers} == {"roles/pubsub.publisher"}
    pubsub = f"serviceAccount:service-{NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com"
    assert granted_to(state, pubsub) == {("roles/pubsub.publisher", "blue-edsm-dead-letters"),
                                         ("roles/pubsub.subscriber", "blue-edsm-events")}


def test_roles_of_the_page_are_those_of_terraform() -> None:
    table = (ROOT / "docs/gcp-terraform.md").read_text().partition("## Permissions")[2]
    text = (GOOGLE_EXAMPLE / "iam.tf").read_text()
    named = set(re.findall(r'"(roles/(?:pubsub\.(?:subscriber|viewer)|secretmanager\.\w+))"', text))
    assert set(re.findall(r"`(roles/[\w.]+)`", table)) == named


def test_names_of_secrets_narrow_the_roles() -> None:
    state = apply(secret_paths=["prod-*", "shared-tls"])
    secrets = f"projects/{NUMBER}/secrets"
    for binding in state["google_project_iam_member"]:
        assert binding["condition"][0]["expression"] == (
            f'resource.name.startsWith("{secrets}/prod-") || resource.name == "{secrets}/shared-tls" || '
            f'resource.name.startsWith("{secrets}/shared-tls/")')


@pytest.mark.parametrize("identity", ["service-account", "direct"])
def test_only_the_service_account_of_this_cluster_is_edsm(identity: str) -> None:
    state = apply(identity=identity, edsm_namespace="edsm", edsm_service_account_name="it", cluster_project_id="fleet")
    if identity == "service-account":
        pods = "serviceAccount:fleet.svc.id.goog[edsm/it]"
        (account,) = state["google_service_account"]
        assert granted_to(state, pods) == {("roles/iam.workloadIdentityUser", account["name"])}
        assert len(granted_to(state, EDSM)) == 4
    else:
        assert "google_service_account" not in state
        pods = (f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/"
                "fleet.svc.id.goog/subject/ns/edsm/sa/it")
        assert len(granted_to(state, pods)) == 4


def test_without_the_audit_log_nothing_is_taken_from_it() -> None:
    state = apply(audit_log_events=False)
    assert "google_logging_project_sink" not in state
    publishers = {each["member"] for each in state["google_pubsub_topic_iam_member"]
                  if each["topic"] == "blue-edsm-events"}
    assert publishers == {next(each for each in PUBLISHERS if "secretmanager" in each)}


def test_what_doctor_reads_is_granted_on_demand_only(applied_google: Terraform) -> None:
    assert "google_project_iam_custom_role" not in state_of(applied_google)
    state = apply(doctor_permissions=True)
    roles = {each["name"]: set(each["permissions"]) for each in state["google_project_iam_custom_role"]}
    more = granted_to(state, EDSM) - granted_to(state_of(applied_google), EDSM)
    policies, sinks = (f"projects/{PROJECT}/roles/blue_edsm_doctor_{what}" for what in ("policies", "sinks"))
    assert more == {(policies, "blue-edsm-events"), (policies, "blue-edsm-dead-letters"), (sinks, PROJECT),
                    ("roles/pubsub.publisher", "blue-edsm-events")}
    granted = set().union(*roles.values())
    assert all(re.search(r"\.(getIamPolicy|list)$", permission) for permission in granted), "reading only"
    # Each of them is one that `edsm doctor` names where it is missing, and the other way round.
    sources = "".join(path.read_text() for path in (ROOT / "src/cli/commands").glob("doctor*.cpp"))
    named = set(re.findall(r"\b(logging\.\w+\.list)\b", sources))
    assert "pubsub.{}.getIamPolicy" in sources
    assert named == {permission for permission in granted if permission.startswith("logging.")}


# -- it works ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def bearers() -> Bearers:
    return Bearers(work_dir("bearers"))


@pytest.fixture(scope="module")
def google(bearers: Bearers) -> Iterator[GoogleCloud]:
    with GoogleCloud(bearers=bearers) as cloud:
        yield cloud


def make(google: GoogleCloud, state: State) -> None:
    """Makes what the state says, and insists that it is named as the stand-in named it."""
    for topic in state["google_pubsub_topic"]:
        assert google.make_topic(topic["name"]) == topic["id"]
    for each in state["google_pubsub_subscription"]:
        policy = (each["dead_letter_policy"] or [None])[0]
        made = google.make_subscription(
            each["name"], each["topic"], ack_deadline=int(each["ack_deadline_seconds"]),
            **({"dead_letter": policy["dead_letter_topic"], "max_attempts": int(policy["max_delivery_attempts"])}
               if policy else {}))
        assert made.name == each["id"]


def grants_of(state: State, who: str) -> Grants:
    """What somebody may do, for the bed: conditions become the names that they let through."""
    grants: dict[str, list[str]] = {}
    for each in state["google_project_iam_member"]:
        if each["member"] == who:
            for kind, path in re.findall(r'(==|startsWith\()\s*"([^"]+)"', each["condition"][0]["expression"]):
                grants.setdefault(path if kind == "==" else f"{path}*", []).append(each["role"])
    for each in state["google_pubsub_subscription_iam_member"]:
        if each["member"] == who:
            grants.setdefault(f"projects/{PROJECT}/subscriptions/{each['subscription']}", []).append(each["role"])
    return grants


def test_events_reach_who_may_read_them(google: GoogleCloud, bearers: Bearers) -> None:
    made = terraform()
    state = made.apply(project_id=PROJECT, cluster_name="blue", secret_paths=["prod-*"])
    outputs = made.outputs()
    make(google, state)
    google.put_secret("prod-db", "1", topics=[outputs["pubsub_topic"]])
    google.put_secret("test-db", "1", topics=[outputs["pubsub_topic"]])

    account = EDSM.removeprefix("serviceAccount:")
    assert outputs["edsm_service_account_email"] == account
    edsm = Credentials(bearers.issue(account, grants=grants_of(state, EDSM)))
    pulled = clients.subscriber(google, edsm).pull(subscription=outputs["pubsub_subscription"], max_messages=10)
    events = [received.message.attributes["eventType"] for received in pulled.received_messages]
    assert sorted(events) == sorted(2 * ["TOPIC_CONFIGURED", "SECRET_CREATE", "SECRET_VERSION_ADD"])
    clients.subscriber(google, edsm).acknowledge(subscription=outputs["pubsub_subscription"],
                                                 ack_ids=[received.ack_id for received in pulled.received_messages])

    reader = clients.secret_manager(google, edsm)
    shown = clients.subscriber(google, edsm).get_subscription(subscription=outputs["pubsub_subscription"])
    assert (shown.ack_deadline_seconds, shown.dead_letter_policy.max_delivery_attempts) == (60, 10)
    version = f"projects/{PROJECT}/secrets/prod-db/versions/latest"
    assert reader.access_secret_version(name=version).payload.data == b"1"
    assert reader.get_secret_version(name=version).name.endswith("/versions/1")
    for call in (reader.access_secret_version, reader.get_secret_version):
        with pytest.raises(exceptions.Forbidden):
            call(name=f"projects/{PROJECT}/secrets/test-db/versions/latest")
    with pytest.raises(exceptions.Forbidden):
        clients.subscriber(google, edsm).pull(subscription=outputs["dead_letter_subscription"], max_messages=1)
    with pytest.raises(exceptions.Forbidden):
        reader.add_secret_version(parent=f"projects/{PROJECT}/secrets/prod-db", payload={"data": b"2"})
