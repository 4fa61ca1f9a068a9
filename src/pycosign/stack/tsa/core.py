"""What the timestamp authority grants. Pure: the moment and the serial number's bytes are given."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from pycosign.codec.b64 import decode_b64
from pycosign.codec.strict_json import Fields, load_json
from pycosign.crypto.certificate import parse_certificate
from pycosign.errors import MalformedError, RefusedError
from pycosign.wire.tsp import SHA256_OID, SHA384_OID, SHA512_OID, TimestampRequest, parse_request
from pycosign.wire.tsp_response import AuthorityCertificate, TokenTemplate, format_response

__all__ = ["TimestampAuthority", "TimestampRefusedError", "grant", "request_from_der", "request_from_json"]

SERIAL_BYTES: Final = 20
JSON_BYTES: Final = 1024
_STRONG: Final = {SHA256_OID: 32, SHA384_OID: 48, SHA512_OID: 64}
_HASH_OIDS: Final = {"sha256": SHA256_OID, "sha384": SHA384_OID, "sha512": SHA512_OID}
_UNREADABLE: Final = "Error generating timestamp response"


class TimestampRefusedError(RefusedError):
    """A request that gets no timestamp; the text is timestamp-server's."""

    code = "tsa.refused"


class TimestampAuthority(NamedTuple):
    """The authority: its chain (DER, leaf first), what every response shares, and its key's ECDSA P-256 signature."""

    chain: tuple[bytes, ...]
    template: TokenTemplate
    sign: Callable[[bytes], bytes]

    @classmethod
    def of(cls, chain: tuple[bytes, ...], sign: Callable[[bytes], bytes]) -> "TimestampAuthority":
        """The authority of a chain; responses carry the leaf alone when certificates are asked for."""
        leaf = parse_certificate(chain[0])
        certificate = AuthorityCertificate(leaf.der, leaf.issuer_der, leaf.subject_der, leaf.serial)
        return cls(chain, TokenTemplate(certificate), sign)


def request_from_der(body: bytes) -> TimestampRequest:
    """Read a TimeStampReq. Raises TimestampRefusedError: malformed, or an extension."""
    try:
        return parse_request(body)
    except MalformedError as exc:
        raise TimestampRefusedError(_UNREADABLE) from exc


def request_from_json(body: bytes) -> TimestampRequest:
    """Read the JSON form, which sigstore-js sends. Raises TimestampRefusedError: malformed, or an unknown hash."""
    try:
        fields = Fields(load_json(body, what="request", max_bytes=JSON_BYTES), "request")
        algorithm = fields.text("hashAlgorithm")
        oid = _HASH_OIDS.get(algorithm)
        if oid is None:
            raise TimestampRefusedError(f"Weak or unknown hash algorithm {algorithm[:20]!r} in timestamp request")
        return TimestampRequest(
            imprint=decode_b64(fields.text("artifactHash"), what="artifactHash"),
            hash_oid=oid,
            nonce=fields.optional_integer("nonce"),
            certificates=bool(fields.optional_boolean("certificates")),
            policy=fields.optional_text("tsaPolicyOID") or None,
        )
    except MalformedError as exc:
        raise TimestampRefusedError(_UNREADABLE) from exc


def grant(request: TimestampRequest, authority: TimestampAuthority, *, now: datetime, serial: bytes) -> bytes:
    """The TimeStampResp for a request, at `now` cut to seconds. `serial`: 20 random bytes.

    Raises: TimestampRefusedError: a weak hash, a digest of the wrong length, another authority's policy.
    """
    length = _STRONG.get(request.hash_oid)
    if length is None:
        raise TimestampRefusedError("Weak hash algorithm in timestamp request")
    if len(request.imprint) != length:
        raise TimestampRefusedError("Message digest has incorrect length for specified algorithm")
    if request.policy not in (None, authority.template.policy):
        raise TimestampRefusedError("Requested policy OID is not supported")
    number = int.from_bytes(serial, "big") >> 1 or 1
    return format_response(
        request, authority.template, serial=number, at=now.replace(microsecond=0), sign=authority.sign
    )
