"""RFC 3161 timestamps: requests, and responses with the CMS around them, strictly DER. Sources: RFC 3161; RFC 5652.

Nothing is verified here: a token's signature, its signer and its imprint are `pycosign.verify`'s business.
Responses are built in `pycosign.wire.tsp_response`.
"""

from datetime import datetime
from typing import Final

from pycosign.codec.der import SEQUENCE, DerReader, read_der
from pycosign.codec.der_writer import der_boolean, der_integer, der_null, der_octets, der_oid, der_sequence
from pycosign.errors import MalformedError
from pycosign.limits import TIMESTAMP_BYTES
from pycosign.record import Record
from pycosign.wire.cms import (
    SHA1_OID,
    SHA256_OID,
    SignedData,
    parse_content_info,
    read_algorithm,
)

__all__ = [
    "SHA256_OID",
    "SHA384_OID",
    "SHA512_OID",
    "TST_INFO",
    "TimestampRequest",
    "TimestampToken",
    "format_imprint",
    "format_request",
    "parse_request",
    "parse_response",
    "response_status",
]

SHA384_OID: Final = "2.16.840.1.101.3.4.2.2"
SHA512_OID: Final = "2.16.840.1.101.3.4.2.3"
_IMPRINT_BYTES: Final = {SHA256_OID: 32, SHA384_OID: 48, SHA512_OID: 64, SHA1_OID: 20}

TST_INFO: Final = "1.2.840.113549.1.9.16.1.4"

_GRANTED: Final = 0


class TimestampRequest(Record):
    """What is to be stamped."""

    imprint: bytes  # the digest
    hash_oid: str = SHA256_OID
    nonce: int | None = None
    certificates: bool = False  # whether the answer shall carry the authority's certificate
    policy: str | None = None


class TimestampToken(Record):
    """A granted response, taken apart. What is signed is `signed_attrs_der`, which holds the digest of `e_content`."""

    status: int  # 0, granted
    # TSTInfo
    policy: str
    hash_oid: str
    imprint: bytes
    serial: int
    gen_time: datetime
    accuracy_microseconds: int | None
    ordering: bool
    nonce: int | None
    tsa_der: bytes | None  # a GeneralName
    # SignedData
    e_content: bytes  # the TSTInfo, DER
    certificates_der: tuple[bytes, ...]
    # its one SignerInfo: the signer is named by issuer and serial number, or by key identifier
    signer_issuer_der: bytes | None
    signer_serial: int | None
    signer_key_id: bytes | None
    digest_oid: str
    signed_attrs_der: bytes  # with the tag of a SET, as it is signed
    message_digest: bytes
    signing_time: datetime | None
    ess_hash_oid: str | None  # of the signed reference to the signer's certificate; None: there is none
    ess_certificate_hash: bytes | None
    signature_oid: str
    signature: bytes


# ---- requests --------------------------------------------------------------------------------------------------------
def parse_request(der: bytes) -> TimestampRequest:
    """Parse a TimeStampReq.

    Raises: MalformedError; code `timestamp.unknown-extension`: extensions, of which we know none.
    Source: RFC 3161, 2.4.1.
    """
    what = "timestamp request"
    if len(der) > TIMESTAMP_BYTES:
        raise MalformedError(what, f"is longer than {TIMESTAMP_BYTES} bytes")
    fields = read_der(der, SEQUENCE, what)
    if fields.integer() != 1:
        raise MalformedError(what, "is not of version 1")
    hash_oid, imprint = _read_imprint(fields, what)
    policy = fields.oid() if fields.next_is(0x06) else None
    nonce = fields.bounded_integer() if fields.next_is(0x02) else None
    certificates = fields.next_is(0x01)
    if certificates and not fields.boolean():
        raise MalformedError(what, "writes out a default")
    if fields.next_is(0xA0):
        raise MalformedError(what, "has an unknown extension", code="timestamp.unknown-extension")
    fields.finish()
    return TimestampRequest(imprint, hash_oid, nonce, certificates, policy)


def format_request(request: TimestampRequest) -> bytes:
    """Write a TimeStampReq."""
    parts = [der_integer(1), format_imprint(request.hash_oid, request.imprint)]
    if request.policy is not None:
        parts.append(der_oid(request.policy))
    if request.nonce is not None:
        parts.append(der_integer(request.nonce))
    if request.certificates:
        parts.append(der_boolean(True))
    return der_sequence(*parts)


def format_imprint(hash_oid: str, imprint: bytes) -> bytes:
    """Write a MessageImprint; the hash's parameters are NULL, as every client writes them."""
    return der_sequence(der_sequence(der_oid(hash_oid), der_null()), der_octets(imprint))


def _read_imprint(fields: DerReader, what: str) -> tuple[str, bytes]:
    imprint = fields.sequence()
    hash_oid, digest = read_algorithm(imprint), imprint.octets()
    imprint.finish()
    if len(digest) != _IMPRINT_BYTES.get(hash_oid, len(digest)):
        raise MalformedError(f"{what} imprint", f"is {len(digest)} bytes, which is not its hash's length")
    return hash_oid, digest


# ---- responses -------------------------------------------------------------------------------------------------------
def response_status(der: bytes) -> int:
    """The PKIStatus of a TimeStampResp: 0 granted, 1 granted with modifications, 2 rejected, ...

    Raises: MalformedError.
    """
    fields = _open_response(der)
    return _read_status(fields)


def _open_response(der: bytes) -> DerReader:
    if len(der) > TIMESTAMP_BYTES:
        raise MalformedError("timestamp", f"is longer than {TIMESTAMP_BYTES} bytes")
    return read_der(der, SEQUENCE, "timestamp")


def _read_status(fields: DerReader) -> int:
    info = fields.sequence()
    status = info.bounded_integer()
    if info.next_is(SEQUENCE):
        info.whole()  # free text
    if info.next_is(0x03):
        info.named_bits()
    info.finish()
    return status


def parse_response(der: bytes) -> TimestampToken:
    """Parse a whole TimeStampResp, which must grant exactly what was asked for.

    Raises: MalformedError; code `timestamp.not-granted`: well-formed, and any status but "granted".
    Source: RFC 3161, 2.4.2; RFC 5652, 5. One signer, as RFC 3161 demands; version 3 and the content type as well.
    """
    fields = _open_response(der)
    status = _read_status(fields)
    if status != _GRANTED:
        raise MalformedError("timestamp", f"is not granted: status {status}", code="timestamp.not-granted")
    content_info = fields.sequence()
    fields.finish()
    return _read_tst_info(status, parse_content_info(content_info, TST_INFO))


def _read_tst_info(status: int, signed: SignedData) -> TimestampToken:
    what = "timestamp information"
    fields = read_der(signed.e_content, SEQUENCE, what)
    if fields.integer() != 1:
        raise MalformedError(what, "is not of version 1")
    policy = fields.oid()
    hash_oid, imprint = _read_imprint(fields, what)
    serial, gen_time = fields.bounded_integer(), fields.generalized_time()
    accuracy = _read_accuracy(fields.sequence()) if fields.next_is(SEQUENCE) else None
    ordering = fields.next_is(0x01)
    if ordering and not fields.boolean():
        raise MalformedError(what, "writes out a default")
    nonce = fields.bounded_integer() if fields.next_is(0x02) else None
    explicit_tsa = fields.optional_context(0)
    tsa_der = None
    if explicit_tsa is not None:
        tsa_der = explicit_tsa.whole()
        explicit_tsa.finish()
    if fields.next_is(0xA1):
        _check_extensions(fields.context(1))
    fields.finish()
    signer = signed.signer
    return TimestampToken(
        status=status,
        policy=policy,
        hash_oid=hash_oid,
        imprint=imprint,
        serial=serial,
        gen_time=gen_time,
        accuracy_microseconds=accuracy,
        ordering=ordering,
        nonce=nonce,
        tsa_der=tsa_der,
        e_content=signed.e_content,
        certificates_der=signed.certificates_der,
        signer_issuer_der=signer.issuer_der,
        signer_serial=signer.serial,
        signer_key_id=signer.key_id,
        digest_oid=signer.digest_oid,
        signed_attrs_der=signer.signed_attrs_der,
        message_digest=signer.message_digest,
        signing_time=signer.signing_time,
        ess_hash_oid=signer.ess_hash_oid,
        ess_certificate_hash=signer.ess_certificate_hash,
        signature_oid=signer.signature_oid,
        signature=signer.signature,
    )


def _read_accuracy(fields: DerReader) -> int:
    """Seconds, milliseconds and microseconds, summed up in microseconds. Source: RFC 3161, 2.4.2."""
    total = fields.bounded_integer() * 1_000_000 if fields.next_is(0x02) else 0
    for tag, unit in ((0x80, 1000), (0x81, 1)):
        if fields.next_is(tag):
            value = fields.integer(tag)
            if not 1 <= value <= 999:
                raise MalformedError(fields.what, "has an accuracy out of range")
            total += value * unit
    fields.finish()
    if total < 0:
        raise MalformedError(fields.what, "has an accuracy out of range")
    return total


def _check_extensions(extensions: DerReader) -> None:
    """Refuse critical extensions: we know none."""
    while not extensions.at_end():
        extension = extensions.sequence()
        extension.oid()
        if extension.next_is(0x01):
            raise MalformedError(extensions.what, "has a critical extension that is not understood")
        extension.octets()
        extension.finish()
