"""The log engine: every append under a head that proves it, once, whatever fails."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from pycosign.crypto.merkle import (
    check_consistency,
    leaf_hash,
    root_from_inclusion_proof,
)
from pycosign.errors import LogStateError, OverloadedError, SigningError, UnavailableError
from pycosign.stack.store.memory import MemoryLogStore
from pycosign.stack.store.model import LogStore
from pycosign.stack.store.sqlite import SqliteLogStore
from pycosign.stack.tlog.engine import Appended, Log, Pace, recover

from .logs import NOW, PROMPT, run


def sign_head(size: int, root: bytes, timestamp_ms: int) -> bytes:
    return b"%d %d " % (size, timestamp_ms) + root


def open_log(store: LogStore, pace: Pace = PROMPT) -> Log:
    return Log.open(store, sign_head=sign_head, clock=lambda: NOW, pace=pace)


def check(log: Log, answers: list[Appended]) -> None:
    """Every acknowledged leaf is where its answer says, under its head and under the newest one."""
    for done in answers:
        assert leaf_hash(log.entries(done.log_index, done.log_index + 1)[0].leaf) == done.leaf_hash
        for head in (done.head, log.head):
            proof = log.inclusion_proof(done.log_index, head.size)
            assert root_from_inclusion_proof(done.leaf_hash, done.log_index, head.size, proof) == head.root
        proof = log.consistency_proof(done.head.size)
        check_consistency(done.head.size, done.head.root, log.size, log.head.root, proof)


# ---- appending -----------------------------------------------------------------------------------------------------
@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LogStore:
    if request.param == "memory":
        return MemoryLogStore()
    return SqliteLogStore(str(tmp_path / "log.sqlite3"), identity=b"log")


def test_concurrent_appends_share_batches_and_are_all_proved(store: LogStore) -> None:
    async def work() -> None:
        log = open_log(store, Pace(linger_seconds=0.001, batch_leaves=100))
        answers = await asyncio.gather(*(log.append(b"leaf %d" % number) for number in range(700)))
        assert sorted(done.log_index for done in answers) == list(range(700))
        assert {done.head.size for done in answers} == {100, 200, 300, 400, 500, 600, 700}
        check(log, answers)
        await log.close()

    run(work)


def test_an_equal_leaf_is_logged_once_with_its_first_time(store: LogStore) -> None:
    async def work() -> None:
        moments = iter([NOW, NOW, NOW + timedelta(seconds=5), NOW + timedelta(seconds=9)])
        log = Log.open(store, sign_head=sign_head, clock=lambda: next(moments), pace=PROMPT)
        one, two = await asyncio.gather(log.append(b"same"), log.append(b"same"))
        assert (one.is_new, two.is_new, one.log_index, two.log_index) == (True, False, 0, 0)
        later = await log.append(b"same")
        assert (later.is_new, later.log_index, later.timestamp_ms) == (False, 0, one.timestamp_ms)
        other = await log.append(b"other")
        assert (other.log_index, log.size) == (1, 2)
        await log.close()

    run(work)


def test_a_dedupe_key_of_its_own_counts_instead_of_the_leaf(store: LogStore) -> None:
    async def work() -> None:
        log = open_log(store)
        first = await log.append(b"leaf at one time", dedupe_key=b"certificate", extra=b"chain")
        again = await log.append(b"leaf at another time", dedupe_key=b"certificate")
        assert (again.is_new, again.log_index, log.size) == (False, first.log_index, 1)
        entry = log.entry(0)
        assert entry is not None
        assert (entry.leaf, entry.extra) == (b"leaf at one time", b"chain")
        assert log.find_body(b"leaf at one time") == 0
        assert log.find_body(b"leaf at another time") is None
        await log.close()

    run(work)


def test_entries_are_found_by_hash_and_by_search_key(store: LogStore) -> None:
    async def work() -> None:
        log = open_log(store)
        for number in range(5):
            await log.append(b"leaf %d" % number, search_keys=(f"k{number % 2}",))
        assert log.find(leaf_hash(b"leaf 3")) == 3
        assert log.find(leaf_hash(b"none")) is None
        assert log.search("k0") == [4, 2, 0]
        assert log.search("k9") == []
        assert log.leaf_hash(2) == leaf_hash(b"leaf 2")
        assert [entry.leaf for entry in log.entries(3, 9)] == [b"leaf 3", b"leaf 4"]
        assert (log.entry(-1), log.entry(5)) == (None, None)
        await log.close()

    run(work)


def test_a_new_log_has_a_signed_head_of_size_0(store: LogStore) -> None:
    log = open_log(store)
    assert (log.size, log.root(), log.head.signed[:2]) == (0, sha256(b"").digest(), b"0 ")


def test_heads_never_go_back_in_time(store: LogStore) -> None:
    async def work() -> None:
        moments = iter([NOW, NOW + timedelta(seconds=9), datetime(2020, 1, 1, tzinfo=UTC)])
        log = Log.open(store, sign_head=sign_head, clock=lambda: next(moments), pace=PROMPT)
        first = await log.append(b"a")
        second = await log.append(b"b")
        assert second.timestamp_ms == first.timestamp_ms == int((NOW + timedelta(seconds=9)).timestamp() * 1000)
        await log.close()

    run(work)


def test_a_log_that_waits_for_too_many_refuses_more() -> None:
    async def work() -> None:
        log = open_log(MemoryLogStore(), Pace(linger_seconds=0.01, outstanding=3))
        waiting = [asyncio.ensure_future(log.append(b"%d" % number)) for number in range(5)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(result) for result in results[3:]] == [OverloadedError, OverloadedError]
        check(log, [result for result in results if isinstance(result, Appended)])
        await log.close()

    run(work)


def test_closing_finishes_what_waits_and_refuses_what_comes_after(store: LogStore) -> None:
    async def work() -> None:
        log = open_log(store, Pace(linger_seconds=0.01))
        waiting = [asyncio.ensure_future(log.append(b"%d" % number)) for number in range(5)]
        await asyncio.sleep(0)
        await log.close()
        assert all(done.is_new for done in await asyncio.gather(*waiting))
        with pytest.raises(UnavailableError):
            await log.append(b"late")

    run(work)


def test_a_client_that_goes_away_loses_its_answer_and_not_its_entry(store: LogStore) -> None:
    async def work() -> None:
        log = open_log(store, Pace(linger_seconds=0.01))
        gone, stays = asyncio.ensure_future(log.append(b"gone")), asyncio.ensure_future(log.append(b"stays"))
        await asyncio.sleep(0)
        gone.cancel()
        check(log, [await stays])
        assert log.find_body(b"gone") is not None
        await log.close()

    run(work)


def test_a_log_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    path = str(tmp_path / "log.sqlite3")

    async def append(first: int, count: int) -> list[Appended]:
        log = open_log(SqliteLogStore(path, identity=b"log"))
        answers = await asyncio.gather(*(log.append(b"%d" % number) for number in range(first, first + count)))
        check(log, answers)
        await log.close()
        return answers

    earlier = asyncio.run(append(0, 300))
    later = asyncio.run(append(300, 5))
    assert [done.log_index for done in later] == list(range(300, 305))
    log = open_log(SqliteLogStore(path, identity=b"log"))
    check(log, earlier + later)


# ---- faults --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("persisted", [False, True])  # the store failed: before, or after, it wrote
@pytest.mark.parametrize("step", range(2, 6))  # the first commit is the empty log's
def test_a_failed_commit_at_any_step_leaves_a_log_that_goes_on(step: int, persisted: bool) -> None:
    async def work() -> None:
        store = MemoryLogStore(fail_at=step, persisted=persisted)
        log = open_log(store, Pace(linger_seconds=0, batch_leaves=150))
        answers: list[Appended] = []
        failed = 0
        for start in range(0, 900, 150):
            batch = await asyncio.gather(
                *(log.append(b"%d" % number) for number in range(start, start + 150)), return_exceptions=True
            )
            answers += [done for done in batch if isinstance(done, Appended)]
            failed += sum(isinstance(done, UnavailableError) for done in batch)
        assert (failed, len(answers)) == (150, 750)
        check(log, answers)
        assert log.size == (900 if persisted else 750)
        retried = await asyncio.gather(*(log.append(b"%d" % number) for number in range(900)))
        assert sum(done.is_new for done in retried) == (0 if persisted else 150)
        check(log, retried)
        head, tree = recover(store)
        assert (head, tree.root()) == (log.head, log.root())
        await log.close()

    run(work)


def test_a_fault_of_ours_answers_everybody_who_waits() -> None:
    async def work() -> None:
        def broken(size: int, root: bytes, timestamp_ms: int) -> bytes:
            if size:
                raise ZeroDivisionError
            return b""

        log = Log.open(
            MemoryLogStore(), sign_head=broken, clock=lambda: NOW, pace=Pace(linger_seconds=0, batch_leaves=2)
        )
        waiting = [asyncio.ensure_future(log.append(b"%d" % number)) for number in range(5)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, UnavailableError) for result in results)
        assert log.size == 0

    asyncio.run(work(), debug=False)


def changed(store: MemoryLogStore, what: str) -> None:
    """Damage a store of 300 leaves as no writer of ours would."""
    if what == "leaf lost":
        store._leaves.pop()
    elif what == "leaf too many":
        store._leaves.append(store._leaves[-1])
    elif what == "newest leaf edited":
        store._leaves[299] = store._leaves[299]._replace(leaf=b"edited")
    elif what == "tile edited":
        store._tiles[0, 1] = bytes(32) + store._tiles[0, 1][32:]
    elif what == "tile lost":
        del store._tiles[1, 0]
    elif what == "head of another root":
        assert store._head is not None
        store._head = store._head._replace(root=bytes(32))
    else:
        store._head = None


@pytest.mark.parametrize(
    "what",
    [
        "leaf lost",
        "leaf too many",
        "newest leaf edited",
        "tile edited",
        "tile lost",
        "head of another root",
        "head lost",
    ],
)
def test_a_store_that_contradicts_itself_is_not_opened(what: str) -> None:
    async def work() -> None:
        store = MemoryLogStore()
        log = open_log(store)
        await asyncio.gather(*(log.append(b"%d" % number) for number in range(300)))
        await log.close()
        open_log(store)
        changed(store, what)
        with pytest.raises(LogStateError):
            open_log(store)

    run(work)


def test_another_writer_of_the_same_store_cannot_fork_the_log() -> None:
    async def work() -> None:
        store = MemoryLogStore()
        one, two = open_log(store), open_log(store)
        await one.append(b"one")
        with pytest.raises(LogStateError):
            await two.append(b"two")
        done = await two.append(b"two")  # it has recovered, and goes on from the other's head
        assert done.log_index == 1
        with suppress(SigningError):
            await one.append(b"three")
        head, tree = recover(store)
        assert tree.root() == head.root
        await one.close()
        await two.close()

    run(work)
