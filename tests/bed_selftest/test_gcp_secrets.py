"""The Secret Manager of the bed does what the tests of EDSM rely on; Google's client is the judge."""

from collections.abc import Iterator

import pytest
from google.api_core import exceptions
from google.cloud.secretmanager_v1.types import (
    AddSecretVersionRequest, Secret, SecretPayload, SecretVersion, UpdateSecretRequest)

from bed.gcp import LOCATION, NUMBER, PROJECT, GoogleCloud, GoogleError, Subscription, attributes, data
from bed.google_clients import secret_manager

PARENT = f"projects/{PROJECT}"
AUTOMATIC = Secret(replication={"automatic": {}})


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleCloud]:
    with GoogleCloud() as google:
        yield google


@pytest.fixture
def told(google: GoogleCloud, request: pytest.FixtureRequest) -> Subscription:
    return google.make_subscription("s-" + request.node.name, google.make_topic("t-" + request.node.name))


def test_the_official_client_passes_from_creation_to_deletion(google: GoogleCloud) -> None:
    client = secret_manager(google)
    made = client.create_secret(parent=PARENT, secret_id="official", secret=AUTOMATIC)
    assert made.name == f"projects/{NUMBER}/secrets/official"  # the number, whatever was asked for
    with pytest.raises(exceptions.Conflict):
        client.create_secret(parent=PARENT, secret_id="official", secret=AUTOMATIC)
    with pytest.raises(exceptions.NotFound, match=rf"Secret \[{made.name}\] not found or has no versions"):
        client.access_secret_version(name=f"{PARENT}/secrets/official/versions/latest")

    added = client.add_secret_version(parent=made.name, payload=SecretPayload(data=b"\x00one"))
    assert (added.name, added.state) == (f"{made.name}/versions/1", SecretVersion.State.ENABLED)
    read = client.access_secret_version(name=f"{PARENT}/secrets/official/versions/latest")
    assert (read.name, read.payload.data) == (added.name, b"\x00one")  # the official client verified the checksum

    client.delete_secret(name=made.name)
    with pytest.raises(exceptions.NotFound, match=r"Secret \[projects/\d+/secrets/official\] not found\."):
        client.get_secret(name=made.name)


def test_checksums_and_sizes(google: GoogleCloud) -> None:
    client = secret_manager(google)
    path = google.create_secret("sizes")
    right = SecretPayload(data=b"123456789", data_crc32c=0xE3069283)  # the check value of CRC-32C
    version = client.add_secret_version(AddSecretVersionRequest(parent=path, payload=right))
    assert version.client_specified_payload_checksum
    assert client.access_secret_version(name=version.name).payload.data_crc32c == 0xE3069283
    wrong = SecretPayload(data=b"123456789", data_crc32c=1)
    for payload in (wrong, SecretPayload(data=b""), SecretPayload(data=b"x" * (64 * 1024 + 1))):
        with pytest.raises(exceptions.BadRequest):
            client.add_secret_version(AddSecretVersionRequest(parent=path, payload=payload))
    largest = client.add_secret_version(parent=path, payload=SecretPayload(data=b"x" * (64 * 1024)))
    assert largest.name.endswith("/versions/2")


def test_latest_is_the_newest_version_in_whatever_state(google: GoogleCloud) -> None:
    client = secret_manager(google)
    for value in ("one", "two"):
        google.put_secret("states", value)
    latest = google.secret_path("states") + "/versions/latest"
    google.disable_version("states", "2")
    with pytest.raises(exceptions.BadRequest,
                       match=rf"Secret Version \[projects/{NUMBER}/secrets/states/versions/2\] is in DISABLED state\."):
        client.access_secret_version(name=latest)
    assert client.get_secret_version(name=latest).state == SecretVersion.State.DISABLED
    google.enable_version("states", "2")
    assert client.access_secret_version(name=latest).payload.data == b"two"

    google.destroy_version("states", "2")
    with pytest.raises(exceptions.BadRequest, match="is in DESTROYED state"):
        client.access_secret_version(name=latest)
    with pytest.raises(exceptions.BadRequest, match="is in DESTROYED state"):
        client.enable_secret_version(name=f"projects/{NUMBER}/secrets/states/versions/2")
    assert client.access_secret_version(name=google.secret_path("states") + "/versions/1").payload.data == b"one"
    with pytest.raises(exceptions.NotFound, match=r"Secret Version \[.*/versions/3\] not found"):
        client.access_secret_version(name=google.secret_path("states") + "/versions/3")


def test_aliases_lead_readers(google: GoogleCloud) -> None:
    client = secret_manager(google)
    for value in ("one", "two"):
        google.put_secret("aliased", value)
    google.update_secret("aliased", versionAliases={"prod": "1"})
    name = google.secret_path("aliased") + "/versions/prod"
    read = client.access_secret_version(name=name)
    assert (read.name.rpartition("/")[2], read.payload.data) == ("1", b"one")
    assert client.get_secret_version(name=name).name.endswith("/versions/1")
    with pytest.raises(exceptions.BadRequest):
        client.disable_secret_version(name=name)
    for bad in ({"latest": "1"}, {"prod": "7"}, {"1st": "1"}):
        with pytest.raises(GoogleError, match="400 INVALID_ARGUMENT"):
            google.update_secret("aliased", versionAliases=bad)


def test_lists_come_in_pages(google: GoogleCloud) -> None:
    client = secret_manager(google)
    with GoogleCloud() as other:
        for number in range(5):
            other.put_secret(f"paged-{number}", "x")
        pager = secret_manager(other).list_secrets(request={"parent": PARENT, "page_size": 2})
        pages = [[secret.name.rpartition("-")[2] for secret in page.secrets] for page in pager.pages]
        assert sorted(number for page in pages for number in page) == list("01234")
        assert [len(page) for page in pages] == [2, 2, 1]
        first = other.call("GET", f"{PARENT}/secrets", pageSize=2)
        assert first["totalSize"] == 5
        with pytest.raises(GoogleError, match="400 INVALID_ARGUMENT"):
            other.call("GET", f"{PARENT}/secrets", pageToken="no such token")
    for value in ("one", "two", "three"):
        google.put_secret("listed", value)
    google.disable_version("listed", "2")
    path = google.secret_path("listed")
    newest_first = [version.name.rpartition("/")[2] for version in client.list_secret_versions(parent=path)]
    assert newest_first == ["3", "2", "1"]
    enabled = client.list_secret_versions(request={"parent": path, "filter": "state:ENABLED"})
    assert [version.name.rpartition("/")[2] for version in enabled] == ["3", "1"]


def test_a_stale_etag_is_refused(google: GoogleCloud) -> None:
    client = secret_manager(google)
    google.put_secret("guarded", "x")
    old = client.get_secret(name=google.secret_path("guarded"))
    google.update_secret("guarded", labels={"team": "a"})
    with pytest.raises(exceptions.BadRequest):
        client.update_secret(UpdateSecretRequest(secret=old, update_mask="labels"))
    with pytest.raises(exceptions.BadRequest):
        client.delete_secret(request={"name": old.name, "etag": old.etag})


def test_unknown_projects_are_denied(google: GoogleCloud) -> None:
    with pytest.raises(exceptions.Forbidden):
        secret_manager(google).get_secret(name="projects/unknown/secrets/x")


def test_regional_secrets_are_apart(google: GoogleCloud) -> None:
    google.put_secret("both", "global")
    google.put_secret("both", "regional", location=LOCATION)
    name = f"projects/{NUMBER}/locations/{LOCATION}/secrets/both"
    read = secret_manager(google).access_secret_version(name=f"{PARENT}/locations/{LOCATION}/secrets/both/versions/1")
    assert (read.name, read.payload.data) == (f"{name}/versions/1", b"regional")
    listed = google.call("GET", f"{PARENT}/locations/{LOCATION}/secrets")["secrets"]
    assert [secret["name"] for secret in listed] == [name]
    assert "replication" not in listed[0]


def test_every_change_is_told(google: GoogleCloud, told: Subscription) -> None:
    name = f"projects/{NUMBER}/secrets/told"
    google.put_secret("told", "one", topics=[told.topic])
    google.put_secret("told", "two")
    google.disable_version("told", "2")
    google.enable_version("told", "2")
    google.destroy_version("told", "2")
    google.update_secret("told", labels={"team": "a"})
    google.call("GET", google.secret_path("told"))  # reading is no change
    google.call("GET", google.secret_path("told") + "/versions/1:access")
    google.delete_secret("told")

    messages = google.pull(told)
    assert [message["eventType"] for message in attributes(messages)] == [
        "TOPIC_CONFIGURED", "SECRET_CREATE", "SECRET_VERSION_ADD", "SECRET_VERSION_ADD", "SECRET_VERSION_DISABLE",
        "SECRET_VERSION_ENABLE", "SECRET_VERSION_DESTROY", "SECRET_UPDATE", "SECRET_DELETE"]
    by_type = {received["message"]["attributes"]["eventType"]: received for received in messages}
    configured = by_type.pop("TOPIC_CONFIGURED")["message"]
    assert (configured["attributes"], configured.get("data")) == ({"eventType": "TOPIC_CONFIGURED"}, None)
    for event, received in by_type.items():
        said = received["message"]["attributes"]
        assert (said["secretId"], said["dataFormat"]) == (name, "JSON_API_V1")
        assert said["timestamp"][-6:] == "-08:00"
        version = "VERSION" in event
        assert ("versionId" in said) == version
        assert data(received)["name"] == (said["versionId"] if version else name)
        assert "payload" not in data(received)
    assert by_type["SECRET_DELETE"]["message"]["attributes"]["deleteType"] == "REQUESTED"
    destroyed = by_type["SECRET_VERSION_DESTROY"]
    assert destroyed["message"]["attributes"]["versionId"] == f"{name}/versions/2"
    assert data(destroyed)["state"] == "DESTROYED"


def test_a_delayed_destruction_disables(google: GoogleCloud, told: Subscription) -> None:
    google.create_secret("delayed", topics=[told.topic], versionDestroyTtl="86400s")
    google.put_secret("delayed", "x")
    google.destroy_version("delayed", "1")
    version = google.call("GET", google.secret_path("delayed") + "/versions/1")
    assert version["state"] == "DISABLED" and "scheduledDestroyTime" in version
    assert attributes(google.pull(told))[-1]["eventType"] == "SECRET_VERSION_DESTROY_SCHEDULED"


def test_topics_are_tried_when_they_are_set(google: GoogleCloud, told: Subscription) -> None:
    with pytest.raises(GoogleError, match="400 FAILED_PRECONDITION"):
        google.create_secret("untold", topics=[f"{PARENT}/topics/absent"])
    google.create_secret("untold")
    google.update_secret("untold", topics=[{"name": told.topic}])
    assert [said["eventType"] for said in attributes(google.pull(told))] == ["TOPIC_CONFIGURED", "SECRET_UPDATE"]
