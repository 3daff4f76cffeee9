"""The Service Bus of the bed; Microsoft's last client that speaks HTTP is the judge."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from azure.common import AzureHttpError, AzureMissingResourceHttpError
from azure.identity import ClientSecretCredential
from azure.servicebus.control_client import Message as Sent
from azure.servicebus.control_client import ServiceBusService

from bed.azure import Azure
from bed.azure_clients import led_to, queues
from bed.azure_names import TENANT
from bed.bus_access import SharedKey
from bed.bus_entity import DEAD_LETTERS
from bed.exchange import cut_before
from bed.process import wait_for
from bed.service_bus import Namespace


@pytest.fixture(scope="module")
def azure() -> Iterator[Azure]:
    with Azure() as azure, led_to(azure):
        yield azure


@pytest.fixture
def space(azure: Azure, request: pytest.FixtureRequest) -> Namespace:
    return azure.namespace("n-" + request.node.name.replace("_", "-")[5:45].split("[")[0])


@pytest.fixture
def client(space: Namespace) -> ServiceBusService:
    return queues(space, space.key("judge", "Listen", "Send"))


def asked(azure: Azure, space: Namespace, method: str, path: str, authorization: str | None = None,
          body: str | None = None) -> requests.Response:
    headers = {"Host": space.host, "Authorization": authorization or f"Bearer {azure.bearers.admin}"}
    return requests.request(method, azure.imds + path, headers=headers, data=body, timeout=90)


def test_the_official_client_sends_receives_and_settles(space: Namespace, client: ServiceBusService) -> None:
    space.queue("queue1")
    client.send_queue_message("queue1", Sent(b"text", custom_properties={"p": "q", "n": 3},
                                             broker_properties={"Label": "mine"}))
    first = client.receive_queue_message("queue1", peek_lock=True, timeout=3)
    assert (first.body, first.custom_properties["p"], first.custom_properties["n"]) == (b"text", "q", 3)
    assert (first.broker_properties["DeliveryCount"], first.broker_properties["Label"]) == (1, "mine")
    first.renew_lock()
    first.unlock()
    second = client.receive_queue_message("queue1", peek_lock=True, timeout=3)
    assert second.broker_properties["DeliveryCount"] == 2
    assert second.broker_properties["LockToken"] != first.broker_properties["LockToken"]
    assert second.broker_properties["MessageId"] == first.broker_properties["MessageId"]
    with pytest.raises(AzureMissingResourceHttpError, match="lock supplied is invalid"):
        first.delete()
    second.delete()
    assert client.receive_queue_message("queue1", peek_lock=True, timeout=0).body is None
    with pytest.raises(AzureMissingResourceHttpError, match="No service is hosted"):
        client.receive_queue_message("none", peek_lock=True, timeout=0)


def test_the_official_client_reads_how_an_entity_is_set_up(azure: Azure, space: Namespace) -> None:
    space.queue("queue1", lock_seconds=90, max_deliveries=7, sessions=True)
    space.topic("topic1")
    space.subscription("topic1", "sub1", lock_seconds=30)
    manager = queues(space, space.key("manager", "Listen", "Send", "Manage"))
    manager.send_queue_message("queue1", Sent(b"text"))
    queue = manager.get_queue("queue1")
    assert (queue.lock_duration, queue.max_delivery_count, queue.requires_session) == ("PT1M30S", 7, True)
    assert (queue.message_count, queue.name) == (1, "queue1")
    subscription = manager.get_subscription("topic1", "sub1")
    assert (subscription.lock_duration, subscription.requires_session) == ("PT30S", False)
    with pytest.raises(AzureMissingResourceHttpError):
        manager.get_queue("none")
    listener = space.key("listener", "Listen").signature(f"https://{space.host}/queue1")
    refused = asked(azure, space, "GET", "/queue1?api-version=2017-04", listener)
    assert refused.status_code == 401 and "'Manage' claim" in refused.text


def test_topics_copy_to_their_subscriptions(space: Namespace, client: ServiceBusService) -> None:
    space.topic("news")
    for name in ("a", "b"):
        space.subscription("news", name)
    client.send_topic_message("news", Sent(b"text"))
    received = [client.receive_subscription_message("news", name, peek_lock=True, timeout=3) for name in ("a", "b")]
    assert [each.body for each in received] == [b"text", b"text"]
    assert len({each.broker_properties["MessageId"] for each in received}) == 1
    received[0].delete()
    received[1].unlock()
    assert client.receive_subscription_message("news", "a", peek_lock=True, timeout=0).body is None
    assert client.receive_subscription_message("NEWS", "B", peek_lock=True, timeout=0).body == b"text"


def test_receives_wait_and_are_woken(azure: Azure, space: Namespace, client: ServiceBusService) -> None:
    queue = space.queue("slow", lock_seconds=0.4)
    began = time.monotonic()
    assert client.receive_queue_message("slow", peek_lock=True, timeout=1).body is None
    assert 1 <= time.monotonic() - began
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.receive_queue_message, "slow", peek_lock=True, timeout=60)
        wait_for(lambda: azure.bus.receiving == 1, 20, "a receive to wait")
        azure.send(space, "slow", "late")
        assert waiting.result(timeout=20).body == b"late"
    # Nobody renews the lock: who waits gets the message when it ends.
    again = client.receive_queue_message("slow", peek_lock=True, timeout=60)
    assert again.broker_properties["DeliveryCount"] == 2
    queue.lock_seconds = 60
    wait_for(lambda: azure.waiting(queue) == 1, 10, "the second lock to end")


def test_who_leaves_locks_nothing(azure: Azure, space: Namespace) -> None:
    queue = space.queue("left")
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(f"{azure.imds}/left/messages/head?timeout=60", timeout=0.5, headers={
            "Host": space.host, "Authorization": f"Bearer {azure.bearers.admin}"})
    wait_for(lambda: azure.bus.receiving == 0, 10, "the receive to be given up")
    azure.send(space, "left", "x")
    assert azure.waiting(queue) == 1


def test_locks_end_and_can_be_renewed(azure: Azure, space: Namespace, client: ServiceBusService) -> None:
    space.queue("locks")
    azure.send(space, "locks", "x")
    kept = client.receive_queue_message("locks", peek_lock=True, timeout=3)
    azure.pass_time(40)
    kept.renew_lock()
    azure.pass_time(40)
    kept.unlock()
    lost = client.receive_queue_message("locks", peek_lock=True, timeout=3)
    azure.pass_time(61)
    for settle in (lost.renew_lock, lost.unlock, lost.delete):
        with pytest.raises(AzureMissingResourceHttpError):
            settle()
    space.entities["locks"].lost_status = 410
    with pytest.raises(AzureHttpError) as gone:
        lost.delete()
    assert gone.value.status_code == 410


def test_poison_goes_to_the_dead_letters(azure: Azure, space: Namespace, client: ServiceBusService) -> None:
    queue = space.queue("poison", max_deliveries=3)
    azure.send(space, "poison", "bad")
    for _ in range(2):
        client.receive_queue_message("poison", peek_lock=True, timeout=3).unlock()
    client.receive_queue_message("poison", peek_lock=True, timeout=3)
    azure.pass_time(61)
    assert client.receive_queue_message("poison", peek_lock=True, timeout=0).body is None
    assert queue.dead_letters and azure.backlog(queue.dead_letters) == 1
    dead = client.receive_queue_message(f"poison/{DEAD_LETTERS}", peek_lock=True, timeout=3)
    assert (dead.body, dead.custom_properties["deadletterreason"]) == (b"bad", "MaxDeliveryCountExceeded")
    dead.delete()
    assert azure.backlog(queue.dead_letters) == 0


def test_duplicates_are_detected_where_that_is_on(azure: Azure, space: Namespace, client: ServiceBusService) -> None:
    for name, detects, expected in (("plain", False, 2), ("strict", True, 1)):
        queue = space.queue(name, detects_duplicates=detects)
        for _ in range(2):
            client.send_queue_message(name, Sent(b"x", broker_properties={"MessageId": "same"}))
        assert azure.waiting(queue) == expected


def test_sessions_are_refused(azure: Azure, space: Namespace) -> None:
    space.queue("sessions", sessions=True)
    answer = asked(azure, space, "POST", "/sessions/messages/head?timeout=1")
    assert (answer.status_code, "requires sessions" in answer.text) == (400, True)


@pytest.mark.parametrize("change, complaint", [
    ("none", None), ("key", "InvalidSignature"), ("name", "InvalidSignature"), ("late", "ExpiredToken"),
    ("elsewhere", "InvalidAudience"), ("claim", "Listen"), ("malformed", "MalformedToken")])
def test_signatures(azure: Azure, space: Namespace, change: str, complaint: str | None) -> None:
    space.queue("q")
    key = space.key("edsm", "Send" if change == "claim" else "Listen")
    shown = SharedKey("nobody" if change == "name" else key.name) if change in ("key", "name") else key
    uri = f"https://{space.host}/{'other' if change == 'elsewhere' else 'q'}"
    header = shown.signature(uri, -5 if change == "late" else 60)
    answer = asked(azure, space, "POST", "/Q/Messages/Head?timeout=0",
                   header.replace("sig=", "gis=") if change == "malformed" else header)
    assert answer.status_code == (401 if complaint else 204)
    assert (complaint or "") in answer.text


def test_bearers(azure: Azure, space: Namespace) -> None:
    space.queue("q")
    space.queue("other")
    listener = {f"{space.name}/q": ["Azure Service Bus Data Receiver"]}
    app = azure.entra.app("listener", grants=listener, secrets=["s"])
    credential = ClientSecretCredential(TENANT, app.client_id, "s")
    token = credential.get_token("https://servicebus.azure.net/.default").token
    vault_token = credential.get_token("https://vault.azure.net/.default").token
    receive = "/messages/head?timeout=0"
    assert asked(azure, space, "POST", f"/q{receive}", f"Bearer {token}").status_code == 204
    for method, path, bearer, complaint in (
            ("POST", f"/other{receive}", token, "'Listen' claim"), ("POST", "/q/messages", token, "'Send' claim"),
            ("POST", f"/q{receive}", vault_token, "InvalidAudience"), ("POST", f"/q{receive}", "x", "ExpiredToken")):
        answer = asked(azure, space, method, path, f"Bearer {bearer}", body="")
        assert (answer.status_code, complaint in answer.text) == (401, True), answer.text
        assert answer.text.startswith("<Error><Code>401</Code><Detail>")
    anonymous = requests.post(f"{azure.imds}/q{receive}", headers={"Host": space.host}, timeout=5)
    assert (anonymous.status_code, "MissingToken" in anonymous.text) == (401, True)


def test_connections_are_kept_and_batches_are_taken(azure: Azure, space: Namespace) -> None:
    queue = space.queue("q")
    with requests.Session() as session:
        session.headers.update({"Authorization": f"Bearer {azure.bearers.admin}"})
        batch = [{"Body": text, "BrokerProperties": {"Label": text}, "UserProperties": {"n": 1}} for text in "ab"]
        sent = session.post(f"https://{space.host}/q/messages", json=batch, timeout=5,
                            headers={"Content-Type": "application/vnd.microsoft.servicebus.json"})
        assert sent.status_code == 201
        begin = len(azure.connects)
        for text in "ab":
            got = session.post(f"https://{space.host}/q/messages/head?timeout=1", timeout=5)
            label = json.loads(got.headers["BrokerProperties"])["Label"]
            assert (got.text, label, got.headers["n"]) == (text, text, "1")
            assert session.delete(got.headers["Location"], timeout=5).status_code == 200
        assert azure.connects[begin:] == []  # all on the first connection
    assert azure.backlog(queue) == 0


def test_a_cut_receive_leaves_the_message(azure: Azure, space: Namespace, client: ServiceBusService) -> None:
    queue = space.queue("cut")
    azure.send(space, "cut", "x")
    azure.wire.fault(cut_before(), path="/cut/messages/head")
    with pytest.raises(Exception, match="(?i)connection|remote end|aborted"):
        client.receive_queue_message("cut", peek_lock=True, timeout=1)
    assert azure.waiting(queue) == 1
    assert client.receive_queue_message("cut", peek_lock=True, timeout=1).body == b"x"


def test_many_receivers_get_each_message_once(azure: Azure, space: Namespace) -> None:
    queue, bodies, lock = space.queue("many"), [], threading.Lock()
    for number in range(12):
        azure.send(space, "many", str(number))

    def work() -> None:
        while (got := asked(azure, space, "POST", "/many/messages/head?timeout=0")).status_code == 201:
            with lock:
                bodies.append(int(got.text))
            assert asked(azure, space, "DELETE", got.headers["Location"].removeprefix(f"https://{space.host}")).ok
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(work) for _ in range(3)]:
            done.result(timeout=60)
    assert (sorted(bodies), azure.backlog(queue)) == (list(range(12)), 0)
