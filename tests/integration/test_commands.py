"""The commands for people: what `edsm status`, `impact` and `sync` print of a real cluster."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

from bed.controlplane import programs as cluster_programs
from bed.edsm import default_binary
from bed.scratch import work_dir
from world import World


def call(world: World, *arguments: str, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([default_binary(), *arguments, "--kubeconfig", str(kubeconfig or world.cluster.kubeconfig)],
                          env={"PATH": "/usr/bin", "HOME": "/nonexistent"}, text=True, capture_output=True, timeout=60,
                          check=False)


def one_in_order_one_gone(world: World) -> None:
    """Two bindings: "db", and "ghost" of a secret that is not there."""
    world.put("db", {"a": "1"})
    world.bind("db")
    world.bind("ghost", path=world.path("never-made"))
    world.start()
    world.wait_synced("db")
    world.wait_reason("ghost", "SourceGone")


def test_status_and_impact_tell_of_bindings_and_their_workloads(world: World) -> None:
    one_in_order_one_gone(world)
    world.workload("web", ["db"], replicas=2)
    world.wait_recorded("web")

    answer = call(world, "status", "-n", world.ns)
    assert answer.returncode == 0, answer.stderr
    head, *lines = answer.stdout.splitlines()
    assert head.split()[:4] == ["NAMESPACE", "NAME", "READY", "REASON"]
    rows = {line.split()[1]: line.split() for line in lines[:2]}
    assert rows["db"][2:5] == ["True", "Synced", "db"] and rows["db"][-1] == "1"
    assert rows["ghost"][2:4] == ["False", "SourceGone"]
    assert any(line.startswith(f"{world.ns}/ghost: ") for line in lines)
    everywhere = json.loads(call(world, "status", "-A", "-o", "json").stdout)
    assert {"db", "ghost"} <= {item["name"] for item in everywhere if item["namespace"] == world.ns}

    answer = call(world, "impact", world.path("db"), "-n", world.ns)
    assert answer.returncode == 0, answer.stderr
    assert "changes 1 Secret in 1 namespace and restarts 1 workload with 2 pods" in answer.stdout
    assert "Deployment/web" in answer.stdout
    assert call(world, "impact", "nobody/reads/this", "-A").returncode == 1


def test_sync_reads_again_and_waits(world: World) -> None:
    one_in_order_one_gone(world)

    answer = call(world, "sync", f"{world.ns}/db")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith(f"{world.ns}/db: in sync with version ")

    answer = call(world, "sync", "-n", world.ns, "ghost", "db", "nothing", "--timeout=2s")
    assert answer.returncode == 1
    assert f"{world.ns}/db: in sync" in answer.stdout, "one failure does not keep the others from it"
    assert f"{world.ns}/ghost: SourceGone" in answer.stderr
    assert "nothing" in answer.stderr


def test_what_cannot_be_reached_is_said(world: World) -> None:
    answer = subprocess.run([default_binary(), "status", "--kubeconfig", "/nowhere"], env={"PATH": "/usr/bin"},
                            text=True, capture_output=True, timeout=20, check=False)
    assert answer.returncode == 2 and "/nowhere" in answer.stderr


def test_kubectl_runs_it_as_its_plugin(world: World) -> None:
    one_in_order_one_gone(world)
    folder = work_dir("bin")
    (folder / "kubectl-edsm").symlink_to(default_binary())

    def kubectl(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{folder}:{cluster_programs()}", "KUBECONFIG": str(world.cluster.kubeconfig)}
        return subprocess.run(["kubectl", *arguments], env=env, text=True, capture_output=True, timeout=60, check=False)

    answer = kubectl("edsm", "status", "-n", world.ns, "-o", "json")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout == call(world, "status", "-n", world.ns, "-o", "json").stdout
    assert kubectl("edsm", "impact", "--help").stdout.splitlines()[1].startswith("Usage: kubectl edsm impact ")
    assert "kubectl-edsm" in kubectl("plugin", "list").stdout
    assert kubectl("edsm", "impact", "nobody/reads/this").returncode == 1


def test_a_terminal_gets_plain_text(world: World) -> None:
    """There are no colours, so NO_COLOR has nothing to switch off."""
    one_in_order_one_gone(world)
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [default_binary(), "status", "-n", world.ns, "--kubeconfig", str(world.cluster.kubeconfig)]
        answer = subprocess.run(command, stdout=theirs, stderr=theirs, timeout=60, check=False,
                                env={"PATH": "/usr/bin", "HOME": "/nonexistent", "TERM": "xterm-256color"})
        assert answer.returncode == 0
        shown = terminal.read(65536).decode()
        assert shown.startswith("NAMESPACE ") and "\x1b" not in shown
    os.close(theirs)
