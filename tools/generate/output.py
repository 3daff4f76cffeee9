"""Where generated text goes: into its file, only if that changes it, or with --check into a diff."""

from __future__ import annotations

import difflib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def deliver(path: Path, text: str, check: bool, command: str) -> bool:
    """Writes or compares; false if `check` found a difference."""
    before = path.read_text() if path.exists() else ""
    name = path.relative_to(ROOT).as_posix()
    if before == text:
        return True
    if check:
        print("".join(difflib.unified_diff(before.splitlines(True), text.splitlines(True), name, f"{name} (new)")))
        print(f"{name} is not up to date; run '{command}'")
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    print(f"wrote {name}")
    return True
