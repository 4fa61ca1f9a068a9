"""The corpus itself: every entry verifies, is of the kind that the table says, and all kinds are there."""

import pytest

from pycosign.verify.result import Verified
from pycosign.wire.dsse import Envelope
from tests.corpus.load import Entry, corpus, kind_in_table
from tests.verify.vectors import DATA


def kind_of(entry: Entry, verified: Verified) -> str:
    """What the table's `kind` must say."""
    evidence = entry.evidence(entry.document())
    count = len(evidence.chain_der)
    words = [evidence.source, "key" if not count else "certificate" if count == 1 else f"chain of {count}"]
    words.append(verified.key.kind)
    bare = "simple signing" if entry.form == "legacy-layer" else "message signature"
    words.append("DSSE" if isinstance(evidence.content, Envelope) else bare)
    words += [f"{item.kind} ({'+'.join(item.proved_by)})" for item in verified.log_entries] or ["no log"]
    if evidence.timestamps:
        counted = any(time.source == "timestamp" for time in verified.times)
        words.append("timestamp" if counted else "timestamp, not counted")
    return ", ".join(words)


@pytest.mark.parametrize("name", corpus())
def test_an_entry_is_accepted_and_of_its_kind(name: str) -> None:
    entry = corpus()[name]
    assert kind_of(entry, entry.verify(entry.document())) == kind_in_table(name)


@pytest.mark.parametrize(
    "word",
    [
        "bundle v0.1",
        "bundle v0.2",
        "bundle v0.3",
        "legacy bundle",
        "legacy image signature",
        "legacy image attestation",
        "key",
        "certificate",
        "chain of 3",
        "ecdsa-p256",
        "ecdsa-p384",
        "ecdsa-p521",
        "rsa-2048",
        "rsa-4096",
        "ed25519",
        "DSSE",
        "message signature",
        "simple signing",
        "hashedrekord 0.0.1 (promise)",
        "hashedrekord 0.0.1 (promise+inclusion)",
        "hashedrekord 0.0.2 (inclusion)",
        "dsse 0.0.1 (promise)",
        "dsse 0.0.1 (promise+inclusion)",
        "dsse 0.0.2 (inclusion)",
        "intoto 0.0.2 (promise)",
        "intoto 0.0.2 (promise+inclusion)",
        "no log",
        "timestamp",
        "timestamp, not counted",
    ],
)
def test_the_corpus_has_every_kind(word: str) -> None:
    assert any(f", {word}, " in f", {kind_in_table(name)}, " for name in corpus())


def test_there_are_more_than_a_hundred() -> None:
    assert len(corpus()) > 100


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in (DATA / "corpus").rglob("*") if path.is_file()) < 2_000_000
