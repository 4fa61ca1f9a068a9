"""Signed certificate timestamps, and the leaves of a certificate log. Source: RFC 6962, 3 (TLS encoding: RFC 5246, 4).

Integers are big-endian; a vector has its length in front.
"""

from typing import Final

from pycosign.codec.der import DerReader
from pycosign.codec.der_writer import der_octets
from pycosign.errors import MalformedError, UsageError
from pycosign.limits import SCTS
from pycosign.record import Record

__all__ = [
    "PRECERT_ENTRY",
    "X509_ENTRY",
    "CertificateEntry",
    "MerkleTreeLeaf",
    "Sct",
    "format_digitally_signed",
    "format_merkle_tree_leaf",
    "format_sct",
    "format_sct_list",
    "format_tree_head_signed",
    "parse_digitally_signed",
    "parse_merkle_tree_leaf",
    "parse_sct",
    "parse_sct_list",
    "sct_signed_bytes",
]

X509_ENTRY: Final = 0
PRECERT_ENTRY: Final = 1
_V1: Final = 0
_CERTIFICATE_TIMESTAMP: Final = 0  # what a signature is over: an SCT ...
_TREE_HASH: Final = 1  # ... or a tree head
_HASH_NAMES: Final = {4: "sha256", 5: "sha384", 6: "sha512"}
_SIGNATURE_NAMES: Final = {1: "rsa", 3: "ecdsa"}
_HASH_CODES: Final = {name: code for code, name in _HASH_NAMES.items()}
_SIGNATURE_CODES: Final = {name: code for code, name in _SIGNATURE_NAMES.items()}


class Sct(Record):
    """A log's promise to include a certificate."""

    log_id: bytes  # 32 bytes
    timestamp_ms: int  # since 1970, 0 <= t < 2**64
    extensions: bytes  # empty in RFC 6962 logs; the leaf's index in static ones
    hash_alg: str  # "sha256", "sha384", "sha512"
    sig_alg: str  # "ecdsa", "rsa"
    signature: bytes
    version: int = _V1


class CertificateEntry(Record):
    """What was submitted: a certificate, or a precertificate's TBS under its issuer's key."""

    issuer_key_hash: bytes | None  # SHA-256 of the issuer's SubjectPublicKeyInfo; None: an X.509 entry
    der: bytes  # the certificate, or the TBSCertificate without poison and SCT list

    @property
    def entry_type(self) -> int:
        """`X509_ENTRY` or `PRECERT_ENTRY`."""
        return X509_ENTRY if self.issuer_key_hash is None else PRECERT_ENTRY


class MerkleTreeLeaf(Record):
    """A leaf of a certificate log."""

    timestamp_ms: int
    entry: CertificateEntry
    extensions: bytes = b""


class _TlsReader:
    """Reads TLS's fixed fields and vectors. Raises MalformedError naming `what`."""

    __slots__ = ("_at", "_raw", "_what")

    def __init__(self, raw: bytes, what: str) -> None:
        self._raw, self._at, self._what = raw, 0, what

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._raw):
            raise MalformedError(self._what, "ends too early")
        taken, self._at = self._raw[self._at : end], end
        return taken

    def number(self, count: int) -> int:
        value = 0
        for byte in self.take(count):
            value = value << 8 | byte
        return value

    def vector(self, length_bytes: int) -> bytes:
        return self.take(self.number(length_bytes))

    def at_end(self) -> bool:
        return self._at == len(self._raw)

    def finish(self) -> None:
        if not self.at_end():
            raise MalformedError(self._what, "has trailing bytes")


def _vector(content: bytes, length_bytes: int) -> bytes:
    if len(content) >= 256**length_bytes:
        raise UsageError(f"{len(content)} bytes do not fit in a vector of {length_bytes} length bytes")
    return len(content).to_bytes(length_bytes, "big") + content


# ---- signatures ------------------------------------------------------------------------------------------
def parse_digitally_signed(raw: bytes, what: str = "signature") -> tuple[str, str, bytes]:
    """Hash, kind of key and signature of a DigitallySigned. Source: RFC 5246, 4.7.

    Raises: MalformedError: cut short, trailing bytes, or another algorithm.
    """
    reader = _TlsReader(raw, what)
    algorithms = _read_digitally_signed(reader, what)
    reader.finish()
    return algorithms


def _read_digitally_signed(reader: _TlsReader, what: str) -> tuple[str, str, bytes]:
    hash_name, key_name = _HASH_NAMES.get(reader.number(1)), _SIGNATURE_NAMES.get(reader.number(1))
    if hash_name is None or key_name is None:
        raise MalformedError(what, "uses an algorithm that is not supported", code="algorithm.unsupported")
    return hash_name, key_name, reader.vector(2)


def format_digitally_signed(hash_alg: str, sig_alg: str, signature: bytes) -> bytes:
    """Write a DigitallySigned.

    Raises: UsageError: an algorithm without a TLS code, or a signature over 65,535 bytes.
    """
    if hash_alg not in _HASH_CODES or sig_alg not in _SIGNATURE_CODES:
        raise UsageError(f"TLS has no code for {sig_alg} with {hash_alg}")
    return bytes((_HASH_CODES[hash_alg], _SIGNATURE_CODES[sig_alg])) + _vector(signature, 2)


# ---- SCTs ------------------------------------------------------------------------------------------------
def parse_sct(raw: bytes) -> Sct:
    """Parse one SCT.

    Raises: MalformedError: another version, cut short, trailing bytes, or another algorithm.
    """
    reader = _TlsReader(raw, "SCT")
    version = reader.number(1)
    if version != _V1:
        raise MalformedError("SCT", f"is of version {version}")
    log_id, timestamp_ms, extensions = reader.take(32), reader.number(8), reader.vector(2)
    hash_alg, sig_alg, signature = _read_digitally_signed(reader, "SCT")
    reader.finish()
    return Sct(log_id, timestamp_ms, extensions, hash_alg, sig_alg, signature)


def format_sct(sct: Sct) -> bytes:
    """Write one SCT.

    Raises: UsageError: a field that does not fit.
    """
    if sct.version != _V1 or len(sct.log_id) != 32:
        raise UsageError("an SCT is of version 1 and has a log id of 32 bytes")
    head = bytes((sct.version,)) + sct.log_id + sct.timestamp_ms.to_bytes(8, "big")
    return head + _vector(sct.extensions, 2) + format_digitally_signed(sct.hash_alg, sct.sig_alg, sct.signature)


def parse_sct_list(extension_value: bytes) -> tuple[Sct, ...]:
    """Parse a certificate's SCT list: a DER OCTET STRING around a vector of vectors. Source: RFC 6962, 3.3.

    Args:    extension_value: the content of extnValue (`Certificate.sct_list_der`).
    Returns: 1 to `SCTS` of them, in their order.
    Raises:  MalformedError.
    """
    outer = DerReader(extension_value, "SCT list")
    octets = outer.octets()
    outer.finish()
    reader = _TlsReader(octets, "SCT list")
    items = _TlsReader(reader.vector(2), "SCT list")
    reader.finish()
    scts: list[Sct] = []
    while not items.at_end():
        if len(scts) == SCTS:
            raise MalformedError("SCT list", f"has more than {SCTS} SCTs")
        scts.append(parse_sct(items.vector(2)))
    if not scts:
        raise MalformedError("SCT list", "is empty")
    return tuple(scts)


def format_sct_list(scts: tuple[Sct, ...]) -> bytes:
    """Write a certificate's SCT list, with its OCTET STRING: the content of extnValue."""
    return der_octets(_vector(b"".join(_vector(format_sct(sct), 2) for sct in scts), 2))


def sct_signed_bytes(timestamp_ms: int, entry: CertificateEntry, extensions: bytes = b"") -> bytes:
    """What an SCT's signature is over. Source: RFC 6962, 3.2."""
    return bytes((_V1, _CERTIFICATE_TIMESTAMP)) + _timestamped_entry(timestamp_ms, entry, extensions)


def format_tree_head_signed(timestamp_ms: int, size: int, root: bytes) -> bytes:
    """What a signed tree head's signature is over. Source: RFC 6962, 3.5."""
    return bytes((_V1, _TREE_HASH)) + timestamp_ms.to_bytes(8, "big") + size.to_bytes(8, "big") + root


# ---- leaves ----------------------------------------------------------------------------------------------
def _timestamped_entry(timestamp_ms: int, entry: CertificateEntry, extensions: bytes) -> bytes:
    return (
        timestamp_ms.to_bytes(8, "big")
        + entry.entry_type.to_bytes(2, "big")
        + (entry.issuer_key_hash or b"")
        + _vector(entry.der, 3)
        + _vector(extensions, 2)
    )


def format_merkle_tree_leaf(leaf: MerkleTreeLeaf) -> bytes:
    """Write a leaf: version 1, a timestamped entry. Source: RFC 6962, 3.4."""
    return bytes((_V1, 0)) + _timestamped_entry(leaf.timestamp_ms, leaf.entry, leaf.extensions)


def parse_merkle_tree_leaf(raw: bytes) -> MerkleTreeLeaf:
    """Parse a leaf.

    Raises: MalformedError: another version or type, cut short, or trailing bytes.
    """
    reader = _TlsReader(raw, "certificate log leaf")
    if reader.take(2) != bytes((_V1, 0)):
        raise MalformedError("certificate log leaf", "is not a timestamped entry of version 1")
    timestamp_ms, entry_type = reader.number(8), reader.number(2)
    if entry_type not in (X509_ENTRY, PRECERT_ENTRY):
        raise MalformedError("certificate log leaf", f"is of unknown type {entry_type}")
    issuer_key_hash = reader.take(32) if entry_type == PRECERT_ENTRY else None
    entry = CertificateEntry(issuer_key_hash, reader.vector(3))
    extensions = reader.vector(2)
    reader.finish()
    return MerkleTreeLeaf(timestamp_ms, entry, extensions)
