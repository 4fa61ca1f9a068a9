"""Asks a TUF repository what is new. The package `tuf` decides; this module hands it HTTP and a place to work.

`tuf` works in a temporary directory that starts as a copy of the cache, so nobody ever sees a half-updated cache, and
a read-only home directory is no obstacle. It reads the clock itself.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.files import read_bounded
from pycosign.instances.tuf_cache import CacheLocation, TufCache, lock_cache, trust_anchor
from pycosign.instances.tuf_check import METADATA_BYTES, TufMetadataError
from pycosign.limits import TRUSTED_ROOT_BYTES
from pycosign.net.exchange import is_http_url
from pycosign.wire.trusted_root import parse_trusted_root

if TYPE_CHECKING:
    from tuf.ngclient import FetcherInterface, Updater

    from pycosign.net.http import HttpClient

__all__ = ["REFRESHED_TARGETS", "Refreshed", "check_mirror", "refresh"]

REFRESHED_TARGETS: Final = ("trusted_root.json", "signing_config.v0.2.json")
_TARGETS: Final = (*REFRESHED_TARGETS, "signing_config_rekor_v2.v0.2.json")  # the last one is rare
_METADATA: Final = ("root.json", "timestamp.json", "snapshot.json", "targets.json")


class Refreshed(NamedTuple):
    """What the repository says now."""

    targets: Mapping[str, bytes]  # those of _TARGETS that it has
    root_version: int
    stored: bool  # False: the cache could not be written to


def refresh(
    location: CacheLocation, *, http: "HttpClient", now: datetime, anchor: bytes | None = None, fresh: bool = False
) -> Refreshed:
    """Update the cache from its mirror.

    Args:   anchor: the root to start from; None: TUF_ROOT_JSON, the package's own, or the cached one.
            fresh: ignore what is cached (`initialize`: the repository may have been made anew under the same URL),
            and store nothing without a trust root.
    Raises: UnavailableError: the mirror does not answer; TufMetadataError: its metadata is expired, unsigned or older
            than what we have; UnavailableError also when there is no root to start from.
    """
    check_mirror(location.mirror)
    cache = TufCache(location)
    with lock_cache(location), tempfile.TemporaryDirectory(prefix="pycosign-tuf-") as workshop:
        seeds = {} if fresh else _seeds(cache)
        for name, data in seeds.items():
            _put(workshop, name, data)
        start = anchor if anchor is not None else trust_anchor(location)
        start = start if start is not None else seeds.get("root.json")
        if start is None:
            raise UnavailableError(
                f"no trusted TUF root is known for {location.mirror}: could not find cached root.json",
                code="tuf.no-root",
            )
        targets, version = _update(workshop, location.mirror, start, http)
        results = _results(workshop, targets)
        if fresh:
            _check_trust_root(location.mirror, targets)
        try:
            cache.store(results, at=now)
        except OSError:
            return Refreshed(targets, version, stored=False)
    return Refreshed(targets, version, stored=True)


def check_mirror(mirror: str) -> None:
    """Raises: UsageError: it is not a URL that a repository can be read from."""
    if not (mirror.startswith("file://") or is_http_url(mirror)):
        raise UsageError(
            f"the mirror {mirror!r} is not a URL", hint="a mirror is https://HOST..., http://HOST... or file:///DIR"
        )


def _check_trust_root(mirror: str, targets: Mapping[str, bytes]) -> None:
    if "trusted_root.json" not in targets:
        raise UnavailableError(f"the mirror {mirror} has no trusted_root.json", code="tuf.no-target")
    parse_trusted_root(targets["trusted_root.json"])


def _seeds(cache: TufCache) -> dict[str, bytes]:
    """What is cached, as files relative to the mirror's folder."""
    seeds = {}
    for name in (*_METADATA, *(f"targets/{target}" for target in _TARGETS)):
        data = cache.read_file(name)
        if data is not None:
            seeds[name] = data
    for name, data in cache.history().items():
        seeds[f"root_history/{name}"] = data
    return seeds


def _put(workshop: str, name: str, data: bytes) -> None:
    path = os.path.join(workshop, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def _update(workshop: str, mirror: str, start: bytes, http: "HttpClient") -> tuple[dict[str, bytes], int]:
    from tuf.api import exceptions
    from tuf.api.serialization import DeserializationError
    from tuf.ngclient import Updater, UpdaterConfig

    try:
        updater = Updater(
            metadata_dir=workshop,
            metadata_base_url=mirror,
            target_dir=os.path.join(workshop, "targets"),
            target_base_url=f"{mirror.rstrip('/')}/targets",
            fetcher=_fetcher(http),
            config=UpdaterConfig(targets_max_length=METADATA_BYTES),
            bootstrap=start,
        )
        updater.refresh()
        targets = {name: data for name in _TARGETS if (data := _fetch(updater, name)) is not None}
        return targets, _root_version(workshop)
    except exceptions.DownloadError as exc:
        if isinstance(exc.__cause__, SigningError) and not isinstance(exc.__cause__, MalformedError):
            raise exc.__cause__ from exc  # malformed is an answer without end: nothing was found out by it
        reason = exc.__cause__ if isinstance(exc.__cause__, MalformedError) else exc
        raise UnavailableError(f"the TUF repository {mirror} cannot be read: {reason}", code="tuf.unavailable") from exc
    except DeserializationError as exc:  # a page of a proxy or a login, say: the root that we know has not spoken
        message = f"the TUF repository {mirror} answers with what is no TUF metadata: {exc}"
        raise UnavailableError(message, code="tuf.unavailable") from exc
    except exceptions.ExpiredMetadataError as exc:
        raise UnavailableError(f"the TUF repository {mirror} is expired: {exc}", code="tuf.expired") from exc
    except (exceptions.RepositoryError, ValueError) as exc:
        raise TufMetadataError(f"the TUF repository {mirror} cannot be trusted: {exc}") from exc


def _fetch(updater: "Updater", name: str) -> bytes | None:
    info = updater.get_targetinfo(name)
    if info is None:
        return None
    path = updater.find_cached_target(info) or updater.download_target(info)
    with open(path, "rb") as file:
        return file.read()


def _root_version(workshop: str) -> int:
    from pycosign.instances.tuf_check import root_version

    with open(os.path.join(workshop, "root.json"), "rb") as file:
        return root_version(file.read())


def _results(workshop: str, targets: Mapping[str, bytes]) -> dict[str, bytes]:
    names: list[str] = list(_METADATA)
    names += [f"root_history/{name}" for name in os.listdir(os.path.join(workshop, "root_history"))]
    results = {f"targets/{name}": data for name, data in targets.items()}
    for name in names:
        with open(os.path.join(workshop, name), "rb") as file:
            results[name] = file.read()
    return results


def _fetcher(http: "HttpClient") -> "FetcherInterface":
    """`tuf`'s downloads through our client (its proxies, its TLS, its deadline), or out of a directory."""
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient import FetcherInterface

    class Fetcher(FetcherInterface):
        def _fetch(self, url: str) -> Iterator[bytes]:
            if url.startswith("file://"):
                content = _read_local(url)
                if content is None:
                    raise DownloadHTTPError(f"there is no {url}", 404)
                return iter(_pieces(content))
            response = http.request("GET", url, max_bytes=TRUSTED_ROOT_BYTES)
            if response.status >= 400:
                raise DownloadHTTPError(f"status {response.status} of {url}", response.status)
            return iter(_pieces(response.body))

    return Fetcher()


def _read_local(url: str) -> bytes | None:
    """A file of a repository in a directory (`--mirror file:///DIRECTORY`); None if there is none.

    Raises: UsageError: not an absolute path; UnavailableError: it cannot be read.
    """
    from urllib.parse import unquote

    path = unquote(url.removeprefix("file://"))
    if not os.path.isabs(path):
        raise UsageError(f"{url} is no URL of a file: file:/// is followed by an absolute path")
    try:
        return read_bounded(path, TRUSTED_ROOT_BYTES)
    except OSError as exc:
        raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="tuf.unavailable") from exc


def _pieces(body: bytes) -> Iterable[bytes]:
    return (body[at : at + 65536] for at in range(0, len(body), 65536))
