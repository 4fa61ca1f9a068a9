"""The corpus itself: every entry verifies, is of the kind that the table says, and all kinds are there."""

import pytest

from pycosign.verify.result import Verified
from pycosign.wire.dsse import Envelope
from pycosign.wire.rekor_body import parse_rekor_body
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
        counted = sum(time.source == "timestamp" for time in verified.times)
        words.append(f"{counted} timestamps" if counted > 1 else "timestamp" if counted else "timestamp, not counted")
    if evidence.detached_sct is not None:
        words.append("detached SCT")
    elif len(verified.sct_logs) > 1:
        words.append(f"{len(verified.sct_logs)} SCTs")
    heads = [entry.proof.checkpoint for entry in evidence.entries if entry.proof and entry.proof.checkpoint]
    if any(head.count("\n\u2014 ") > 1 for head in heads):
        words.append("several checkpoint signatures")
    if any("_PSS_" in details for entry in evidence.entries for details in parse_rekor_body(entry.body).key_details):
        words.append("RSASSA-PSS")
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
        "rsa-3072",
        "rsa-4096",
        "ed25519",
        "ml-dsa-44",
        "ml-dsa-65",
        "ml-dsa-87",
        "RSASSA-PSS",
        "DSSE",
        "message signature",
        "simple signing",
        "hashedrekord 0.0.1 (promise)",
        "hashedrekord 0.0.1 (promise+inclusion)",
        "hashedrekord 0.0.2 (inclusion)",
        "dsse 0.0.1 (promise)",
        "dsse 0.0.1 (promise+inclusion)",
        "dsse 0.0.2 (inclusion)",
        "rekord 0.0.1 (promise)",
        "rekord 0.0.1 (promise+inclusion)",
        "intoto 0.0.1 (promise)",
        "intoto 0.0.1 (promise+inclusion)",
        "intoto 0.0.2 (promise)",
        "intoto 0.0.2 (promise+inclusion)",
        "no log",
        "timestamp",
        "2 timestamps",
        "timestamp, not counted",
        "detached SCT",
        "2 SCTs",
        "several checkpoint signatures",
    ],
)
def test_the_corpus_has_every_kind(word: str) -> None:
    assert any(f", {word}, " in f", {kind_in_table(name)}, " for name in corpus())


def test_there_are_more_than_a_hundred() -> None:
    assert len(corpus()) > 100


def test_the_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in (DATA / "corpus").rglob("*") if path.is_file()) < 2_000_000
