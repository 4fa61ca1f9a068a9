"""`initialize` and what it shares with a refresh: all of a mirror that holds, or the cache as it was."""

from datetime import timedelta
from pathlib import Path

import pytest

from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR
from pycosign.instances.initialize import ChecksumError, initialize, read_root
from pycosign.instances.trust import load_trust
from pycosign.instances.tuf_cache import locate_cache
from tests.instances.conftest import Mirror
from tests.instances.test_cache import source


def test_initialize_replaces_the_cache_only_when_everything_was_verified(
    mirror: Mirror, environ: dict[str, str]
) -> None:
    from pycosign.instances.embedded import STAGING_MIRROR, embedded_file

    foreign = embedded_file(STAGING_MIRROR, "root.json")
    with pytest.raises(SigningError):
        initialize(mirror=mirror.url, root=foreign, environ=environ, http=mirror.http, now=mirror.now)
    assert load_trust(source(mirror, environ)).root.tlogs
    done = initialize(mirror=mirror.url, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)
    assert done.targets == ("trusted_root.json", "signing_config.v0.2.json")
    assert not done.warnings


def test_initialize_leaves_the_cache_alone_when_the_mirror_has_no_trust_root(
    mirror: Mirror, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pycosign.instances.refresh._TARGETS", ("signing_config.v0.2.json",))
    before = {path: path.read_bytes() for path in Path(environ["TUF_ROOT"]).rglob("*.json")}
    with pytest.raises(UnavailableError, match=r"has no trusted_root\.json"):
        initialize(
            mirror=mirror.url, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now + timedelta(days=1)
        )
    assert {path: path.read_bytes() for path in Path(environ["TUF_ROOT"]).rglob("*.json")} == before


def test_initialize_of_a_private_mirror_needs_a_root(mirror: Mirror, environ: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        initialize(mirror=mirror.url, environ=environ, http=mirror.http, now=mirror.now)
    with pytest.raises(MalformedError):
        initialize(mirror=mirror.url, root=b"{}", environ=environ, http=mirror.http, now=mirror.now)
    with pytest.raises(MalformedError, match="TUF root"):  # an empty file is given as well
        initialize(mirror=PUBLIC_GOOD_MIRROR, root=b"", environ=environ, http=mirror.http, now=mirror.now)


@pytest.mark.parametrize("word", ["", "tuf.example", "/srv/tuf", "ftp://tuf.example"])
def test_a_mirror_that_is_no_url_is_a_usage_error(mirror: Mirror, environ: dict[str, str], word: str) -> None:
    with pytest.raises(UsageError, match="is not a URL"):
        initialize(mirror=word, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)


def test_the_root_is_read_from_file_or_url_and_its_checksum_compared(mirror: Mirror) -> None:
    import hashlib

    path = mirror.sandbox.urls["tuf_root"]
    assert read_root(path, http=None) == mirror.root
    assert read_root(f"{mirror.url}/root.json", http=mirror.http) == mirror.root
    assert read_root(path, checksum=hashlib.sha256(mirror.root).hexdigest(), http=None) == mirror.root
    assert read_root(path, checksum="sha512:" + hashlib.sha512(mirror.root).hexdigest(), http=None) == mirror.root
    with pytest.raises(ChecksumError):
        read_root(path, checksum="00" * 32, http=None)


def test_a_mirror_that_breaks_off_leaves_the_cache_as_it_was(mirror: Mirror, environ: dict[str, str]) -> None:
    from pycosign.instances.refresh import refresh
    from pycosign.net.http import Response

    class Broken:
        def request(self, method: str, url: str, **named: object) -> Response:
            if "targets" in url:
                raise UnavailableError("the line broke")
            return mirror.http.request(method, url)

    before = {path: path.read_bytes() for path in Path(environ["TUF_ROOT"]).rglob("*.json")}
    location = locate_cache(environ)
    with pytest.raises(UnavailableError, match="the line broke"):
        refresh(location, http=Broken(), now=mirror.now, anchor=mirror.root, fresh=True)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in Path(environ["TUF_ROOT"]).rglob("*.json")} == before
