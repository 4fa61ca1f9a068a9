"""What both Rekors ask of a submitter: a key or certificate that can be read, and signatures that it verifies."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.pem import parse_pem
from pycosign.codec.strict_json import JsonValue, load_json
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import PublicKey, load_public_key, parse_spki
from pycosign.errors import InvalidSignatureError, MalformedError
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE

__all__ = ["Presented", "check_message", "distinct", "read_der_verifier", "read_pem_verifier", "statement_digests"]

_KEPT: Final = 128  # parsed keys and certificates: a builder signs many artifacts with one


class Presented(NamedTuple):
    """A key as the submitter presented it."""

    key: PublicKey
    pem: bytes  # re-encoded: 64 columns, no text around; of a certificate with its chain: all of it
    names: tuple[str, ...]  # the certificate's subject alternative names

    def pem_digest(self) -> str:
        """Lower-case hex SHA-256 of the PEM: how Rekor v1 indexes a key."""
        return sha256(self.pem).hexdigest()


@lru_cache(maxsize=_KEPT)
def read_pem_verifier(pem: bytes) -> Presented:
    """Read a PEM public key, certificate, or certificate with its chain (leaf first, at most 10).

    Raises: MalformedError. InvalidSignatureError: a chain whose certificates do not sign each other.
    """
    what = "public key"
    blocks = parse_pem(pem, what=what)
    if blocks[0].label != "CERTIFICATE":
        key = load_public_key(pem, what)
        return Presented(key, key.pem(), ())
    if len(blocks) > limits.CERTIFICATES or any(block.label != "CERTIFICATE" for block in blocks):
        raise MalformedError(what, f"is neither one key nor 1 to {limits.CERTIFICATES} certificates")
    chain = [parse_certificate(block.der) for block in blocks]
    for child, issuer in pairwise(chain):
        child.check_signature(issuer.public_key)
    return Presented(chain[0].public_key, b"".join(item.pem() for item in chain), _names(chain[0]))


@lru_cache(maxsize=_KEPT)
def read_der_verifier(der: bytes, *, is_certificate: bool) -> PublicKey:
    """The key of a DER certificate, or of a DER SubjectPublicKeyInfo. Raises MalformedError."""
    return parse_certificate(der).public_key if is_certificate else parse_spki(der)


def _names(leaf: Certificate) -> tuple[str, ...]:
    return tuple(name.value for name in leaf.san)


def check_message(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Check a signature over a whole message.

    Writers hash with SHA-256 whatever the curve (Rekor v1's own rule) or with the curve's hash; both are taken.

    Raises: InvalidSignatureError.
    """
    if key.kind == "ed25519" or key.default_hash == "sha256":
        key.verify(signature, message)
        return
    try:
        key.verify(signature, message, hash_name="sha256")
    except InvalidSignatureError:
        key.verify(signature, message)


def statement_digests(payload_type: str, payload: bytes) -> tuple[str, ...]:
    """`ALGORITHM:HEX` of the subjects and materials of an in-toto statement, for the search index.

    A payload that is no statement, or has members of other forms, has none: the index is a convenience, and the log
    takes any payload.
    """
    if payload_type != IN_TOTO_PAYLOAD_TYPE:
        return ()
    try:
        statement = load_json(payload, what="statement", max_bytes=limits.PAYLOAD_BYTES)
    except MalformedError:
        return ()
    predicate = _member(statement, "predicate")
    return _digests(_member(statement, "subject")) + _digests(_member(predicate, "materials"))


def _member(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None


def _digests(items: JsonValue) -> tuple[str, ...]:
    if not isinstance(items, list):
        return ()
    found: list[str] = []
    for item in items[: limits.SUBJECTS]:
        digests = _member(item, "digest")
        if isinstance(digests, dict):
            found += [f"{name}:{text}".lower() for name, text in digests.items() if isinstance(text, str)]
    return tuple(found)


def distinct(items: Sequence[str]) -> tuple[str, ...]:
    """Without repetitions, in the order of first appearance."""
    return tuple(dict.fromkeys(items))
