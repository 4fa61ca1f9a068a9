"""One registry for a module, a client of it, and a repository for each test."""

import hashlib
from collections.abc import Iterator

import pytest

from pycosign.stack.registry import build_registry_app
from tests.stack.registry_client import Client
from tests.stack.registry_server import serving


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(build_registry_app(str(tmp_path_factory.mktemp("registry")))) as address:
        yield address


@pytest.fixture
def ask(host: str) -> Client:
    return Client(host)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A repository of its own for each test."""
    return "tests/" + hashlib.sha256(request.node.name.encode()).hexdigest()[:16]
