"""What the certificate log signs and answers, as bytes and values. Pure: the timestamp is given.

RFC 6962 gives a leaf and the text that a promise (SCT) signs the same bytes: version and type are zero in both.
"""

import hashlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.errors import MalformedError, RefusedError, SigningError
from pycosign.wire.sct import (
    CertificateEntry,
    MerkleTreeLeaf,
    Sct,
    format_digitally_signed,
    format_merkle_tree_leaf,
    format_tree_head_signed,
    parse_merkle_tree_leaf,
)

__all__ = [
    "ChainRefusedError",
    "Entry",
    "LogKey",
    "entry_of_chain",
    "leaf_input",
    "precertificate_entry",
    "sign_leaf",
    "sign_tree_head",
]

POISON_OID: Final = "1.3.6.1.4.1.11129.2.4.3"
MAX_CHAIN: Final = 10


class ChainRefusedError(RefusedError):
    """A submitted chain is not one that this log takes."""

    code = "ctlog.chain-refused"


class LogKey(NamedTuple):
    """The log's id (SHA-256 of its key) and its signature function: ECDSA P-256 over SHA-256, DER."""

    log_id: bytes
    sign: Callable[[bytes], bytes]


class Entry(NamedTuple):
    """What is logged: the certificate as the leaf has it, what is kept beside it, and what makes it unique."""

    certificate: CertificateEntry
    extra_data: bytes
    dedupe_key: bytes


def _u24(raw: bytes) -> bytes:
    return len(raw).to_bytes(3, "big") + raw


def precertificate_entry(
    *, tbs_der: bytes, issuer_spki_der: bytes, precertificate_der: bytes, chain: Sequence[bytes]
) -> Entry:
    """The entry of a precertificate. `tbs_der`: its TBSCertificate without the poison; `chain`: issuer to root."""
    issuer_key_hash = hashlib.sha256(issuer_spki_der).digest()
    return Entry(
        certificate=CertificateEntry(issuer_key_hash, tbs_der),
        extra_data=_u24(precertificate_der) + _u24(b"".join(map(_u24, chain))),
        dedupe_key=hashlib.sha256(precertificate_der).digest(),
    )


def entry_of_chain(chain: Sequence[bytes], roots: Sequence[bytes], *, precertificate: bool) -> Entry:
    """The entry for a submitted chain, leaf first; the root may be left out.

    Raises: ChainRefusedError: empty or too long, not certificates, not signed by each other, no root of ours at the
            end, or a poison where there must be none or none where there must be one.
    """
    if not 1 <= len(chain) <= MAX_CHAIN:
        raise ChainRefusedError(f"chain must have 1 to {MAX_CHAIN} certificates, not {len(chain)}")
    try:
        parsed = [parse_certificate(der) for der in chain]
    except MalformedError as exc:
        raise ChainRefusedError(f"chain failed to verify: {exc}") from exc
    leaf = parsed[0]
    if leaf.has_extension(POISON_OID) != precertificate:
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
        certificate=CertificateEntry(None, leaf.der),
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
    return format_merkle_tree_leaf(MerkleTreeLeaf(timestamp_ms, entry.certificate))


def sign_leaf(leaf: bytes, key: LogKey) -> Sct:
    """The log's promise for a leaf of its own."""
    return Sct(key.log_id, parse_merkle_tree_leaf(leaf).timestamp_ms, b"", "sha256", "ecdsa", key.sign(leaf))


def sign_tree_head(size: int, root: bytes, timestamp_ms: int, key: LogKey) -> bytes:
    """The DigitallySigned of a tree head. Source: RFC 6962, 3.5."""
    return format_digitally_signed("sha256", "ecdsa", key.sign(format_tree_head_signed(timestamp_ms, size, root)))
