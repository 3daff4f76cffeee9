"""Answers beside recordings of the real services, which keep their form but not every value."""

from __future__ import annotations

from typing import Any


def keys(answer: Any, like: Any) -> Any:
    """The keys of an answer, in their order and as deep as `like` goes."""
    if isinstance(like, dict) and isinstance(answer, dict):
        return {name: keys(value, like.get(name)) for name, value in answer.items()}
    if isinstance(like, list) and isinstance(answer, list):
        return [keys(value, like[number]) if number < len(like) else value for number, value in enumerate(answer)]
    return answer if isinstance(like, str) else None
