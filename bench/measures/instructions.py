"""What one event costs in instructions. Callgrind counts them: no other load on the machine changes the number, as
it does a time."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from bed.edsm import default_binary
from bed.scratch import work_dir
from bench.stage import Stage

_PATIENCE = 1800  # seconds until it is ready: under valgrind it is many times slower, also while nothing is counted
TOOL = "callgrind_control"
_TOTAL = re.compile(r"^(?:summary|totals): (\d+)", re.MULTILINE)


def available() -> bool:
    return shutil.which(TOOL) is not None


def per_event(stage: Stage, bindings: int, flags: Sequence[str], events: int,
              send: Callable[[int], object]) -> float:
    """Instructions of EDSM for each event, when it is at rest with so many bindings; `send` sends that many events
    and waits for their effects."""
    folder = work_dir("callgrind")
    with stage.edsm(flags=flags, binary=_wrapped(folder), wait=False) as edsm:
        edsm.ready(_PATIENCE)
        stage.wait_at_rest(edsm, bindings)
        _control("--instr=on", edsm.process.pid)
        send(events)
        _control("--dump", edsm.process.pid)
        (dump,) = folder.glob("out.*")
        return int(_TOTAL.findall(dump.read_text())[0]) / events


def _wrapped(folder: Path) -> Path:
    """A program that is EDSM while somebody counts."""
    script = folder / "edsm"
    script.write_text(f'#!/bin/sh\nexec valgrind --quiet --tool=callgrind --instr-atstart=no '
                      f'--callgrind-out-file={folder}/out "{default_binary().resolve()}" "$@"\n')
    script.chmod(0o755)
    return script


def _control(command: str, pid: int) -> None:
    subprocess.run([TOOL, command, str(pid)], check=True, capture_output=True, timeout=60)
