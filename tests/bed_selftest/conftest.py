"""Fixtures of the bed's own tests: one cluster for all of them."""

from collections.abc import Iterator

import pytest

from bed.controlplane import ControlPlane


@pytest.fixture(scope="session")
def cluster() -> Iterator[ControlPlane]:
    with ControlPlane() as cluster:
        yield cluster
