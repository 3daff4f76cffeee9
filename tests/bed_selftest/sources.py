"""What the program can say, read out of its sources: for tests of the documents."""

from __future__ import annotations

import re
from functools import cache

from bed import ROOT

_TOKEN = re.compile(r"""//[^\n]*|'(?:\\.|[^'\\])'|"((?:[^"\\\n]|\\.)*)\"""")
_FIELD = re.compile(r"\{(?::[^{}]*)?\}")
PERMANENT = {"invalid", "refused", "absent"}  # failures after which somebody has to act
PLANTED = {"bad value"}  # said by bugs of the simulation's build only


@cache
def sources() -> dict[str, str]:
    """The program's own sources: path from src/, and text."""
    return {str(path.relative_to(ROOT / "src")): path.read_text()
            for path in sorted((ROOT / "src").rglob("*.[ch]pp")) if not path.stem.endswith("_test")}


def plain(text: str) -> str:
    """Without quotes, and with an ellipsis for each variable part: as documents write it."""
    return _FIELD.sub("…", text).replace("\\n", " ").replace("\\", "").replace('"', "")


def _literals(text: str) -> list[tuple[int, str]]:
    """The string literals of a source and where they begin; those that follow each other are one."""
    found: list[tuple[int, str]] = []
    end = -1
    for token in _TOKEN.finditer(text):
        if token[1] is None:
            continue
        if found and not text[end:token.start()].strip():
            found[-1] = (found[-1][0], found[-1][1] + token[1])
        else:
            found.append((token.start(), token[1]))
        end = token.end()
    return found


@cache
def sayings() -> tuple[str, ...]:
    """All texts in the sources."""
    return tuple(plain(text) for source in sources().values() for _, text in _literals(source))


def warnings() -> set[str]:
    """The `msg` of every warning and error of the controller's log."""
    said = set()
    for name, source in sources().items():
        literals = dict(_literals(source))
        for call in re.finditer(r"\blog_?\.(?:warn|error)\(\s*(?:\w+\s*\?\s*)?(?=\")", source):
            said.add(plain(literals[call.end()]))
    return said - PLANTED


def _all(pattern: str, *, folder: str = "sync/") -> list[tuple[str, ...]]:
    found = [match for name, source in sources().items() if name.startswith(folder)
             for match in re.findall(pattern, source)]
    assert found, f"nothing in the sources looks like {pattern} any more"
    return found


def ready_reasons() -> dict[str, bool]:
    """Each reason that the condition Ready can have, and whether the object is Stalled then."""
    reasons = {"Synced": False}
    assert 'Report::State::synced, "Synced"' in sources()["sync/outcome.cpp"]
    reasons |= dict.fromkeys(_all(r'Plan::Action::stop,\s*"(\w+)"'), True)
    assert "Plan::Action::stop, std::string(kNotAllowed)" in sources()["sync/plan.cpp"]
    reasons["NotAllowed"] = True
    assert "return cloud::kSourceDisabled" in sources()["sync/outcome.cpp"]
    reasons["SourceDisabled"] = True
    for file in ("sync/shape.cpp", "sync/json_slice.cpp", "sync/binding_store.cpp", "cloud/aws/provider.cpp",
                 "cloud/aws/identity.cpp", "cloud/gcp/provider.cpp", "cloud/azure/provider.cpp"):
        reasons |= dict.fromkeys(_all(r'Failure::invalid,\s*"(\w+)"', folder=file), True)
    reasons |= dict.fromkeys(_all(r'return \{base::Failure::conflict, "(\w+)"', folder="sync/reconciler.cpp"), False)
    for failure, reason in _all(r'(?:case Failure::(\w+)|default):\s*return "(\w+)"', folder="sync/outcome.cpp"):
        reasons[reason] = failure in PERMANENT
    return reasons


def event_reasons() -> set[str]:
    """Each reason of a Kubernetes Event, beside those of the condition Ready."""
    fixed = {*_all(r'EventType::\w+,\s*"(\w+)"'), *_all(r'say_once\(\s*workload,\s*"(\w+)"')}
    chosen = {reason for pair in _all(r'\? "([A-Z]\w+)" : "([A-Z]\w+)",\s*"Sync"') for reason in pair}
    return fixed | chosen
