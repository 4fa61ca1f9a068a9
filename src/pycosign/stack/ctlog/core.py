"""What the certificate log signs and answers, as bytes and values. Pure: the timestamp is given.

RFC 6962 gives a leaf and the text that a promise (SCT) signs the same bytes: version and type are zero in
both.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from pycosign.codec.b64 import encode_b64
from pycosign.codec.der import der_octets
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.errors import MalformedError, RefusedError, SigningError

__all__ = [
    "ChainRefusedError",
    "Entry",
    "LogKey",
    "entry_of_chain",
    "leaf_input",
    "leaf_timestamp",
    "precertificate_entry",
    "sct_bytes",
    "sct_json",
    "sct_list_value",
    "tree_head_text",
]

POISON_OID: Final = "1.3.6.1.4.1.11129.2.4.3"
MAX_CHAIN: Final = 10
X509_ENTRY: Final = 0
PRECERT_ENTRY: Final = 1
_TIMESTAMP = slice(2, 10)  # in a leaf: after version and type


class ChainRefusedError(RefusedError):
    """A submitted chain is not one that this log takes."""

    code = "ctlog.chain-refused"


class LogKey(NamedTuple):
    """The log's id (SHA-256 of its key) and its signature function: ECDSA P-256 over SHA-256, DER."""

    log_id: bytes
    sign: Callable[[bytes], bytes]


class Entry(NamedTuple):
    """What is logged: its type and body as the leaf has them, what is kept beside it, and what makes it
    unique.
    """

    body: bytes  # u16 type, then u24 certificate, or 32 bytes issuer key hash and u24 TBS
    extra_data: bytes
    dedupe_key: bytes


def _u24(raw: bytes) -> bytes:
    return len(raw).to_bytes(3, "big") + raw


def precertificate_entry(
    *, tbs_der: bytes, issuer_spki_der: bytes, precertificate_der: bytes, chain: Sequence[bytes]
) -> Entry:
    """The entry of a precertificate. `tbs_der`: its TBSCertificate without the poison; `chain`: issuer to
    root.
    """
    issuer_key_hash = hashlib.sha256(issuer_spki_der).digest()
    return Entry(
        body=struct.pack(">H", PRECERT_ENTRY) + issuer_key_hash + _u24(tbs_der),
        extra_data=_u24(precertificate_der) + _u24(b"".join(map(_u24, chain))),
        dedupe_key=hashlib.sha256(precertificate_der).digest(),
    )


def entry_of_chain(chain: Sequence[bytes], roots: Sequence[bytes], *, precertificate: bool) -> Entry:
    """The entry for a submitted chain, leaf first; the root may be left out.

    Raises: ChainRefusedError: empty or too long, not certificates, not signed by each other, no root of ours
    at the
            end, or a poison where there must be none or none where there must be one.
    """
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise ChainRefusedError(f"chain must have 1 to {MAX_CHAIN} certificates, not {len(chain)}")
    try:
        parsed = [parse_certificate(der) for der in chain]
    except MalformedError as exc:
        raise ChainRefusedError(f"chain failed to verify: {exc}") from exc
    leaf = parsed[0]
    if (POISON_OID in leaf.extensions) != precertificate:
        wanted = "a precertificate" if precertificate else "a certificate"
        raise ChainRefusedError(f"chain failed to verify: the leaf is not {wanted}")
    parsed = _complete(parsed, roots)
    for subject, issuer in pairwise(parsed):
        _check_issued(subject, issuer)
    rest = [certificate.der for certificate in parsed[1:]]
    if precertificate:
        return precertificate_entry(
            tbs_der=leaf.tbs_without(POISON_OID),
            issuer_spki_der=parsed[1].spki_der,
            precertificate_der=leaf.der,
            chain=rest,
        )
    return Entry(
        body=struct.pack(">H", X509_ENTRY) + _u24(leaf.der),
        extra_data=_u24(b"".join(map(_u24, rest))),
        dedupe_key=hashlib.sha256(leaf.der).digest(),
    )


def _complete(parsed: list[Certificate], roots: Sequence[bytes]) -> list[Certificate]:
    """The chain with one of our roots at its end."""
    last = parsed[-1]
    if last.der in roots and len(parsed) > 1:
        return parsed
    for der in roots:
        root = parse_certificate(der)
        if root.subject_der == last.issuer_der and root.der != last.der:
            return [*parsed, root]
    raise ChainRefusedError("chain failed to verify: certificate signed by unknown authority")


def _check_issued(subject: Certificate, issuer: Certificate) -> None:
    if subject.issuer_der != issuer.subject_der or not issuer.is_ca:
        raise ChainRefusedError("chain failed to verify: a certificate is not issued by the next")
    try:
        subject.check_signature(issuer.public_key)
    except SigningError as exc:
        raise ChainRefusedError("chain failed to verify: a signature does not hold") from exc


def leaf_input(entry: Entry, timestamp_ms: int) -> bytes:
    """The MerkleTreeLeaf, which is also what the promise signs: no extensions."""
    return struct.pack(">BBQ", 0, 0, timestamp_ms) + entry.body + b"\x00\x00"


def leaf_timestamp(leaf: bytes) -> int:
    """The Unix milliseconds in a leaf of ours."""
    return int.from_bytes(leaf[_TIMESTAMP], "big")


def digitally_signed(text: bytes, key: LogKey) -> bytes:
    """A TLS DigitallySigned: SHA-256 (4), ECDSA (3), the signature with its length."""
    signature = key.sign(text)
    return struct.pack(">BBH", 4, 3, len(signature)) + signature


def sct_bytes(leaf: bytes, signed: bytes, key: LogKey) -> bytes:
    """A SignedCertificateTimestamp over a leaf; `signed`: its DigitallySigned."""
    return b"\x00" + key.log_id + leaf[_TIMESTAMP] + b"\x00\x00" + signed


def sct_list_value(sct: bytes) -> bytes:
    """The value of the SCT list extension with one SCT: an OCTET STRING around the TLS list."""
    item = struct.pack(">H", len(sct)) + sct
    return der_octets(struct.pack(">H", len(item)) + item)


def sct_json(leaf: bytes, signed: bytes, key: LogKey) -> dict[str, object]:
    """The answer to a submission."""
    return {
        "sct_version": 0,
        "id": encode_b64(key.log_id),
        "timestamp": leaf_timestamp(leaf),
        "extensions": "",
        "signature": encode_b64(signed),
    }


def tree_head_text(size: int, root: bytes, timestamp_ms: int) -> bytes:
    """What the signature of a tree head covers. Source: RFC 6962, 3.5."""
    return struct.pack(">BBQQ", 0, 1, timestamp_ms, size) + root
