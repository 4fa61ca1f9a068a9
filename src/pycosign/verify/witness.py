"""Witnesses: others than the log who signed its checkpoint, and so saw the same tree. Source: C2SP tlog-cosignature.

Trust roots name none yet, so nobody must have cosigned; the caller may name witnesses (`TrustRoot.with_witnesses`).
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from pycosign.codec.der_writer import der_bits, der_oid, der_sequence
from pycosign.crypto.keys import PublicKey, parse_spki
from pycosign.errors import CheckpointError, InvalidSignatureError, MalformedError
from pycosign.record import Record
from pycosign.wire.cosignature import WitnessKey, cosigned_bytes, parse_cosignature
from pycosign.wire.note import Note, NoteSignature

__all__ = ["Cosigned", "check_cosignatures", "witness_public_key"]

_ED25519_OID = "1.3.101.112"
_MAX_TIME = 253_402_300_799  # the last second that a datetime can hold


class Cosigned(Record):
    """A trusted witness saw the checkpoint."""

    name: str
    at: datetime  # as the witness says


def check_cosignatures(
    note: Note, others: Iterable[NoteSignature], witnesses: tuple[WitnessKey, ...]
) -> tuple[tuple[Cosigned, ...], tuple[str, ...]]:
    """Check the lines of a checkpoint that are not its log's.

    Returns: the witnesses that count, each once; and why the other lines do not.
    Raises:  CheckpointError: a trusted witness's line does not verify.
    """
    counted: dict[WitnessKey, Cosigned] = {}
    ignored: list[str] = []
    for line in others:
        witness = next((key for key in witnesses if (key.name, key.key_hint) == (line.name, line.key_hint)), None)
        if witness is None:
            ignored.append(f"{line.name[:100]!a} signed the checkpoint too, and no such witness is trusted")
            continue
        cosigned = _check(note, line, witness)
        counted.setdefault(witness, cosigned)
    return tuple(counted.values()), tuple(ignored)


def witness_public_key(witness: WitnessKey) -> PublicKey:
    """Raises: MalformedError: not a sound Ed25519 key."""
    spki = der_sequence(der_sequence(der_oid(_ED25519_OID)), der_bits(witness.raw))
    return parse_spki(spki, f"key of witness {witness.name}")


def _check(note: Note, line: NoteSignature, witness: WitnessKey) -> Cosigned:
    try:
        cosignature = parse_cosignature(line.signature)
        message = cosigned_bytes(cosignature.timestamp, note.text)
        witness_public_key(witness).verify(cosignature.signature, message)
    except (InvalidSignatureError, MalformedError) as exc:
        raise CheckpointError(f"the cosignature of the witness {witness.name} does not verify") from exc
    if cosignature.timestamp > _MAX_TIME:
        raise CheckpointError(f"the cosignature of the witness {witness.name} is not of a time")
    return Cosigned(witness.name, datetime.fromtimestamp(cosignature.timestamp, UTC))
