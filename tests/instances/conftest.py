"""A sandbox's TUF repository, and homes that have been initialized from it."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pycosign.instances.initialize import initialize
from pycosign.net.http import HttpClient
from pycosign.testing import Sandbox


class Mirror:
    """A running repository, and a client for it."""

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home = sandbox, home
        self.http = HttpClient()  # no deadline of its own: the session may be long
        self.url = sandbox.urls["tuf"]
        self.root = sandbox.read("tuf_root")

    @property
    def now(self) -> datetime:
        return self.sandbox.now

    def offline(self) -> HttpClient:
        raise AssertionError("the network was used")

    def online(self) -> HttpClient:
        return self.http

    def folder(self, environ: dict[str, str]) -> Path:
        """Where this mirror's files are."""
        return Path(environ["TUF_ROOT"]) / self.url.removeprefix("http://").replace(":", "-")


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    with Sandbox() as sandbox:
        made = Mirror(sandbox, tmp_path_factory.mktemp("home"))
        environ = {"TUF_ROOT": str(made.home / "root")}
        initialize(mirror=made.url, root=made.root, environ=environ, http=made.http, now=made.now)
        yield made
        made.http.close()


@pytest.fixture
def environ(mirror: Mirror, tmp_path: Path) -> dict[str, str]:
    """An initialized home of the test's own."""
    shutil.copytree(mirror.home / "root", tmp_path / "root")
    return {"TUF_ROOT": str(tmp_path / "root")}
