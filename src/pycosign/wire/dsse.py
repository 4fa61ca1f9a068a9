"""DSSE envelopes. Source: secure-systems-lab/dsse, envelope.md and protocol.md."""

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = [
    "Envelope",
    "EnvelopeSignature",
    "envelope_from_fields",
    "envelope_spellings",
    "envelope_to_dict",
    "format_envelope",
    "format_go_envelope",
    "pae",
    "parse_envelope",
]


class EnvelopeSignature(Record):
    """A signature over the envelope's `pae`. The key id is a hint by the signer, never trusted; "" if there is none."""

    signature: bytes
    keyid: str = ""


class Envelope(Record):
    """A payload, what it is, and 1 to `limits.SIGNATURES` signatures over both."""

    payload: bytes
    payload_type: str
    signatures: tuple[EnvelopeSignature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: "DSSEv1", type and payload, each with its length in bytes. Source: protocol.md."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(data: bytes, *, what: str = "envelope") -> Envelope:
    """Parse an envelope that stands by itself (a legacy attestation's layer, a file).

    Unknown members are skipped, as DSSE demands and as writers need it: slsa-github-generator
    puts a `cert` beside each `sig`.

    Raises: MalformedError: see `envelope_from_fields`.
    """
    value = load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES)
    return envelope_from_fields(Fields(value, what), refuse_unknown=False)


def envelope_from_fields(fields: Fields, *, refuse_unknown: bool = True) -> Envelope:
    """Read an envelope's members (protobuf JSON).

    Raises: MalformedError: a member missing or not of its type; no signature, or more than `limits.SIGNATURES`;
            an empty signature; a payload above `limits.PAYLOAD_BYTES`.
    """
    payload = fields.optional_b64("payload") or b""
    if len(payload) > limits.PAYLOAD_BYTES:
        raise MalformedError(
            fields.path("payload"), f"is {len(payload)} bytes long; {limits.PAYLOAD_BYTES} are allowed"
        )
    payload_type = fields.text("payloadType")
    signatures = tuple(
        _signature(item, refuse_unknown) for item in fields.objects("signatures", limit=limits.SIGNATURES)
    )
    if not signatures:
        raise MalformedError(fields.path("signatures"), "is empty")
    if refuse_unknown:
        fields.refuse_unknown()
    return Envelope(payload, payload_type, signatures)


def _signature(fields: Fields, refuse_unknown: bool) -> EnvelopeSignature:
    read = EnvelopeSignature(
        fields.b64("sig", max_size=limits.SIGNATURE_BYTES),
        fields.optional_text("keyid") or "",
    )
    if refuse_unknown:
        fields.refuse_unknown()
    return read


def envelope_to_dict(envelope: Envelope) -> JsonObject:
    """Members in Cosign 3's order: payload, payloadType, signatures with `sig`, and `keyid` only if there is one."""
    signatures: list[JsonValue] = []
    for item in envelope.signatures:
        signature: JsonObject = {"sig": encode_b64(item.signature)}
        if item.keyid:
            signature["keyid"] = item.keyid
        signatures.append(signature)
    return {"payload": encode_b64(envelope.payload), "payloadType": envelope.payload_type, "signatures": signatures}


def envelope_spellings(envelope: Envelope) -> tuple[bytes, bytes]:
    """The envelope as each of its writers submits it to a log."""
    return format_envelope(envelope), format_go_envelope(envelope)


def format_go_envelope(envelope: Envelope) -> bytes:
    """Write the envelope as Go's `dsse.Envelope` does, and so Cosign 2: payloadType first, `keyid` always."""
    from pycosign.codec.go_json import go_json  # hardly anybody needs it

    signatures: list[JsonValue] = [
        {"keyid": item.keyid or "", "sig": encode_b64(item.signature)} for item in envelope.signatures
    ]
    payload = encode_b64(envelope.payload)
    return go_json({"payloadType": envelope.payload_type, "payload": payload, "signatures": signatures})


def format_envelope(envelope: Envelope) -> bytes:
    """Write the envelope as Cosign 3 does, without spaces: log entries of kind dsse hold the digest of these bytes."""
    return compact_json(envelope_to_dict(envelope))
