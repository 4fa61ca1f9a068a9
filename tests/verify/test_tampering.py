"""One bit changed anywhere in the evidence: refused, or in a field that the table below says nobody relies on.

The default run takes some bits of every byte or field; PYCOSIGN_ALL_FLIPS=1 takes all of them (minutes).
"""

import os
from collections.abc import Callable, Iterator

import pytest

from pycosign.errors import MalformedError, RefusedError
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import verify
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.dsse import Envelope
from pycosign.wire.log_entry import InclusionProof, LogEntry
from tests.verify.attempts import flipped
from tests.verify.vectors import (
    NOW,
    RECORDED,
    RECORDED_ARTIFACT,
    RECORDED_REQUIREMENTS,
    read_evidence,
    recorded_trust,
)

TRUST = recorded_trust()
EVERY = os.environ.get("PYCOSIGN_ALL_FLIPS") == "1"
Setter = Callable[[bytes], Evidence]


def is_accepted(evidence: Evidence) -> bool:
    try:
        verify(evidence, RECORDED_ARTIFACT, trust=TRUST, requirements=RECORDED_REQUIREMENTS, now=NOW)
    except (RefusedError, MalformedError):
        return False
    return True


def binary_fields(evidence: Evidence) -> Iterator[tuple[str, bytes, Setter]]:
    """Every field that holds bytes, and how to put others in their place."""
    yield "signature", evidence.signature, lambda raw: with_signature(evidence, raw)
    (leaf_der,) = evidence.chain_der
    yield "certificate", leaf_der, lambda raw: evidence._replace(chain_der=(raw,))
    yield from content_fields(evidence)
    if evidence.timestamps:
        (stamp,) = evidence.timestamps
        yield "timestamp", stamp, lambda raw: evidence._replace(timestamps=(raw,))
    (entry,) = evidence.entries
    yield from entry_fields(evidence, entry)


def with_signature(evidence: Evidence, raw: bytes) -> Evidence:
    content = evidence.content
    if isinstance(content, Envelope):
        content = content._replace(signatures=(content.signatures[0]._replace(signature=raw),))
    return evidence._replace(signature=raw, content=content)


def content_fields(evidence: Evidence) -> Iterator[tuple[str, bytes, Setter]]:
    content = evidence.content
    if isinstance(content, MessageSignature) and content.digest is not None:
        yield "digest", content.digest, lambda raw: evidence._replace(content=content._replace(digest=raw))
    if isinstance(content, Envelope):
        yield "payload", content.payload, lambda raw: evidence._replace(content=content._replace(payload=raw))


def entry_fields(evidence: Evidence, entry: LogEntry) -> Iterator[tuple[str, bytes, Setter]]:
    def with_entry(**changes: object) -> Evidence:
        return evidence._replace(entries=(entry._replace(**changes),))  # type: ignore[arg-type]

    def with_proof(proof: InclusionProof, **changes: object) -> Evidence:
        return with_entry(proof=proof._replace(**changes))  # type: ignore[arg-type]

    yield "log id", entry.log_id, lambda raw: with_entry(log_id=raw)
    yield "body", entry.body, lambda raw: with_entry(body=raw)
    if entry.promise is not None:
        yield "promise", entry.promise, lambda raw: with_entry(promise=raw)
    proof = entry.proof
    if proof is None:
        return
    yield "root", proof.root, lambda raw: with_proof(proof, root=raw)
    hashes = b"".join(proof.hashes)
    yield (
        "hashes",
        hashes,
        lambda raw: with_proof(proof, hashes=tuple(raw[at : at + 32] for at in range(0, len(raw), 32))),
    )
    text = proof.checkpoint.encode()
    yield "checkpoint", text, lambda raw: with_proof(proof, checkpoint=raw.decode("utf-8", "surrogateescape"))


# Bits that nobody relies on, by field: the bytes around them, the changed bit, and why it does not matter.
IRRELEVANT = {
    # `certificates [0]` of the CMS structure, empty as timestamp-server writes it, becomes `crls [1]`, empty as well:
    # it is outside of what the authority signed, and not looked at when the trust root brings the certificate.
    "timestamp": (b"\xa0\x00\x31", 0),
}


def is_irrelevant(field: str, raw: bytes, bit: int) -> bool:
    if field not in IRRELEVANT:
        return False
    marker, offset = IRRELEVANT[field]
    return raw.count(marker) == 1 and bit == 8 * raw.index(marker) + offset


def irrelevant_changes(evidence: Evidence) -> Iterator[Evidence]:
    for field, raw, put in binary_fields(evidence):
        if field in IRRELEVANT:
            yield from (put(flipped(raw, bit)) for bit in range(8 * len(raw)) if is_irrelevant(field, raw, bit))


FIELDS = [
    (name, field)
    for name in RECORDED
    for field, raw, _ in binary_fields(read_evidence(RECORDED[name].read_bytes()))
    if raw
]


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_flipped_bit_is_refused(name: str, field: str) -> None:
    evidence = read_evidence(RECORDED[name].read_bytes())
    assert is_accepted(evidence)
    (raw, put), *_ = [(raw, put) for found, raw, put in binary_fields(evidence) if found == field]
    bits = range(8 * len(raw)) if EVERY else range(0, 8 * len(raw), 1 + 8 * len(raw) // 199)
    accepted = [bit for bit in bits if is_accepted(put(flipped(raw, bit))) and not is_irrelevant(field, raw, bit)]
    assert accepted == []


def number_fields(entry: LogEntry) -> Iterator[tuple[str, int, Callable[[int], LogEntry]]]:
    yield "log index", entry.log_index, lambda number: entry._replace(log_index=number)
    if entry.integrated_at is not None:
        yield "integrated time", entry.integrated_at, lambda number: entry._replace(integrated_at=number)
    proof = entry.proof
    if proof is not None:
        yield "proof index", proof.log_index, lambda number: entry._replace(proof=proof._replace(log_index=number))
        yield "proof size", proof.size, lambda number: entry._replace(proof=proof._replace(size=number))


@pytest.mark.parametrize("name", RECORDED)
def test_a_changed_number_is_refused(name: str) -> None:
    evidence = read_evidence(RECORDED[name].read_bytes())
    for field, number, put in number_fields(evidence.entries[0]):
        for other in (number - 1, number + 1, 0, 2**31, 2**62):
            if other != number:
                assert not is_accepted(evidence._replace(entries=(put(other),))), (field, other)


@pytest.mark.parametrize("name", RECORDED)
def test_a_changed_character_of_the_file_is_refused_or_changes_nothing(name: str) -> None:
    data = RECORDED[name].read_bytes()
    evidence = read_evidence(data)
    unchanged = [evidence, *irrelevant_changes(evidence)]
    step = 1 if EVERY else 1 + len(data) // 400
    for position in range(0, len(data), step):
        for bit in range(8) if EVERY else (position % 8,):
            try:
                changed = read_evidence(flipped(data, 8 * position + bit))
            except MalformedError:
                continue
            assert changed in unchanged or not is_accepted(changed), (position, bit)
