"""What a reader gets to see of the measurements."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from bed import ROOT
from bench import report, svg, table
from bench.results import Results, Row

ROWS = [Row("One", "a | b", "1 ms", "2 ms", 0.5, "<= 1x", True), Row("Two", "c", "3"),
        Row("One", "d", "4 MiB", goal="<= 3 MiB", met=False)]


def test_terminal_table_has_a_line_for_each_row_and_group() -> None:
    lines = table.for_terminal(ROWS).splitlines()
    assert [line.split()[0] for line in lines if line] == ["measure", "One", "a", "d", "Two", "c"]
    assert lines[0].index("goal") + 4 == lines[3].index("<= 1x") + 5
    assert lines[4].endswith("MISSED")


def test_page_has_a_table_for_each_group_and_escapes_cells() -> None:
    text = table.for_page(ROWS)
    assert [line.split()[1] for line in text.splitlines() if "| EDSM |" in line] == ["One", "Two"]
    assert "| a \\| b | 1 ms | 2 ms | 0.50x | <= 1x | met |" in text


def test_results_survive_their_file(tmp_path: Path) -> None:
    results = Results(rows=list(ROWS), samples={"x": [1.0]}, facts={"a": "b"})
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results


def test_a_part_takes_its_own_place_in_an_earlier_run() -> None:
    first, second = Row("g", "a", "1"), Row("g", "b", "2")
    earlier = Results("monday", [first, second], {"a": [1.0], "b": [2.0]}, {}, {"load": "1", "machine": "m"})
    later = Results("tuesday", [Row("g", "b", "3"), Row("h", "c", "4")], {"b": [3.0]}, {}, {"load": "2"})
    assert later.over(earlier) == Results("tuesday", [first, Row("g", "b", "3"), Row("h", "c", "4")],
                                          {"a": [1.0], "b": [3.0]}, {}, {"load": "2", "machine": "m"})


def test_parts_of_a_page_are_replaced() -> None:
    page = "head\n<!-- a -->\nold\n<!-- end of a -->\ntail\n"
    assert report.filled(page, {"a": "new"}) == "head\n<!-- a -->\nnew\n<!-- end of a -->\ntail\n"
    with pytest.raises(ValueError):
        report.filled(page, {"b": "new"})


def test_our_page_has_a_place_for_everything() -> None:
    report.filled((ROOT / "docs/performance.md").read_text(), report.parts(Results()))


@pytest.mark.parametrize("most", [0.013, 0.9, 1, 4.2, 7, 49, 51, 100, 1234])
def test_ticks_are_few_and_reach_beyond(most: float) -> None:
    marks = svg.ticks(most)
    assert 5 <= len(marks) <= 10
    assert marks[0] == 0 and marks[-2] <= most < marks[-1]


def test_plots_are_well_formed_and_stay_inside() -> None:
    plots = [svg.distribution("A & B", "ms", {"one": [1.0, 2.0, 3.0], "two": [2.0, 9.0]}),
             svg.bars("Memory", "MiB", {"idle": 3.0, "full": 140.0}, {"idle": 10.0, "full": 150.0})]
    for text in plots:
        root = ElementTree.fromstring(text)
        for element in root.iter():
            for name in ("x", "x1", "x2"):
                assert 0 <= float(element.get(name, 0)) <= svg.WIDTH, ElementTree.tostring(element)


def test_plots_are_of_what_was_measured() -> None:
    assert report.plots(Results()) == {}
    results = Results(samples={"memory, 0": [9.0], "memory, 10000": [28.0]})
    assert list(report.plots(results)) == ["memory.svg"]
    assert "10,000 bindings" in report.plots(results)["memory.svg"]
