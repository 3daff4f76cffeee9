"""What the documents say about the tests, the program and each other is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sources
from bed import ROOT
from bed.documents import sections

TROUBLESHOOTING = "docs/troubleshooting.md"
BY_THE_API_SERVER = "The API server refuses a manifest"
PAGES = sorted(path for path in ROOT.rglob("*.md")
               if not {"build", ".git", ".cache"} & set(path.relative_to(ROOT).parts[:-1]))


# -- tests --------------------------------------------------------------------------


@pytest.mark.parametrize("page, least", [("docs/reliability.md", 30), ("docs/security.md", 20)])
def test_every_test_that_a_document_names_exists(page: str, least: int) -> None:
    unit = {f"{suite}.{name}"
            for path in (ROOT / "src").rglob("*_test.cpp")
            for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE)}
    python = {name
              for path in (ROOT / "tests").rglob("test_*.py")
              for name in [path.name, *re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)]}
    named = set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+|test_\w+(?:\.py)?)`", (ROOT / page).read_text()))
    assert len(named) > least
    assert sorted(named - unit - python) == []


# -- links ----------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may end with, by GitHub's rules."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


# -- what the program says --------------------------------------------------------------


def table(section: str) -> list[list[str]]:
    """The rows of a section's tables, without their heads."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in section.splitlines() if line.startswith("|")]
    return [row for number, row in enumerate(rows)
            if not set("".join(row)) <= set("-") and not (number + 1 < len(rows) and set("".join(rows[number + 1])) <= {"-"})]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_reason_is_explained_and_real() -> None:
    real = sources.ready_reasons()
    rows = table(sections(TROUBLESHOOTING)["Reasons"])
    shown = {quoted(row[0])[0]: row[1] == "S" for row in rows}
    assert len(shown) == len(rows) > 25
    assert shown == real


def test_every_event_is_explained_and_real() -> None:
    shown = [name for row in table(sections(TROUBLESHOOTING)["Events"]) for name in quoted(row[0])]
    assert len(shown) > 8 and set(shown) == sources.event_reasons() | {"Synced"}


def test_every_warning_of_the_log_is_explained() -> None:
    shown = {text for row in table(sections(TROUBLESHOOTING)["Log lines"]) for text in quoted(row[0])}
    missing = sources.warnings() - shown
    assert len(sources.warnings()) > 15 and not missing


def messages() -> list[str]:
    """All that the page quotes of the program's words."""
    found = []
    for name, text in sections(TROUBLESHOOTING).items():
        column = 2 if name == "Reasons" else 0
        found += [quote for row in table(text) for quote in quoted(row[column]) if name != BY_THE_API_SERVER]
    words = [text for text in found if text.count(" ") >= 2 and not text.startswith(("kubectl", "edsm"))]
    assert len(words) > 40
    return words


@pytest.mark.parametrize("message", messages())
def test_a_quoted_message_is_the_programs(message: str) -> None:
    assert any(sources.plain(message) in saying for saying in sources.sayings())


def test_commands_that_documents_show_exist() -> None:
    known = set(re.findall(r"^## edsm (\w+)", (ROOT / "docs/commands.md").read_text(), re.MULTILINE))
    for page in PAGES:
        text = page.read_text()
        used = re.findall(r"(?:^ {4,}(?:\$ )?|`|-- )edsm ([a-z]\w*)", text, re.MULTILINE)
        assert set(used) <= known | {"run", "version"}, page


def test_targets_of_make_that_documents_name_exist() -> None:
    known = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert len(known) > 10
    for page in PAGES:
        used = re.findall(r"(?:^ {4}|`)(?:\w+=\S+ )*make ([a-z-]+)", page.read_text(), re.MULTILINE)
        assert set(used) <= known | {"help"}, page
