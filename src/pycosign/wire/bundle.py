"""Sigstore bundles 0.1 to 0.3. Source: protobuf-specs, sigstore_bundle.proto and its comments."""

from typing import Final

from pycosign import limits
from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError
from pycosign.record import Record
from pycosign.wire.dsse import Envelope, envelope_from_fields, envelope_to_dict
from pycosign.wire.log_entry import LogEntry, entry_from_fields, entry_to_dict

__all__ = [
    "BUNDLE_MEDIA_TYPE_PREFIX",
    "BUNDLE_V03_MEDIA_TYPE",
    "Bundle",
    "MessageSignature",
    "bundle_from_fields",
    "format_bundle",
    "looks_like_bundle",
    "looks_like_lines",
    "may_hold_several",
    "parse_bundle",
]

BUNDLE_V03_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
BUNDLE_MEDIA_TYPE_PREFIX: Final = "application/vnd.dev.sigstore.bundle"
_VERSIONS: Final = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": "0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2": "0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3": "0.3",  # `cosign bundle create` writes this one
    BUNDLE_V03_MEDIA_TYPE: "0.3",
}
_DIGESTS: Final = {"SHA2_256": ("sha256", 32), "SHA2_384": ("sha384", 48), "SHA2_512": ("sha512", 64)}
_DIGEST_NAMES: Final = {name: proto for proto, (name, _) in _DIGESTS.items()}


class MessageSignature(Record):
    """A signature over an artifact. The digest is a hint by the signer; the verifier computes its own."""

    digest_algorithm: str | None  # "sha256", "sha384", "sha512"; None together with `digest`
    digest: bytes | None
    signature: bytes


class Bundle(Record):
    """Everything that a verifier needs besides artifact and trust. Nothing here is verified."""

    version: str  # "0.1", "0.2", "0.3"
    chain_der: tuple[bytes, ...]  # certificates, leaf first (exactly one in 0.3); () if a key signed
    key_hint: str | None  # any text, only to find the key; None if there is a certificate
    entries: tuple[LogEntry, ...]
    timestamps: tuple[bytes, ...]  # RFC 3161, each a whole TimeStampResp (DER)
    content: MessageSignature | Envelope


def looks_like_bundle(value: object) -> bool:
    """Whether a parsed JSON value calls itself a bundle, of whatever version: to tell it from Cosign's legacy files."""
    if not isinstance(value, dict):
        return False
    media_type = value.get("mediaType", value.get("media_type"))
    return isinstance(media_type, str) and media_type.startswith(BUNDLE_MEDIA_TYPE_PREFIX)


def may_hold_several(data: bytes) -> bool:
    """Whether a file is, or may be, anything but one bundle: see `bundle_file`, which reads the others.

    Cheap, for every run asks it: it looks for words and parses nothing. A bundle that happens to have such a word in it
    is only read the longer way.
    """
    if b'"attestations"' in data or b'"transparency_entries"' in data:
        return True
    if b'"payloadType"' in data and b'"mediaType"' not in data and b'"media_type"' not in data:
        return True
    return looks_like_lines(data)


def looks_like_lines(data: bytes) -> bool:
    """Whether the first line that is not blank ends as an object does, and another follows it."""
    text = data.lstrip()
    end = text.find(b"\n")
    return end >= 0 and text[:end].rstrip().endswith(b"}") and not text[end:].isspace()


def parse_bundle(
    data: bytes, *, what: str = "bundle", allow_chain: bool = False, allow_incomplete: bool = False
) -> Bundle:
    """Parse a bundle (protobuf JSON: either spelling of names, 64-bit integers as text or numbers, zeros left out).

    Args:    allow_chain: accept a certificate chain in version 0.3, which wants the leaf alone
             (Cosign's --allow-certificate-chain).
             allow_incomplete: accept entries without what the version demands of them: to complete, not to verify.
    Raises:  MalformedError: not strict JSON, an unknown member or version, a count or size beyond `limits`, not exactly
             one kind of key material or of content, or an entry without what its bundle's version demands:
             a promise in 0.1, an inclusion proof with checkpoint from 0.2 on.
    """
    return bundle_from_fields(
        Fields(
            load_json(data, what=what, max_bytes=limits.BUNDLE_BYTES, max_containers=limits.BUNDLE_CONTAINERS), what
        ),
        allow_chain=allow_chain,
        allow_incomplete=allow_incomplete,
    )


def bundle_from_fields(fields: Fields, *, allow_chain: bool = False, allow_incomplete: bool = False) -> Bundle:
    """Read a bundle's members, wherever the bundle lies. Raises: MalformedError: see `parse_bundle`."""
    media_type = fields.text("mediaType")
    version = _VERSIONS.get(media_type)
    if version is None:
        raise MalformedError(fields.path("mediaType"), f"is not that of a known bundle version: {media_type[:100]!a}")
    material = fields.object("verificationMaterial")
    chain_der, key_hint = _key_material(material, chain_allowed=allow_chain or version != "0.3")
    entries = tuple(
        entry_from_fields(item) if allow_incomplete else _entry(item, version)
        for item in material.optional_objects("tlogEntries", limit=limits.LOG_ENTRIES) or ()
    )
    timestamps = _timestamps(material)
    material.refuse_unknown()
    content = _content(fields)
    fields.refuse_unknown()
    return Bundle(version, chain_der, key_hint, entries, timestamps, content)


def _one_of(fields: Fields, *names: str) -> tuple[str, Fields]:
    found = [(name, item) for name in names if (item := fields.optional_object(name)) is not None]
    if len(found) != 1:
        raise MalformedError(fields.what, f"must have exactly one of {', '.join(names)}; it has {len(found)}")
    return found[0]


def _key_material(material: Fields, *, chain_allowed: bool) -> tuple[tuple[bytes, ...], str | None]:
    name, chosen = _one_of(material, "certificate", "publicKey", "x509CertificateChain")
    if name == "publicKey":
        hint = chosen.optional_text("hint") or ""
        chosen.refuse_unknown()
        return (), hint
    if name == "certificate":
        return (_certificate(chosen),), None
    if not chain_allowed:
        raise MalformedError(chosen.what, "is not allowed in a bundle of version 0.3, which has the leaf alone")
    chain = tuple(_certificate(item) for item in chosen.objects("certificates", limit=limits.CERTIFICATES))
    chosen.refuse_unknown()
    if not chain:
        raise MalformedError(chosen.path("certificates"), "is empty")
    return chain, None


def _certificate(fields: Fields) -> bytes:
    der = fields.b64("rawBytes", max_size=limits.CERTIFICATE_BYTES)
    fields.refuse_unknown()
    return der


def _entry(fields: Fields, version: str) -> LogEntry:
    entry = entry_from_fields(fields)
    if version == "0.1":
        if entry.promise is None:
            raise MalformedError(fields.path("inclusionPromise"), "is missing, and bundles of version 0.1 need it")
    elif entry.proof is None:
        raise MalformedError(fields.path("inclusionProof"), f"is missing, and bundles of version {version} need it")
    elif not entry.proof.checkpoint:
        raise MalformedError(fields.path("inclusionProof.checkpoint"), f"is missing in a bundle of version {version}")
    return entry


def _timestamps(material: Fields) -> tuple[bytes, ...]:
    data = material.optional_object("timestampVerificationData")
    if data is None:
        return ()
    stamps = []
    for item in data.optional_objects("rfc3161Timestamps", limit=limits.TIMESTAMPS) or ():
        stamps.append(item.b64("signedTimestamp", max_size=limits.TIMESTAMP_BYTES))
        item.refuse_unknown()
    data.refuse_unknown()
    return tuple(stamps)


def _content(fields: Fields) -> MessageSignature | Envelope:
    name, chosen = _one_of(fields, "messageSignature", "dsseEnvelope")
    if name == "dsseEnvelope":
        return envelope_from_fields(chosen)
    algorithm, digest = None, None
    hinted = chosen.optional_object("messageDigest")
    if hinted is not None:
        algorithm, digest = _message_digest(hinted)
    signature = chosen.b64("signature", max_size=limits.SIGNATURE_BYTES)
    chosen.refuse_unknown()
    return MessageSignature(algorithm, digest, signature)


def _message_digest(fields: Fields) -> tuple[str | None, bytes | None]:
    """Both or none: Cosign 3 writes `"messageDigest":{}` where it signed the message itself (Ed25519 without a log)."""
    algorithm = fields.optional_text("algorithm")
    digest = fields.optional_b64("digest")
    fields.refuse_unknown()
    if algorithm is None and digest is None:
        return None, None
    known = _DIGESTS.get(algorithm or "")
    if known is None:
        raise MalformedError(fields.path("algorithm"), f"is not one of {', '.join(_DIGESTS)}")
    name, size = known
    if digest is None or len(digest) != size:
        raise MalformedError(fields.path("digest"), f"is not {size} bytes long, as {algorithm} demands")
    return name, digest


def format_bundle(bundle: Bundle) -> bytes:
    """Write a bundle of version 0.3, in Cosign's order of members and without spaces.

    Of a chain only the leaf is written: version 0.3 has no place for the rest, which comes from the trust root.
    """
    material: JsonObject
    if bundle.chain_der:
        material = {"certificate": {"rawBytes": encode_b64(bundle.chain_der[0])}}
    else:
        material = {"publicKey": {"hint": bundle.key_hint or ""}}
    if bundle.entries:
        entries: list[JsonValue] = [entry_to_dict(entry) for entry in bundle.entries]
        material["tlogEntries"] = entries
    if bundle.timestamps:
        stamps: list[JsonValue] = [{"signedTimestamp": encode_b64(stamp)} for stamp in bundle.timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    written: JsonObject = {"mediaType": BUNDLE_V03_MEDIA_TYPE, "verificationMaterial": material}
    if isinstance(bundle.content, Envelope):
        written["dsseEnvelope"] = envelope_to_dict(bundle.content)
    else:
        written["messageSignature"] = _message_signature_to_dict(bundle.content)
    return compact_json(written)


def _message_signature_to_dict(content: MessageSignature) -> JsonObject:
    digest: JsonObject = {}
    if content.digest_algorithm is not None and content.digest is not None:
        digest = {"algorithm": _DIGEST_NAMES[content.digest_algorithm], "digest": encode_b64(content.digest)}
    return {"messageDigest": digest, "signature": encode_b64(content.signature)}
