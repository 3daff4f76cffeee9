"""The commands for people: what `edsm status`, `impact` and `sync` print of a real cluster."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path

from bed.controlplane import programs as cluster_programs
from bed.edsm import default_binary
from bed.process import wait_for
from bed.scratch import work_dir
from world import PATIENCE, World


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


def on_terminal(world: World, columns: int, *arguments: str) -> str:
    """What a command shows on a terminal that is so wide."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        answer = subprocess.run(
            [default_binary(), *arguments, "--kubeconfig", str(world.cluster.kubeconfig)], stdout=theirs, stderr=theirs,
            timeout=60, check=False, env={"PATH": "/usr/bin", "HOME": "/nonexistent", "TERM": "xterm-256color"})
        assert answer.returncode == 0
        shown = terminal.read(65536).decode().replace("\r\n", "\n")
    os.close(theirs)
    return shown


def test_a_terminal_gets_plain_text_that_fits(world: World) -> None:
    """There are no colours, so NO_COLOR has nothing to switch off."""
    one_in_order_one_gone(world)
    world.workload("with-a-name-that-is-as-long-as-they-are-if-machines-make-them", ["db"])
    world.wait_recorded("with-a-name-that-is-as-long-as-they-are-if-machines-make-them")
    for command in (["status", "-n", world.ns], ["impact", world.path("db"), "-n", world.ns],
                    ["trace", f"{world.ns}/db"]):
        whole = on_terminal(world, 250, *command)
        assert "\x1b" not in whole and "…" not in whole
        assert whole.count("\n") == call(world, *command).stdout.count("\n")
        for columns in (80, 60):
            narrow = on_terminal(world, columns, *command)
            table = next(part for part in narrow.split("\n\n") if re.match(r"NAMESPACE|TIME", part))
            assert "db" in table or "written" in table
            assert max(map(len, table.splitlines())) <= columns, narrow


def test_watch_shows_what_changes_until_it_is_interrupted(world: World) -> None:
    one_in_order_one_gone(world)
    command = [default_binary(), "status", "-n", world.ns, "--watch", "-o", "json",
               "--kubeconfig", str(world.cluster.kubeconfig)]
    with subprocess.Popen(command, env={"PATH": "/usr/bin"}, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout

        def version() -> str:
            return next(item["version"] for item in json.loads(watching.stdout.readline()) if item["name"] == "db")
        first = version()
        assert first
        second = world.put("db", {"a": "2"})
        wait_for(lambda: version() == second, PATIENCE, "the new version to be shown")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(10) == -signal.SIGINT
