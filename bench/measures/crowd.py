"""Many at once: a thousand secrets change, or one that a thousand bindings use, beside a writer that sends the
same patches and does nothing else."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from statistics import median

from bed.edsm import Edsm
from bench import gauge, objects
from bench.results import Results, shown
from bench.stage import NAMESPACE, Stage

SIZE = 1000
ROUNDS = 9
TRIALS = 3  # of each way of the writer
BATCH = 20  # values in one call
RAW, FAN = "raw", "fan"
SHARED = "shared"
_BURST, _FAN = "Burst: 1,000 secrets", "Fan-out: 1 secret, 1,000 bindings"
_WAYS = [(at_once, http2) for http2 in (False, True) for at_once in (8, 16, 32, 64)]


def prepare(stage: Stage) -> None:
    """Beside SIZE bindings that are there: as many to one cloud secret, and as many plain Secrets."""
    for namespace in (RAW, FAN):
        stage.new_namespace(namespace)
    stage.make_secrets([SHARED])
    stage.bind(objects.names(SIZE), FAN, to=SHARED)
    stage.admin.send((objects.secret(name, RAW, "first-") for name in objects.names(SIZE)), at_once=32)


def measure(stage: Stage, edsm: Edsm, results: Results) -> None:
    at_once, http2 = _best_way(stage, results)
    before = gauge.memory(edsm.process.pid)["rss"]
    gauge.forget_peak(edsm.process.pid)
    times: dict[str, list[float]] = {"burst": [], "fan-out": [], "writer": []}
    reads: dict[str, list[int]] = {"burst": [], "fan-out": []}
    for number in range(ROUNDS):
        for kind, names, namespace in (("burst", objects.names(SIZE), NAMESPACE), ("fan-out", [SHARED], FAN)):
            seconds, read = change(stage, edsm, results, kind, names, namespace, f"{kind}-{number}-")
            times[kind].append(seconds)
            reads[kind].append(read)
            stage.wait_at_rest(edsm, 2 * SIZE)
        times["writer"].append(_write(stage, results, f"writer-{number}-", at_once, http2))
        results.say(f"round {number + 1} of {ROUNDS}: " + ", ".join(
            f"{kind} {values[-1]:.2f} s" for kind, values in times.items()))
    results.samples |= {f"{kind}, 1,000 Secrets": values for kind, values in times.items()}
    for group, kind in ((_BURST, "burst"), (_FAN, "fan-out")):
        results.compare(group, "all Secrets right, median", median(times[kind]), median(times["writer"]), "s", 1.2)
        results.compare(group, "all Secrets right, best round", min(times[kind]), min(times["writer"]), "s", 1.2)
    results.at_most(_BURST, "calls that read values", max(reads["burst"]), "", SIZE / BATCH)
    results.exactly(_FAN, "calls that read values", max(reads["fan-out"]), 1)
    _memory(edsm, results, before)
    _connections(stage, edsm, results)


def change(stage: Stage, edsm: Edsm, results: Results, kind: str, secrets: Sequence[str], namespace: str, unique: str
           ) -> tuple[float, int]:
    """Seconds until the SIZE Secrets of the namespace hold the new values, and the calls that read values.
    EDSM stands still until all events are on the queue: so they come at once, and it does not wait for their
    sender."""
    stage.admin.send(objects.change_in_cloud(secrets, unique), at_once=4)
    calls = _reads(stage)
    path = f"/api/v1/namespaces/{namespace}/secrets"
    stage.collect_garbage()
    with stage.admin.awaiting(path, unique, SIZE) as wait:
        edsm.process.signal(signal.SIGSTOP)
        try:
            stage.admin.send(objects.send_events(stage.queue.url, list(secrets)), at_once=4)
        finally:
            began = time.time()
            edsm.process.signal(signal.SIGCONT)
        with stage.meter(EDSM=edsm.process.pid) as meter:
            moments = wait()
    results.used(kind, meter.use)
    return moments[-1] - began, _reads(stage) - calls


def _reads(stage: Stage) -> int:
    calls = stage.aws.calls()
    return calls.get("BatchGetSecretValue", 0) + calls.get("GetSecretValue", 0)


def _write(stage: Stage, results: Results, unique: str, at_once: int, http2: bool) -> float:
    orders = objects.write_secrets(stage.kube, RAW, unique)
    stage.collect_garbage()
    with stage.admin.awaiting(f"/api/v1/namespaces/{RAW}/secrets", unique, SIZE) as wait:
        with stage.meter() as meter:
            sent = stage.load.send(orders, at_once=at_once, http2=http2)
            moments = wait()
    results.used("writer", meter.use)
    return moments[-1] - sent.began


def _best_way(stage: Stage, results: Results) -> tuple[int, bool]:
    """How the writer is fastest: each way in turns, since one time alone may be an unlucky one."""
    tried: dict[tuple[int, bool], list[float]] = {way: [] for way in _WAYS}
    for number in range(TRIALS):
        for at_once, http2 in _WAYS:
            tried[at_once, http2].append(_write(stage, results, f"way-{number}-{at_once}-{http2}-", at_once, http2))
    found = {way: median(times) for way, times in tried.items()}
    best = min(found, key=lambda way: found[way])
    named = {way: f"{way[0]} at once by HTTP/{2 if way[1] else '1.1'}" for way in found}
    results.facts["raw writer"] = "; ".join(f"{named[way]} {seconds:.2f} s" for way, seconds in found.items())
    results.say(f"raw writer: best with {named[best]}, {found[best]:.2f} s")
    return best


def _memory(edsm: Edsm, results: Results, before: float) -> None:
    time.sleep(10)
    now = gauge.memory(edsm.process.pid)
    results.tell("Memory", "highest in a burst", shown(now["peak"], "MiB"))
    results.compare("Memory", "10 s after the bursts, to before", now["rss"], before, "MiB", 1.2)


def _connections(stage: Stage, edsm: Edsm, results: Results) -> None:
    """In a burst of its own, since the looking takes time."""
    with stage.connections(edsm) as seen:
        change(stage, edsm, results, "burst with connections looked at", objects.names(SIZE), NAMESPACE, "connections-")
        stage.wait_at_rest(edsm, 2 * SIZE)
    for name, port in stage.ports.items():
        results.tell("Connections in a burst", f"to {name}",
                     f"{seen.most[port]} at once, {seen.all[port]} in all, for 1,000 changes")
