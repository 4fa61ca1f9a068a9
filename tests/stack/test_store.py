"""The stores: all or nothing, read back, refused when they are not what they must be."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pycosign.errors import LogStateError, UnavailableError, UsageError
from pycosign.stack.store.memory import MemoryLogStore
from pycosign.stack.store.model import Batch, Head, LogStore, NewLeaf, TileWrite
from pycosign.stack.store.sqlite import SqliteLogStore


def batch(old_size: int, count: int, *, seed: bytes = b"") -> Batch:
    """A step of `count` leaves with made-up hashes."""
    first = max(old_size, 0)
    leaves = tuple(
        NewLeaf(
            log_index=index,
            timestamp_ms=1000 + index,
            leaf_hash=b"hash%d" % index + seed,
            dedupe_key=b"key%d" % index + seed if index % 2 else b"hash%d" % index + seed,
            leaf=b"leaf%d" % index,
            extra=b"extra" if index % 3 == 0 else None,
            search_keys=("all", f"mod{index % 5}", "all"),
        )
        for index in range(first, first + count)
    )
    tiles = (TileWrite(0, 0, b"t" * 32 * min(first + count, 256)),) if count else ()
    return Batch(old_size, leaves, tiles, Head(first + count, b"r" * 32, 5000 + first + count, b"signed %d" % count))


@pytest.fixture(params=["memory", "sqlite"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], LogStore]]:
    made: list[LogStore] = []

    def make() -> LogStore:
        memory = request.param == "memory"
        made.append(MemoryLogStore() if memory else SqliteLogStore(str(tmp_path / "log.sqlite3"), identity=b"log"))
        return made[-1]

    yield make
    for store in made:
        store.close()


def test_a_new_store_is_empty(make_store: Callable[[], LogStore]) -> None:
    store = make_store()
    assert (store.head(), store.leaf_count(), store.tile(0, 0)) == (None, 0, None)
    assert store.leaves(0, 10) == []
    assert store.search("all", 10) == []
    assert store.find_leaf_hash(b"hash0") is None


@pytest.mark.parametrize("count", [1, 2, 3, 127, 128, 129, 400])
def test_what_was_committed_is_read_back(make_store: Callable[[], LogStore], count: int) -> None:
    store = make_store()
    store.commit(batch(-1, 0))
    step = batch(0, count)
    store.commit(step)
    assert store.head() == step.head
    assert store.leaf_count() == count
    read = store.leaves(0, count + 5)
    assert [(leaf.log_index, leaf.timestamp_ms, leaf.leaf, leaf.extra) for leaf in read] == [
        (new.log_index, new.timestamp_ms, new.leaf, new.extra) for new in step.leaves
    ]
    assert store.tile(0, 0) == step.tiles[0].hashes
    for new in step.leaves:
        assert store.find_leaf_hash(new.leaf_hash) == new.log_index
    assert store.find_duplicates([new.dedupe_key for new in step.leaves] + [b"other"]) == {
        new.dedupe_key: new.log_index for new in step.leaves
    }
    assert store.search("all", count)[0] == count - 1
    assert len(store.search("all", 2)) == min(2, count)
    assert store.search("mod1", 100_000) == [index for index in range(count - 1, -1, -1) if index % 5 == 1]


def test_a_tile_that_grew_replaces_its_prefix(make_store: Callable[[], LogStore]) -> None:
    store = make_store()
    store.commit(batch(-1, 3))
    store.commit(batch(3, 4))
    assert store.tile(0, 0) == b"t" * 32 * 7


@pytest.mark.parametrize("old_size", [-1, 0, 2, 4])
def test_a_batch_for_another_head_is_refused_and_changes_nothing(
    make_store: Callable[[], LogStore], old_size: int
) -> None:
    store = make_store()
    store.commit(batch(-1, 3))
    with pytest.raises(LogStateError):
        store.commit(batch(old_size, 2, seed=b"other"))
    head = store.head()
    assert head is not None
    assert (head.size, store.leaf_count()) == (3, 3)


def test_a_file_is_taken_up_again(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite3")
    first = SqliteLogStore(path, identity=b"log")
    first.commit(batch(-1, 5))
    first.close()
    second = SqliteLogStore(path, identity=b"log")
    assert second.head() == batch(-1, 5).head
    second.close()


def test_a_file_of_another_log_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite3")
    SqliteLogStore(path, identity=b"log").close()
    with pytest.raises(LogStateError):
        SqliteLogStore(path, identity=b"another key")


def test_a_file_of_a_newer_format_is_refused_with_its_code(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite3")
    SqliteLogStore(path, identity=b"log").close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version=2")
    db.close()
    with pytest.raises(UsageError) as raised:
        SqliteLogStore(path, identity=b"log")
    assert raised.value.code == "stack.format-version"


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(LogStateError):
        SqliteLogStore(str(path), identity=b"log")
    with sqlite3.connect(tmp_path / "other.sqlite3") as db:
        db.execute("CREATE TABLE something (x)")
    db.close()
    with pytest.raises(LogStateError):
        SqliteLogStore(str(tmp_path / "other.sqlite3"), identity=b"log")


def test_a_medium_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        SqliteLogStore(str(tmp_path / "missing" / "log.sqlite3"), identity=b"log")


def test_two_writers_of_one_file_exclude_each_other(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite3")
    one, two = SqliteLogStore(path, identity=b"log"), SqliteLogStore(path, identity=b"log")
    one.commit(batch(-1, 1))
    two.commit(batch(1, 1))
    with pytest.raises(LogStateError):
        one.commit(batch(1, 1, seed=b"fork"))
    one.close()
    two.close()


def test_the_order_of_writes_is_durable_before_it_is_visible(tmp_path: Path) -> None:
    """`synchronous` is FULL (2) and the journal a write-ahead log: an acknowledged commit survives a loss of power."""
    store = SqliteLogStore(str(tmp_path / "log.sqlite3"), identity=b"log")
    assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()
