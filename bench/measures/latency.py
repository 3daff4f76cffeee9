"""From an event on the queue to its effect, warm, one change at a time: EDSM and the bare chain in turns."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

from bed.edsm import Edsm
from bench import objects
from bench.numbers import percentile
from bench.results import Results
from bench.stage import NAMESPACE, Stage

BINDINGS = 100
CHANGES = 200
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
_GROUP = "One change"


def measure(stage: Stage, edsm: Edsm, results: Results) -> None:
    """With the first BINDINGS of the stage's bindings in place."""
    _prepare(stage)
    stage.wait_at_rest(edsm, BINDINGS)
    first, second = objects.names(2)
    compared(stage, edsm, results, "Secret", (SECRETS, first, "chain"), p50=1.3, p99=2)
    compared(stage, edsm, results, "workload", (DEPLOYMENTS, second, "chain"), p50=1.3)


def _prepare(stage: Stage) -> None:
    stage.make_secrets(["chain"])
    web = objects.names(2)[1]
    stage.admin.send([objects.secret("chain", NAMESPACE, "first-"), objects.deployment("chain", NAMESPACE),
                      objects.deployment(web, NAMESPACE, [web])])


def compared(stage: Stage, edsm: Edsm, results: Results, effect: str, where: tuple[str, str, str], *,
             p50: float, p99: float | None = None) -> None:
    """The event's way to a Secret, or to a workload that is restarted after it."""
    watch, ours, theirs = where
    queue = stage.aws.make_queue(f"chain-{effect.lower()}")
    workload = f"{DEPLOYMENTS}/chain" if effect == "workload" else ""
    with ExitStack() as stack:
        chain = stack.enter_context(stage.load.chain(queue.url, f"{SECRETS}/chain", workload))
        meter = stack.enter_context(stage.meter(EDSM=edsm.process.pid, chain=chain.pid))
        found = one_by_one(stage, [lane("EDSM", stage.queue.url, ours, watch, ours),
                                   lane("chain", queue.url, "chain", watch, theirs)], CHANGES, results)
    results.used(f"{effect} by {effect}", meter.use)
    for name, times in found.items():
        results.samples[f"{effect}, {name}"] = times
    edsm_ms, chain_ms = ([1000 * time for time in found[name]] for name in ("EDSM", "chain"))
    measure_name = f"event -> {effect} {'visible' if effect == 'Secret' else 'patched'}"
    for part, most in ((0.5, p50), (0.99, p99)):
        text = f"{measure_name}, p{part * 100:g}"
        ours_ms, chains_ms = percentile(edsm_ms, part), percentile(chain_ms, part)
        if most:
            results.compare(_GROUP, text, ours_ms, chains_ms, "ms", most)
        else:
            results.tell(_GROUP, text, f"{ours_ms:.2f} ms", f"{chains_ms:.2f} ms")


def lane(name: str, queue_url: str, secret: str, watch: str, shown_by: str) -> dict[str, str]:
    return {"Name": name, "Queue": queue_url, "SecretID": secret, "Watch": watch, "Object": shown_by}


def one_by_one(stage: Stage, lanes: list[dict[str, str]], changes: int, results: Results | None = None
               ) -> dict[str, list[float]]:
    """Seconds of each change, by lane."""
    found: dict[str, list[float]] = {lane["Name"]: [] for lane in lanes}

    def note(line: dict[str, Any]) -> None:
        times = found[line["lane"]]
        times.append(line["seconds"])
        if results and line["lane"] == "EDSM" and len(times) % 50 == 0:
            medians = ", ".join(f"{name} {1000 * percentile(all_, 0.5):.2f} ms" for name, all_ in found.items() if all_)
            results.say(f"{len(times)} of {changes} changes; medians: {medians}")
    stage.admin.run("latency", f"--times={changes}", text=json.dumps(lanes), each=note)
    return found
