"""Text for people: headings, aligned lines, timelines. Colours only on a terminal."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

_WIDTH = 92
_BOLD, _DIM, _CYAN, _GREEN, _RED = "1", "2", "36", "32", "31"


@dataclass(frozen=True)
class Moment:
    """One line of a timeline. `at`: monotonic seconds; `seen`: whose word it is;
    `main`: one of the steps the story is about."""

    at: float
    what: str
    seen: str
    main: bool = False


class Terminal:
    """Writes to `stream`, at once, so that a pipe can be followed too."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._tty = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._colours = self._tty and not os.environ.get("NO_COLOR")
        self.acts = 0

    # -- headings and lines -----------------------------------------------------

    def title(self, text: str, below: str) -> None:
        self._line(self._styled(text, _BOLD))
        self._line(self._styled(below, _DIM))

    def act(self, text: str) -> None:
        """A numbered heading."""
        self.acts += 1
        self._line()
        self._line(f"{self._styled(str(self.acts), _BOLD, _CYAN)}  {self._styled(text, _BOLD)}")

    def say(self, text: str = "") -> None:
        for line in textwrap.wrap(text, _WIDTH - 3, break_on_hyphens=False) or [""]:
            self._line(f"   {line}" if line else "")

    def fact(self, name: str, text: str, *, room: int = 21) -> None:
        """A name and what is to be said about it, in two columns."""
        lines = textwrap.wrap(text, _WIDTH - 3 - room, break_on_hyphens=False, break_long_words=False) or [""]
        for number, line in enumerate(lines):
            self._line("   " + self._styled((name if number == 0 else "").ljust(room), _DIM) + line)

    def good(self, text: str) -> None:
        """Something that was checked and holds."""
        lines = textwrap.wrap(text, _WIDTH - 8, break_on_hyphens=False)
        self._line(f"   {self._styled('ok', _GREEN)}   {lines[0]}")
        for line in lines[1:]:
            self._line(f"        {line}")

    def bad(self, text: str) -> None:
        self._line()
        self._line(self._styled(text, _RED, _BOLD))

    def quote(self, text: str) -> None:
        """Text that is somebody else's, line by line: YAML, logs."""
        for line in text.splitlines():
            self._line(f"   {self._styled('|', _DIM)} {line}")

    def command(self, text: str) -> None:
        """A command that a reader can copy; not wrapped."""
        self._line(f"   {self._styled('$', _DIM)} {self._styled(text, _CYAN)}")

    def plain(self, text: str) -> None:
        """Text to be copied as it is."""
        self._line(f"   {text}")

    # -- things with times ----------------------------------------------------

    @contextmanager
    def doing(self, what: str) -> Iterator[Callable[[str], None]]:
        """Shows that something takes its time, and how long it took. What is
        given to the yielded function is said about the result."""
        result = ""

        def tell(text: str) -> None:
            nonlocal result
            result = text

        started = time.monotonic()
        if self._tty:
            self._stream.write(f"   {what} ...")
            self._stream.flush()
        try:
            yield tell
        finally:
            if self._tty:
                self._stream.write("\r\x1b[K")
        took = f"{time.monotonic() - started:.1f} s"
        self._line(f"   {self._styled(what.ljust(21), _DIM)}{result.ljust(60)} {took:>7}")

    def timeline(self, moments: Sequence[Moment]) -> None:
        """The moments in order, counted from the first one given."""
        start = before = moments[0].at
        for moment in sorted(moments, key=lambda one: one.at):
            what = moment.what.ljust(51)
            self._line(f"   {self._styled(milliseconds(moment.at - start), _CYAN)}  "
                       f"{self._styled('+' + milliseconds(moment.at - before).strip(), _DIM, room=10)}   "
                       f"{self._styled(what, _BOLD) if moment.main else what} {self._styled(moment.seen, _DIM)}")
            before = moment.at

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """The first row is the head, the first column left, the others right."""
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for number, row in enumerate(rows):
            cells = [cell.ljust(width) if column == 0 else cell.rjust(width)
                     for column, (cell, width) in enumerate(zip(row, widths))]
            line = "   ".join(cells).rstrip()
            self._line("   " + (self._styled(line, _DIM) if number == 0 else line))

    # -- characters -------------------------------------------------------------

    def _styled(self, text: str, *codes: str, room: int = 0) -> str:
        text = text.rjust(room)
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._colours else text

    def _line(self, text: str = "") -> None:
        self._stream.write(text.rstrip() + "\n")
        self._stream.flush()


def milliseconds(seconds: float) -> str:
    """A short time, ten characters wide."""
    return f"{round(seconds * 1000):7,} ms"
