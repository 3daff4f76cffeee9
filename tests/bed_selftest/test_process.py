"""Nothing is left behind, and errors name what failed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bed.process import Process, ProcessDied, wait_for
from bed.scratch import free_port, work_dir

TESTS = Path(__file__).resolve().parents[1]

STARTS_A_CONTROL_PLANE = """
import signal
from bed.aws import Ministack
from bed.controlplane import ControlPlane
with ControlPlane() as cluster, Ministack() as aws:
    parts = (cluster.etcd, cluster.apiserver, cluster.controller_manager, cluster.kwok, aws.process)
    print(cluster.folder, *(part.pid for part in parts), flush=True)
    signal.pause()
"""


def _start_victim() -> tuple[subprocess.Popen[str], Path, list[int]]:
    victim = subprocess.Popen([sys.executable, "-c", STARTS_A_CONTROL_PLANE], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "PYTHONPATH": str(TESTS)})
    assert victim.stdout
    folder, *pids = victim.stdout.readline().split()
    return victim, Path(folder), [int(pid) for pid in pids]


def _running(pid: int) -> bool:
    """Whether it runs (one that waits for its new parent to bury it does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_behind(number: signal.Signals) -> None:
    victim, folder, pids = _start_victim()
    assert len(pids) == 5 and all(map(_running, pids))
    victim.send_signal(number)
    victim.wait(20)
    wait_for(lambda: not any(map(_running, pids)), 5, f"the children of a bed killed by {number.name} to end")
    if number == signal.SIGKILL:
        assert folder.is_dir()  # the next run removes it:
        subprocess.run([sys.executable, "-c", "from bed.scratch import work_dir; work_dir('x')"], check=True,
                       env={**os.environ, "PYTHONPATH": str(TESTS)})
    assert not folder.exists()


def test_early_death_is_told_at_once() -> None:
    process = Process("doomed", ["/bin/sh", "-c", "echo the reason; exit 3"])
    with pytest.raises(ProcessDied, match=r"(?s)doomed ended with 3 while waiting for a wonder.*the reason"):
        wait_for(lambda: False, 30, "a wonder", [process])
    process.stop()


def test_vain_waiting_names_the_last_problem() -> None:
    def condition() -> bool:
        raise OSError("not reachable")
    with pytest.raises(TimeoutError, match=r"in vain for a wonder; last problem: .*not reachable"):
        wait_for(condition, 0.05, "a wonder")
    with pytest.raises(NameError):
        wait_for(lambda: no_such_name, 30, "a bug")  # type: ignore[name-defined]  # noqa: F821


def test_ports_are_distinct_and_folders_private() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    assert work_dir("a") != work_dir("a")
    assert work_dir("a").parent.stat().st_mode & 0o077 == 0
