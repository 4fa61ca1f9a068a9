"""One sandbox for all flow tests: every service of a private Sigstore, and a registry."""

from collections.abc import Iterator

import pytest

from pycosign.testing import Sandbox
from tests.flows.tools import Workshop


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def workshop(sandbox: Sandbox) -> Iterator[Workshop]:
    made = Workshop(sandbox)
    yield made
    made.http.close()
