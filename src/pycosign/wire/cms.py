"""CMS signed data with one signer and signed attributes, strictly DER: what timestamps are made of. Source: RFC 5652.

Nothing is verified here. Revocation lists, unsigned attributes and unknown signed ones are skipped.
"""

from datetime import datetime
from typing import Final

from pycosign.codec.der import SEQUENCE, DerReader
from pycosign.codec.der_writer import der_element
from pycosign.errors import MalformedError
from pycosign.limits import CERTIFICATES
from pycosign.record import Record

__all__ = [
    "CONTENT_TYPE",
    "MESSAGE_DIGEST",
    "SHA1_OID",
    "SHA256_OID",
    "SIGNED_DATA",
    "SIGNING_CERTIFICATE_V2",
    "SIGNING_TIME",
    "SignedData",
    "SignerInfo",
    "parse_content_info",
    "read_algorithm",
]

SHA1_OID: Final = "1.3.14.3.2.26"
SHA256_OID: Final = "2.16.840.1.101.3.4.2.1"
SIGNED_DATA: Final = "1.2.840.113549.1.7.2"
CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE: Final = "1.2.840.113549.1.9.16.2.12"  # with SHA-1
SIGNING_CERTIFICATE_V2: Final = "1.2.840.113549.1.9.16.2.47"


class SignerInfo(Record):
    """The one signer, named by issuer and serial number or by key identifier. Source: RFC 5652, 5.3."""

    issuer_der: bytes | None  # a whole Name
    serial: int | None
    key_id: bytes | None
    digest_oid: str
    signed_attrs_der: bytes  # with the tag of a SET, as it is signed
    message_digest: bytes
    signing_time: datetime | None
    ess_hash_oid: str | None  # of the signed reference to the signer's certificate; None: there is none
    ess_certificate_hash: bytes | None
    signature_oid: str
    signature: bytes


class SignedData(Record):
    """What is signed, the certificates that came with it, and the signer."""

    e_content: bytes
    certificates_der: tuple[bytes, ...]
    signer: SignerInfo


def parse_content_info(content_info: DerReader, content_type: str) -> SignedData:
    """Read a ContentInfo that holds signed data of version 3 around a content of this type, and one signer.

    Raises: MalformedError, naming the reader's `what`.
    """
    what = content_info.what
    if content_info.oid() != SIGNED_DATA:
        raise MalformedError(what, "is not signed data")
    explicit = content_info.context(0)
    content_info.finish()
    fields = explicit.sequence()
    explicit.finish()
    if fields.integer() != 3:
        raise MalformedError(what, "is not signed data of version 3")
    digest_algorithms = fields.set_of()
    digest_oids: list[str] = []
    while not digest_algorithms.at_end():
        digest_oids.append(read_algorithm(digest_algorithms))
    e_content = _read_encapsulated(fields.sequence(), content_type)
    certificates_der = _read_certificates(fields.optional_context(0))
    if fields.next_is(0xA1):
        fields.whole()  # revocation lists
    signers = fields.set_of()
    fields.finish()
    signer = _read_signer(signers.sequence(f"{what} signer"), content_type)
    signers.finish()
    if signer.digest_oid not in digest_oids:
        raise MalformedError(what, "does not list its signer's digest algorithm")
    return SignedData(e_content, certificates_der, signer)


def read_algorithm(fields: DerReader) -> str:
    """The OID of an AlgorithmIdentifier whose parameters are NULL or absent."""
    algorithm = fields.sequence()
    oid = algorithm.oid()
    if not algorithm.at_end():
        algorithm.null()
    algorithm.finish()
    return oid


def _read_encapsulated(content: DerReader, content_type: str) -> bytes:
    if content.oid() != content_type:
        raise MalformedError(content.what, "holds another type of content")
    explicit = content.context(0)
    content.finish()
    octets = explicit.octets()
    explicit.finish()
    return octets


def _read_certificates(items: DerReader | None) -> tuple[bytes, ...]:
    certificates: list[bytes] = []
    while items is not None and not items.at_end():
        if len(certificates) == CERTIFICATES:
            raise MalformedError(items.what, f"has more than {CERTIFICATES} certificates")
        certificates.append(items.whole(SEQUENCE))
    return tuple(certificates)


def _read_signer(fields: DerReader, content_type: str) -> SignerInfo:
    version = fields.integer()
    issuer_der, serial, key_id = None, None, None
    if version == 1:
        signer = fields.sequence()
        issuer_der, serial = signer.whole(SEQUENCE), signer.bounded_integer()
        signer.finish()
    elif version == 3:
        key_id = fields.content(0x80)
    else:
        raise MalformedError(fields.what, "is neither of version 1 nor 3")
    digest_oid = read_algorithm(fields)
    content = fields.content(0xA0)
    values = _read_attributes(content, f"{fields.what}'s attributes")
    message_digest, signing_time, ess = _read_known_attributes(values, f"{fields.what}'s attributes", content_type)
    signature_oid, signature = read_algorithm(fields), fields.octets()
    if fields.next_is(0xA1):
        fields.whole()  # unsigned attributes
    fields.finish()
    return SignerInfo(
        issuer_der=issuer_der,
        serial=serial,
        key_id=key_id,
        digest_oid=digest_oid,
        signed_attrs_der=der_element(0x31, content),
        message_digest=message_digest,
        signing_time=signing_time,
        ess_hash_oid=ess[0] if ess else None,
        ess_certificate_hash=ess[1] if ess else None,
        signature_oid=signature_oid,
        signature=signature,
    )


def _read_attributes(content: bytes, what: str) -> dict[str, DerReader]:
    """Readers over the values of each attribute, by OID."""
    values: dict[str, DerReader] = {}
    attributes = DerReader(content, what)
    while not attributes.at_end():
        attribute = attributes.sequence()
        oid, value = attribute.oid(), attribute.set_of()
        attribute.finish()
        if oid in values:
            raise MalformedError(what, f"have {oid} twice")
        values[oid] = value
    return values


def _read_known_attributes(
    values: dict[str, DerReader], what: str, content_type: str
) -> tuple[bytes, datetime | None, tuple[str, bytes] | None]:
    """The message digest, the signing time and the reference to the signer's certificate; one value in each."""
    if CONTENT_TYPE not in values or MESSAGE_DIGEST not in values:
        raise MalformedError(what, "lack the content's type or digest")
    if values[CONTENT_TYPE].oid() != content_type:
        raise MalformedError(what, "name another type of content")
    message_digest = values[MESSAGE_DIGEST].octets()
    signing_time = values[SIGNING_TIME].time() if SIGNING_TIME in values else None
    ess = None
    if SIGNING_CERTIFICATE_V2 in values:
        ess = _read_reference(values[SIGNING_CERTIFICATE_V2].sequence(), SHA256_OID)
    elif SIGNING_CERTIFICATE in values:
        ess = _read_reference(values[SIGNING_CERTIFICATE].sequence(), SHA1_OID)
    for oid in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME, SIGNING_CERTIFICATE_V2):
        if oid in values:
            values[oid].finish()
    return message_digest, signing_time, ess


def _read_reference(fields: DerReader, default_hash_oid: str) -> tuple[str, bytes]:
    """Hash OID and hash of the signer's certificate: the first ESSCertID or ESSCertIDv2. Source: RFC 5035, 3 and 4.

    Issuer and serial number, which may follow, are in the certificate itself.
    """
    reference = fields.sequence().sequence()
    hash_oid = default_hash_oid
    if default_hash_oid == SHA256_OID and reference.next_is(SEQUENCE):
        hash_oid = read_algorithm(reference)
    return hash_oid, reference.octets()
