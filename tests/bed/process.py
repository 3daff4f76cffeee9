"""Child processes that leave nothing behind, and waiting without sleeping."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from bed.scratch import work_dir

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

# The kernel sends the death signal when the *thread* that forked ends. So one
# thread forks them all, and it lives exactly as long as this process.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bed-forker")

# wait_for() does not mistake these for "not yet".
_BUGS = (NameError, TypeError, AttributeError, ImportError)


class Hopeless(RuntimeError):
    """Waiting is in vain; a condition may raise it to end wait_for() at once."""


class ProcessDied(Hopeless):
    """A child ended while it was needed."""


class Process:
    """A child in a process group of its own, its output in a log file.

    It is killed by the kernel if this process dies, however that happens.
    """

    _all: list[Process] = []

    def __init__(self, name: str, argv: Sequence[str | Path], *,
                 env: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = (folder or work_dir(name)) / f"{name}.log"
        parent = os.getpid()

        def die_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before the call above
                os._exit(1)

        def fork() -> subprocess.Popen[bytes]:
            with self.log.open("ab") as log:
                return subprocess.Popen(
                    self.argv, env=dict(env) if env is not None else None, stdin=subprocess.DEVNULL,
                    stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                    preexec_fn=die_with_parent, cwd=self.log.parent)

        self._popen = _forker.submit(fork).result()
        Process._all.append(self)

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, -N for signal N, None while it runs."""
        return self._popen.poll()

    def tail(self, lines: int = 20) -> str:
        """The end of its log, headed by its name and state."""
        state = "running" if self.returncode is None else f"ended with {self.returncode}"
        text = self.log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"--- {self.name} ({state}), {self.log}:", *text])

    def check(self, doing: str) -> None:
        """Raises ProcessDied if it has ended."""
        if self.returncode is not None:
            raise ProcessDied(f"{self.name} ended with {self.returncode} while {doing}\n{self.tail()}")

    def signal(self, number: int) -> None:
        """Sends a signal to the child alone (SIGSTOP and SIGCONT pause it)."""
        self._popen.send_signal(number)

    def terminate(self) -> None:
        """Asks it to end (SIGTERM), and returns at once."""
        self._popen.terminate()

    def wait(self, timeout: float) -> int:
        """Waits for its end and returns the exit code."""
        try:
            return self._popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.name} still runs after {timeout:g} s\n{self.tail()}") from None

    def stop(self, grace: float = 5) -> None:
        """Asks it to end, and kills it after `grace` seconds."""
        if self.returncode is None:
            self._popen.send_signal(signal.SIGCONT)
            self._popen.terminate()
            try:
                self._popen.wait(grace)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        """Kills it, with its process group, at once."""
        if self.returncode is None:  # otherwise its number may be another's by now
            os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
        if self in Process._all:
            Process._all.remove(self)


@atexit.register
def _kill_all() -> None:
    for process in list(Process._all):
        process.kill()


def wait_for(condition: Callable[[], T | None], timeout: float, what: str,
             processes: Iterable[Process] = ()) -> T:
    """Polls until `condition()` is true, and returns what it gave.

    Exceptions of the condition (but Hopeless) mean "not yet"; the last one is
    told if the time runs out. If one of `processes` ends, waiting ends too; the errors
    carry the ends of their logs.
    """
    processes = list(processes)
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        problem: Exception | None = None
        try:
            if result := condition():
                return result
        except (Hopeless, *_BUGS):
            raise
        except Exception as error:  # pylint: disable=broad-except
            problem = error
        for process in processes:
            process.check(f"waiting for {what}")
        if time.monotonic() >= deadline:
            last = f"; last problem: {problem!r}" if problem else ""
            tails = "".join("\n" + process.tail() for process in processes)
            raise TimeoutError(f"waited {timeout:g} s in vain for {what}{last}{tails}") from problem
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
