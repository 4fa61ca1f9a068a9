"""The TUF repository, read by python-tuf's own client."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from pycosign.stack.asgi import ASGIApp
from pycosign.stack.tuf.core import Target, TufKeys, build_repository
from pycosign.stack.tuf.http import TufServer, build_tuf_app

from .logs import Answer, call, recording, run
from .services import chain_keys

TARGETS = {"trusted_root.json": Target(b'{"a":1}'), "rekor.pub": Target(b"key", "Rekor", "http://rekor")}
MIRROR = "http://tuf.test"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository that was made when the clients' real clock said so."""
    from pycosign.ambient import utc_now

    for name, content in build_repository(TARGETS, TufKeys(*chain_keys()), now=utc_now()).items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def served(directory: Path, *, later: timedelta = timedelta()) -> ASGIApp:
    from pycosign.ambient import utc_now

    return build_tuf_app(TufServer(str(directory), chain_keys()[1], clock=lambda: utc_now() + later))


class AppFetcher(FetcherInterface):
    """Fetches from the application, without a network."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.asked: list[str] = []

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = url.removeprefix(MIRROR)
        self.asked.append(path)
        answer = run(lambda: call(self.app, "GET", path))
        if answer.status != 200:
            raise DownloadHTTPError("no", answer.status)
        return iter([answer.body])


def updater(directory: Path, app: ASGIApp, cache: Path) -> Updater:
    cache.mkdir(exist_ok=True)
    root = (directory / "root.json").read_bytes()
    return Updater(str(cache), MIRROR, str(cache), f"{MIRROR}/targets/", AppFetcher(app), bootstrap=root)


def test_a_client_that_starts_from_the_root_gets_the_targets(repository: Path, tmp_path: Path) -> None:
    client = updater(repository, served(repository), tmp_path / "cache")
    client.refresh()
    for name, target in TARGETS.items():
        info = client.get_targetinfo(name)
        assert info is not None
        assert Path(client.download_target(info)).read_bytes() == target.data


def test_older_clients_find_what_a_key_is_for(repository: Path) -> None:
    targets = json.loads((repository / "1.targets.json").read_bytes())["signed"]["targets"]
    assert targets["rekor.pub"]["custom"] == {"sigstore": {"usage": "Rekor", "status": "Active", "uri": "http://rekor"}}
    assert "custom" not in targets["trusted_root.json"]


@pytest.mark.parametrize("name", ["1.root", "1.snapshot", "1.targets", "timestamp"])
def test_metadata_has_the_members_of_the_recorded_repository(repository: Path, name: str) -> None:
    theirs, ours = recording(f"tuf-{name}"), json.loads((repository / f"{name}.json").read_bytes())
    assert set(ours) == set(theirs)
    assert set(ours["signed"]) == set(theirs["signed"])


def test_a_timestamp_near_its_end_is_signed_again(repository: Path, tmp_path: Path) -> None:
    async def version(app: ASGIApp) -> int:
        signed = (await call(app, "GET", "/timestamp.json")).json()["signed"]
        return int(signed["version"])

    assert run(lambda: version(served(repository, later=timedelta(days=14)))) == 1
    late = served(repository, later=timedelta(days=16))
    assert run(lambda: version(late)) == 2
    assert run(lambda: version(late)) == 2
    client = updater(repository, late, tmp_path / "cache")
    client.refresh()


@pytest.mark.parametrize(
    "path",
    [
        "/2.root.json",
        "/",
        "/targets",
        "/targets/",
        "/targets/none",
        "/../keys/ca.pem",
        "/targets/../timestamp.json",
        "/.hidden",
        "/targets/a/b",
    ],
)
def test_what_is_not_there_is_404(repository: Path, path: str) -> None:
    assert run(lambda: call(served(repository), "GET", path)).status == 404


def test_it_is_read_only(repository: Path) -> None:
    answer: Answer = run(lambda: call(served(repository), "POST", "/timestamp.json"))
    assert answer.status == 405
