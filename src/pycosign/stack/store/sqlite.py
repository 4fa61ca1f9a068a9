"""A log's store in one SQLite file: write-ahead log, `synchronous=FULL`, one transaction for a batch.

Layout (`user_version` is the format's version, `application_id` marks the file as ours):
`head` one row; `leaves` by index; `tiles` by level and index; `search` by key; `meta` the log's identity.
Many leaves go in by one statement: the interpreter's lock is let go once for a statement, and taking it back from a
busy event loop costs up to 5 ms.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pycosign.errors import LogStateError, UnavailableError, UsageError
from pycosign.stack.store.model import Batch, Head, StoredLeaf

__all__ = ["FORMAT_VERSION", "SqliteLogStore"]

FORMAT_VERSION: Final = 1
APPLICATION_ID: Final = 0x70796C67  # "pylg"
_WAL_PAGES: Final = 4000  # pages in the write-ahead log before it is folded into the file
_CHUNK: Final = 128  # rows per statement, at most; smaller chunks are powers of two, so few statements are prepared

# leaves.leaf_hash is there only where it is not the dedupe key
_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), size INTEGER NOT NULL, root BLOB NOT NULL,
  timestamp_ms INTEGER NOT NULL, signed BLOB NOT NULL);
CREATE TABLE leaves (log_index INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL, dedupe BLOB NOT NULL UNIQUE,
  leaf_hash BLOB, leaf BLOB NOT NULL, extra BLOB);
CREATE INDEX leaf_by_hash ON leaves (leaf_hash) WHERE leaf_hash IS NOT NULL;
CREATE TABLE tiles (level INTEGER NOT NULL, tile_index INTEGER NOT NULL, hashes BLOB NOT NULL,
  PRIMARY KEY (level, tile_index)) WITHOUT ROWID;
CREATE TABLE search (search_key TEXT NOT NULL, log_index INTEGER NOT NULL,
  PRIMARY KEY (search_key, log_index)) WITHOUT ROWID
"""


def _chunks(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """Split rows into pieces whose lengths are `_CHUNK` or powers of two below it."""
    start = 0
    while start < len(rows):
        size = min(_CHUNK, 1 << ((len(rows) - start).bit_length() - 1))
        yield rows[start : start + size]
        start += size


def _insert(db: sqlite3.Connection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows, many per statement. `table` is one of this module's own names."""
    for chunk in _chunks(rows):
        row = "(" + ",".join("?" * len(chunk[0])) + ")"
        values = ",".join([row] * len(chunk))
        db.execute(f"INSERT INTO {table} VALUES {values}", [cell for cells in chunk for cell in cells])  # noqa: S608


@contextmanager
def _medium(path: str) -> Iterator[None]:
    """Turn SQLite's failures into ours: the medium failed (unavailable), or the file is not what it must be."""
    try:
        yield
    except sqlite3.IntegrityError as exc:
        raise LogStateError(f"{path}: {exc}") from exc
    except sqlite3.OperationalError as exc:
        raise UnavailableError(f"{path}: {exc}") from exc
    except sqlite3.DatabaseError as exc:
        raise LogStateError(f"{path}: {exc}") from exc


class SqliteLogStore:
    """The file at `path`, made when it is missing, readable by its owner only if the directory is.

    `identity` (the log's origin and public key) is remembered at creation; another one later is a LogStateError: one
    log, one key. Two processes are kept apart by the caller's lock and, behind it, by the check of the old size.
    """

    def __init__(self, path: str, *, identity: bytes) -> None:
        self._path = path
        with _medium(path):
            self._writer = self._connect()
            try:
                self._prepare(identity)
                self._reader = self._connect()
            except BaseException:
                self._writer.close()
                raise

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=5.0)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
        return db

    def _prepare(self, identity: bytes) -> None:
        """Make the tables in a new file; in an old one check the format and the identity."""
        db = self._writer
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO meta VALUES ('identity', ?)", (identity,))
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={FORMAT_VERSION}")
            db.execute("COMMIT")
            return
        if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LogStateError(f"{self._path} is not a log of pycosign")
        if version != FORMAT_VERSION:
            raise UsageError(
                f"{self._path} has format version {version}, this program reads {FORMAT_VERSION}",
                code="stack.format-version",
            )
        row = db.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
        if row is None or row[0] != identity:
            raise LogStateError(f"{self._path} belongs to a log with another name or key")

    def commit(self, batch: Batch) -> None:
        db = self._writer
        with _medium(self._path):
            db.execute("BEGIN IMMEDIATE")
            try:
                self._write(db, batch)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _write(self, db: sqlite3.Connection, batch: Batch) -> None:
        row = db.execute("SELECT size FROM head").fetchone()
        stored = row[0] if row else -1
        if stored != batch.old_size:
            raise LogStateError(f"{self._path}: the stored head is of size {stored}, not {batch.old_size}")
        _insert(
            db,
            "leaves (log_index, timestamp_ms, dedupe, leaf_hash, leaf, extra)",
            [
                (
                    new.log_index,
                    new.timestamp_ms,
                    new.dedupe_key,
                    None if new.leaf_hash == new.dedupe_key else new.leaf_hash,
                    new.leaf,
                    new.extra,
                )
                for new in batch.leaves
            ],
        )
        _insert(db, "search", sorted({(key, new.log_index) for new in batch.leaves for key in new.search_keys}))
        for tile in batch.tiles:
            db.execute("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?)", tile)
        db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?)", batch.head)

    def head(self) -> Head | None:
        with _medium(self._path):
            row = self._reader.execute("SELECT size, root, timestamp_ms, signed FROM head").fetchone()
        return Head(*row) if row else None

    def leaf_count(self) -> int:
        with _medium(self._path):
            newest, first = self._reader.execute("SELECT max(log_index), min(log_index) FROM leaves").fetchone()
        if newest is None:
            return 0
        if first != 0:
            raise LogStateError(f"{self._path}: the first leaf has index {first}")
        return int(newest) + 1

    def tile(self, level: int, tile_index: int) -> bytes | None:
        with _medium(self._path):
            row = self._reader.execute(
                "SELECT hashes FROM tiles WHERE level = ? AND tile_index = ?", (level, tile_index)
            ).fetchone()
        return row[0] if row else None

    def leaves(self, start: int, end: int) -> list[StoredLeaf]:
        with _medium(self._path):
            rows = self._reader.execute(
                "SELECT log_index, timestamp_ms, leaf, extra FROM leaves WHERE log_index >= ? AND log_index < ?"
                " ORDER BY log_index",
                (start, end),
            ).fetchall()
        return [StoredLeaf(*row) for row in rows]

    def find_duplicates(self, dedupe_keys: Iterable[bytes]) -> dict[bytes, int]:
        found: dict[bytes, int] = {}
        with _medium(self._path):
            for chunk in _chunks([(key,) for key in dedupe_keys]):
                marks = ",".join("?" * len(chunk))
                found.update(
                    self._writer.execute(
                        f"SELECT dedupe, log_index FROM leaves WHERE dedupe IN ({marks})",  # noqa: S608 only marks
                        [key for (key,) in chunk],
                    )
                )
        return found

    def find_leaf_hash(self, leaf_hash: bytes) -> int | None:
        with _medium(self._path):
            row = self._reader.execute(
                "SELECT min(log_index) FROM (SELECT log_index FROM leaves WHERE dedupe = ? AND leaf_hash IS NULL"
                " UNION ALL SELECT log_index FROM leaves WHERE leaf_hash = ?)",
                (leaf_hash, leaf_hash),
            ).fetchone()
        return row[0] if row else None

    def search(self, search_key: str, limit: int) -> list[int]:
        with _medium(self._path):
            rows = self._reader.execute(
                "SELECT log_index FROM search WHERE search_key = ? ORDER BY log_index DESC LIMIT ?", (search_key, limit)
            ).fetchall()
        return [row[0] for row in rows]

    def close(self) -> None:
        self._reader.close()
        self._writer.close()
