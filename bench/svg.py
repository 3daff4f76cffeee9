"""Plots as SVG, readable on light and on dark ground: the curve of a distribution, and bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 44, 48
_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.title { font-size: 15px; font-weight: 600; fill: #24292f }
.grid { stroke: #8c959f; stroke-opacity: .25 }
.one { --colour: #0969da }
.two { --colour: #bc4c00 }
.three { --colour: #57606a }
.curve { fill: none; stroke: var(--colour); stroke-width: 2 }
.bar { fill: var(--colour) }
.allowed { stroke: var(--colour); stroke-width: 3 }
.key { fill: var(--colour); font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.title { fill: #f0f6fc }
.one { --colour: #4493f8 }
.two { --colour: #f0883e }
.three { --colour: #9198a1 }
}
</style>"""


def _colour(name: str) -> str:
    """EDSM's, or that of what it is compared with."""
    return "one" if name.startswith("EDSM") else "three"


def _page(title: str, height: int, parts: Sequence[str]) -> str:
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
                      f'aria-label="{escape(title)}">', _STYLE,
                      _text(_LEFT, 24, title, "title"), *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" class="grid"/>'


def ticks(most: float) -> list[float]:
    """From 0 in round steps, four to eight of them, to just beyond `most`."""
    step = 10.0 ** len(str(int(most * 1e6))) / 1e6
    while most / step < 4:
        step /= 2 if str(f"{step:.9f}").strip("0.")[:1] != "5" else 2.5
    count = int(most / step) + 1
    return [round(step * number, 9) for number in range(count + 1)]


def distribution(title: str, unit: str, curves: Mapping[str, Sequence[float]]) -> str:
    """Which part of all was done within which time. What lies beyond the 99th percentile is cut off."""
    ends = [sorted(values)[max(0, int(0.99 * len(values)) - 1)] for values in curves.values()]
    marks = ticks(max(ends))
    width, height = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + width * value / marks[-1]

    def y(part: float) -> float:
        return _TOP + height * (1 - part)
    parts = []
    for mark in marks:
        parts += [_line(x(mark), _TOP, x(mark), y(0)), _text(x(mark), y(0) + 18, f"{mark:g}", anchor="middle")]
    for part in (0, 0.25, 0.5, 0.75, 1):
        parts += [_line(_LEFT, y(part), WIDTH - _RIGHT, y(part)),
                  _text(_LEFT - 8, y(part) + 4, f"{part:.0%}", anchor="end")]
    parts.append(_text(WIDTH - _RIGHT, HEIGHT - 8, unit, anchor="end"))
    for number, (name, values) in enumerate(curves.items()):
        ordered = sorted(values)
        points = " ".join(f"{x(value):.1f},{y((rank + 1) / len(ordered)):.1f}"
                          for rank, value in enumerate(ordered) if value <= marks[-1])
        colour = _colour(name)
        parts += [f'<polyline class="curve {colour}" points="{points}"/>',
                  _text(WIDTH - _RIGHT - 8, y(0.12 + 0.1 * (len(curves) - 1 - number)), name, f"key {colour}", "end")]
    return _page(title, HEIGHT, parts)


def bars(title: str, unit: str, values: Mapping[str, float], limits: Mapping[str, float] | None = None) -> str:
    """One bar for each value; `limits` are what it is allowed to be, as a line across its bar."""
    limits = limits or {}
    marks = ticks(max([*values.values(), *limits.values()]))
    left, row = 190, 34
    height = _TOP + row * len(values) + _BOTTOM

    def x(value: float) -> float:
        return left + (WIDTH - left - 90) * value / marks[-1]
    parts = []
    for mark in marks:
        parts += [_line(x(mark), _TOP, x(mark), height - _BOTTOM),
                  _text(x(mark), height - _BOTTOM + 18, f"{mark:g}", anchor="middle")]
    parts.append(_text(WIDTH - _RIGHT, height - 8, unit, anchor="end"))
    for number, (name, value) in enumerate(values.items()):
        top = _TOP + row * number + 6
        colour = "one" if limits else _colour(name)
        width = max(1.0, x(value) - left)
        parts += [_text(left - 10, top + 16, name, anchor="end"),
                  f'<rect class="bar {colour}" x="{left}" y="{top}" width="{width:.1f}" height="22" rx="2"/>',
                  _text(x(value) + 8, top + 16, f"{value:.3g}")]
        if name in limits:
            at = x(limits[name])
            parts.append(f'<line class="allowed two" x1="{at:.1f}" y1="{top - 3}" x2="{at:.1f}" y2="{top + 25}"/>')
    if limits:
        parts.append(_text(left, height - 8, "bar: measured; line: allowed"))
    return _page(title, height, parts)
