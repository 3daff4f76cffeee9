"""The stand-in for Secret Manager answers what the real one was recorded to answer."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bed import ROOT
from bed.gcp import NUMBER, PROJECT, GoogleCloud, GoogleError

_RECORDED = json.loads((ROOT / "tests/vectors/gcp/secret_manager.json").read_text()
                       .replace("projects/example-project", f"projects/{PROJECT}")
                       .replace("projects/123456789", f"projects/{NUMBER}"))
_OWN = ("createTime", "destroyTime", "etag")  # each answer has its own


@pytest.fixture(scope="module")
def google() -> Iterator[GoogleCloud]:
    with GoogleCloud() as google:
        yield google


def uniform(answer: Any) -> Any:
    """The answer with a mark for what cannot be the same twice."""
    return {name: "..." if name in _OWN else value for name, value in answer.items()}


@pytest.mark.parametrize("recording", list(_RECORDED))
def test_recording(google: GoogleCloud, recording: str) -> None:
    etags: dict[str, str] = {}
    for exchange in _RECORDED[recording]:
        asked = exchange["body"]
        if asked and "etag" in asked:
            asked = {**asked, "etag": etags[exchange["path"].partition(":")[0]]}
        try:
            status, answer = 200, google.call(exchange["method"], exchange["path"], asked, **exchange["query"])
        except GoogleError as error:
            status, answer = error.code, {"error": error.body}
        assert (status, uniform(answer)) == (exchange["status"], uniform(exchange["answer"])), exchange
        if "etag" in answer:
            etags[exchange["path"]] = answer["etag"]


def test_times_and_etags_have_the_recorded_form(google: GoogleCloud) -> None:
    google.put_secret("form", "value")
    for path in ("form", "form/versions/1"):
        answer = google.call("GET", google.secret_path(path))
        seconds, _, fraction = answer["createTime"].partition(".")
        assert len(seconds) == len("2024-08-28T03:45:14") and fraction.endswith("Z")
        assert answer["etag"].startswith('"') and answer["etag"].endswith('"')
        int(answer["etag"].strip('"'), 16)
