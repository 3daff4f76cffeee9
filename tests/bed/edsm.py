"""The controller program, as a child process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests

from bed import ROOT
from bed.process import Process, wait_for
from bed.scratch import free_port, work_dir

_INHERITED = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def default_binary() -> Path:
    """The program under test: $EDSM_BINARY, or what the build makes."""
    return Path(os.environ.get("EDSM_BINARY", ROOT / "build/edsm"))


class Edsm:
    """One run of `edsm run`, from `with` to the end of its block.

    `env` is its whole environment, but for PATH, HOME and the sanitizers' options: nothing
    of the developer's AWS or Kubernetes settings leaks in.
    """

    def __init__(self, kubeconfig: Path | str | None = None, *, env: Mapping[str, str] | None = None,
                 flags: Sequence[str] = (), binary: Path | str | None = None, name: str = "edsm",
                 log_level: str = "debug") -> None:
        self.binary = Path(binary or default_binary())
        self.name = name
        self.env = {name: os.environ[name] for name in _INHERITED if name in os.environ} | dict(env or {})
        if kubeconfig:
            self.env["KUBECONFIG"] = str(kubeconfig)
        self.flags = [f"--log-level={log_level}", *flags]

    def __enter__(self) -> Self:
        if not self.binary.is_file():
            raise FileNotFoundError(f"{self.binary} is not there: build it, or set EDSM_BINARY")
        self.folder = work_dir(self.name)
        self.metrics_port, self.health_port = free_port(), free_port()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.process.stop()

    def start(self) -> None:
        """Starts it, or starts it again; the log goes on in the same file."""
        self.process = Process(self.name, [
            self.binary, "run", "--leader-elect=false", "--log-format=json",
            f"--metrics-bind-address=127.0.0.1:{self.metrics_port}",
            f"--health-probe-bind-address=127.0.0.1:{self.health_port}", *self.flags],
            env={"HOME": str(self.folder), **self.env}, folder=self.folder)

    def ready(self, timeout: float = 15) -> Self:
        """Waits until it says that it is ready."""
        wait_for(lambda: self.health("/readyz") == 200, timeout, f"{self.name} to be ready", [self.process])
        return self

    def health(self, path: str) -> int:
        """The status code of a health probe."""
        return requests.get(f"http://127.0.0.1:{self.health_port}{path}", timeout=2).status_code

    # -- its end --------------------------------------------------------------

    def kill9(self) -> None:
        """Kills it without warning."""
        self.process.kill()

    def terminate(self, timeout: float = 10) -> None:
        """Asks it to end, and insists on exit code 0 in time."""
        self.process.check("it should be asked to end")
        self.process.terminate()
        if (code := self.process.wait(timeout)) != 0:
            raise AssertionError(f"{self.name} ended with {code} on SIGTERM\n{self.process.tail()}")

    # -- what it says -----------------------------------------------------------

    def logs(self, **wanted: Any) -> list[dict[str, Any]]:
        """Its log lines so far, those whose members have the wanted values.
        What is no JSON object (a sanitizer's report) comes as {"raw": line}."""
        lines = self.process.log.read_text(errors="replace").splitlines()
        parsed = [_parse_line(line) for line in lines if line.strip()]
        return [line for line in parsed if all(line.get(key) == value for key, value in wanted.items())]

    def wait_log(self, timeout: float = 10, **wanted: Any) -> dict[str, Any]:
        """Waits for a log line whose members have these values."""
        return wait_for(lambda: self.logs(**wanted), timeout, f"a log line with {wanted}", [self.process])[0]

    def metrics_text(self) -> str:
        """The metrics page."""
        answer = requests.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5)
        answer.raise_for_status()
        return answer.text

    def metrics(self) -> dict[str, float]:
        """All samples: {'name{label="value"}': number}, labels as on the page."""
        return {f"{name}{{{labels}}}" if labels else name: float(value)
                for name, labels, value in _SAMPLE.findall(self.metrics_text())}

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of that name that have these labels."""
        return sum(float(value) for found, text, value in _SAMPLE.findall(self.metrics_text())
                   if found == name and labels.items() <= dict(_LABEL.findall(text)).items())

    def rss_kib(self) -> int:
        """Its resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)[0])


def _parse_line(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
    except ValueError:
        return {"raw": line}
    return parsed if isinstance(parsed, dict) else {"raw": line}
