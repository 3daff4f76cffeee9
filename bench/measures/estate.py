"""A large estate, in sync: its start, its rest, and what one event costs in it."""

from __future__ import annotations

import itertools
import time
from statistics import median

import requests

from bed.edsm import Edsm
from bench import gauge, objects
from bench.measures import instructions, memory
from bench.measures.latency import lane, one_by_one
from bench.numbers import percentile
from bench.results import Results, shown
from bench.stage import Stage

SMALL, FEW = "small", 100      # a namespace with few bindings, in the same cluster
CLOUD_SECRETS = 10_000         # beyond that, several bindings share one
STARTS, EVENTS, IDLE = 3, 100, 60
_LISTS = ("/apis/secrets.edsm.io/v1alpha1/eventdrivensecrets",
          "+/api/v1/secrets?labelSelector=eventdrivensecretsmanaged%3Dtrue",
          *(f"+/apis/apps/v1/{kind}" for kind in ("deployments", "statefulsets", "daemonsets")))


def prepare(stage: Stage, size: int, results: Results) -> None:
    """`size` bindings, in sync: FEW of them in a namespace of their own, with secrets that no other binding uses."""
    names = objects.names(min(size, CLOUD_SECRETS))
    results.say(f"making {len(names):,} secrets in the cloud and {size:,} bindings")
    stage.make_secrets(names)
    stage.new_namespace(SMALL)
    stage.bind(names[:FEW], SMALL)
    left = size - FEW
    for number in itertools.count():
        shared = names[FEW:FEW + left]
        stage.bind(shared, stage.new_namespace(f"large-{number}"))
        if not (left := left - len(shared)):
            break
    results.say("first sync")
    began = time.monotonic()
    with stage.edsm() as edsm, stage.meter(EDSM=edsm.process.pid) as meter:
        stage.wait_at_rest(edsm, size, 3600)
    results.used(f"first sync of {size:,}", meter.use)
    took = time.monotonic() - began
    results.tell(f"{size:,} bindings", "first sync, with all statuses and Events", shown(took, "s"))
    results.say(f"first sync took {took:.0f} s")


def measure(stage: Stage, size: int, results: Results) -> None:
    _start(stage, size, results)
    memory.measure(stage, size, results)
    with stage.edsm() as edsm:
        stage.wait_at_rest(edsm, size)
        _idle(edsm, size, results)
    _event(stage, size, results)


def _start(stage: Stage, size: int, results: Results) -> None:
    group = f"{size:,} bindings in sync"
    ready: list[float] = []
    lister: list[float] = []
    for number in range(STARTS):
        calls = stage.aws.calls()
        with stage.edsm(wait=False) as edsm:
            ready.append(_ready(edsm))
            stage.wait_at_rest(edsm, size)
            writes = sum(stage.api_writes(edsm).values())
        done = {name: count - calls.get(name, 0) for name, count in stage.aws.calls().items()}
        listed = stage.load.run("list", *_LISTS)
        lister.append((listed["ended"] - listed["began"]) / 1e9)
        results.say(f"start {number + 1} of {STARTS}: ready after {ready[-1]:.2f} s, raw lister {lister[-1]:.2f} s")
    results.samples |= {f"start with {size:,}, EDSM": ready, f"start with {size:,}, lister": lister}
    results.compare(group, "start: ready", median(ready), median(lister), "s", 1.5)
    results.exactly(group, "start: values read", done.get("GetSecretValue", 0) + done.get("BatchGetSecretValue", 0), 0)
    results.exactly(group, "start: writes to the API server", writes, 0)
    results.at_most(group, "start: list calls to the cloud", done.get("ListSecrets", 0), "",
                    max(1, min(size, CLOUD_SECRETS) // 100))
    pages = sum(one["pages"] for one in listed["collections"])
    mib = sum(one["bytes"] for one in listed["collections"]) / 2**20
    results.facts[f"lists of {size:,}"] = f"{pages} pages, {mib:.1f} MiB"


def _ready(edsm: Edsm) -> float:
    """Seconds from the start of the process to its first "ready"."""
    edsm.process.kill()
    began = time.monotonic()
    edsm.start()
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < began + 300:
            try:
                if session.get(f"http://127.0.0.1:{edsm.health_port}/readyz", timeout=60).status_code == 200:
                    return time.monotonic() - began
            except requests.ConnectionError:
                pass  # it does not listen yet
            edsm.process.check("it should become ready")
            time.sleep(0.002)
    raise TimeoutError("EDSM is not ready after 300 s")


def _idle(edsm: Edsm, size: int, results: Results) -> None:
    pid = edsm.process.pid
    results.say(f"idle for {IDLE} s")
    cpu, wakeups = gauge.cpu_seconds(pid), gauge.wakeups(pid)
    time.sleep(IDLE)
    cpu, wakeups = gauge.cpu_seconds(pid) - cpu, gauge.wakeups(pid) - wakeups
    group = f"{size:,} bindings in sync"
    results.at_most(group, "idle: CPU of one core", 100 * cpu / IDLE, "%", 0.1)
    results.tell(group, "idle: wake-ups", f"{60 * wakeups / IDLE:.0f} a minute")


def _event(stage: Stage, size: int, results: Results) -> None:
    """One program that sees all bindings, and one that sees FEW of them, in turns in the same cluster."""
    cpu: dict[int, list[float]] = {FEW: [], size: []}
    times: dict[int, list[float]] = {FEW: [], size: []}

    def send(events: int) -> list[float]:
        name = objects.names(1)[0]
        return one_by_one(stage, [lane("EDSM", stage.queue.url, name, f"/api/v1/namespaces/{SMALL}/secrets", name)],
                          events)["EDSM"]
    views = ((FEW, (f"--watch-namespace={SMALL}",)), (size, ()))
    for number in range(STARTS):
        for bindings, flags in views:
            with stage.edsm(flags=flags) as edsm:
                stage.wait_at_rest(edsm, bindings)
                before = gauge.cpu_seconds(edsm.process.pid)
                found = send(EVENTS)
                cpu[bindings].append((gauge.cpu_seconds(edsm.process.pid) - before) / EVENTS)
                times[bindings] += found
        results.say(f"one event, round {number + 1} of {STARTS}: CPU time " + ", ".join(
            f"{1000 * values[-1]:.2f} ms at {bindings:,}" for bindings, values in cpu.items()))
    group = f"One event at {size:,} bindings, to {FEW}"
    results.compare(group, "CPU time of EDSM, median round", 1000 * median(cpu[size]), 1000 * median(cpu[FEW]), "ms",
                    1.2)
    results.compare(group, "event -> Secret visible, p50", 1000 * percentile(times[size], 0.5),
                    1000 * percentile(times[FEW], 0.5), "ms", 1.2)
    if not instructions.available():
        results.say(f"instructions are not counted: there is no {instructions.TOOL} (valgrind)")
    else:
        few, all_ = (instructions.per_event(stage, bindings, flags, EVENTS, send) / 1e6 for bindings, flags in views)
        results.compare(group, "instructions of EDSM", all_, few, "million", 1.2)
    for bindings, values in times.items():
        results.samples[f"one event at {bindings:,}"] = values
        results.samples[f"CPU of one event at {bindings:,}"] = cpu[bindings]
