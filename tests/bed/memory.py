"""The memory of a running process, searched for what must not be in it."""

from __future__ import annotations

import base64
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bed.process import Process

_MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$", re.MULTILINE)
_UNREADABLE = ("[vvar]", "[vvar_vclock]", "[vsyscall]")
_CONTEXT = 48  # bytes shown around a finding


@dataclass(frozen=True)
class Finding:
    """A place where it was."""

    where: str  # the mapping's name
    form: str  # "raw", "base64"
    context: bytes

    def __str__(self) -> str:
        return f"{self.form} in {self.where}: {self.context!r}"


def forms(word: str) -> dict[str, bytes]:
    """The ways in which a word can stand in a text: as it is (in JSON too, if it needs no escape), and
    in base64 at each of the three alignments, without the digits that its neighbours share."""
    raw = word.encode()
    found = {"raw": raw}
    for before in range(3):
        text = base64.b64encode(bytes(before) + raw)
        first = -(-before * 4 // 3)
        last = (before + len(raw)) * 4 // 3
        found[f"base64, {before} bytes before"] = text[first:last]
    return found


def search(text: bytes, word: str, where: str) -> Iterator[Finding]:
    """Every occurrence of the word, in any form."""
    for form, needle in forms(word).items():
        for found in re.finditer(re.escape(needle), text):
            context = text[max(0, found.start() - _CONTEXT):found.end() + _CONTEXT]
            yield Finding(where, form, context)


def search_memory(process: Process, word: str) -> list[Finding]:
    """Searches all that the process can read, while it stands still."""
    process.signal(signal.SIGSTOP)
    try:
        _wait_stopped(process.pid)
        return [finding for where, content in _mappings(process.pid) for finding in search(content, word, where)]
    finally:
        process.signal(signal.SIGCONT)


def _wait_stopped(pid: int) -> None:
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        if time.monotonic() > deadline:
            raise TimeoutError(f"process {pid} does not stop")
        time.sleep(0.001)


def _mappings(pid: int) -> Iterator[tuple[str, bytes]]:
    maps = Path(f"/proc/{pid}/maps").read_text()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for first, end, rights, name in _MAPPING.findall(maps):
            if not rights.startswith("r") or name in _UNREADABLE:
                continue
            start = int(first, 16)
            memory.seek(start)
            size = int(end, 16) - start
            content = bytearray()
            while len(content) < size and (part := memory.read(size - len(content))):
                content += part
            yield name or f"anonymous memory at {first}", bytes(content)
