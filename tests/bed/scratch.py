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
import threading
from pathlib import Path
from typing import IO

_BASE = Path(tempfile.gettempdir()) / f"edsm-bed-{os.getuid()}"
_mutex = threading.Lock()
_own: Path | None = None
_own_lock: IO[str] | None = None  # open files are what keeps the locks
_ports_file: IO[str] | None = None
_own_ports: set[int] = set()


def _lock(path: Path) -> IO[str] | None:
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _create_own() -> None:
    global _own, _own_lock
    _BASE.mkdir(mode=0o700, exist_ok=True)
    # Between making a folder and locking it, nobody may take it for stale.
    with (_BASE / "lock").open("a") as everybody:
        fcntl.flock(everybody, fcntl.LOCK_EX)
        for folder in _BASE.glob("run-*"):
            if lock := _lock(folder / "owner"):
                shutil.rmtree(folder, ignore_errors=True)
                lock.close()
        _own = Path(tempfile.mkdtemp(prefix="run-", dir=_BASE))
        _own_lock = _lock(_own / "owner")


def work_dir(name: str) -> Path:
    """A new empty folder. It is removed when this process ends, or, with
    EDSM_KEEP_LOGS=1, by the next run."""
    with _mutex:
        if _own is None:
            _create_own()
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
    """A port of 127.0.0.1 that is this process's until it ends, also while no
    server listens there: byte N of one file is the lock of port N."""
    global _ports_file
    ports = _candidates()
    with _mutex:
        if _ports_file is None:
            _BASE.mkdir(mode=0o700, exist_ok=True)
            _ports_file = (_BASE / "ports").open("a")
        for port in random.sample(ports, len(ports)):
            if port not in _own_ports and _take(_ports_file, port):
                _own_ports.add(port)
                return port
    raise RuntimeError(f"no free port in {ports}")


def _take(locks: IO[str], port: int) -> bool:
    try:
        fcntl.lockf(locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False  # another run's
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            fcntl.lockf(locks, fcntl.LOCK_UN, 1, port)
            return False  # a stranger's
