"""The proxy records, disturbs and streams, and keeps signatures valid."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from botocore.exceptions import ClientError

from bed.aws import Ministack
from bed.certs import CA
from bed.controlplane import ControlPlane
from bed.exchange import Recorder, answer, aws_error, cut_after, cut_before, delay, hang, hold, truncate
from bed.kube import Kube
from bed.process import wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy

READ = [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]


@pytest.fixture(scope="module")
def ministack() -> Iterator[Ministack]:
    with Ministack(auth=True) as server:
        server.put_secret("a", "1")
        yield server


@pytest.fixture
def proxy(ministack: Ministack) -> Iterator[WireProxy]:
    with WireProxy(ministack.url, recorder=Recorder(bodies=True)) as proxy:
        yield proxy


def health(proxy: WireProxy, timeout: float = 5) -> requests.Response:
    return requests.get(proxy.url + "/_ministack/health", timeout=timeout)


def test_signed_calls_pass_and_are_recorded(ministack: Ministack, proxy: WireProxy) -> None:
    user = ministack.create_user_with_policy("through-proxy", READ)
    client = ministack.client("secretsmanager", user, url=proxy.url)
    assert client.get_secret_value(SecretId="a")["SecretString"] == "1"
    (exchange,) = proxy.recorder.wait(target="secretsmanager.GetSecretValue")
    assert (exchange.method, exchange.path, exchange.status) == ("POST", "/", 200)
    assert b'"SecretId"' in exchange.body and b'"SecretString"' in exchange.reply
    assert proxy.recorder.count(target="GetSecretValue") == 1
    assert proxy.recorder.count(target="BatchGetSecretValue") == 0

    proxy.fault(aws_error("ThrottlingException"), target="GetSecretValue")
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.get_secret_value(SecretId="a")
    assert client.get_secret_value(SecretId="a")["SecretString"] == "1"


def test_faults(proxy: WireProxy) -> None:
    whole = health(proxy).content

    proxy.fault(answer(503, "busy", {"Retry-After": "7"}))
    refused = health(proxy)
    assert (refused.status_code, refused.text, refused.headers["Retry-After"]) == (503, "busy", "7")

    proxy.fault(delay(0.3))
    started = time.monotonic()
    assert health(proxy).content == whole
    assert time.monotonic() - started >= 0.3

    proxy.fault(hang())
    with pytest.raises(requests.Timeout):
        health(proxy, timeout=0.3)

    for fault in (cut_before(), cut_after(), truncate(10)):
        proxy.fault(fault)
        with pytest.raises(requests.RequestException):
            health(proxy)
    wait_for(lambda: all(exchange.ended for exchange in proxy.recorder.find()), 5, "all exchanges to end")
    seen = [(found.fault, found.status, found.upstream_status) for found in proxy.recorder.find()]
    assert seen == [("", 200, 200), ("answer", 503, None), ("delay", 200, 200), ("hang", None, None),
                    ("cut before", None, None), ("cut after", None, 200), ("truncate", 200, 200)]
    assert len(proxy.recorder.find()[-1].reply) == 10
    assert health(proxy).content == whole


def test_held_request_goes_on_when_it_is_let(proxy: WireProxy) -> None:
    let = threading.Event()
    proxy.fault(hold(let))
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(health, proxy)
        (held,) = wait_for(proxy.recorder.find, 5, "the request")
        assert not waiting.done() and held.upstream_status is None
        let.set()
        assert waiting.result(timeout=5).ok and held.upstream_status == 200


def test_server_that_is_down_looks_down() -> None:
    with WireProxy("http://127.0.0.1:1") as dead, pytest.raises(requests.ConnectionError):
        health(dead)


def test_order_across_proxies(ministack: Ministack) -> None:
    recorder = Recorder()
    with WireProxy(ministack.url, recorder=recorder, name="one") as one, \
            WireProxy(ministack.url, recorder=recorder, name="two") as two:
        health(one)
        health(two)
        (first,), (second,) = recorder.wait(proxy="one"), recorder.wait(proxy="two")
        assert first.began < first.ended < second.began < second.ended
        assert first.reply == b""


def test_watch_streams_through_tls_and_can_be_cut_and_frozen(cluster: ControlPlane) -> None:
    ca = CA(work_dir("wire"))
    token = cluster.service_account_token("default", "watcher")
    cluster.kube.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                        "metadata": {"name": "watcher"},
                        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                        "subjects": [{"kind": "ServiceAccount", "name": "watcher", "namespace": "default"}]})

    def change(value: str) -> float:
        cluster.kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "data": {"value": value},
                            "metadata": {"name": "streamed", "namespace": "default"}})
        return time.monotonic()

    change("0")
    with WireProxy(cluster.url, tls=ca.server("proxy"), upstream_ca=cluster.ca_file) as proxy:
        watcher = Kube(proxy.url, ca.cert, token=token)
        wait_for(lambda: watcher.list("ConfigMap", "default"), 10, "the watcher's role to count")
        events = watcher.watch("ConfigMap", "default", fieldSelector="metadata.name=streamed")
        assert next(events).object["data"] == {"value": "0"}
        changed = change("1")
        assert next(events).at - changed < 1

        proxy.freeze()
        change("2")
        proxy.thaw()
        assert next(events).object["data"] == {"value": "2"}

        assert proxy.cut_open(path="watch=true") == 1
        with pytest.raises(requests.RequestException):
            next(events)
