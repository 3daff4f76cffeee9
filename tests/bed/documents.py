"""What stands in the documents between fences, so that tests can run it.

A fence says its language and, behind a space, a note: ```yaml result.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bed import ROOT

_FENCE = re.compile(r"^ *```(\w+)(?: ([^\n]+))?\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    language: str
    note: str
    text: str


def fenced(text: str) -> list[Block]:
    """All fenced blocks of a text, in their order."""
    return [Block(language, note or "", body) for language, note, body in _FENCE.findall(text)]


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page (its path from the root) in one language."""
    return [block.text for block in fenced((ROOT / page).read_text()) if block.language == language]


def sections(page: str, level: int = 2) -> dict[str, str]:
    """The text below each heading of that level, up to the next one of it or above."""
    mark, found, name = "#" * level, {}, None
    in_fence = False
    for line in (ROOT / page).read_text().splitlines(keepends=True):
        in_fence ^= line.lstrip().startswith("```")
        heading = None if in_fence else re.match(r"(#+) (.*)", line)
        if heading and len(heading[1]) <= level:
            name = heading[2].strip() if heading[1] == mark else None
            if name is not None:
                found[name] = ""
        elif name is not None:
            found[name] += line
    return found
