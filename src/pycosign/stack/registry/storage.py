"""What the registry keeps, in one directory.

format.json            the version of this layout
registry.sqlite        repositories, manifests (with their bytes), tags: one transaction per change, flushed
blobs/sha256/ab/HEX    blobs, shared by all repositories; written elsewhere, flushed, then renamed into place
uploads/               blobs that are still arriving; emptied at start

The registry writes it; clients trust digests only, so its holder can withhold and delete, and move tags, but not forge.
A crash between a blob's rename and its row leaves a file that nothing names: harmless, and found again when the
blob is sent again.
"""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from pycosign.errors import UsageError
from pycosign.stack.files import write_public
from pycosign.stack.registry.core import ManifestFacts, RegistryError, parse_digest

__all__ = ["RegistryStore", "StoredManifest"]

FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs (
    repository TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (repository, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS manifests (
    repository TEXT NOT NULL, digest TEXT NOT NULL, media_type TEXT NOT NULL, raw BLOB NOT NULL,
    subject TEXT, artifact_type TEXT, annotations TEXT NOT NULL,
    PRIMARY KEY (repository, digest));
CREATE INDEX IF NOT EXISTS referrers ON manifests (repository, subject, digest) WHERE subject IS NOT NULL;
CREATE TABLE IF NOT EXISTS tags (
    repository TEXT NOT NULL, tag TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (repository, tag)) WITHOUT ROWID;
"""


class StoredManifest(NamedTuple):
    """A manifest as it was put."""

    digest: str
    media_type: str
    raw: bytes


class RegistryStore:
    """Blocking; call it from a thread. Safe to share between threads: writers take turns."""

    def __init__(self, directory: str) -> None:
        """Open or make the directory. Raises UsageError: it is of another format."""
        self._directory = os.path.abspath(directory)
        self.uploads_directory = os.path.join(self._directory, "uploads")
        os.makedirs(self._directory, exist_ok=True)
        self._check_format()
        shutil.rmtree(self.uploads_directory, ignore_errors=True)
        os.makedirs(self.uploads_directory)
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            os.path.join(self._directory, "registry.sqlite"), check_same_thread=False, isolation_level=None
        )
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database; everything acknowledged is on disk already."""
        with self._lock:
            self._database.close()

    # ---- blobs -----------------------------------------------------------------------------------------------------
    def blob_path(self, digest: str) -> str:
        """Where the blob's file is, or would be."""
        algorithm, value = parse_digest(digest)
        return os.path.join(self._directory, "blobs", algorithm, value[:2], value)

    def blob_size(self, repository: str, digest: str) -> int | None:
        """Its size in bytes if the repository holds it."""
        sql = "SELECT size FROM blobs WHERE repository = ? AND digest = ?"
        row = self._one(sql, (repository, digest))
        return int(row[0]) if row else None

    def blob_exists_anywhere(self, digest: str) -> bool:
        """Whether any repository holds the blob."""
        return self._one("SELECT 1 FROM blobs WHERE digest = ? LIMIT 1", (digest,)) is not None

    def take_blob(self, repository: str, digest: str, path: str, size: int) -> None:
        """Make the checked file at `path` a blob of the repository. The file is flushed and moved away."""
        target = self.blob_path(digest)
        directory = os.path.dirname(target)
        os.makedirs(directory, exist_ok=True)
        with open(path, "rb") as stream:
            os.fsync(stream.fileno())
        with self._lock:  # deletion looks for other users of a file under this lock
            os.replace(path, target)
            _flush_directory(directory)
            with _transaction(self._database) as database:
                database.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", (repository, digest, size))

    def mount_blob(self, repository: str, digest: str, source: str | None) -> bool:
        """Give the repository a blob that `source` (or, without one, any repository) holds already."""
        sql = "SELECT size FROM blobs WHERE digest = ? AND (? IS NULL OR repository = ?) LIMIT 1"
        with self._lock, _transaction(self._database) as database:
            row = database.execute(sql, (digest, source, source)).fetchone()
            if row is None:
                return False
            database.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?)", (repository, digest, row[0]))
        return True

    def delete_blob(self, repository: str, digest: str) -> bool:
        """Take the blob from the repository; the file goes with the last one that held it."""
        path = self.blob_path(digest)
        with self._lock:
            with _transaction(self._database) as database:
                sql = "DELETE FROM blobs WHERE repository = ? AND digest = ?"
                if database.execute(sql, (repository, digest)).rowcount == 0:
                    return False
                used = database.execute("SELECT 1 FROM blobs WHERE digest = ? LIMIT 1", (digest,)).fetchone()
            if used is None and os.path.exists(path):
                os.unlink(path)
        return True

    # ---- manifests and tags ----------------------------------------------------------------------------------------
    def find_manifest(self, repository: str, reference: str) -> StoredManifest | None:
        """By tag or digest."""
        if ":" in reference:
            sql = "SELECT digest, media_type, raw FROM manifests WHERE repository = ? AND digest = ?"
        else:
            sql = (
                "SELECT digest, media_type, raw FROM tags JOIN manifests USING (repository, digest) "
                "WHERE repository = ? AND tag = ?"
            )
        row = self._one(sql, (repository, reference))
        return StoredManifest(*row) if row else None

    def put_manifest(
        self,
        repository: str,
        manifest: StoredManifest,
        facts: ManifestFacts,
        tags: Iterable[str],
        *,
        if_match: str | None = None,
        if_none_match: bool = False,
    ) -> None:
        """Store a manifest and point the tags at it, all or nothing.

        Args:   if_match: each tag must stand for this digest now. if_none_match: no tag may exist yet.
        Raises: RegistryError: 404 MANIFEST_BLOB_UNKNOWN, 412.
        """
        row = (
            repository,
            manifest.digest,
            manifest.media_type,
            manifest.raw,
            facts.subject,
            facts.artifact_type,
            json.dumps(facts.annotations),
        )
        with self._lock, _transaction(self._database) as database:
            for digest in facts.needed_blobs:
                sql = "SELECT 1 FROM blobs WHERE repository = ? AND digest = ?"
                if database.execute(sql, (repository, digest)).fetchone() is None:
                    raise RegistryError(404, "MANIFEST_BLOB_UNKNOWN", f"blob {digest} is not in {repository}")
            for tag in tags:
                sql = "SELECT digest FROM tags WHERE repository = ? AND tag = ?"
                now = database.execute(sql, (repository, tag)).fetchone()
                wrong = (if_match is not None and (now is None or now[0] != if_match)) or (if_none_match and now)
                if wrong:
                    raise RegistryError(412, "MANIFEST_INVALID", f"tag {tag} was changed meanwhile")
            database.execute("INSERT OR REPLACE INTO manifests VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            for tag in tags:
                database.execute("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", (repository, tag, manifest.digest))

    def delete_manifest(self, repository: str, reference: str) -> bool:
        """Delete a tag, or a manifest with every tag that names it."""
        with self._lock, _transaction(self._database) as database:
            if ":" not in reference:
                sql = "DELETE FROM tags WHERE repository = ? AND tag = ?"
                return database.execute(sql, (repository, reference)).rowcount > 0
            database.execute("DELETE FROM tags WHERE repository = ? AND digest = ?", (repository, reference))
            sql = "DELETE FROM manifests WHERE repository = ? AND digest = ?"
            return database.execute(sql, (repository, reference)).rowcount > 0

    def referrers(self, repository: str, subject: str) -> list[dict[str, Any]]:
        """Descriptors of all manifests with this subject, sorted by digest."""
        sql = (
            "SELECT media_type, digest, length(raw), artifact_type, annotations FROM manifests "
            "WHERE repository = ? AND subject = ? ORDER BY digest"
        )
        with self._lock:
            rows = self._database.execute(sql, (repository, subject)).fetchall()
        return [
            {
                "mediaType": media_type,
                "digest": digest,
                "size": size,
                "artifactType": artifact_type,
                "annotations": json.loads(annotations),
            }
            for media_type, digest, size, artifact_type, annotations in rows
        ]

    def tags(self, repository: str) -> list[str] | None:
        """Sorted tags; None if the repository holds nothing."""
        with self._lock:
            sql = "SELECT tag FROM tags WHERE repository = ? ORDER BY tag"
            found = [row[0] for row in self._database.execute(sql, (repository,))]
            if not found:
                sql = "SELECT 1 FROM manifests WHERE repository = ? LIMIT 1"
                if self._database.execute(sql, (repository,)).fetchone() is None:
                    return None
        return found

    def repositories(self) -> list[str]:
        """Every repository that holds a manifest, sorted."""
        with self._lock:
            rows = self._database.execute("SELECT DISTINCT repository FROM manifests ORDER BY 1").fetchall()
        return [row[0] for row in rows]

    def _one(self, sql: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._database.execute(sql, values).fetchone()
            return row

    def _check_format(self) -> None:
        path = os.path.join(self._directory, "format.json")
        try:
            with open(path, "rb") as stream:
                found = json.load(stream)
        except FileNotFoundError:
            write_public(path, json.dumps({"format": FORMAT}).encode())
            return
        except (OSError, ValueError) as exc:
            raise UsageError(f"{path} cannot be read: {exc}") from exc
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise UsageError(f"{self._directory} is a registry of another format; this version reads {FORMAT}")


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield database
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _flush_directory(path: str) -> None:
    """Make a rename inside the directory survive a power cut; Windows cannot open directories, nor needs to."""
    if os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
