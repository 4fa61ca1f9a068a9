"""Tools of a forger: certificates, log entries and timestamps whose structure is wrong and whose signature is right."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from cryptography import x509

from pycosign.codec.der import DerReader, read_der
from pycosign.codec.der_writer import der_bits, der_boolean, der_context, der_octets, der_oid, der_sequence
from pycosign.crypto.signers import LocalSigner
from tests.verify.issuing import Issued

ECDSA_SHA256 = der_sequence(der_oid("1.2.840.10045.4.3.2"))
Edit = Callable[[list[bytes]], list[bytes]]
SECOND = timedelta(seconds=1)


class Forged(Issued):
    """A certificate that `cryptography` would not build or read."""

    def __init__(self, der: bytes, signer: LocalSigner, like: x509.Certificate) -> None:
        super().__init__(like, signer)
        self._der = der

    @property
    def der(self) -> bytes:
        return self._der


def elements(content: DerReader) -> list[bytes]:
    """Every element of a structure, whole."""
    found = []
    while not content.at_end():
        found.append(content.whole())
    return found


def inside(der: bytes) -> list[bytes]:
    """The elements inside one element, whatever its tag."""
    return elements(read_der(der, der[0], "forged"))


def wrap(tag: int, parts: list[bytes]) -> bytes:
    """An element with this tag around others."""
    body = b"".join(parts)
    return bytes((tag,)) + der_octets(body)[1:]


def reissued(issued: Issued, ca: Issued, *, tbs: Edit | None = None, extensions: Edit | None = None) -> Forged:
    """The certificate with its TBSCertificate's elements, or its extensions, edited, and signed by `ca` again."""
    body, algorithm, _ = inside(issued.der)
    parts = inside(body)
    if extensions is not None:
        (listed,) = inside(parts[-1])
        parts[-1] = der_context(3, der_sequence(*extensions(inside(listed))))
    if tbs is not None:
        parts = tbs(parts)
    edited = der_sequence(*parts)
    return Forged(der_sequence(edited, algorithm, der_bits(ca.signer.sign(edited))), issued.signer, issued.certificate)


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """An extension, DER."""
    return der_sequence(der_oid(oid), *([der_boolean(True)] if critical else []), der_octets(value))


def has_oid(oid: str) -> Callable[[bytes], bool]:
    """Whether an extension, DER, has this OID."""
    return lambda der: inside(der)[0] == der_oid(oid)


def restamped(
    response: bytes, signer: LocalSigner, *, info: Edit | None = None, attributes: Edit | None = None
) -> bytes:
    """A timestamp response whose TSTInfo or signed attributes are edited, signed again by `signer`."""
    status, content_info = inside(response)
    oid, explicit = inside(content_info)
    (signed_data,) = inside(explicit)
    version, algorithms, encapsulated, certificates, signers = inside(signed_data)
    (signer_info,) = inside(signers)
    content_type, content = inside(encapsulated)
    (octets,) = inside(content)
    tst_info = DerReader(octets, "forged").octets()
    if info is not None:
        tst_info = der_sequence(*info(inside(tst_info)))
    fields = inside(signer_info)
    found = inside(fields[3])
    digest = der_sequence(der_oid("1.2.840.113549.1.9.4"), wrap(0x31, [der_octets(hashlib.sha256(tst_info).digest())]))
    found = [digest if der_oid("1.2.840.113549.1.9.4") in item else item for item in found]
    if attributes is not None:
        found = attributes(found)
    fields[3] = wrap(0xA0, found)
    fields[5] = der_octets(signer.sign(wrap(0x31, found)))
    encapsulated = der_sequence(content_type, der_context(0, der_octets(tst_info)))
    return _response(
        status, oid, [version, algorithms, encapsulated, certificates, wrap(0x31, [der_sequence(*fields)])]
    )


def with_signed_data(response: bytes, edit: Edit) -> bytes:
    """A timestamp response with the elements of its SignedData edited; nothing is signed again."""
    status, content_info = inside(response)
    oid, explicit = inside(content_info)
    (signed_data,) = inside(explicit)
    return _response(status, oid, edit(inside(signed_data)))


def _response(status: bytes, oid: bytes, signed_data: list[bytes]) -> bytes:
    return der_sequence(status, der_sequence(oid, der_context(0, der_sequence(*signed_data))))
