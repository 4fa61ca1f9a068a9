"""Log entries and their proofs."""

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from pycosign.wire.bundle import Bundle
from pycosign.wire.log_entry import LogEntry
from tests.mutation.changes.tools import (
    GOOD,
    HOUR,
    SPELLING,
    WRONG,
    BundleEdit,
    Change,
    PlanEdit,
    another,
    both,
    certified,
    flip,
    logged,
    neither,
    other_artifact,
    promised,
    proved,
    settings,
)
from tests.mutation.generated import Plan, another_world, log_of, signer
from tests.verify.factory import SIGNED_AT


def on_entry(edit: Callable[[LogEntry, Plan, Random], LogEntry]) -> BundleEdit:
    return lambda bundle, plan, rng: bundle._replace(entries=tuple(edit(entry, plan, rng) for entry in bundle.entries))


def on_proof(**values: Callable[[Any], Any]) -> BundleEdit:
    def edit(entry: LogEntry, plan: Plan, rng: Random) -> LogEntry:
        assert entry.proof is not None
        changes = {name: change(getattr(entry.proof, name)) for name, change in values.items()}
        return entry._replace(proof=entry.proof._replace(**changes))

    return on_entry(edit)


def other_checkpoint(**arguments: Any) -> BundleEdit:
    """A checkpoint of the same tree, signed or named otherwise."""

    def edit(entry: LogEntry, plan: Plan, rng: Random) -> LogEntry:
        assert entry.proof is not None
        log = log_of(plan.world, plan.recipe)
        made = {name: value(log) if callable(value) else value for name, value in arguments.items()}
        return entry._replace(proof=entry.proof._replace(checkpoint=log.checkpoint(**made)))

    return on_entry(edit)


def logged_elsewhere(plan: Plan) -> None:
    """The log that nobody trusts has it."""
    plan.logged = Elsewhere(plan, another_world())


def in_the_name_of_the_log(entry: LogEntry, plan: Plan, rng: Random) -> LogEntry:
    """What another log said of it, under the id of the one that is trusted."""
    other = Elsewhere(plan, another_world())
    (theirs,) = other.make()[0].entries
    return theirs._replace(log_id=entry.log_id, body=entry.body)


class Elsewhere(Plan):
    """A plan whose log belongs to another world."""

    def __init__(self, like: Plan, world: Any) -> None:
        super().__init__(world, like.recipe)
        self.signer = like.signer


def other_entry(kind: str) -> BundleEdit:
    """The log's entry, promise and proof of another bundle of the same signer: good in itself."""

    def edit(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
        values = other_artifact() if kind == "artifact" else {}
        return bundle._replace(entries=another(plan, **values).entries)

    return edit


def log_at(delta: timedelta) -> PlanEdit:
    return settings(logged_at=SIGNED_AT + delta)


def twice(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
    return bundle._replace(entries=(*bundle.entries, *bundle.entries))


def and_an_unknown_logs(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
    other = Elsewhere(plan, another_world())
    return bundle._replace(entries=(*bundle.entries, *other.make()[0].entries))


def and_a_bad_one(bundle: Bundle, plan: Plan, rng: Random) -> Bundle:
    """A second entry of the same log, for another artifact."""
    values = {**other_artifact(), "older_leaves": 9}
    return bundle._replace(entries=(*bundle.entries, *another(plan, **values).entries))


CHANGES: tuple[Change, ...] = (
    # -- log entry
    Change("no entry", WRONG, logged, bundle=lambda b, plan, rng: b._replace(entries=())),
    Change("an entry for another artifact", WRONG, logged, bundle=other_entry("artifact")),
    Change(
        "an entry for another signature",
        WRONG,
        both(logged, lambda recipe: recipe.algorithm.startswith("ecdsa") or recipe.has_certificate),
        bundle=other_entry("signature"),
    ),
    Change("an unknown log", WRONG, logged, logged_elsewhere),
    Change("an unknown log in the name of a known one", WRONG, logged, bundle=on_entry(in_the_name_of_the_log)),
    Change("the same entry twice", SPELLING, logged, bundle=twice),
    Change("a second entry of an unknown log", SPELLING, logged, bundle=and_an_unknown_logs),
    Change("a second entry for another artifact", SPELLING, logged, bundle=and_a_bad_one),
    Change(
        "a bit of the body", WRONG, logged, bundle=on_entry(lambda e, plan, rng: e._replace(body=flip(e.body, rng)))
    ),
    Change("another kind of entry", WRONG, logged, bundle=on_entry(lambda e, plan, rng: e._replace(kind="rekord"))),
    Change(
        "another version of entry", WRONG, logged, bundle=on_entry(lambda e, plan, rng: e._replace(version="0.0.9"))
    ),
    Change(
        "a bit of the log id",
        WRONG,
        promised,
        bundle=on_entry(lambda e, plan, rng: e._replace(log_id=flip(e.log_id, rng))),
    ),
    Change(
        "a bit of the log id beside a proof alone",
        SPELLING,
        both(proved, neither(promised)),
        bundle=on_entry(lambda e, plan, rng: e._replace(log_id=flip(e.log_id, rng))),
    ),
    Change(
        "another index of the log",
        WRONG,
        promised,
        bundle=on_entry(lambda e, plan, rng: e._replace(log_index=e.log_index + 1)),
    ),
    Change(
        "another index of the log beside a proof alone",
        SPELLING,
        both(proved, neither(promised)),
        bundle=on_entry(lambda e, plan, rng: e._replace(log_index=e.log_index + 1)),
    ),
    Change(
        "another time of the log",
        WRONG,
        promised,
        bundle=on_entry(lambda e, plan, rng: e._replace(integrated_at=(e.integrated_at or 0) + 1)),
    ),
    Change(
        "a bit of the promise",
        WRONG,
        promised,
        bundle=on_entry(lambda e, plan, rng: e._replace(promise=flip(e.promise or b"", rng))),
    ),
    Change(
        "a time without a promise",
        SPELLING,
        both(proved, neither(promised)),
        bundle=on_entry(lambda e, plan, rng: e._replace(integrated_at=int(SIGNED_AT.timestamp()))),
    ),
    Change("logged before the certificate", WRONG, both(certified, promised), log_at(-HOUR)),
    Change("logged after the certificate", WRONG, both(certified, promised), log_at(HOUR)),
    Change("logged in the future", WRONG, both(certified, promised), log_at(timedelta(days=3650))),
    Change("logged before the log was trusted", WRONG, both(promised), log_at(-timedelta(days=400))),
    # -- proof of inclusion
    Change(
        "a bit of the proof",
        WRONG,
        proved,
        bundle=lambda b, plan, rng: on_proof(hashes=lambda hashes: (flip(hashes[0], rng), *hashes[1:]))(b, plan, rng),
    ),
    Change("a hash less in the proof", WRONG, proved, bundle=on_proof(hashes=lambda hashes: hashes[:-1])),
    Change("a hash more in the proof", WRONG, proved, bundle=on_proof(hashes=lambda hashes: (*hashes, bytes(32)))),
    Change(
        "another root hash",
        WRONG,
        proved,
        bundle=lambda b, plan, rng: on_proof(root=lambda root: flip(root, rng))(b, plan, rng),
    ),
    Change("another tree size", WRONG, proved, bundle=on_proof(size=lambda size: size + 1)),
    Change("another index of the tree", WRONG, proved, bundle=on_proof(log_index=lambda index: index - 1)),
    Change("the log's first entry", GOOD, logged, settings(older_leaves=0)),
    Change("the second of two entries", GOOD, logged, settings(older_leaves=1)),
    Change("one of many entries", GOOD, logged, settings(older_leaves=99)),
    Change(
        "no checkpoint",
        WRONG,
        both(proved, lambda recipe: recipe.version != "0.1"),
        bundle=on_proof(checkpoint=lambda note: ""),
    ),
    Change(
        "no proof",
        WRONG,
        both(proved, lambda recipe: recipe.version != "0.1"),
        bundle=on_entry(lambda e, plan, rng: e._replace(proof=None)),
    ),
    Change("a checkpoint by another key", WRONG, proved, bundle=other_checkpoint(signer=signer("ecdsa-p256", 8))),
    Change("a checkpoint of another origin", WRONG, proved, bundle=other_checkpoint(origin="evil.example.com")),
    Change("a checkpoint signed by another name", WRONG, proved, bundle=other_checkpoint(name="evil.example.com")),
    Change(
        "a checkpoint without signatures",
        WRONG,
        proved,
        bundle=on_proof(checkpoint=lambda note: note.partition("\n\n")[0] + "\n\n"),
    ),
    Change(
        "a second signature on the checkpoint",
        GOOD,
        proved,
        bundle=on_proof(checkpoint=lambda note: note + "— witness.example.com AAAAAA" + "A" * 86 + "\n"),
    ),
    Change(
        "a byte of the checkpoint's root",
        WRONG,
        proved,
        bundle=on_proof(checkpoint=lambda note: note.replace("=\n\n", "\n\n", 1)),
    ),
)
