"""Witness cosignatures on checkpoints, and the keys that verify them. Source: C2SP tlog-cosignature, signed-note.

It is a signature line of the checkpoint's note: a time, and an Ed25519 signature over that and the note's text.
"""

import hashlib
from typing import Final

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = [
    "Cosignature",
    "WitnessKey",
    "cosigned_bytes",
    "format_cosignature",
    "format_witness_key",
    "parse_cosignature",
    "parse_witness_key",
    "witness_key_hint",
]

_TYPE: Final = b"\x04"  # cosignature/v1 with Ed25519
_TIME_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_KEY_BYTES: Final = 32


class Cosignature(Record):
    """What follows the key hint in a witness's signature line."""

    timestamp: int  # seconds since 1970, 0 <= t < 2**64
    signature: bytes  # 64 bytes


class WitnessKey(Record):
    """A witness as its operator publishes it: `NAME+HINT+KEY`."""

    name: str
    key_hint: bytes  # 4 bytes
    raw: bytes  # Ed25519, 32 bytes


def parse_cosignature(raw: bytes) -> Cosignature:
    """Parse a signature line's content behind the key hint.

    Raises: MalformedError: not 72 bytes.
    """
    if len(raw) != _TIME_BYTES + _SIGNATURE_BYTES:
        problem = f"is {len(raw)} bytes, not a time of {_TIME_BYTES} and an Ed25519 signature of {_SIGNATURE_BYTES}"
        raise MalformedError("cosignature", problem)
    return Cosignature(int.from_bytes(raw[:_TIME_BYTES], "big"), raw[_TIME_BYTES:])


def format_cosignature(cosignature: Cosignature) -> bytes:
    """Write what `parse_cosignature` reads."""
    return cosignature.timestamp.to_bytes(_TIME_BYTES, "big") + cosignature.signature


def cosigned_bytes(timestamp: int, note_text: str) -> bytes:
    """What a witness signs: the time, and the checkpoint's text with its final newline."""
    return f"cosignature/v1\ntime {timestamp}\n{note_text}".encode()


def witness_key_hint(name: str, raw: bytes) -> bytes:
    """The 4 bytes that name a witness's key in its signature lines."""
    return hashlib.sha256(name.encode() + b"\n" + _TYPE + raw).digest()[:4]


def parse_witness_key(text: str) -> WitnessKey:
    """Parse a verifier key, `NAME+HINT+KEY`: the hint in hexadecimal, the key with its type in base64.

    Raises: MalformedError: another form or type, or a hint that is not the key's.
    """
    name, hint, encoded = (*text.split("+", 2), "", "")[:3]
    if not name or any(char.isspace() or 0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise MalformedError("witness key", "is not NAME+HINT+KEY")
    typed = decode_b64(encoded, what="witness key")
    if typed[:1] != _TYPE or len(typed) != 1 + _KEY_BYTES:
        raise MalformedError("witness key", "is not an Ed25519 key for cosignatures", code="key.unsupported")
    raw = typed[1:]
    if hint != witness_key_hint(name, raw).hex():
        raise MalformedError("witness key", f"has the hint {hint[:20]!r}, which is another key's")
    return WitnessKey(name, witness_key_hint(name, raw), raw)


def format_witness_key(key: WitnessKey) -> str:
    """Write what `parse_witness_key` reads."""
    return f"{key.name}+{key.key_hint.hex()}+{encode_b64(_TYPE + key.raw)}"
