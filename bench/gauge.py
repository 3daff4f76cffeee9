"""What a process used and holds, as the kernel tells it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_FIELD = re.compile(r"^(\w+):\s+(\d+)", re.MULTILINE)
_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of all its threads, in nanoseconds' steps (/proc/PID/stat counts in 10 ms)."""
    return time.clock_gettime_ns((~pid << 3) | 2) / 1e9  # the kernel's number for "CPU clock of that process"


def memory(pid: int) -> dict[str, float]:
    """MiB: resident now, the highest so far, and the part that is not a file's."""
    status = dict(_FIELD.findall(Path(f"/proc/{pid}/status").read_text()))
    return {"rss": int(status["VmRSS"]) / 1024, "peak": int(status["VmHWM"]) / 1024,
            "anonymous": int(status["RssAnon"]) / 1024}


def forget_peak(pid: int) -> None:
    """The peak begins anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def wakeups(pid: int) -> int:
    """How often its threads began to run after they had waited."""
    return sum(int(dict(_FIELD.findall((task / "status").read_text()))["voluntary_ctxt_switches"])
               for task in Path(f"/proc/{pid}/task").iterdir())


def machine() -> str:
    """Processor, cores, kernel."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.findall(r"^model name\s*: (.*)", info, re.MULTILINE)
    return f"{os.cpu_count()} x {model[0] if model else 'unknown processor'}, Linux {os.uname().release}"


def _busy_seconds() -> tuple[float, float]:
    """Of all processors since boot: used by somebody, and stolen by the host."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + softirq) / _TICK, steal / _TICK


@dataclass(frozen=True)
class Use:
    """What a measure took, and what others took meanwhile, in seconds of CPU time."""

    wall: float
    cpu: dict[str, float]
    others: float
    stolen: float


class Meter:
    """Takes the CPU time of named processes, and of all others, during a `with`."""

    def __init__(self, processes: dict[str, int]) -> None:
        self._processes = processes

    def __enter__(self) -> Self:
        self._began, self._before = time.monotonic(), self._now()
        self._busy, self._stolen = _busy_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        wall = time.monotonic() - self._began
        cpu = {name: after - self._before[name] for name, after in self._now().items()}
        busy, stolen = _busy_seconds()
        self.use = Use(wall, cpu, max(0.0, busy - self._busy - sum(cpu.values())), stolen - self._stolen)

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self._processes.items()}


class Connections:
    """Watches the TCP connections of a process during a `with`: the most at once, and how many in all,
    by the port that they go to."""

    def __init__(self, pid: int, ports: Iterable[int]) -> None:
        self._pid = pid
        self.most = dict.fromkeys(ports, 0)
        self._seen: dict[int, set[str]] = {port: set() for port in self.most}

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.all = {port: len(seen) for port, seen in self._seen.items()}

    def _look_again(self) -> None:
        while not self._over.wait(0.02):
            self._look()

    def _look(self) -> None:
        own = set()
        for link in Path(f"/proc/{self._pid}/fd").iterdir():
            try:
                own.add(os.readlink(link))
            except FileNotFoundError:
                continue
        now: dict[int, set[str]] = {port: set() for port in self.most}
        for line in Path(f"/proc/{self._pid}/net/tcp").read_text().splitlines()[1:]:
            local, remote, inode = (words := line.split())[1], words[2], words[9]
            port = int(remote.rpartition(":")[2], 16)
            if port in now and f"socket:[{inode}]" in own:
                now[port].add(local)
        for port, connections in now.items():
            self.most[port] = max(self.most[port], len(connections))
            self._seen[port] |= connections
