"""Cosign's TUF cache on disk, read and written so that both tools can share it.

    TUF_ROOT (~/.sigstore/root)/
      remote.json                          {"mirror": URL}: which repository `initialize` chose
      MIRROR.json                          {"lastTimestamp": ...}: when it was last refreshed
      MIRROR/root.json timestamp.json snapshot.json targets.json
      MIRROR/targets/trusted_root.json signing_config.v0.2.json
      MIRROR/root_history/N.root.json      ours: how the root got there
      MIRROR/pycosign-pending.json         ours, while a refresh writes or after it was ended: see `tuf_journal`
      pycosign.lock                        ours: one writer at a time

Written by `initialize` and by refreshing, after `tuf` accepted everything; trusted by every command that has no
`--trusted-root`, after `tuf_check` has checked it again. Whoever can write to it can choose whom a private instance
trusts, but not whom the public one trusts: its root is anchored in the package.
Source: sigstore-go pkg/tuf, Cosign pkg/cosign/tuf.go.
"""

import errno
import os
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.ambient import monotonic_seconds
from pycosign.codec.rfc3339 import format_rfc3339, parse_rfc3339
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.files import read_bounded, write_atomically
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR, embedded_file
from pycosign.instances.home import user_home
from pycosign.instances.tuf_check import METADATA_BYTES, MetadataFiles, check_metadata, check_target, root_version
from pycosign.instances.tuf_journal import JOURNAL_NAME, format_journal, read_journal
from pycosign.limits import TRUSTED_ROOT_BYTES
from pycosign.locks import FileLock, LockedError

__all__ = [
    "CacheLocation",
    "CachedTarget",
    "TufCache",
    "default_directory",
    "locate_cache",
    "lock_cache",
    "lock_directory",
    "mirror_folder",
    "read_or_none",
    "trust_anchor",
]

_LOCK_PATIENCE_SECONDS: Final = 20.0
_HISTORY: Final = "root_history/"
_METADATA_NAMES: Final = ("root.json", "timestamp.json", "snapshot.json", "targets.json")


class CacheLocation(NamedTuple):
    """Which repository, and where its cache is."""

    directory: str  # TUF_ROOT
    mirror: str  # URL, without a final slash unless Cosign filled the cache under one
    anchor_path: str | None = None  # TUF_ROOT_JSON, or a named instance's pinned root

    @property
    def folder(self) -> str:
        """The directory of this mirror's files."""
        return os.path.join(self.directory, mirror_folder(self.mirror))


class CachedTarget(NamedTuple):
    """A target file from the cache, checked."""

    content: bytes
    refreshed_at: datetime | None  # when the repository was last asked
    expires_at: datetime  # of the metadata that vouches for it


def locate_cache(environ: Mapping[str, str]) -> CacheLocation:
    """Where the cache is and which mirror it is of: TUF_ROOT, TUF_MIRROR, TUF_ROOT_JSON, remote.json.

    Raises: UsageError, MalformedError: remote.json cannot be read, or names no mirror: that never means the public one.
    """
    directory = default_directory(environ)
    mirror = environ.get("TUF_MIRROR") or _remembered_mirror(directory) or PUBLIC_GOOD_MIRROR
    if not os.path.isdir(os.path.join(directory, mirror_folder(mirror))):
        mirror = mirror.rstrip("/")  # Cosign makes "x.example-" of "https://x.example/": that one is its cache, if any
    return CacheLocation(directory, mirror, environ.get("TUF_ROOT_JSON") or None)


def default_directory(environ: Mapping[str, str]) -> str:
    """TUF_ROOT, else ~/.sigstore/root."""
    return environ.get("TUF_ROOT") or os.path.join(user_home(environ), ".sigstore", "root")


def mirror_folder(mirror: str) -> str:
    """The folder name that sigstore-go gives a mirror: no scheme, "/" and ":" as "-", lower case."""
    name = mirror.removeprefix("https://").removeprefix("http://")
    return name.replace("/", "-").replace(":", "-").lower()


def trust_anchor(location: CacheLocation) -> bytes | None:
    """The root that the stored one must descend from: TUF_ROOT_JSON, else the package's own for a public mirror.

    None: a private mirror without TUF_ROOT_JSON, whose stored root is the anchor (`initialize` put it there).
    """
    if location.anchor_path is None:
        return embedded_file(location.mirror, "root.json")
    try:
        anchor = read_bounded(location.anchor_path, METADATA_BYTES)
    except OSError as exc:
        raise UsageError(f"cannot read the pinned root {location.anchor_path}: {exc.strerror or exc}") from exc
    if anchor is None:
        raise UsageError(f"the pinned root {location.anchor_path} (TUF_ROOT_JSON, or of the instance) does not exist")
    if not anchor:  # cut off; it must not pass for "none is pinned"
        raise UsageError(f"the pinned root {location.anchor_path} (TUF_ROOT_JSON, or of the instance) is empty")
    try:
        root_version(anchor)
    except MalformedError as exc:
        raise UsageError(f"the pinned root {location.anchor_path} (TUF_ROOT_JSON, or of the instance): {exc}") from exc
    return anchor


class TufCache:
    """Reads targets from the cache, checking everything each time; writes what `tuf` accepted."""

    def __init__(self, location: CacheLocation) -> None:
        self.location = location

    def read_target(self, name: str) -> CachedTarget | None:
        """A target, checked; None when metadata or file is not stored, or the repository has no such target.

        A writer renames file after file: what does not fit is read again once no writer holds the lock, and then with
        what a writer left to be done who was ended.
        Raises: TufMetadataError, MalformedError, UnavailableError: it cannot be read.
        """
        anchor = trust_anchor(self.location)
        try:
            return self._read_target(name, anchor, {})
        except SigningError:
            pass
        with lock_cache(self.location):
            try:
                return self._read_target(name, anchor, {})
            except SigningError:
                pending = read_journal(self.location.folder)
                if not pending:
                    raise
                return self._read_target(name, anchor, pending)

    def _read_target(self, name: str, anchor: bytes | None, pending: Mapping[str, bytes]) -> CachedTarget | None:
        files = self._read_files(pending)
        if files is None:
            return None
        history = self.history(pending) if anchor is not None and anchor != files.root else {}
        metadata = check_metadata(files, anchor=anchor, history=history)
        if name not in metadata.targets:
            return None
        content = pending.get(f"targets/{name}") or self._read(os.path.join("targets", name), TRUSTED_ROOT_BYTES)
        if content is None:
            return None
        check_target(metadata, name, content)
        return CachedTarget(content, self.refreshed_at(), metadata.expires_at)

    def refreshed_at(self) -> datetime | None:
        """When the repository was last asked, as written beside the cache; None: nobody knows.

        The files' own dates do not tell: those of a copy are new.
        """
        raw = self._read_beside()
        if raw is None:
            return None
        try:
            fields = Fields(load_json(raw, what="cache date", max_bytes=4096), "cache date", protojson=False)
            return parse_rfc3339(fields.text("lastTimestamp"), what="lastTimestamp")
        except MalformedError:
            return None

    def store(self, files: Mapping[str, bytes], *, at: datetime) -> None:
        """Write files of this mirror (names relative to its folder), the timestamp last, and when that was.

        The caller holds the lock. Raises: OSError.
        """
        os.makedirs(self.location.folder, mode=0o700, exist_ok=True)
        changed = {name: data for name, data in files.items() if self.read_file(name) != data}
        journal = os.path.join(self.location.folder, JOURNAL_NAME)
        pending = format_journal(changed) if changed else None
        if pending is not None:
            _replace(journal, pending)
        for name in sorted(changed, key=lambda name: (name in _METADATA_NAMES, name)):
            path = os.path.join(self.location.folder, name)
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            _replace(path, changed[name])
        if os.path.lexists(journal):
            os.unlink(journal)
        _replace(self._date_path(), compact_json({"lastTimestamp": format_rfc3339(at)}))

    def remember_mirror(self) -> None:
        """Make this mirror the one that later commands use."""
        os.makedirs(self.location.directory, mode=0o700, exist_ok=True)
        _replace(os.path.join(self.location.directory, "remote.json"), compact_json({"mirror": self.location.mirror}))

    def history(self, pending: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
        """The roots that led to the stored one, by file name ("5.root.json"); those of a journal before others."""
        folder = os.path.join(self.location.folder, "root_history")
        try:
            names = [name for name in os.listdir(folder) if name.endswith(".root.json")]
        except OSError:
            names = []
        read = {name: read_or_none(os.path.join(folder, name)) for name in names[:256]}
        begun = {name.removeprefix(_HISTORY): raw for name, raw in (pending or {}).items() if name.startswith(_HISTORY)}
        return {name: raw for name, raw in read.items() if raw is not None} | begun

    def read_file(self, name: str) -> bytes | None:
        """A stored file by its name relative to the mirror's folder, unchecked; None when it cannot be read."""
        return read_or_none(os.path.join(self.location.folder, name))

    def _read_files(self, pending: Mapping[str, bytes]) -> MetadataFiles | None:
        read = [pending.get(name) or self._read(name, METADATA_BYTES) for name in _METADATA_NAMES]
        present = [raw for raw in read if raw is not None]
        return MetadataFiles(*present) if len(present) == len(read) else None

    def _read(self, name: str, max_bytes: int) -> bytes | None:
        path = os.path.join(self.location.folder, name)
        try:
            return read_bounded(path, max_bytes)
        except OSError as exc:
            raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="tuf.cache") from exc

    def _read_beside(self) -> bytes | None:
        return read_or_none(self._date_path())

    def _date_path(self) -> str:
        return f"{self.location.folder}.json"


class lock_directory:
    """One writer at a time. A directory that cannot be written to needs no lock: a read-only home works."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, "pycosign.lock")
        self._lock: FileLock | None = None

    def __enter__(self) -> None:
        lock = FileLock(self._path)
        deadline = monotonic_seconds() + _LOCK_PATIENCE_SECONDS
        while True:
            try:
                self._acquire(lock)
            except LockedError as exc:
                if monotonic_seconds() > deadline:
                    raise UnavailableError(f"another command is at it: {exc}", code="tuf.cache") from exc
                time.sleep(0.02)
                continue
            except OSError:
                return
            self._lock = lock
            return

    def _acquire(self, lock: FileLock) -> None:
        try:
            lock.acquire()
        except FileNotFoundError:  # the first use: without the directory there is nothing to lock, and all would write
            os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
            lock.acquire()
        except OSError as exc:
            if exc.errno != errno.ELOOP:  # a link in its place
                raise
            os.unlink(self._path)
            lock.acquire()

    def __exit__(self, *unused: object) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def lock_cache(location: CacheLocation) -> lock_directory:
    """Be the one writer of this cache."""
    return lock_directory(location.directory)


def read_or_none(path: str) -> bytes | None:
    """A file's bytes, or None when it cannot be read for whatever reason."""
    try:
        return read_bounded(path, TRUSTED_ROOT_BYTES)
    except OSError:
        return None


def _replace(path: str, data: bytes) -> None:
    """Write a file in place of whatever has its name: python-tuf leaves root.json as a symbolic link, and a link that
    somebody else put here does not lead to what is written over."""
    if os.path.islink(path):
        os.unlink(path)
    write_atomically(path, data)


def _remembered_mirror(directory: str) -> str | None:
    path = os.path.join(directory, "remote.json")
    try:
        raw = read_bounded(path, 64 << 10)
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror or exc}") from exc
    if raw is None:
        if os.path.islink(path):
            raise UsageError(f"cannot read {path}: it is a link to nothing")
        return None
    fields = Fields(load_json(raw, what=path, max_bytes=64 << 10), path, protojson=False)
    mirror = fields.text("mirror")
    if not mirror:
        raise MalformedError(fields.path("mirror"), "is empty")
    return mirror
