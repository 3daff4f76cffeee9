"""Runs the Go program of bench/load."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bed import ROOT
from bed.process import Process, wait_for


def build() -> str:
    """The program; it is built if it is not there."""
    script = ROOT / "tools/setup/load.sh"
    return subprocess.run([script, "--print-path"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@dataclass(frozen=True)
class Sent:
    """What came of many requests; times in seconds since the epoch."""

    count: int
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    @property
    def rate(self) -> float:
        return self.count / self.seconds


class Load:
    """The program, as one user of both clouds."""

    def __init__(self, program: str, env: Mapping[str, str]) -> None:
        self._program = program
        self._env = {"PATH": os.environ["PATH"]} | dict(env)

    def run(self, *words: str, text: str = "", each: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Runs a command to its end, and returns its last line; `each` gets all as they come."""
        last: dict[str, Any] = {}
        with self._popen(words) as process:
            assert process.stdin and process.stdout
            process.stdin.write(text)
            process.stdin.close()
            for line in process.stdout:
                last = json.loads(line)
                if each:
                    each(last)
        if process.returncode:
            raise RuntimeError(f"load {words[0]} failed; what it said is above")
        return last

    def send(self, orders: Iterable[dict[str, Any]], *, at_once: int = 16, http2: bool = False) -> Sent:
        """Sends all orders; each must succeed."""
        text = "".join(json.dumps(order) + "\n" for order in orders)
        result = self.run("send", f"--at-once={at_once}", f"--http2={str(http2).lower()}", text=text)
        if result["failed"]:
            raise RuntimeError(f"{result['failed']} of {result['count']} requests failed: {result['problems']}")
        return Sent(result["count"], result["began"] / 1e9, result["ended"] / 1e9)

    @contextmanager
    def awaiting(self, path: str, prefix: str, count: int) -> Iterator[Callable[[], list[float]]]:
        """Watches from now on; the given function waits until `count` objects are in the state, and returns
        the moments at which each was seen so, in order."""
        words = ("await", f"--path={path}", f"--prefix={prefix}", f"--count={count}")
        with self._popen(words) as process:
            assert process.stdout
            if not process.stdout.readline():
                raise RuntimeError("load await failed; what it said is above")

            def wait() -> list[float]:
                line = process.stdout.readline() if process.stdout else ""
                if not line:
                    raise RuntimeError("load await failed; what it said is above")
                return [moment / 1e9 for moment in json.loads(line)["moments"]]
            try:
                yield wait
            finally:
                process.kill()

    @contextmanager
    def chain(self, queue_url: str, secret: str, workload: str = "") -> Iterator[Process]:
        """The chain at work."""
        words = ["chain", f"--queue={queue_url}", f"--secret={secret}", f"--workload={workload}"]
        process = Process("chain", [self._program, *words], env=self._env)
        try:
            wait_for(lambda: "ready" in process.log.read_text(), 10, "the chain", [process])
            yield process
        finally:
            process.stop()

    def _popen(self, words: Iterable[str]) -> subprocess.Popen[str]:
        return subprocess.Popen([self._program, *words], env=self._env, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
