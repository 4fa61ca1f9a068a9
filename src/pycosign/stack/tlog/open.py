"""A Rekor in a directory: what is there, and how it is made the first time and taken up again.

log.json       format version, origin and, for Rekor v1, the tree's number; written once, before the first leaf
log.sqlite3    the log's store

Both are written by this service alone; who can write them can rewrite history up to what others remember (checkpoints).
The private key is the caller's: see `stack.files`.
"""

import os
from typing import Final, NamedTuple

from pycosign.ambient import Clock, Entropy
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.crypto.signers import Signer
from pycosign.errors import LogStateError, UsageError
from pycosign.stack.files import write_public
from pycosign.stack.store.sqlite import SqliteLogStore
from pycosign.stack.tlog.engine import Log, Pace
from pycosign.stack.tlog.heads import LogName, rekor_v1_name, rekor_v2_name
from pycosign.stack.tlog.rekor_v1 import RekorV1
from pycosign.stack.tlog.rekor_v2 import RekorV2

__all__ = ["OpenedV1", "OpenedV2", "open_log", "open_rekor_v1", "open_rekor_v2"]

FORMAT: Final = 1
_RECORD: Final = "log.json"
_STORE: Final = "log.sqlite3"


class OpenedV1(NamedTuple):
    """A Rekor v1 that runs; `await log.close()` ends it."""

    log: Log
    rekor: RekorV1
    tree_id: int


class OpenedV2(NamedTuple):
    """A Rekor v2 that runs; `await log.close()` ends it."""

    log: Log
    rekor: RekorV2


class _Record(NamedTuple):
    """What log.json holds."""

    host: str
    tree_id: int  # 0: a kind of log that has none


def open_rekor_v1(
    directory: str, *, host: str, signer: Signer, clock: Clock, entropy: Entropy, pace: Pace | None = None
) -> OpenedV1:
    """Take up the Rekor v1 in a directory, or begin one: a new log gets a new tree number, so that no client holds
    its checkpoints against those of another.

    Args:    host: the host (or host:port) of its base URL; its checkpoints carry it. signer: ECDSA P-256.
    Raises:  LogStateError: the directory holds a log of another host or key, or a damaged one. UsageError: its format
             is of another version. UnavailableError: it cannot be read or written.
    """
    record = _remember(directory, _Record(host, _new_tree_id(entropy)))
    name = rekor_v1_name(record.host, record.tree_id, signer)
    log = open_log(directory, name, signer, clock=clock, pace=pace)
    return OpenedV1(log, RekorV1(log, host=record.host, tree_id=record.tree_id, signer=signer), record.tree_id)


def open_rekor_v2(directory: str, *, host: str, signer: Signer, clock: Clock, pace: Pace | None = None) -> OpenedV2:
    """Take up the Rekor v2 in a directory, or begin one.

    Args:    host: the bare host name of its base URL, which is its origin. signer: Ed25519 in production.
    Raises:  as `open_rekor_v1`.
    """
    record = _remember(directory, _Record(host, 0))
    log = open_log(directory, rekor_v2_name(record.host, signer), signer, clock=clock, pace=pace)
    return OpenedV2(log, RekorV2(log, host=record.host, signer=signer))


def open_log(directory: str, name: LogName, signer: Signer, *, clock: Clock, pace: Pace | None = None) -> Log:
    """The log of that name in a directory that exists, its heads signed notes."""
    store = SqliteLogStore(os.path.join(directory, _STORE), identity=name.identity())
    try:
        return Log.open(store, sign_head=name.head_signer(signer), clock=clock, pace=pace)
    except BaseException:
        store.close()
        raise


def _new_tree_id(entropy: Entropy) -> int:
    """A number that fits a positive int64 and is never 0."""
    return int.from_bytes(entropy(8), "big") >> 1 | 1 << 60


def _remember(directory: str, fresh: _Record) -> _Record:
    """What the directory remembers, or `fresh`, remembered from now on."""
    path = os.path.join(directory, _RECORD)
    os.makedirs(directory, exist_ok=True)
    try:
        with open(path, "rb") as stream:
            fields = Fields(load_json(stream.read(), what=path, max_bytes=4096), path)
    except FileNotFoundError:
        if os.path.exists(os.path.join(directory, _STORE)):
            raise LogStateError(f"{directory} holds a log without its {_RECORD}") from None
        record = {"format": FORMAT, "host": fresh.host, "treeId": str(fresh.tree_id)}
        write_public(path, compact_json(record))
        return fresh
    version = fields.integer("format")
    if version != FORMAT:
        problem = f"{path} has format version {version}; this program reads {FORMAT}"
        raise UsageError(problem, code="stack.format-version")
    remembered = _Record(fields.text("host"), fields.integer("treeId", minimum=0))
    if remembered.host != fresh.host or (remembered.tree_id == 0) != (fresh.tree_id == 0):
        raise LogStateError(f"{directory} holds the log of {remembered.host}, not of {fresh.host}")
    return remembered
