"""Set up trust in an instance: its mirror is remembered, its root anchored, its targets cached."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pycosign.errors import MalformedError, RefusedError, UnavailableError, UsageError
from pycosign.files import read_given_file
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, embedded_file
from pycosign.instances.refresh import REFRESHED_TARGETS, check_mirror, refresh
from pycosign.instances.tuf_cache import CacheLocation, TufCache, locate_cache
from pycosign.instances.tuf_check import METADATA_BYTES, root_version

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["ChecksumError", "Initialized", "initialize", "read_root"]


class ChecksumError(RefusedError):
    """The root file has another digest than `--root-checksum` says."""

    code = "tuf.root-checksum"


class Initialized(NamedTuple):
    """What was set up."""

    mirror: str
    directory: str  # TUF_ROOT
    root_version: int
    targets: tuple[str, ...]  # names that were cached
    warnings: tuple[str, ...]


def initialize(
    *,
    mirror: str = PUBLIC_GOOD_MIRROR,
    root: bytes | None = None,
    environ: Mapping[str, str],
    http: "HttpClient",
    now: datetime,
) -> Initialized:
    """Fetch everything from the mirror, starting at `root`, and make it the instance that later commands use.

    What was cached is replaced only when all of it arrived and was verified (Cosign wipes the cache first).

    Args:   root: a TUF root of any version that leads to the current one; None: the package's own for public mirrors.
    Raises: UsageError: a private mirror without a root, or no URL; UnavailableError; TufMetadataError; MalformedError.
    """
    mirror = mirror.rstrip("/")
    directory = locate_cache({**environ, "TUF_MIRROR": mirror}).directory
    location = CacheLocation(directory, mirror)
    check_mirror(mirror)
    anchor = embedded_file(mirror, "root.json") if root is None else root
    if anchor is None:
        raise UsageError(f"the mirror {mirror} is not one that we know the root of", hint="give --root")
    root_version(anchor)  # a file that is no TUF root is named as such, before the network is asked
    refreshed = refresh(location, http=http, now=now, anchor=anchor, fresh=True)
    if not refreshed.stored:
        raise UnavailableError(f"cannot write the TUF cache {directory}", code="tuf.cache")
    TufCache(location).remember_mirror()
    missing = [name for name in REFRESHED_TARGETS if name not in refreshed.targets]
    return Initialized(
        mirror=mirror,
        directory=directory,
        root_version=refreshed.root_version,
        targets=tuple(refreshed.targets),
        warnings=tuple(f"the mirror has no {name}" for name in missing),
    )


def read_root(argument: str, *, checksum: str = "", http: "HttpClient | None") -> bytes:
    """The file or URL of `--root`, checked against `--root-checksum`: sha256 hex, or "sha512:HEX".

    Raises: as `read_given_file`; UsageError: no network; ChecksumError; UnavailableError.
    """
    if argument.startswith(("http://", "https://")):
        if http is None:
            raise UsageError("--root is a URL, and there is no network")
        response = http.request("GET", argument, max_bytes=METADATA_BYTES)
        if response.status != 200:
            raise UnavailableError(f"GET {argument}: unexpected status code {response.status}", code="net.status")
        content = response.body
    else:
        content = read_given_file(argument, METADATA_BYTES)
    if checksum:
        _check(content, checksum)
    return content


def _check(content: bytes, checksum: str) -> None:
    algorithm, separator, digits = checksum.partition(":")
    if not separator:
        algorithm, digits = "sha256", checksum
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise MalformedError("--root-checksum", f"names an unknown algorithm {algorithm!r}")
    actual = hashlib.new(algorithm, content).hexdigest()
    if digits.lower() != actual:
        raise ChecksumError(f"the root file's {algorithm} is {actual}, not {digits}")
