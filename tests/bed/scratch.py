"""Folders and ports of this process, locked against other test runs.

Both are held by file locks, which the kernel drops when their owner dies; what
a dead owner left is removed by the next run.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import random
import shutil
import socket
import tempfile
from pathlib import Path
from typing import IO

_BASE = Path(tempfile.gettempdir()) / f"edsm-bed-{os.getuid()}"
_held: list[IO[str]] = []  # open files are what keeps the locks
_own: Path | None = None


def _lock(path: Path, wait: bool = False) -> IO[str] | None:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        return None
    return file


def _create_own() -> Path:
    (_BASE / "ports").mkdir(mode=0o700, parents=True, exist_ok=True)
    # Between making a folder and locking it, nobody may take it for stale.
    with _lock(_BASE / "lock", wait=True):
        for folder in _BASE.glob("run-*"):
            if lock := _lock(folder / "owner"):
                shutil.rmtree(folder)
                lock.close()
        own = Path(tempfile.mkdtemp(prefix="run-", dir=_BASE))
        _held.append(_lock(own / "owner"))
    return own


def work_dir(name: str) -> Path:
    """A new empty folder. It is removed when this process ends, or, with
    EDSM_KEEP_LOGS=1, by the next run."""
    global _own
    if _own is None:
        _own = _create_own()
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_own))


@atexit.register
def _remove_own() -> None:
    if _own is not None and os.environ.get("EDSM_KEEP_LOGS") != "1":
        shutil.rmtree(_own, ignore_errors=True)


def _candidates() -> range:
    """Ports that the kernel gives to nobody's outgoing connections, so that a
    server that is down for a moment finds its port free when it comes back."""
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    below, above = range(max(10000, low - 12000), low), range(high + 1, 65536)
    return max(below, above, key=len) or range(20000, 60000)


def free_port() -> int:
    """A port of 127.0.0.1 that is this process's until it ends."""
    (_BASE / "ports").mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = _candidates()
    for port in random.sample(ports, len(ports)):
        if not (lock := _lock(_BASE / "ports" / str(port))):
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                lock.close()
                continue
        _held.append(lock)
        return port
    raise RuntimeError(f"no free port in {ports}")
