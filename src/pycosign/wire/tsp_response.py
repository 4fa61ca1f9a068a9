"""Building RFC 3161 responses, as Sigstore's timestamp server writes them. Sources: RFC 3161, 2.4.2; RFC 5816.

The authority's fixed parts are encoded once, in `TokenTemplate`; a response costs its signature and little else.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.codec.der_writer import (
    der_context,
    der_element,
    der_generalized_time,
    der_integer,
    der_null,
    der_octets,
    der_oid,
    der_sequence,
    der_set_of,
    der_time,
)
from pycosign.errors import UsageError
from pycosign.wire.cms import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SHA256_OID,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    SIGNING_TIME,
)
from pycosign.wire.tsp import SHA384_OID, SHA512_OID, TST_INFO, TimestampRequest, format_imprint

__all__ = ["SIGSTORE_TSA_POLICY", "AuthorityCertificate", "TokenTemplate", "format_response"]

SIGSTORE_TSA_POLICY: Final = "1.3.6.1.4.1.57264.2"
_GRANTED: Final = der_sequence(der_integer(0))
_ACCURACY_1_S: Final = der_sequence(der_integer(1))
_NO_CERTIFICATES: Final = der_context(0, b"")  # empty, not absent: as timestamp-server writes it
_DIRECTORY_NAME: Final = 4
_DIGEST_OIDS: Final = {"sha256": SHA256_OID, "sha384": SHA384_OID, "sha512": SHA512_OID}
_ECDSA_OIDS: Final = {
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}


class AuthorityCertificate(NamedTuple):
    """What a response says of the key that signs it. The key is an ECDSA key: clients know no other."""

    der: bytes
    issuer_der: bytes  # a whole Name
    subject_der: bytes
    serial: int
    hash_name: str = "sha256"  # that the key signs


class TokenTemplate:
    """The parts of every response of one authority. Immutable, safe to share.

    Args:   chain_der: what goes into a response when the client asks for certificates.
    Raises: UsageError: an unknown hash.
    """

    __slots__ = (
        "certificates",
        "content_type_attribute",
        "digest_algorithm",
        "ess_attributes",
        "hash_name",
        "policy",
        "signature_algorithm",
        "signer_id",
        "tsa_name",
    )

    def __init__(
        self,
        certificate: AuthorityCertificate,
        *,
        chain_der: tuple[bytes, ...] | None = None,
        policy: str = SIGSTORE_TSA_POLICY,
    ) -> None:
        if certificate.hash_name not in _DIGEST_OIDS:
            raise UsageError(f"unknown digest algorithm: {certificate.hash_name}")
        self.hash_name = certificate.hash_name
        self.policy = policy
        self.digest_algorithm = der_sequence(der_oid(_DIGEST_OIDS[certificate.hash_name]))
        self.signature_algorithm = der_sequence(der_oid(_ECDSA_OIDS[certificate.hash_name]))
        serial = der_integer(certificate.serial)
        self.signer_id = der_sequence(certificate.issuer_der, serial)
        self.tsa_name = der_context(0, der_context(_DIRECTORY_NAME, certificate.subject_der))
        certificates = sorted(chain_der or (certificate.der,))
        self.certificates = der_context(0, b"".join(certificates))
        self.content_type_attribute = _attribute(CONTENT_TYPE, der_oid(TST_INFO))
        issuer_serial = der_sequence(der_sequence(der_context(_DIRECTORY_NAME, certificate.issuer_der)), serial)
        self.ess_attributes = {  # by the request's hash, as timestamp-server has it
            oid: _ess_attribute(certificate.der, name, issuer_serial) for name, oid in _DIGEST_OIDS.items()
        }


def _ess_attribute(certificate_der: bytes, hash_name: str, issuer_serial: bytes) -> bytes:
    """The signed reference to the authority's certificate; SHA-256 is the default, and not written. RFC 5035, 4."""
    algorithm = b"" if hash_name == "sha256" else der_sequence(der_oid(_DIGEST_OIDS[hash_name]), der_null())
    certificate_hash = der_octets(hashlib.new(hash_name, certificate_der).digest())
    reference = der_sequence(algorithm, certificate_hash, issuer_serial)
    return _attribute(SIGNING_CERTIFICATE_V2, der_sequence(der_sequence(reference)))


def _attribute(oid: str, value: bytes) -> bytes:
    return der_sequence(der_oid(oid), der_set_of(value))


def format_response(
    request: TimestampRequest,
    template: TokenTemplate,
    *,
    serial: int,
    at: datetime,
    sign: Callable[[bytes], bytes],
) -> bytes:
    """Grant a timestamp: write a whole TimeStampResp.

    Args:   request: checked by the caller: its hash is one that is still believed, its policy is none or ours.
            at: aware; cut to whole seconds, and accurate to one. serial: positive, never used twice.
            sign: an ECDSA signature over a message, with the template's hash.
    Raises: UsageError: the request's hash is none of SHA-256, SHA-384, SHA-512.
    """
    if request.hash_oid not in template.ess_attributes:
        raise UsageError(f"no timestamps over the hash {request.hash_oid}")
    tst_info = _format_tst_info(request, template, serial, at)
    signed_attributes = (
        template.content_type_attribute,
        _attribute(SIGNING_TIME, der_time(at)),
        _attribute(MESSAGE_DIGEST, der_octets(hashlib.new(template.hash_name, tst_info).digest())),
        template.ess_attributes[request.hash_oid],
    )
    attributes = der_set_of(*signed_attributes)
    signer_info = der_sequence(
        der_integer(1),
        template.signer_id,
        template.digest_algorithm,
        b"\xa0" + attributes[1:],  # [0] IMPLICIT in the structure; signed with the tag of a SET
        template.signature_algorithm,
        der_octets(sign(attributes)),
    )
    signed_data = der_sequence(
        der_integer(3),
        der_element(0x31, template.digest_algorithm),
        der_sequence(der_oid(TST_INFO), der_context(0, der_octets(tst_info))),
        template.certificates if request.certificates else _NO_CERTIFICATES,
        der_element(0x31, signer_info),
    )
    return der_sequence(_GRANTED, der_sequence(der_oid(SIGNED_DATA), der_context(0, signed_data)))


def _format_tst_info(request: TimestampRequest, template: TokenTemplate, serial: int, at: datetime) -> bytes:
    return der_sequence(
        der_integer(1),
        der_oid(template.policy),
        format_imprint(request.hash_oid, request.imprint),
        der_integer(serial),
        der_generalized_time(at),
        _ACCURACY_1_S,
        b"" if request.nonce is None else der_integer(request.nonce),
        template.tsa_name,
    )
