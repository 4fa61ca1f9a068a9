"""How logs and their keys are named: log ids, and the key hints of signed notes.

Sources: RFC 6962, 3.2 (SHA-256 of the key); C2SP signed-note (name and type mixed in); Rekor v1 uses the former for its
notes too, Rekor v2 the latter for Ed25519.
"""

from typing import Final

from pycosign.crypto.digests import sha256
from pycosign.crypto.keys import PublicKey

__all__ = ["HINT_BYTES", "ed25519_note_key_id", "note_key_id", "spki_log_id"]

HINT_BYTES: Final = 4  # of an id, in a note's signature line
_ED25519: Final = b"\x01"
_OTHER: Final = b"\xff"
_RSA_TYPE: Final = b"PKIX-RSA-PKCS#1v1.5"


def spki_log_id(spki_der: bytes) -> bytes:
    """The id of a certificate log or Rekor v1 log, 32 bytes; its first 4 are the hint in Rekor v1's checkpoints."""
    return sha256(spki_der)


def ed25519_note_key_id(origin: str, raw: bytes) -> bytes:
    """The id of an Ed25519 key that signs notes as `origin`, 32 bytes.

    Args: raw: the public key's 32 bytes.
    """
    return sha256(origin.encode() + b"\n" + _ED25519 + raw)


def note_key_id(origin: str, key: PublicKey) -> bytes:
    """The id of a Rekor v2 log's key, 32 bytes: the trust root's and entries' `logId`; its first 4 are the hint."""
    if key.kind == "ed25519":
        return ed25519_note_key_id(origin, key.raw)
    if key.kind.startswith("rsa"):
        return sha256(origin.encode() + b"\n" + _OTHER + _RSA_TYPE + key.spki_der)
    return spki_log_id(key.spki_der)
