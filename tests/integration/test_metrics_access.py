"""Metrics over HTTPS: renewed certificates, and readers whom Kubernetes knows and permits it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from bed import ROOT
from bed.certs import CA
from bed.edsm import Edsm
from bed.kube import KubeError, Object
from bed.memory import search_memory
from bed.process import wait_for
from bed.scratch import work_dir
from world import PATIENCE, USER, World

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def mount(folder: Path, ca: CA, name: str) -> None:
    """The certificate as a kubelet puts it there: files behind a link that is swapped."""
    data = folder / f"..{name}"
    data.mkdir()
    pair = ca.server(name)
    (data / "tls.crt").write_bytes(pair.cert.read_bytes())
    (data / "tls.key").write_bytes(pair.key.read_bytes())
    fresh = folder / "..data_tmp"
    fresh.symlink_to(data.name)
    os.rename(fresh, folder / "..data")
    for file in ("tls.crt", "tls.key"):
        if not (folder / file).is_symlink():
            (folder / file).symlink_to(f"..data/{file}")


def key_line(folder: Path) -> str:
    """A line of the private key in use, which is in no other file."""
    return (folder / "tls.key").read_text().splitlines()[1]


class Scraper:
    """One connection to the metrics of a program, kept open as Prometheus does."""

    def __init__(self, program: Edsm, ca: CA) -> None:
        self._url = f"https://localhost:{program.metrics_port}/metrics"
        self._session = requests.Session()
        self._session.trust_env = False  # whose CA bundle would win over ours
        self._session.verify = str(ca.cert)

    def get(self, token: str | None = None, *, scheme: str = "Bearer") -> requests.Response:
        headers = {} if token is None else {"Authorization": f"{scheme} {token}"}
        return self._session.get(self._url, headers=headers, timeout=10)


def secure(world: World, folder: Path, *flags: str) -> Edsm:
    return world.start(flags=("--metrics-secure", f"--metrics-cert-path={folder}", *flags))


# -- certificates -----------------------------------------------------------------


@pytest.mark.usefixtures("plain_program")
def test_a_renewed_certificate_is_taken_and_the_old_key_forgotten(world: World) -> None:
    old, new, folder = CA(work_dir("old-ca"), "old-ca"), CA(work_dir("new-ca"), "new-ca"), work_dir("metrics-tls")
    mount(folder, old, "first")
    program = secure(world, folder)
    first, second = Scraper(program, old), Scraper(program, new)
    assert "edsm_build_info" in first.get().text
    key = key_line(folder)

    mount(folder, new, "second")
    answer = first.get()  # over the connection that is there: not one scrape is lost
    assert answer.status_code == 200 and answer.headers["Connection"] == "close"
    assert "edsm_build_info" in second.get().text
    with pytest.raises(requests.exceptions.SSLError):
        first.get()
    program.wait_log(msg="new certificate of the metrics server in use")
    assert not search_memory(program.process, key), "the replaced key"
    assert second.get().headers.get("Connection") != "close"


def test_a_broken_certificate_is_not_taken_and_said_once(world: World) -> None:
    ca, folder = CA(work_dir("ca"), "ca"), work_dir("metrics-tls")
    mount(folder, ca, "first")
    program = secure(world, folder)
    mount(folder, ca, "second")
    (folder / "tls.key").write_text("not a key")
    for _ in range(3):
        assert Scraper(program, ca).get().status_code == 200
    (line,) = program.logs(msg="new certificate of the metrics server not used; the old one stays")
    assert "tls.key" in line["error"]
    mount(folder, ca, "third")
    assert Scraper(program, ca).get().status_code == 200
    program.wait_log(msg="new certificate of the metrics server in use")


# -- readers ------------------------------------------------------------------------


@pytest.fixture
def readers(world: World, stack: ExitStack) -> Iterator[Object]:
    """What config/optional permits, and the role of readers bound to ServiceAccount "prometheus"."""
    world.cluster.install([ROOT / "config/optional/metrics-authentication.yaml"])
    binding = world.kube.create({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{world.ns}-readers"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edsm-metrics-reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "prometheus", "namespace": world.ns}]})
    yield binding
    for path in (f"clusterrolebindings/{world.ns}-readers", "clusterrolebindings/edsm-token-reviews",
                 "clusterroles/edsm-token-reviews", "clusterroles/edsm-metrics-reader"):
        try:
            world.kube.request("DELETE", f"{RBAC}/{path}")
        except KubeError as error:
            if error.status != 404:
                raise


@pytest.fixture
def guarded_metrics(world: World) -> tuple[Edsm, Scraper]:
    ca, folder = CA(work_dir("ca"), "ca"), work_dir("metrics-tls")
    mount(folder, ca, "first")
    program = secure(world, folder, "--metrics-authentication=tokenreview")
    return program, Scraper(program, ca)


def wait_allowed(scraper: Scraper, token: str) -> None:
    """A right is known to the API server a moment after it is given; a refusal is remembered for ten seconds."""
    wait_for(lambda: scraper.get(token).status_code == 200, PATIENCE, "the token to be let in")


def reviews(world: World) -> int:
    return len([entry for entry in world.cluster.audit(user=USER) if entry.resource == "tokenreviews"
                and entry.stage == "ResponseComplete"])


def test_who_may_read_metrics(world: World, readers: Object, guarded_metrics: tuple[Edsm, Scraper]) -> None:
    program, scraper = guarded_metrics
    good = world.cluster.service_account_token(world.ns, "prometheus")
    stranger = world.cluster.service_account_token(world.ns, "stranger")
    wait_allowed(scraper, good)
    assert "edsm_build_info" in scraper.get(good).text
    assert scraper.get(good, scheme="bearer").status_code == 200

    cases = {"no token": (None, 401), "empty": ("", 401), "nonsense": ("nonsense", 401),
             "cut": (good[:-5], 401), "expired": (world.cluster.expired_token(good), 401),
             "no right": (stranger, 403)}
    for case, (token, status) in cases.items():
        answer = scraper.get(token)
        assert answer.status_code == status, f"{case}: {answer.text}"
        assert "edsm_" not in answer.text and "# HELP" not in answer.text, case
        assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None), case
    assert scraper.get(good, scheme="Basic").status_code == 401
    assert program.health("/healthz") == program.health("/readyz") == 200, "the probes stay open"

    log = program.process.log.read_text()
    for token in (good, stranger):
        assert token.rpartition(".")[2] not in log and token.rpartition(".")[2] not in scraper.get(good).text


@pytest.mark.usefixtures("plain_program")
def test_kubernetes_is_asked_once_for_many_scrapes_and_no_token_is_kept(
        world: World, readers: Object, guarded_metrics: tuple[Edsm, Scraper]) -> None:
    program, scraper = guarded_metrics
    good = world.cluster.service_account_token(world.ns, "prometheus")
    wait_allowed(scraper, good)
    before = reviews(world)
    for _ in range(20):
        assert scraper.get(good).status_code == 200
    assert reviews(world) - before <= 1
    scraper.get()  # whatever the last exchange needed is free
    kept = [str(finding) for finding in search_memory(program.process, good.rpartition(".")[2])]
    assert kept == [], "a token that was checked"


def test_a_token_that_becomes_void_is_refused_within_a_minute(
        world: World, readers: Object, guarded_metrics: tuple[Edsm, Scraper]) -> None:
    _, scraper = guarded_metrics
    good = world.cluster.service_account_token(world.ns, "prometheus")
    wait_allowed(scraper, good)
    world.kube.delete("ServiceAccount", "prometheus", world.ns)
    wait_for(lambda: scraper.get(good).status_code == 401, 75, "the void token to be refused")


def test_without_the_right_to_ask_nobody_is_let_in_and_it_is_said(
        world: World, guarded_metrics: tuple[Edsm, Scraper]) -> None:
    program, scraper = guarded_metrics
    token = world.cluster.service_account_token(world.ns, "prometheus")
    for _ in range(3):
        assert scraper.get(token).status_code == 503
    (line,) = program.logs(msg="tokens of those who read metrics cannot be checked")
    assert "tokenreviews" in line["error"] and "tokenreviews" in line["remedy"]
    assert program.health("/readyz") == 200


def test_a_flood_of_wrong_tokens_does_not_lock_out_the_good_one(
        world: World, readers: Object, guarded_metrics: tuple[Edsm, Scraper]) -> None:
    _, scraper = guarded_metrics
    good = world.cluster.service_account_token(world.ns, "prometheus")
    wait_allowed(scraper, good)
    deadline = time.monotonic() + 5
    for number in range(300):
        assert scraper.get(f"wrong-{number}").status_code == 401
        if number % 50 == 0:
            assert scraper.get(good).status_code == 200
        if time.monotonic() > deadline:
            break
    assert scraper.get(good).status_code == 200
