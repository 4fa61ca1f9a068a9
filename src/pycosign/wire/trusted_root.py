"""trusted_root.json: keys and certificates of a Sigstore instance. Source: protobuf-specs, sigstore_trustroot.proto."""

from datetime import datetime
from typing import Final

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.rfc3339 import format_rfc3339, parse_rfc3339
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = [
    "TRUSTED_ROOT_MEDIA_TYPE",
    "Authority",
    "LogKey",
    "TrustedRoot",
    "ValidFor",
    "format_trusted_root",
    "parse_trusted_root",
    "trusted_root_from_fields",
    "trusted_root_to_dict",
    "valid_for_from_fields",
    "valid_for_to_dict",
]

TRUSTED_ROOT_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
_HASHES: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_HASH_NAMES: Final = {name: proto for proto, name in _HASHES.items()}
_MAX_ID_BYTES: Final = 64


class ValidFor(Record):
    """A span of time, both ends inclusive; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether the (aware) moment lies inside, the ends included."""
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


class LogKey(Record):
    """A transparency or certificate log's key, and when it spoke for the log."""

    base_url: str
    key_der: bytes  # SubjectPublicKeyInfo
    key_details: str  # "PKIX_ECDSA_P256_SHA_256", ...; never trusted over the key itself
    log_id: bytes
    valid_for: ValidFor  # has a start
    hash_algorithm: str = "sha256"
    operator: str = ""
    checkpoint_key_id: bytes | None = None


class Authority(Record):
    """A certificate authority (intermediates first, root last) or timestamp authority (leaf first, root last)."""

    uri: str
    subject_organization: str
    subject_common_name: str
    chain_der: tuple[bytes, ...]  # 1 to limits.CERTIFICATES
    valid_for: ValidFor
    operator: str = ""


class TrustedRoot(Record):
    """Whom to believe, and for which times. It came by TUF, or from a file that the caller named."""

    tlogs: tuple[LogKey, ...] = ()
    ctlogs: tuple[LogKey, ...] = ()
    certificate_authorities: tuple[Authority, ...] = ()
    timestamp_authorities: tuple[Authority, ...] = ()


def parse_trusted_root(data: bytes, *, what: str = "trusted root") -> TrustedRoot:
    """Parse trusted_root.json of version 0.1, the only one that clients accept.

    Raises: MalformedError: not strict JSON, another media type, an unknown or missing member, a log without the
            start of its validity, or a span that ends before it starts.
    """
    return trusted_root_from_fields(Fields(load_json(data, what=what, max_bytes=limits.TRUSTED_ROOT_BYTES), what))


def trusted_root_from_fields(fields: Fields) -> TrustedRoot:
    """Read a trusted root inside another document (the client trust config); errors as `parse_trusted_root`."""
    media_type = fields.text("mediaType")
    if media_type != TRUSTED_ROOT_MEDIA_TYPE:
        raise MalformedError(fields.path("mediaType"), f"is not {TRUSTED_ROOT_MEDIA_TYPE!r}: {media_type[:100]!a}")
    root = TrustedRoot(
        tlogs=tuple(_log(item) for item in _list(fields, "tlogs")),
        ctlogs=tuple(_log(item) for item in _list(fields, "ctlogs")),
        certificate_authorities=tuple(_authority(item) for item in _list(fields, "certificateAuthorities")),
        timestamp_authorities=tuple(_authority(item) for item in _list(fields, "timestampAuthorities")),
    )
    fields.refuse_unknown()
    return root


def _list(fields: Fields, name: str) -> list[Fields]:
    return fields.optional_objects(name, limit=limits.TRUST_ENTRIES) or []


def _log(fields: Fields) -> LogKey:
    key = fields.object("publicKey")
    valid_for = valid_for_from_fields(key.object("validFor"))
    if valid_for.start is None:
        raise MalformedError(key.path("validFor.start"), "is missing")
    algorithm = _HASHES.get(fields.text("hashAlgorithm"))
    if algorithm is None:
        raise MalformedError(fields.path("hashAlgorithm"), f"is not one of {', '.join(_HASHES)}")
    log = LogKey(
        base_url=fields.optional_text("baseUrl") or "",  # Cosign writes none for a key that was given alone
        key_der=key.b64("rawBytes", max_size=limits.CERTIFICATE_BYTES),
        key_details=key.text("keyDetails"),
        log_id=_id(fields.object("logId")),
        valid_for=valid_for,
        hash_algorithm=algorithm,
        operator=fields.optional_text("operator") or "",
        checkpoint_key_id=None if (other := fields.optional_object("checkpointKeyId")) is None else _id(other),
    )
    key.refuse_unknown()
    fields.refuse_unknown()
    return log


def _id(fields: Fields) -> bytes:
    raw = fields.b64("keyId", max_size=_MAX_ID_BYTES)
    fields.refuse_unknown()
    return raw


def _authority(fields: Fields) -> Authority:
    organization, common_name = "", ""
    subject = fields.optional_object("subject")
    if subject is not None:
        organization = subject.optional_text("organization") or ""
        common_name = subject.optional_text("commonName") or ""
        subject.refuse_unknown()
    chain = fields.object("certChain")
    certificates = []
    for item in chain.objects("certificates", limit=limits.CERTIFICATES):
        certificates.append(item.b64("rawBytes", max_size=limits.CERTIFICATE_BYTES))
        item.refuse_unknown()
    chain.refuse_unknown()
    if not certificates:
        raise MalformedError(chain.path("certificates"), "is empty")
    valid_for = fields.optional_object("validFor")
    authority = Authority(
        uri=fields.optional_text("uri") or "",
        subject_organization=organization,
        subject_common_name=common_name,
        chain_der=tuple(certificates),
        valid_for=ValidFor() if valid_for is None else valid_for_from_fields(valid_for),
        operator=fields.optional_text("operator") or "",
    )
    fields.refuse_unknown()
    return authority


def valid_for_from_fields(fields: Fields) -> ValidFor:
    """Read a TimeRange: RFC 3339 times, each optional.

    Raises: MalformedError: not such times, or an end before the start.
    """
    start, end = (
        None if (text := fields.optional_text(name)) is None else parse_rfc3339(text, what=fields.path(name))
        for name in ("start", "end")
    )
    fields.refuse_unknown()
    if start is not None and end is not None and end < start:
        raise MalformedError(fields.what, "ends before it starts")
    return ValidFor(start, end)


def valid_for_to_dict(span: ValidFor) -> JsonObject:
    written: JsonObject = {}
    if span.start is not None:
        written["start"] = format_rfc3339(span.start)
    if span.end is not None:
        written["end"] = format_rfc3339(span.end)
    return written


def format_trusted_root(root: TrustedRoot) -> bytes:
    """Write the trusted root as `cosign trusted-root create` does: without spaces, empty lists left out."""
    return compact_json(trusted_root_to_dict(root))


def trusted_root_to_dict(root: TrustedRoot) -> JsonObject:
    """Members in the order of the fields' numbers, except that Cosign's order of the four lists is kept."""
    written: JsonObject = {"mediaType": TRUSTED_ROOT_MEDIA_TYPE}
    lists: dict[str, list[JsonValue]] = {
        "tlogs": [_log_to_dict(log) for log in root.tlogs],
        "certificateAuthorities": [_authority_to_dict(item) for item in root.certificate_authorities],
        "ctlogs": [_log_to_dict(log) for log in root.ctlogs],
        "timestampAuthorities": [_authority_to_dict(item) for item in root.timestamp_authorities],
    }
    for name, items in lists.items():
        if items:
            written[name] = items
    return written


def _log_to_dict(log: LogKey) -> JsonObject:
    written: JsonObject = {"baseUrl": log.base_url} if log.base_url else {}
    written |= {
        "hashAlgorithm": _HASH_NAMES[log.hash_algorithm],
        "publicKey": {
            "rawBytes": encode_b64(log.key_der),
            "keyDetails": log.key_details,
            "validFor": valid_for_to_dict(log.valid_for),
        },
        "logId": {"keyId": encode_b64(log.log_id)},
    }
    if log.checkpoint_key_id is not None:
        written["checkpointKeyId"] = {"keyId": encode_b64(log.checkpoint_key_id)}
    if log.operator:
        written["operator"] = log.operator
    return written


def _authority_to_dict(authority: Authority) -> JsonObject:
    subject: JsonObject = {}
    if authority.subject_organization:
        subject["organization"] = authority.subject_organization
    if authority.subject_common_name:
        subject["commonName"] = authority.subject_common_name
    certificates: list[JsonValue] = [{"rawBytes": encode_b64(der)} for der in authority.chain_der]
    written: JsonObject = {"subject": subject}
    if authority.uri:
        written["uri"] = authority.uri
    written["certChain"] = {"certificates": certificates}
    written["validFor"] = valid_for_to_dict(authority.valid_for)
    if authority.operator:
        written["operator"] = authority.operator
    return written
