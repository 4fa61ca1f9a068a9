"""What a log's leaf says: the canonical bodies that Rekor v1 and v2 store, for hashedrekord, rekord, dsse and intoto.

Source: sigstore/rekor pkg/types/*/v0.0.*; sigstore/rekor-tiles, entry.proto and pkg/types. All of them are canonical
JSON (RFC 8785): whatever is read here is exactly what its writer's format function would write.
"""

from collections.abc import Sequence
from typing import Final

from pycosign import limits
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import Fields, load_json, sorted_json
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = [
    "LogBody",
    "Verifier",
    "format_dsse_v1",
    "format_dsse_v2",
    "format_hashedrekord_v1",
    "format_hashedrekord_v2",
    "format_intoto_v001",
    "format_rekord_v1",
    "parse_rekor_body",
    "signature_v2_to_dict",
]

_SIZES: Final = {"sha256": 32, "sha384": 48, "sha512": 64}
_V2_NAMES: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_TO_V2: Final = {name: proto for proto, name in _V2_NAMES.items()}


class Verifier(Record):
    """Rekor v2's name for a key or certificate, with the algorithm that it is to be used with."""

    kind: str  # "certificate-der" or "key-der"
    der: bytes
    key_details: str  # "PKIX_ECDSA_P256_SHA_256", ...


class LogBody(Record):
    """What a leaf binds together. Nothing here is verified."""

    kind: str  # "hashedrekord", "rekord", "dsse", "intoto"
    version: str  # "0.0.1" or "0.0.2"
    digest_algorithm: str  # "sha256", "sha384", "sha512"; rekord: "sha256"
    digest: bytes  # of the artifact (of the PAE, if a v2 hashedrekord logs an envelope); dsse, intoto: of the payload
    signatures: tuple[bytes, ...]  # raw; () for intoto 0.0.1, which names none
    verifiers: tuple[bytes, ...]  # one for each signature; intoto 0.0.1: one
    verifier_kind: str  # "pem" (the text), "certificate-der", "key-der"
    envelope_digest: bytes | None = None  # SHA-256 of the envelope's JSON as submitted: dsse 0.0.1 and intoto
    key_details: tuple[str, ...] = ()  # v2: one for each verifier


def parse_rekor_body(body: bytes, *, what: str = "log entry body") -> LogBody:
    """Parse a canonical body.

    Raises: MalformedError: another kind or version, a member unknown or missing, or JSON that is not canonical.
    """
    value = load_json(body, what=what, max_bytes=limits.BUNDLE_BYTES)
    fields = Fields(value, what, protojson=False)
    kind, version = fields.text("kind"), fields.text("apiVersion")
    reader = _READERS.get((kind, version))
    if reader is None:
        raise MalformedError(what, f"is of kind {kind[:40]!a} {version[:40]!a}, which is not known")
    read = reader(fields.object("spec"))
    fields.refuse_unknown()
    if sorted_json(value) != body:  # every member is known by now: ASCII names, and nothing but text inside
        raise MalformedError(what, "is not canonical JSON")
    return LogBody(kind, version, *read[2:])


def _hash_v1(fields: Fields) -> tuple[str, bytes]:
    """`{"algorithm":"sha256","value":HEX}`"""
    algorithm = fields.text("algorithm")
    if algorithm not in _SIZES:
        raise MalformedError(fields.path("algorithm"), f"is not one of {', '.join(_SIZES)}")
    digest = fields.hex("value", size=_SIZES[algorithm])
    fields.refuse_unknown()
    return algorithm, digest


def _sha256_v1(fields: Fields) -> bytes:
    algorithm, digest = _hash_v1(fields)
    if algorithm != "sha256":
        raise MalformedError(fields.path("algorithm"), "is not sha256")
    return digest


def _hash_v2(fields: Fields) -> tuple[str, bytes]:
    """`{"algorithm":"SHA2_256","digest":B64}`"""
    algorithm = _V2_NAMES.get(fields.text("algorithm"))
    if algorithm is None:
        raise MalformedError(fields.path("algorithm"), f"is not one of {', '.join(_V2_NAMES)}")
    digest = fields.b64("digest", size=_SIZES[algorithm])
    fields.refuse_unknown()
    return algorithm, digest


def _read_hashedrekord_v1(spec: Fields) -> LogBody:
    data, signed = spec.object("data"), spec.object("signature")
    algorithm, digest = _hash_v1(data.object("hash"))
    signature = signed.b64("content", max_size=limits.SIGNATURE_BYTES)
    key = signed.object("publicKey")
    verifier = key.b64("content", max_size=limits.CERTIFICATE_BYTES)
    for fields in (data, signed, key, spec):
        fields.refuse_unknown()
    return LogBody("", "", algorithm, digest, (signature,), (verifier,), "pem")


def _read_rekord_v1(spec: Fields) -> LogBody:
    """What logs took before hashedrekord, and `rekor-cli` sends when asked to: the log saw the artifact itself."""
    data, signed = spec.object("data"), spec.object("signature")
    digest = _sha256_v1(data.object("hash"))
    form = signed.text("format")
    if form != "x509":
        problem = f"is {form[:40]!a}: signatures in the format of PGP, minisign or SSH are not supported"
        raise MalformedError(signed.path("format"), problem, code="algorithm.unsupported")
    signature = signed.b64("content", max_size=limits.SIGNATURE_BYTES)
    key = signed.object("publicKey")
    verifier = key.b64("content", max_size=limits.CERTIFICATE_BYTES)
    for fields in (data, signed, key, spec):
        fields.refuse_unknown()
    return LogBody("", "", "sha256", digest, (signature,), (verifier,), "pem")


def _signed_objects(fields: Fields) -> list[Fields]:
    """An envelope's signatures, one or more: Rekor's schemas demand it, and an entry without one names no signer."""
    items = fields.objects("signatures", limit=limits.SIGNATURES)
    if not items:
        raise MalformedError(fields.path("signatures"), "is empty")
    return items


def _read_dsse_v1(spec: Fields) -> LogBody:
    envelope_digest = _sha256_v1(spec.object("envelopeHash"))
    algorithm, digest = _hash_v1(spec.object("payloadHash"))
    signatures, verifiers = [], []
    for item in _signed_objects(spec):
        signatures.append(item.b64("signature", max_size=limits.SIGNATURE_BYTES))
        verifiers.append(item.b64("verifier", max_size=limits.CERTIFICATE_BYTES))
        item.refuse_unknown()
    spec.refuse_unknown()
    return LogBody("", "", algorithm, digest, tuple(signatures), tuple(verifiers), "pem", envelope_digest)


def _read_intoto_v001(spec: Fields) -> LogBody:
    """The signature is not named: the envelope's digest covers it."""
    content = spec.object("content")
    envelope_digest = _sha256_v1(content.object("hash"))
    algorithm, digest = _hash_v1(content.object("payloadHash"))
    verifier = spec.b64("publicKey", max_size=limits.CERTIFICATE_BYTES)
    content.refuse_unknown()
    spec.refuse_unknown()
    return LogBody("", "", algorithm, digest, (), (verifier,), "pem", envelope_digest)


def _read_intoto_v002(spec: Fields) -> LogBody:
    """The signature is base64 twice: the first writers took the envelope's own text for bytes, and so it stayed.

    The log drops the payload; sigstore's own test logs keep it.
    """
    content = spec.object("content")
    envelope_digest = _sha256_v1(content.object("hash"))
    algorithm, digest = _hash_v1(content.object("payloadHash"))
    envelope = content.object("envelope")
    envelope.text("payloadType")
    envelope.optional_b64("payload")
    signatures, verifiers = [], []
    for item in _signed_objects(envelope):
        text = item.b64("sig", max_size=2 * limits.SIGNATURE_BYTES).decode("latin-1")
        signatures.append(decode_b64(text, what=item.path("sig")))
        verifiers.append(item.b64("publicKey", max_size=limits.CERTIFICATE_BYTES))
        item.optional_text("keyid")
        item.refuse_unknown()
    for fields in (envelope, content, spec):
        fields.refuse_unknown()
    return LogBody("", "", algorithm, digest, tuple(signatures), tuple(verifiers), "pem", envelope_digest)


def _read_verifier(fields: Fields) -> Verifier:
    key, certificate = fields.optional_object("publicKey"), fields.optional_object("x509Certificate")
    if (key is None) == (certificate is None):
        raise MalformedError(fields.what, "must have exactly one of publicKey and x509Certificate")
    chosen, kind = (key, "key-der") if key is not None else (certificate, "certificate-der")
    assert chosen is not None
    verifier = Verifier(kind, chosen.b64("rawBytes", max_size=limits.CERTIFICATE_BYTES), fields.text("keyDetails"))
    chosen.refuse_unknown()
    fields.refuse_unknown()
    return verifier


def _read_signature_v2(fields: Fields) -> tuple[bytes, Verifier]:
    signature = fields.b64("content", max_size=limits.SIGNATURE_BYTES)
    verifier = _read_verifier(fields.object("verifier"))
    fields.refuse_unknown()
    return signature, verifier


def _read_hashedrekord_v2(spec: Fields) -> LogBody:
    inner = spec.object("hashedRekordV002")
    algorithm, digest = _hash_v2(inner.object("data"))
    signature, verifier = _read_signature_v2(inner.object("signature"))
    inner.refuse_unknown()
    spec.refuse_unknown()
    return LogBody(
        "", "", algorithm, digest, (signature,), (verifier.der,), verifier.kind, None, (verifier.key_details,)
    )


def _read_dsse_v2(spec: Fields) -> LogBody:
    inner = spec.object("dsseV002")
    algorithm, digest = _hash_v2(inner.object("payloadHash"))
    signed = [_read_signature_v2(item) for item in inner.objects("signatures", limit=limits.SIGNATURES)]
    kinds = {verifier.kind for _, verifier in signed}
    if len(kinds) != 1:
        raise MalformedError(inner.path("signatures"), "must be one or more, all with keys or all with certificates")
    inner.refuse_unknown()
    spec.refuse_unknown()
    return LogBody(
        "",
        "",
        algorithm,
        digest,
        tuple(signature for signature, _ in signed),
        tuple(verifier.der for _, verifier in signed),
        kinds.pop(),
        None,
        tuple(verifier.key_details for _, verifier in signed),
    )


_READERS: Final = {
    ("hashedrekord", "0.0.1"): _read_hashedrekord_v1,
    ("hashedrekord", "0.0.2"): _read_hashedrekord_v2,
    ("rekord", "0.0.1"): _read_rekord_v1,
    ("dsse", "0.0.1"): _read_dsse_v1,
    ("dsse", "0.0.2"): _read_dsse_v2,
    ("intoto", "0.0.1"): _read_intoto_v001,
    ("intoto", "0.0.2"): _read_intoto_v002,
}


# ---- writing -------------------------------------------------------------------------------------------------------
def _body(kind: str, version: str, spec: JsonObject) -> bytes:
    return sorted_json({"apiVersion": version, "kind": kind, "spec": spec})


def _hash_v1_to_dict(algorithm: str, digest: bytes) -> JsonObject:
    return {"algorithm": algorithm, "value": digest.hex()}


def _hashedrekord_v1_spec(algorithm: str, digest: bytes, signature: bytes, verifier_pem: bytes) -> JsonObject:
    return {
        "data": {"hash": _hash_v1_to_dict(algorithm, digest)},
        "signature": {"content": encode_b64(signature), "publicKey": {"content": encode_b64(verifier_pem)}},
    }


def format_hashedrekord_v1(digest_algorithm: str, digest: bytes, signature: bytes, verifier_pem: bytes) -> bytes:
    """The body that Rekor v1 stores for an artifact's signature. The PEM is as `codec.pem.format_pem` writes it."""
    # by hand, for every verification compares it: base64, hexadecimal and the names of hashes need no escapes
    return (
        f'{{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{{"data":{{"hash":{{"algorithm":"{digest_algorithm}",'
        f'"value":"{digest.hex()}"}}}},"signature":{{"content":"{encode_b64(signature)}",'
        f'"publicKey":{{"content":"{encode_b64(verifier_pem)}"}}}}}}}}'
    ).encode()


def format_hashedrekord_v2(digest_algorithm: str, digest: bytes, signature: bytes, verifier: Verifier) -> bytes:
    """The body that Rekor v2 stores. sigstore-go rebuilds it, so not one byte may differ."""
    member = "publicKey" if verifier.kind == "key-der" else "x509Certificate"
    details = sorted_json(verifier.key_details).decode()
    return (
        '{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":'
        f'{{"algorithm":"{_TO_V2[digest_algorithm]}","digest":"{encode_b64(digest)}"}},'
        f'"signature":{{"content":"{encode_b64(signature)}","verifier":{{"keyDetails":{details},'
        f'"{member}":{{"rawBytes":"{encode_b64(verifier.der)}"}}}}}}}}}}}}'
    ).encode()


def format_rekord_v1(digest: bytes, signature: bytes, verifier_pem: bytes) -> bytes:
    """The body that Rekor v1 stores for `rekor-cli upload --type rekord --pki-format x509`; the digest is SHA-256."""
    spec = _hashedrekord_v1_spec("sha256", digest, signature, verifier_pem)
    signed = spec["signature"]
    assert isinstance(signed, dict)
    return _body("rekord", "0.0.1", {**spec, "signature": {**signed, "format": "x509"}})


def format_dsse_v1(envelope_digest: bytes, payload_digest: bytes, signed: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The body that Rekor v1 stores for an envelope.

    Args: both digests are SHA-256; `signed`: each signature with its verifier's PEM, in any order (they are sorted by
          the signature's base64 text).
    """
    signatures: list[JsonValue] = [
        {"signature": text, "verifier": encode_b64(pem)}
        for text, pem in sorted((encode_b64(signature), pem) for signature, pem in signed)
    ]
    spec: JsonObject = {
        "envelopeHash": _hash_v1_to_dict("sha256", envelope_digest),
        "payloadHash": _hash_v1_to_dict("sha256", payload_digest),
        "signatures": signatures,
    }
    return _body("dsse", "0.0.1", spec)


def format_dsse_v2(digest_algorithm: str, payload_digest: bytes, signed: Sequence[tuple[bytes, Verifier]]) -> bytes:
    """The body of Rekor v2 (before 2.3) for an envelope, signatures sorted by their bytes."""
    signatures: list[JsonValue] = [signature_v2_to_dict(signature, verifier) for signature, verifier in sorted(signed)]
    inner: JsonObject = {
        "payloadHash": {"algorithm": _TO_V2[digest_algorithm], "digest": encode_b64(payload_digest)},
        "signatures": signatures,
    }
    return _body("dsse", "0.0.2", {"dsseV002": inner})


def format_intoto_v001(envelope_digest: bytes, payload_digest: bytes, verifier_pem: bytes) -> bytes:
    """The body that Rekor v1 stores for Cosign's `--rekor-entry-type intoto`; both digests are SHA-256."""
    content: JsonObject = {
        "hash": _hash_v1_to_dict("sha256", envelope_digest),
        "payloadHash": _hash_v1_to_dict("sha256", payload_digest),
    }
    return _body("intoto", "0.0.1", {"content": content, "publicKey": encode_b64(verifier_pem)})


def signature_v2_to_dict(signature: bytes, verifier: Verifier) -> JsonObject:
    """A signature with its verifier, in the members that Rekor v2's requests and bodies share."""
    member = "publicKey" if verifier.kind == "key-der" else "x509Certificate"
    return {
        "content": encode_b64(signature),
        "verifier": {"keyDetails": verifier.key_details, member: {"rawBytes": encode_b64(verifier.der)}},
    }
