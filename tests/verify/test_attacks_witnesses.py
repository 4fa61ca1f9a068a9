"""Cosigned checkpoints: who signed beside the log, and what is made of it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pycosign.crypto.log_id import note_key_id
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import CheckpointError, MalformedError
from pycosign.verify.evidence import Evidence
from pycosign.verify.trust import TrustRoot
from pycosign.wire.cosignature import (
    Cosignature,
    WitnessKey,
    cosigned_bytes,
    format_cosignature,
    format_witness_key,
    parse_cosignature,
    witness_key_hint,
)
from pycosign.wire.note import Note, NoteSignature, format_note, parse_note
from tests.verify.attempts import Attempt, flipped
from tests.verify.factory import SIGNED_AT, World

NAME, OTHER_NAME = "witness.example.com/w1", "other.example.com"
SIGNER, OTHER_SIGNER = generate_signer("ed25519"), generate_signer("ed25519")
AT = 1_800_000_000
Lines = Callable[[Note], list[NoteSignature]]


def witness_key(name: str = NAME, signer: LocalSigner = SIGNER) -> WitnessKey:
    raw = signer.public_key.raw
    return WitnessKey(name, witness_key_hint(name, raw), raw)


KEY, OTHER_KEY = format_witness_key(witness_key()), format_witness_key(witness_key(OTHER_NAME, OTHER_SIGNER))


def line(note: Note, name: str = NAME, signer: LocalSigner = SIGNER, *, at: int = AT) -> NoteSignature:
    """A witness's line under a checkpoint."""
    signature = signer.sign(cosigned_bytes(at, note.text))
    return NoteSignature(name, witness_key(name, signer).key_hint, format_cosignature(Cosignature(at, signature)))


def with_checkpoint(evidence: Evidence, edit: Callable[[Note], Note]) -> Evidence:
    """The evidence with the checkpoint of its one log entry edited."""
    (entry,) = evidence.entries
    assert entry.proof is not None
    checkpoint = format_note(edit(parse_note(entry.proof.checkpoint)))
    return evidence._replace(entries=(entry._replace(proof=entry.proof._replace(checkpoint=checkpoint)),))


@pytest.fixture(params=["v1", "v2"])
def log(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def cosigned(world: World, log: str, lines: Lines, *, first: bool = False) -> Evidence:
    evidence = world.blob(log=log, stamped_at=SIGNED_AT if log == "v2" else None)
    return with_checkpoint(
        evidence,
        lambda note: note._replace(
            signatures=(*lines(note), *note.signatures) if first else (*note.signatures, *lines(note))
        ),
    )


def witnesses(world: World, evidence: Evidence, trust: TrustRoot) -> list[str]:
    (entry,) = Attempt(evidence, trust=trust).run(world).log_entries
    return [cosigner.name for cosigner in entry.witnesses]


def test_nobody_is_trusted_unless_named(world: World, log: str) -> None:
    verified = Attempt(cosigned(world, log, lambda note: [line(note)])).run(world)
    assert verified.log_entries[0].witnesses == ()
    assert [text for text in verified.ignored if NAME in text and "no such witness is trusted" in text]


@pytest.mark.parametrize("first", [True, False])
def test_a_named_witness_counts_wherever_its_line_stands(world: World, log: str, first: bool) -> None:
    trust = world.trust().with_witnesses(KEY)
    evidence = cosigned(world, log, lambda note: [line(note)], first=first)
    verified = Attempt(evidence, trust=trust).run(world)
    (cosigner,) = verified.log_entries[0].witnesses
    assert (cosigner.name, cosigner.at) == (NAME, datetime.fromtimestamp(AT, UTC))
    assert verified.ignored == ()


def test_several_witnesses_count_each_once(world: World, log: str) -> None:
    trust = world.trust().with_witnesses(KEY).with_witnesses(OTHER_KEY)
    evidence = cosigned(
        world, log, lambda note: [line(note), line(note, OTHER_NAME, OTHER_SIGNER), line(note, at=AT + 1)]
    )
    assert witnesses(world, evidence, trust) == [NAME, OTHER_NAME]
    assert witnesses(world, evidence, world.trust().with_witnesses(OTHER_KEY)) == [OTHER_NAME]


def test_a_witness_does_not_stand_for_the_log(world: World, log: str) -> None:
    evidence = with_checkpoint(
        cosigned(world, log, lambda note: [line(note)]), lambda note: note._replace(signatures=note.signatures[1:])
    )
    with pytest.raises(CheckpointError):
        Attempt(evidence, trust=world.trust().with_witnesses(KEY)).run(world)


FORGERIES: dict[str, Callable[[Note, NoteSignature], NoteSignature]] = {
    "another time": lambda note, good: good._replace(signature=(AT + 1).to_bytes(8, "big") + good.signature[8:]),
    "a flipped bit": lambda note, good: good._replace(signature=flipped(good.signature, 300)),
    "cut short": lambda note, good: good._replace(signature=good.signature[:-1]),
    "too long": lambda note, good: good._replace(signature=good.signature + b"\0"),
    "the checkpoint itself signed, without a time": lambda note, good: good._replace(
        signature=bytes(8) + SIGNER.sign(note.text.encode())
    ),
    "another checkpoint": lambda note, good: line(note._replace(text=note.text.replace("\n", "x\n", 1))),
    "the other witness's": lambda note, good: good._replace(signature=line(note, NAME, OTHER_SIGNER).signature),
    "a time that no clock has": lambda note, good: line(note, at=2**64 - 1),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_bad_line_of_a_trusted_witness_refuses(world: World, log: str, name: str) -> None:
    evidence = cosigned(world, log, lambda note: [FORGERIES[name](note, line(note))])
    with pytest.raises(CheckpointError):
        Attempt(evidence, trust=world.trust().with_witnesses(KEY)).run(world)
    assert witnesses(world, evidence, world.trust()) == []  # of an unknown one it is not looked at


def test_a_line_under_another_name_is_not_the_witness_s(world: World, log: str) -> None:
    evidence = cosigned(world, log, lambda note: [line(note)._replace(name="evil.example.com")])
    assert witnesses(world, evidence, world.trust().with_witnesses(KEY)) == []


def test_a_log_that_is_changing_its_key_signs_with_both(world: World, log: str) -> None:
    new = generate_signer("ed25519")

    def rotated(note: Note) -> list[NoteSignature]:
        name = note.signatures[0].name
        return [NoteSignature(name, note_key_id(name, new.public_key)[:4], new.sign(note.text.encode()))]

    for first in (True, False):
        assert witnesses(world, cosigned(world, log, rotated, first=first), world.trust()) == []


def test_only_sound_keys_can_be_named(world: World) -> None:
    weak = WitnessKey(NAME, witness_key_hint(NAME, bytes(32)), bytes(32))
    with pytest.raises(MalformedError):
        world.trust().with_witnesses(format_witness_key(weak))
    assert parse_cosignature(bytes(72)) == Cosignature(0, bytes(64))


def test_the_other_trust_stays(world: World) -> None:
    before = world.trust()
    after = before.with_witnesses(KEY)
    assert (before.witnesses, after.witnesses) == ((), (witness_key(),))
    assert after.logs.keys() == before.logs.keys()
    assert after.ct_logs.keys() == before.ct_logs.keys()
    assert after.certificate_authorities == before.certificate_authorities
