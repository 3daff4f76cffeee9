"""The rows as text: for a terminal, and for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.results import Row

_HEAD = ("measure", "EDSM", "limit of this run", "ratio", "goal", "")


def cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}x"
    verdict = {None: "", True: "met", False: "MISSED"}[row.met]
    return (row.measure, row.found, row.limit, ratio, row.goal, verdict)


def groups(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows of each group, also if they were measured at different times."""
    for name in dict.fromkeys(row.group for row in rows):
        yield name, [row for row in rows if row.group == name]


def for_terminal(rows: Sequence[Row]) -> str:
    lines = [_HEAD, *map(cells, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]

    def aligned(line: Sequence[str]) -> str:
        parts = [text.ljust(width) if column in (0, 5) else text.rjust(width)
                 for column, (text, width) in enumerate(zip(line, widths))]
        return "  " + "  ".join(parts).rstrip()
    text = [aligned(_HEAD)]
    for name, members in groups(rows):
        text += ["", name, *(aligned(cells(row)) for row in members)]
    return "\n".join(text)


def for_page(rows: Sequence[Row]) -> str:
    """Markdown."""
    text = []
    for name, members in groups(rows):
        head = (name, *_HEAD[1:])
        text += ["", "| " + " | ".join(head) + " |", "|---|--:|--:|--:|--:|---|"]
        text += ["| " + " | ".join(part.replace("|", "\\|") for part in cells(row)) + " |" for row in members]
    return "\n".join(text[1:])
