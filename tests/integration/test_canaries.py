"""No value stays behind: after a busy time, nothing that EDSM has written, said or kept in memory
holds a value, in whatever form, outside the targets' data."""

from __future__ import annotations

import base64
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import cloudtrail
import manifests
from bed.certs import CA
from bed.edsm import Edsm
from bed.exchange import answer, aws_error, truncate
from bed.memory import Finding, forms, search, search_memory
from bed.process import wait_for
from bed.scratch import work_dir
from bed.wire import WireProxy
from world import World

pytestmark = pytest.mark.usefixtures("plain_program")

SETTLING = 5  # seconds: what is under way may hold a value


class Canaries:
    """Values that all have one word in common, by which they are found."""

    def __init__(self) -> None:
        self.word = f"canary{secrets.token_hex(4)}"
        self._count = 0

    def short(self) -> str:
        """Short enough for a string that needs no memory of its own."""
        self._count += 1
        return f"{self.word}{self._count % 10}"

    def value(self, size: int = 40) -> str:
        """Of about this size. The word is everywhere in it, so that a part that stayed behind is found."""
        self._count += 1
        piece = f"{self.word}-{self._count}/\"\\\n"
        return (piece * (size // len(piece) + 1))[:max(size, len(piece))]


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


def clean(world: World, word: str) -> None:
    """Insists that the word is in no place where it must not be."""
    process = world.programs[-1].process
    findings: list[Finding] = []

    def gone() -> bool:
        findings[:] = search_memory(process, word)
        return not findings
    try:
        wait_for(gone, SETTLING, "the values to leave the memory", [process])
    except TimeoutError:
        pass
    for where, text in said(world):
        findings += search(text.encode(), word, where)
    places = Counter(f"{finding.form} in {finding.where}" for finding in findings)
    assert not findings, "\n".join(["", *(f"{count} times {place}" for place, count in places.items()),
                                    *map(str, findings[:20])])


def said(world: World) -> Iterator[tuple[str, str]]:
    """All that EDSM has said, and where."""
    edsm = world.programs[-1]
    yield "the log", edsm.process.log.read_text()
    yield "the metrics", edsm.metrics_text()
    yield "the probes", f"{edsm.health('/readyz')}"
    for namespace in (world.ns, "kube-system"):
        for kind in ("EventDrivenSecret", "Event", "Deployment", "ReplicaSet", "Lease"):
            for seen in world.kube.list(kind, namespace):
                yield f"{kind} {seen['metadata']['name']}", json.dumps(seen)
    for secret in world.kube.list("Secret", world.ns):
        yield f"metadata of Secret {secret['metadata']['name']}", json.dumps(secret["metadata"])


@contextmanager
def aws_over_tls(world: World) -> Iterator[dict[str, str]]:
    """The environment that leads EDSM to AWS over TLS, as it is in life."""
    ca = CA(work_dir("aws-ca"), "aws-ca")
    with WireProxy(world.aws.url, tls=ca.server("aws"), recorder=world.calls, name="aws") as world.aws_wire:
        yield {"AWS_ENDPOINT": world.aws_wire.url, "AWS_CA_BUNDLE": str(ca.cert)}


def bind_everything(world: World, canaries: Canaries) -> None:
    """Bindings of all sorts of values, good ones and bad ones."""
    world.put("object", {"password": canaries.value(), "pin": canaries.short(), "n": 1,
                         "nested": {"key": canaries.value()}})
    world.bind("object")
    world.put("selected", {"db": {"password": canaries.value()}, "other": canaries.value()})
    world.bind("selected", data=[{"secretKey": "password", "property": "db.password"}])
    world.put("text", canaries.value())
    world.bind("text")
    world.put("short", canaries.short())
    world.bind("short")
    world.put("binary", canaries.value(1000).encode() + bytes(range(256)))
    world.bind("binary")
    world.put("large", canaries.value(60_000))
    world.bind("large")
    # What is wrong with these must be said without quoting them.
    world.put("not-json", canaries.value())
    world.bind("not-json", data=[{"secretKey": "a"}])
    world.put("broken", '{"a": "%s",}' % canaries.short())
    world.bind("broken")
    world.put("bad-key", {f"a {canaries.short()}": "1"})
    world.bind("bad-key")
    # A Secret of this type must hold JSON: the API server refuses it, and quotes it.
    world.put("refused", {".dockerconfigjson": f"{canaries.short()} is no JSON"})
    world.bind("refused", how={"type": "kubernetes.io/dockerconfigjson"})
    # Somebody else's keys in a Secret that we only add to.
    world.kube.create(manifests.secret("merged", world.ns, {"theirs": canaries.value().encode()},
                                       labels={manifests.LABEL: "true"}))
    world.put("merged", {"ours": canaries.value()})
    world.bind("merged", how={"creationPolicy": "Merge"})


GOOD = ("object", "selected", "text", "short", "binary", "large", "merged")


def rotate(world: World, canaries: Canaries) -> None:
    versions = {
        "object": world.put("object", {"password": canaries.value(3000), "pin": canaries.short()}),
        "selected": world.put("selected", {"db": {"password": canaries.value()}}),
        "text": world.put("text", canaries.value(200)),
        "short": world.put("short", canaries.short()),
        "binary": world.put("binary", canaries.value(70).encode()),
        "large": world.put("large", canaries.value(50_000)),
        "merged": world.put("merged", {"ours": canaries.value()})}
    for name, version in versions.items():
        world.wait_synced(name, version=version)


def fight(world: World, canaries: Canaries) -> None:
    """People edit and delete targets."""
    drifted = base64.b64encode(canaries.value(500).encode()).decode()
    world.kube.patch("Secret", "object", world.ns, {"data": {"password": drifted, "added": drifted}})
    world.wait_k8s_event("DriftHealed", about="object")
    world.kube.delete("Secret", "text", world.ns)
    world.wait_k8s_event("DriftHealed", about="text")
    world.kube.patch("Secret", "merged", world.ns, {"data": {"ours": drifted}})
    world.wait_k8s_event("DriftHealed", about="merged")


def disturb(world: World, canaries: Canaries, *, wired: bool) -> None:
    """Answers that fail, some in the middle of a value, some with a value in their text."""
    reads = {"when": lambda call: "SecretValue" in call.target}
    world.aws_wire.fault(truncate(150), count=2, **reads)
    world.aws_wire.fault(aws_error("InternalServiceError", 500, canaries.short()), **reads)
    world.aws_wire.fault(answer(200, f"{canaries.value()} is no JSON"), **reads)
    if wired:
        secret = {"method": "PATCH", "path": "/secrets/"}
        status = {"kind": "Status", "status": "Failure", "code": 500, "reason": "InternalError",
                  "message": f"webhook denied: {canaries.value()}"}
        world.api_wire.fault(answer(500, json.dumps(status), {"Content-Type": "application/json"}), **secret)
        world.api_wire.fault(truncate(100), **secret)
    rotate(world, canaries)
    for event in (f"{canaries.value()} is no event", json.dumps({"note": canaries.value()}),
                  json.dumps(cloudtrail.by_hand(world.path("object")) | {"note": canaries.value()})):
        world.send(event)
    edsm = world.programs[-1]
    wait_for(lambda: edsm.metric("edsm_messages_total", outcome="malformed") >= 2, 20, "the senseless messages")


def be_busy(world: World, canaries: Canaries, edsm: Edsm, wired: bool) -> None:
    for name in GOOD:
        world.wait_synced(name)
    for name, reason in (("not-json", "NotJSON"), ("broken", "NotJSON"), ("bad-key", "InvalidKey"),
                         ("refused", "TargetRefused")):
        world.wait_reason(name, reason)
    world.workload("web", ["object", "text"])
    world.wait_recorded("web", secrets=2)
    rotate(world, canaries)
    edsm.terminate()
    edsm.start()
    edsm.ready(30)
    fight(world, canaries)
    disturb(world, canaries, wired=wired)
    rotate(world, canaries)


@pytest.mark.parametrize("wired", [False, True], ids=["direct", "wired"])
def test_no_value_stays_behind(world: World, canaries: Canaries, wired: bool) -> None:
    """`wired`: HTTP/1.1 to the API server, and its answers disturbed; else HTTP/2."""
    # What a long poll of the first run gets when that has ended comes again after this time.
    world.queue = world.new_queue(visibility=5)
    bind_everything(world, canaries)
    with aws_over_tls(world) as where:
        be_busy(world, canaries, world.start(wired=wired, env=where), wired)
        clean(world, canaries.word)


def test_the_search_finds_what_is_there(world: World, canaries: Canaries) -> None:
    """Otherwise the test above would prove nothing."""
    planted = {form: f"PLANTED_{number}" for number, form in enumerate(forms(canaries.word))}
    edsm = world.start(env={planted[form]: needle.decode() for form, needle in forms(canaries.word).items()})
    found = {finding.form for finding in search_memory(edsm.process, canaries.word)}
    assert found == set(planted)
    for before in range(3):
        text = base64.b64encode(b"x" * before + canaries.word.encode() + b"y").decode()
        assert [one.form for one in search(text.encode(), canaries.word, "here")] == [f"base64, {before} bytes before"]


def test_no_credential_is_said(world: World, canaries: Canaries) -> None:
    """Keys are in memory, as requests are signed with them, but nowhere else."""
    env = {"AWS_SECRET_ACCESS_KEY": f"{canaries.short()}/key", "AWS_SESSION_TOKEN": f"{canaries.short()}/token"}
    token = world.write_token()
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start(env=env, token_file=token)
    world.wait_synced("db")
    world.aws_wire.fault(aws_error("InvalidSignatureException", 403), count=3,
                         when=lambda call: "SecretValue" in call.target)
    world.put("db", {"a": "2"})
    world.wait_data("db", {"a": b"2"})
    assert search_memory(edsm.process, canaries.word), "the search would find it"
    findings = [finding for where, text in said(world) for finding in search(text.encode(), canaries.word, where)]
    assert not findings, "\n".join(map(str, findings))
    signature = Path(token).read_text().rpartition(".")[2]
    assert [where for where, text in said(world) if signature in text] == []
