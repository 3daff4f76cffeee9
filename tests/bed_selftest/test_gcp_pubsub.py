"""The Pub/Sub of the bed does what the tests of EDSM rely on; Google's client is the judge."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests
from google.api_core import exceptions
from google.oauth2.credentials import Credentials
from google.pubsub_v1.types import PubsubMessage

from bed.aws import Depth
from bed.bearers import Bearers, Grants
from bed.certs import CA
from bed.exchange import cut_after, google_error
from bed.gcp import HOSTS, PROJECT, GoogleCloud, GoogleError, Subscription, attributes
from bed.google_clients import publisher, secret_manager, subscriber
from bed.process import wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleCloud]:
    with GoogleCloud(hold=2) as google:
        yield google


@pytest.fixture
def subscription(google: GoogleCloud, request: pytest.FixtureRequest) -> Subscription:
    return google.make_subscription("s-" + request.node.name, google.make_topic("t-" + request.node.name))


def refusal(google: GoogleCloud, method: str, path: str, body: object = None) -> tuple[int, str]:
    with pytest.raises(GoogleError) as refused:
        google.call(method, path, body)
    return refused.value.code, refused.value.status


def test_the_official_client_passes_from_topic_to_acknowledgement(google: GoogleCloud) -> None:
    sender, receiver = publisher(google), subscriber(google)
    topic = sender.create_topic(name=f"projects/{PROJECT}/topics/official").name
    made = receiver.create_subscription(name=f"projects/{PROJECT}/subscriptions/official", topic=topic)
    assert made.ack_deadline_seconds == 10
    assert made.name in [found.name for found in receiver.list_subscriptions(project=f"projects/{PROJECT}")]
    with pytest.raises(exceptions.Conflict, match=r"Resource already exists in the project \(resource=official\)"):
        sender.create_topic(name=topic)

    sender.publish(topic=topic, messages=[PubsubMessage(data=b"\x00\xff", attributes={"k": "v"})])
    (received,) = receiver.pull(subscription=made.name, max_messages=10).received_messages
    assert (received.message.data, received.message.attributes) == (b"\x00\xff", {"k": "v"})
    receiver.acknowledge(subscription=made.name, ack_ids=[received.ack_id])
    assert google.backlog(Subscription(made.name, topic)) == Depth(0, 0)

    receiver.delete_subscription(subscription=made.name)
    with pytest.raises(exceptions.NotFound, match=r"Resource not found \(resource=official\)"):
        receiver.pull(subscription=made.name, max_messages=1)


def test_a_pull_is_held_until_there_is_a_message(google: GoogleCloud, subscription: Subscription) -> None:
    def publish() -> None:
        google.publish(subscription.topic, "x")

    timer = threading.Timer(0.4, publish)
    began = time.monotonic()
    timer.start()
    answer = subscriber(google).pull(subscription=subscription.name, max_messages=1)
    assert len(answer.received_messages) == 1
    assert 0.4 <= time.monotonic() - began < 1.5  # neither at once nor only when the hold of 2 s is over
    timer.join()


def test_an_empty_pull_ends_with_the_hold(google: GoogleCloud, subscription: Subscription) -> None:
    began = time.monotonic()
    assert google.call("POST", f"{subscription.name}:pull", {"maxMessages": 1}) == {}
    assert 2 <= time.monotonic() - began < 10


def test_a_client_that_has_gone_gets_nothing(google: GoogleCloud, subscription: Subscription) -> None:
    client = HTTPConnection("127.0.0.1", google.port)
    client.request("POST", f"/v1/{subscription.name}:pull", json.dumps({"maxMessages": 1}))
    wait_for(lambda: google.held_pulls(subscription) == 1, 10, "the pull to be held")
    client.close()
    wait_for(lambda: google.held_pulls(subscription) == 0, 10, "the end of the client to be seen")
    google.publish(subscription.topic, "x")
    assert google.backlog(subscription) == Depth(visible=1, in_flight=0)


def test_a_message_comes_back_at_once_or_at_its_deadline(google: GoogleCloud, subscription: Subscription) -> None:
    google.publish(subscription.topic, "x")
    (first,) = google.pull(subscription)
    assert google.backlog(subscription) == Depth(visible=0, in_flight=1)
    assert google.pull(subscription, wait=0) == []

    google.call("POST", f"{subscription.name}:modifyAckDeadline", {"ackIds": [first["ackId"]], "ackDeadlineSeconds": 0})
    assert google.backlog(subscription) == Depth(visible=1, in_flight=0)
    (second,) = google.pull(subscription)
    assert second["ackId"] != first["ackId"]
    assert second["message"]["messageId"] == first["message"]["messageId"]

    google.call("POST", f"{subscription.name}:modifyAckDeadline",
                {"ackIds": [second["ackId"]], "ackDeadlineSeconds": 60})
    try:
        google.set_clock(+30)
        assert google.pull(subscription, wait=0) == []
        google.set_clock(+61)
        assert google.backlog(subscription) == Depth(visible=1, in_flight=0)
        (third,) = google.pull(subscription)
    finally:
        google.set_clock(0)
    google.acknowledge(subscription, second)  # too late: it is out again under another id
    assert google.backlog(subscription) == Depth(visible=0, in_flight=1)
    google.acknowledge(subscription, third)
    assert google.backlog(subscription) == Depth(0, 0)


def test_exactly_once_tells_which_acknowledgements_came_too_late(google: GoogleCloud) -> None:
    topic = google.make_topic("once")
    once = google.make_subscription("once", topic, enableExactlyOnceDelivery=True)
    for number in range(2):
        google.publish(topic, str(number))
    late, timely = google.pull(once)
    google.call("POST", f"{once.name}:modifyAckDeadline", {"ackIds": [late["ackId"]], "ackDeadlineSeconds": 0})
    with pytest.raises(GoogleError, match="400 FAILED_PRECONDITION") as refused:
        google.acknowledge(once, late, timely)
    (detail,) = refused.value.body["details"]
    assert detail == {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "EXACTLY_ONCE_ACKID_FAILURE",
                      "domain": "pubsub.googleapis.com",
                      "metadata": {late["ackId"]: "PERMANENT_FAILURE_INVALID_ACK_ID"}}
    assert google.backlog(once) == Depth(visible=1, in_flight=0)


def test_poison_message_ends_at_the_dead_letter_topic(google: GoogleCloud) -> None:
    dead = google.make_subscription("dead", google.make_topic("dead"))
    poisoned = google.make_subscription("poisoned", google.make_topic("poisoned"), dead_letter=dead.topic)
    google.publish(poisoned.topic, "poison", reason="none")
    attempts = []
    for _ in range(5):
        (received,) = google.pull(poisoned)
        attempts.append(received["deliveryAttempt"])
        google.call("POST", f"{poisoned.name}:modifyAckDeadline",
                    {"ackIds": [received["ackId"]], "ackDeadlineSeconds": 0})
    assert attempts == [1, 2, 3, 4, 5]
    assert google.pull(poisoned, wait=0) == []
    (moved,) = google.pull(dead)
    said = moved["message"]["attributes"]
    assert said.pop("CloudPubSubDeadLetterSourceTopicPublishTime") == received["message"]["publishTime"]
    assert said == {"reason": "none", "CloudPubSubDeadLetterSourceDeliveryCount": "5",
                    "CloudPubSubDeadLetterSourceSubscription": "poisoned",
                    "CloudPubSubDeadLetterSourceSubscriptionProject": PROJECT}
    google.acknowledge(dead, moved)
    assert google.pull(dead, wait=0.1) == []  # once is enough
    assert google.backlog(poisoned) == google.backlog(dead) == Depth(0, 0)


def test_a_filter_counts(google: GoogleCloud) -> None:
    topic = google.make_topic("filtered")
    subscription = google.make_subscription("filtered", topic, filter='attributes.kind = "wanted"')
    google.publish(topic, "x", kind="other")
    google.publish(topic, "y", kind="wanted")
    assert attributes(google.pull(subscription)) == [{"kind": "wanted"}]
    assert refusal(google, "PUT", f"projects/{PROJECT}/subscriptions/bad-filter",
                   {"topic": topic, "filter": "kind is wanted"}) == (400, "INVALID_ARGUMENT")


def test_values_out_of_range_are_refused(google: GoogleCloud, subscription: Subscription) -> None:
    for method, path, body in [
            ("PUT", f"projects/{PROJECT}/topics/xy", {}),
            ("PUT", f"projects/{PROJECT}/subscriptions/quick", {"topic": subscription.topic, "ackDeadlineSeconds": 5}),
            ("POST", f"{subscription.name}:pull", {}),
            ("POST", f"{subscription.name}:pull", {"maxMessages": "many"}),
            ("POST", f"{subscription.name}:modifyAckDeadline", {"ackIds": ["a"], "ackDeadlineSeconds": 601}),
            ("POST", f"{subscription.name}:acknowledge", {})]:
        assert refusal(google, method, path, body) == (400, "INVALID_ARGUMENT"), (path, body)


def test_errors_have_googles_envelope(google: GoogleCloud) -> None:
    answer = requests.get(f"{google.url}/v1/projects/{PROJECT}/topics/absent", timeout=5)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json; charset=UTF-8"
    assert answer.json() == {"error": {"code": 404, "message": "Resource not found (resource=absent).",
                                       "status": "NOT_FOUND"}}
    assert requests.post(f"{google.url}/v1/projects/{PROJECT}/topics/x:publish", data="{", timeout=5).status_code == 400
    assert requests.get(f"{google.url}/v1/nothing/of/this", timeout=5).json()["error"]["status"] == "NOT_FOUND"


def test_a_proxy_before_it_injects_faults(google: GoogleCloud, subscription: Subscription) -> None:
    with WireProxy(google.url) as proxy:
        proxy.fault(google_error(429, "RESOURCE_EXHAUSTED", Retry_After="1"), path=":acknowledge")
        client = subscriber(proxy)
        google.publish(subscription.topic, "x")
        (received,) = client.pull(subscription=subscription.name, max_messages=1).received_messages
        with pytest.raises(exceptions.TooManyRequests, match="injected"):
            client.acknowledge(subscription=subscription.name, ack_ids=[received.ack_id], retry=None)
        client.acknowledge(subscription=subscription.name, ack_ids=[received.ack_id])
        assert google.backlog(subscription) == Depth(0, 0)

        proxy.fault(cut_after(), path=":pull")  # the answer is lost, so the message is out until its deadline
        google.publish(subscription.topic, "y")
        with pytest.raises(requests.ConnectionError):
            client.pull(subscription=subscription.name, max_messages=1, retry=None)
        assert google.backlog(subscription) == Depth(visible=0, in_flight=1)


def test_restart_is_empty_at_the_same_address() -> None:
    with GoogleCloud() as google:
        url = google.url
        google.make_topic("kept")
        google.restart()
        assert google.url == url
        assert google.call("GET", f"projects/{PROJECT}/topics") == {}


def test_tls_under_the_real_names(tmp_path: Path) -> None:
    authority = CA(tmp_path)
    with GoogleCloud(tls=authority.server("google", HOSTS), ca=authority.cert) as google:
        assert google.make_topic("secured") == f"projects/{PROJECT}/topics/secured"
        context = ssl.create_default_context(cafile=str(authority.cert))
        context.set_alpn_protocols(["h2", "http/1.1"])
        for host in ("pubsub.googleapis.com", "secretmanager.europe-west1.rep.googleapis.com"):
            with socket.create_connection(("127.0.0.1", google.port), timeout=5) as plain:
                with context.wrap_socket(plain, server_hostname=host) as secured:
                    assert secured.selected_alpn_protocol() == "h2"


# -- policies, permissions, log sinks ----------------------------------------------


def test_policies_are_kept_and_permissions_told_to_the_official_clients() -> None:
    bearers = Bearers(work_dir("bearers"))
    with GoogleCloud(bearers=bearers) as google:
        topic = google.make_topic("policies")
        secret = google.create_secret("policies")
        some = Credentials(bearers.issue("some", grants={topic: ["pubsub.topics.publish", "pubsub.topics.getIamPolicy"],
                                                         secret: ["roles/secretmanager.secretAccessor"]}))
        assert not publisher(google, some).get_iam_policy({"resource": topic}).bindings
        google.set_policy(topic, publisher=["serviceAccount:a", "user:b"])
        (binding,) = publisher(google, some).get_iam_policy({"resource": topic}).bindings
        assert (binding.role, list(binding.members)) == ("roles/pubsub.publisher", ["serviceAccount:a", "user:b"])
        with pytest.raises(exceptions.Forbidden):
            publisher(google, some).get_iam_policy({"resource": google.make_topic("others")})

        asked = {"resource": topic, "permissions": ["pubsub.topics.publish", "pubsub.topics.delete"]}
        assert list(publisher(google, some).test_iam_permissions(asked).permissions) == ["pubsub.topics.publish"]
        missing = asked | {"resource": f"{topic}-of-nobody"}
        assert not publisher(google, Credentials(bearers.admin)).test_iam_permissions(missing).permissions, "no 404"
        asked = {"resource": secret, "permissions": ["secretmanager.versions.access", "secretmanager.versions.get"]}
        told = secret_manager(google, some).test_iam_permissions(asked)
        assert list(told.permissions) == ["secretmanager.versions.access"]
        nobody = requests.post(f"{google.url}/v1/{topic}:testIamPermissions", json={"permissions": ["x"]}, timeout=5)
        assert (nobody.status_code, nobody.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_log_sinks_are_listed_to_who_may_list_them() -> None:
    bearers = Bearers(work_dir("bearers"))
    with GoogleCloud(bearers=bearers) as google:
        google.set_sinks({"name": "changes", "filter": "x"})

        def listed(grants: Grants) -> requests.Response:
            token = bearers.issue("some", grants=grants)
            return requests.get(f"{google.url}/v2/projects/{PROJECT}/sinks", timeout=5,
                                headers={"Authorization": f"Bearer {token}"})

        answer = listed({f"projects/{PROJECT}": ["logging.sinks.list"]})
        assert answer.json() == {"sinks": [{"name": "changes", "filter": "x"}]}
        refused = listed({f"projects/{PROJECT}": ["roles/pubsub.viewer"]})
        assert (refused.status_code, refused.json()["error"]["status"]) == (403, "PERMISSION_DENIED")
