"""A log that runs: many appenders, one writer, an answer only after the batch is durable.

While one batch is being written the next one gathers (group commit), so the rate does not depend on how fast the disk
syncs. All state is changed on the event loop; only planning and writing happen on the log's one writer thread.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from pycosign.ambient import Clock
from pycosign.crypto.merkle import leaf_hash
from pycosign.errors import LogStateError, OverloadedError, SigningError, UnavailableError
from pycosign.stack.store.model import TILE_WIDTH, Head, LogStore, StoredLeaf
from pycosign.stack.tlog.core import Plan, SignHead, Submission, Tree, plan_first_head, plan_step, submission
from pycosign.wire.log_entry import InclusionProof

__all__ = ["Appended", "Log", "Pace", "recover"]

SEARCH_RESULTS: Final = 10_000


class Pace(NamedTuple):
    """How a log gathers batches."""

    linger_seconds: float = 0.002  # an idle log waits this long for company before it writes
    batch_leaves: int = 512  # at most
    outstanding: int = 8_192  # submissions waiting; beyond them OverloadedError


class Appended(NamedTuple):
    """The acknowledgement of one submission: the leaf is durable, and `head` covers it."""

    log_index: int
    leaf_hash: bytes
    is_new: bool  # False: an equal one was there already, at `log_index`
    timestamp_ms: int  # when the leaf at `log_index` was integrated
    head: Head


_Waiting = tuple[Submission, "asyncio.Future[Appended]"]


class Log:
    """One transparency log over a store. Use from one event loop.

    `append` and `close` are coroutines; everything else answers at once from memory and the store's reader.
    """

    def __init__(self, store: LogStore, tree: Tree, head: Head, sign_head: SignHead, clock: Clock, pace: Pace) -> None:
        self._store, self._tree, self._head = store, tree, head
        self._sign_head, self._clock, self._pace = sign_head, clock, pace
        self._waiting: list[_Waiting] = []
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log-writer")
        self._draining: asyncio.Task[None] | None = None
        self._in_doubt = False  # the last commit failed: it may or may not have been written
        self._closed = False

    @classmethod
    def open(cls, store: LogStore, *, sign_head: SignHead, clock: Clock, pace: Pace | None = None) -> "Log":
        """Take up the log where the store left it; a new store gets a head of size 0.

        Raises: LogStateError: the stored leaves, tiles and head contradict each other, so nothing may be signed.
        """
        if store.head() is None:
            if store.leaf_count():
                raise LogStateError("the log has leaves and no head")
            store.commit(plan_first_head(Tree.load(0, store.tile), _milliseconds(clock), sign_head))
        head, tree = recover(store)
        return cls(store, tree, head, sign_head, clock, pace or Pace())

    # ---- writing ---------------------------------------------------------------------------------------------------
    async def append(
        self,
        leaf: bytes,
        *,
        extra: bytes | None = None,
        dedupe_key: bytes | None = None,
        search_keys: tuple[str, ...] = (),
    ) -> Appended:
        """Log a leaf, once: answers after it, or the equal one from before, is durable and under a signed head.

        Args:    leaf: what is hashed. extra: stored beside it. dedupe_key: submissions with an equal key are logged
                 once (default: the leaf hash). search_keys: what `search` finds it by.
        Raises:  OverloadedError: too many are waiting. UnavailableError: the store failed; the leaf may be logged.
        """
        if self._closed:
            raise UnavailableError("the log is shutting down", code="stack.closing")
        if len(self._waiting) >= self._pace.outstanding:
            raise OverloadedError(f"{len(self._waiting)} entries are waiting to be logged")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Appended] = loop.create_future()
        self._waiting.append((submission(leaf, extra=extra, dedupe_key=dedupe_key, search_keys=search_keys), answer))
        if self._draining is None:
            self._draining = loop.create_task(self._drain())
        return await answer

    async def _drain(self) -> None:
        """Write batch after batch until nobody waits."""
        try:
            if self._pace.linger_seconds:
                await asyncio.sleep(self._pace.linger_seconds)
            while self._waiting:
                batch = self._waiting[: self._pace.batch_leaves]
                del self._waiting[: self._pace.batch_leaves]
                await self._write(batch)
        finally:
            self._draining = None
            _refuse(self._waiting, UnavailableError("the log stopped writing"))  # only after a fault of ours
            self._waiting.clear()

    async def _write(self, batch: list[_Waiting]) -> None:
        """One step. Whatever happens, its submitters are answered."""
        loop = asyncio.get_running_loop()
        try:
            plan = await loop.run_in_executor(self._writer, self._step, [item for item, _ in batch])
        except (SigningError, OSError) as exc:
            _refuse(batch, exc if isinstance(exc, SigningError) else UnavailableError(f"the log's store failed: {exc}"))
            return
        except BaseException:
            _refuse(batch, UnavailableError("the log could not write this entry"))
            raise
        plan.tree.settle()
        self._tree, self._head = plan.tree, plan.head
        for (item, answer), (index, is_new) in zip(batch, plan.placed, strict=True):
            if not answer.done():  # else its client went away
                when = plan.head.timestamp_ms if is_new else self._store.leaves(index, index + 1)[0].timestamp_ms
                answer.set_result(Appended(index, item.leaf_hash, is_new, when, plan.head))

    def _step(self, submissions: list[Submission]) -> Plan:
        """Plan and commit one batch, on the writer thread."""
        head, tree = recover(self._store) if self._in_doubt else (self._head, self._tree)
        self._in_doubt = True
        known = self._store.find_duplicates(item.dedupe_key for item in submissions)
        plan = plan_step(tree, head, submissions, known, _milliseconds(self._clock), self._sign_head)
        if plan.batch is not None:
            self._store.commit(plan.batch)
        self._in_doubt = False
        return plan

    async def close(self) -> None:
        """Finish what is waiting, then let go of the store. New submissions are refused from now on."""
        self._closed = True
        while self._draining is not None:
            await asyncio.wait([self._draining])
        self._writer.shutdown()
        self._store.close()

    # ---- reading ---------------------------------------------------------------------------------------------------
    @property
    def head(self) -> Head:
        """The newest durable head."""
        return self._head

    @property
    def size(self) -> int:
        """Leaves under the newest head."""
        return self._head.size

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (default: of the head). Raises UsageError beyond the head."""
        return self._tree.root(size)

    def inclusion_proof(self, log_index: int, size: int | None = None) -> list[bytes]:
        """Siblings from the leaf upward, in the tree of `size` leaves (default: the head's)."""
        return self._tree.inclusion_proof(log_index, size)

    def prove(self, log_index: int, head: Head) -> InclusionProof:
        """The proof that an entry carries: its leaf is in the tree of `head`, whose checkpoint comes with it."""
        hashes = tuple(self._tree.inclusion_proof(log_index, head.size))
        return InclusionProof(log_index, head.root, head.size, hashes, head.signed.decode())

    def consistency_proof(self, old_size: int, new_size: int | None = None) -> list[bytes]:
        """That the tree of `old_size` leaves begins the tree of `new_size` (default: the head's)."""
        return self._tree.consistency_proof(old_size, new_size)

    def entries(self, start: int, end: int) -> list[StoredLeaf]:
        """The leaves `start <= log_index < end` that the head covers."""
        return self._store.leaves(max(start, 0), min(end, self._head.size))

    def entry(self, log_index: int) -> StoredLeaf | None:
        """One leaf, or None: the head does not cover that index."""
        found = self.entries(log_index, log_index + 1) if log_index >= 0 else []
        return found[0] if found else None

    def find(self, leaf_hash: bytes) -> int | None:
        """The index of the leaf of that hash, or None."""
        index = self._store.find_leaf_hash(leaf_hash)
        return index if index is not None and index < self._head.size else None

    def find_body(self, leaf: bytes) -> int | None:
        """The index of the leaf with exactly these bytes, or None."""
        return self.find(leaf_hash(leaf))

    def leaf_hash(self, log_index: int) -> bytes:
        """The hash of a leaf that the head covers. Raises UsageError beyond it."""
        return self._tree.node(0, log_index)

    def search(self, search_key: str) -> list[int]:
        """Indexes of the leaves logged under that key, newest first, at most SEARCH_RESULTS."""
        return [index for index in self._store.search(search_key, SEARCH_RESULTS) if index < self._head.size]

    def tile(self, level: int, tile_index: int, width: int) -> bytes | None:
        """A tile of hashes as published, or None: the head has not that many hashes there."""
        return self._tree.tile(level, tile_index, width)


def _refuse(batch: list[_Waiting], problem: SigningError) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(problem)


def recover(store: LogStore) -> tuple[Head, Tree]:
    """The head and tree that a store stands for, checked against each other. Also the way back after a failed commit.

    Raises: LogStateError: there is no head; leaves are missing or too many; tiles lead to another root; the leaves of
            the unfinished tile have other hashes. An older leaf is checked by whoever asks for its proof.
    """
    head = store.head()
    if head is None:
        raise LogStateError("the log has no head")
    count = store.leaf_count()
    if count != head.size:
        raise LogStateError(f"the head is of size {head.size}, and {count} leaves are stored")
    tree = Tree.load(head.size, store.tile)
    if tree.root() != head.root:
        raise LogStateError(f"the stored tiles lead to the root {tree.root().hex()}, the head signs {head.root.hex()}")
    start = head.size - head.size % TILE_WIDTH
    newest = store.leaves(start, head.size)
    hashes = [leaf_hash(item.leaf) for item in newest]
    if [item.log_index for item in newest] != list(range(start, head.size)) or hashes != [
        tree.node(0, index) for index in range(start, head.size)
    ]:
        raise LogStateError("the newest leaves are not those that the head signs")
    return head, tree


def _milliseconds(clock: Clock) -> int:
    return int(clock().timestamp() * 1000)
