"""Resident memory, when all is in sync and nothing happens."""

from __future__ import annotations

import time

from bench import gauge, objects
from bench.results import Results
from bench.stage import Stage

STRANGERS = 10_000  # Secrets, and as many Deployments
GOALS = {0: 10, 1000: 15, 10_000: 30, 100_000: 150}
_GROUP = "Memory"


def after_start(stage: Stage, bindings: int) -> float:
    """MiB of a program that was started when all was in sync, and has come to rest."""
    with stage.edsm() as edsm:
        stage.wait_at_rest(edsm, bindings)
        time.sleep(2)
        return gauge.memory(edsm.process.pid)["rss"]


def measure(stage: Stage, bindings: int, results: Results) -> float:
    rss = min(after_start(stage, bindings) for _ in range(2))
    results.at_most(_GROUP, (f"{bindings:,} bindings" if bindings else "idle") + ", lower of two starts", rss, "MiB", GOALS[bindings])
    results.samples[f"memory, {bindings}"] = [rss]
    results.say(f"{bindings:,} bindings: {rss:.1f} MiB resident")
    return rss


def strangers(stage: Stage, bindings: int, results: Results) -> None:
    """What Secrets and Deployments cost that EDSM has nothing to do with."""
    before = [after_start(stage, bindings) for _ in range(2)]
    namespace = stage.new_namespace("strangers")
    names = objects.names(STRANGERS)
    results.say(f"making {STRANGERS:,} Secrets and {STRANGERS:,} Deployments of other people")
    stage.admin.send((objects.secret(name, namespace, "x") for name in names), at_once=32)
    stage.admin.send((objects.deployment(name, namespace) for name in names), at_once=32)
    after = [after_start(stage, bindings) for _ in range(2)]
    noise = max(0.5, max(before) - min(before))
    more = min(after) - min(before)
    results.at_most(_GROUP, f"more, with {STRANGERS:,} Secrets and {STRANGERS:,} Deployments of others",
                    max(0.0, more), "MiB", round(noise, 2))
    results.say(f"with strangers: {more:+.2f} MiB, the noise is {noise:.2f} MiB")
