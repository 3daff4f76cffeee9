"""`edsm trace`: what it tells of real changes, and under which rights."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from bed import ROOT
from bed.process import wait_for
from test_commands import call
from world import PATIENCE, World, now

PAGE = (ROOT / "docs/commands.md").read_text()
Step = dict[str, Any]


def trace(world: World, binding: str) -> dict[str, Any]:
    answer = call(world, "trace", binding, "-n", world.ns, "-o", "json")
    assert answer.returncode == 0, answer.stderr
    seen: dict[str, Any] = json.loads(answer.stdout)
    return seen


def steps_of(world: World, binding: str, workload: str | None = None) -> dict[str, Step]:
    return {step["step"]: step for step in trace(world, binding)["steps"] if step.get("workload") == workload}


def wait_done(world: World, binding: str, workload: str | None, *names: str) -> dict[str, Step]:
    """Waits until these steps have times."""
    def done() -> dict[str, Step] | None:
        steps = steps_of(world, binding, workload)
        return steps if all(steps.get(name, {}).get("state") == "done" for name in names) else None
    return wait_for(done, PATIENCE, f"{names} to be done")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_change_is_followed_to_the_pods(world: World, kind: str) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    world.workload("web", ["db"], kind=kind, **({} if kind == "DaemonSet" else {"replicas": 2}))
    before = world.wait_recorded("web", kind=kind)
    world.wait_next_second()

    put = now()
    version = world.put("db", {"a": "2"})
    world.wait_restarts("web", before + 1, kind=kind)
    world.wait_synced("db", version=version)

    of_workload = wait_done(world, "db", f"{kind}/web", "restart", "new pods", "ready")
    wanted = 1 if kind == "DaemonSet" else 2
    assert of_workload["ready"]["detail"] == f"{wanted} of {wanted} pods are new and ready"
    assert ("ReplicaSet" if kind == "Deployment" else "ControllerRevision") in of_workload["new pods"]["detail"]
    wait_for(lambda: edsm.metric("edsm_change_arrival_seconds_count", at="pods") == 1, PATIENCE, "the metric to tell")
    of_secret = wait_done(world, "db", None, "cloud", "queued", "received", "fetched", "written", "status")
    target = world.kube.get("Secret", "db", world.ns)
    assert of_secret["fetched"]["time"] == target["metadata"]["annotations"]["secrets.edsm.io/changed-at"]

    exact = [datetime.fromisoformat(step["time"]) for step in (
        *(of_secret[name] for name in ("queued", "received", "fetched", "written")), of_workload["restart"])]
    assert exact == sorted(exact)
    changed = datetime.fromisoformat(of_secret["cloud"]["time"])
    assert put - timedelta(seconds=1) < changed <= exact[0], "the emulator's event tells whole seconds, like AWS's"
    pods = [datetime.fromisoformat(of_workload[name]["time"]) for name in ("new pods", "ready")]
    assert exact[2].replace(microsecond=0) <= pods[0] <= pods[1]

    note = world.wait_k8s_event("Updated", about="db")["message"]
    assert re.search(r" \(changed \S+Z, queued \S+Z, received \S+Z\)$", note), note
    table = call(world, "trace", f"{world.ns}/db").stdout.splitlines()
    assert table[0].startswith(f"Secret {world.ns}/db holds version {version[:8]} of {world.path('db')} since ")
    assert table[2].split() == ["TIME", "(UTC)", "AFTER", "STEP", "WHAT"]
    assert any(line.endswith(f"{kind}/web: its pod template was changed") for line in table)
    assert "Not known:" not in table


def plain(text: str) -> list[str]:
    """The words of a trace, without what differs from one to another."""
    for pattern, word in [(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3})?", "TIME"), (r"[+-][\d.]+s ", "AFTER "),
                          (r"version \w+ of \S+ since \w+", "VERSION"), (r"Secret \S+/", "Secret "),
                          (r"ReplicaSet \S+", "REPLICASET"), (" +", " ")]:
        text = re.sub(pattern, word, text)
    return [line.strip() for line in text.splitlines()]


def test_the_example_of_the_page_is_what_is_printed(world: World) -> None:
    shown = re.search(r"^    \$ edsm trace shop/database\n((?:    .*\n|\n)+)", PAGE, re.MULTILINE)
    assert shown
    world.put("database", {"a": "1"})
    world.bind("database")
    world.start()
    world.wait_synced("database")
    world.workload("api", ["database"], replicas=3)
    before = world.wait_recorded("api")
    world.put("database", {"a": "2"})
    world.wait_restarts("api", before + 1)
    wait_done(world, "database", "Deployment/api", "restart", "new pods", "ready")
    wait_done(world, "database", None, "written")

    answer = call(world, "trace", "database", "-n", world.ns)

    assert plain(answer.stdout) == plain(shown[1].rstrip() + "\n")


def test_what_has_not_happened_or_was_not_needed_is_told_apart(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    edsm = world.start()
    world.wait_synced("db")
    world.wait_next_second()
    world.workload("young", ["db"])
    world.workload("paused", ["db"], paused=True)
    for name in ("young", "paused"):
        world.wait_recorded(name)
    assert steps_of(world, "db", "Deployment/young")["restart"]["detail"] == "none: it was created with this value"

    world.put("db", {"a": "2"})
    world.wait_restarts("paused", 1)
    steps = wait_done(world, "db", "Deployment/paused", "restart")
    assert steps["new pods"]["state"] == "waiting" and "resumed" in steps["new pods"]["detail"]

    edsm.kill9()
    world.workload("late", ["db"])
    assert steps_of(world, "db", "Deployment/late")["restart"]["state"] == "waiting"


def test_what_no_event_told_is_not_made_up(world: World) -> None:
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    steps = wait_done(world, "db", None, "written")
    for name in ("cloud", "queued", "received"):
        assert steps[name]["state"] == "unknown" and "no event told of this value" in steps[name]["detail"]


def test_a_binding_that_was_never_in_sync_says_why(world: World) -> None:
    world.bind("ghost", path=world.path("never-made"))
    world.start()
    world.wait_reason("ghost", "SourceGone")

    answer = call(world, "trace", "ghost", "-n", world.ns)
    assert answer.returncode == 0
    assert answer.stdout.splitlines()[0] == f"{world.ns}/ghost was never in sync: there is nothing to trace."
    assert "SourceGone" in answer.stdout
    assert call(world, "trace", "nobody", "-n", world.ns).returncode == 1


def test_who_may_not_read_secrets_learns_the_time_from_a_workload(world: World) -> None:
    """With the rights of Kubernetes' role view, which has no Secrets."""
    world.put("db", {"a": "1"})
    world.bind("db")
    world.start()
    world.wait_synced("db")
    token = world.cluster.service_account_token(world.ns, "viewer")
    world.kube.create({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "viewer", "namespace": world.ns},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "ServiceAccount", "name": "viewer", "namespace": world.ns}]})
    config = world.cluster.write_kubeconfig(token=token)

    def viewed() -> dict[str, Step]:
        answer = call(world, "trace", "db", "-n", world.ns, "-o", "json", kubeconfig=config)
        assert answer.returncode == 0, answer.stderr
        return {step["step"]: step for step in json.loads(answer.stdout)["steps"]}

    fetched = wait_for(viewed, PATIENCE, "the role to count")["fetched"]
    assert fetched["state"] == "unknown" and "secrets" in fetched["detail"]

    world.workload("web", ["db"])
    world.wait_recorded("web")
    target = world.kube.get("Secret", "db", world.ns)
    assert viewed()["fetched"]["time"] == target["metadata"]["annotations"]["secrets.edsm.io/changed-at"]
