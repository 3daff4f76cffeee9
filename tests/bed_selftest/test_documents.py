"""What the documents say about the tests is true."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_documents_name_exists() -> None:
    unit = {f"{suite}.{name}"
            for path in (ROOT / "src").rglob("*_test.cpp")
            for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", path.read_text(), re.MULTILINE)}
    integration = {name
                   for path in (ROOT / "tests").rglob("test_*.py")
                   for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)}
    named = set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+|test_\w+)`", (ROOT / "docs/reliability.md").read_text()))
    assert len(named) > 30
    assert sorted(named - unit - integration) == []
