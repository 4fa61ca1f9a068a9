"""What Cosign wrote before bundles: its own JSON bundle, Rekor bundles, timestamps, and annotations of `.sig` layers.

Source: Cosign v2.6.4 pkg/cosign (LocalSignedPayload), pkg/cosign/bundle, pkg/oci/static.
"""

from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.go_json import go_json
from pycosign.codec.json_value import JsonObject
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError
from pycosign.wire.log_entry import LogEntry, body_kind

__all__ = [
    "BUNDLE_ANNOTATION",
    "CERTIFICATE_ANNOTATION",
    "CHAIN_ANNOTATION",
    "PREDICATE_TYPE_ANNOTATION",
    "SIGNATURE_ANNOTATION",
    "TIMESTAMP_ANNOTATION",
    "LegacyBundle",
    "format_legacy_bundle",
    "format_rekor_bundle",
    "format_rfc3161",
    "parse_legacy_bundle",
    "parse_rekor_bundle",
    "parse_rfc3161",
    "rekor_bundle_to_dict",
]

SIGNATURE_ANNOTATION: Final = "dev.cosignproject.cosign/signature"
CERTIFICATE_ANNOTATION: Final = "dev.sigstore.cosign/certificate"
CHAIN_ANNOTATION: Final = "dev.sigstore.cosign/chain"
BUNDLE_ANNOTATION: Final = "dev.sigstore.cosign/bundle"
TIMESTAMP_ANNOTATION: Final = "dev.sigstore.cosign/rfc3161timestamp"
PREDICATE_TYPE_ANNOTATION: Final = "predicateType"

_LOG_ID_BYTES: Final = 32


class LegacyBundle(NamedTuple):
    """Cosign's `--bundle` file with `--new-bundle-format=false`."""

    signature: bytes  # raw; from `attest-blob` the whole envelope's JSON
    cert: bytes | None  # PEM, or DER (from `sign`); Cosign 3.1.2 puts a public key there: never trust it
    entry: LogEntry | None  # with a promise, without a proof


def parse_legacy_bundle(data: bytes, *, what: str = "legacy bundle") -> LegacyBundle:
    """Parse Cosign's own JSON bundle. An empty `cert` counts as none: `sign` writes it so.

    Raises: MalformedError: not strict JSON, an unknown member, no signature, or base64 that is not canonical.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES), what, protojson=False)
    entry = fields.optional_object("rekorBundle")
    bundle = LegacyBundle(
        signature=fields.b64("base64Signature", max_size=limits.PAYLOAD_BYTES),
        cert=fields.optional_b64("cert") or None,
        entry=None if entry is None else _rekor_bundle(entry),
    )
    if bundle.cert is not None and len(bundle.cert) > limits.CERTIFICATE_BYTES:
        raise MalformedError(fields.path("cert"), f"is longer than {limits.CERTIFICATE_BYTES} bytes")
    fields.optional_object("timestamp")  # of Cosign 1.5.0 to 1.5.2; later ones do not look at it either
    fields.refuse_unknown()
    return bundle


def format_legacy_bundle(bundle: LegacyBundle) -> bytes:
    """Write Cosign's own JSON bundle; what is None is left out."""
    written: JsonObject = {"base64Signature": encode_b64(bundle.signature)}
    if bundle.cert is not None:
        written["cert"] = encode_b64(bundle.cert)
    if bundle.entry is not None:
        written["rekorBundle"] = rekor_bundle_to_dict(bundle.entry)
    return go_json(written)


def parse_rekor_bundle(data: bytes, *, what: str = "Rekor bundle") -> LogEntry:
    """Parse `{"SignedEntryTimestamp", "Payload": {body, integratedTime, logIndex, logID}}`.

    Returns: an entry with a promise and without a proof; kind and version come from its body.
    Raises:  MalformedError: a member unknown, missing or out of range.
    """
    return _rekor_bundle(Fields(load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES), what, protojson=False))


def _rekor_bundle(fields: Fields) -> LogEntry:
    promise = fields.b64("SignedEntryTimestamp", max_size=limits.SIGNATURE_BYTES)
    payload = fields.object("Payload")
    fields.refuse_unknown()
    body = payload.b64("body", max_size=limits.BUNDLE_BYTES)
    kind, version = body_kind(body, what=payload.path("body"))
    entry = LogEntry(
        log_index=payload.integer("logIndex", minimum=0),
        log_id=payload.hex("logID", size=_LOG_ID_BYTES),
        kind=kind,
        version=version,
        integrated_at=payload.integer("integratedTime", minimum=0),
        promise=promise,
        proof=None,
        body=body,
    )
    payload.refuse_unknown()
    return entry


def rekor_bundle_to_dict(entry: LogEntry) -> JsonObject:
    """The Rekor bundle's members in Cosign's order.

    Raises: MalformedError: the entry has no promise or no time (Rekor v2 gives neither).
    """
    if entry.promise is None or entry.integrated_at is None:
        raise MalformedError("log entry", "has no promise: it cannot be written into a legacy bundle")
    payload: JsonObject = {
        "body": encode_b64(entry.body),
        "integratedTime": entry.integrated_at,
        "logIndex": entry.log_index,
        "logID": entry.log_id.hex(),
    }
    return {"SignedEntryTimestamp": encode_b64(entry.promise), "Payload": payload}


def format_rekor_bundle(entry: LogEntry) -> bytes:
    """Write the value of the annotation `BUNDLE_ANNOTATION`; errors as `rekor_bundle_to_dict`."""
    return go_json(rekor_bundle_to_dict(entry))


def parse_rfc3161(data: bytes, *, what: str = "timestamp file") -> bytes:
    """Parse `{"SignedRFC3161Timestamp": B64}`: an annotation's value, or a --rfc3161-timestamp file.

    Returns: the whole TimeStampResp (DER), not looked at.
    Raises:  MalformedError: see above.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES), what, protojson=False)
    stamp = fields.b64("SignedRFC3161Timestamp", max_size=limits.TIMESTAMP_BYTES)
    fields.refuse_unknown()
    return stamp


def format_rfc3161(timestamp_der: bytes) -> bytes:
    """Write what `parse_rfc3161` reads."""
    return go_json({"SignedRFC3161Timestamp": encode_b64(timestamp_der)})
