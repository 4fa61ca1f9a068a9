"""Rekor v1, the pure part: a proposed entry, checked, becomes the canonical body that is logged. No I/O, no clock.

Source: sigstore/rekor pkg/types/{hashedrekord,dsse,intoto,rekord}.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.strict_json import Fields, canonical_json
from pycosign.crypto.digests import ALGORITHMS
from pycosign.errors import InvalidSignatureError, MalformedError
from pycosign.stack.tlog.evidence import Presented, check_message, distinct, read_pem_verifier, statement_digests
from pycosign.wire.dsse import Envelope, pae, parse_envelope
from pycosign.wire.rekor_body import format_dsse_v1, format_hashedrekord_v1, format_intoto_v001

__all__ = ["KNOWN_KINDS", "Admitted", "admit", "key_search_keys"]

KNOWN_KINDS: Final = frozenset(
    {"alpine", "cose", "dsse", "hashedrekord", "helm", "intoto", "jar", "rekord", "rfc3161", "rpm", "tuf"}
)


class Admitted(NamedTuple):
    """A proposed entry whose signatures verify."""

    body: bytes  # canonical: the leaf
    search_keys: tuple[str, ...]  # lower case
    attestation: bytes | None = None  # the payload, kept beside the leaf


def admit(kind: str, version: str, spec: Fields) -> Admitted:
    """Check a proposed entry.

    Raises: MalformedError: a member missing or of another form, or a kind and version that this log does not take.
            InvalidSignatureError: a signature that its key does not verify.
    """
    reader = _READERS.get((kind, version))
    if reader is None:
        raise MalformedError("entry", f"is of kind {kind} {version[:40]!a}, which this log does not take")
    admitted = reader(spec)
    return admitted._replace(search_keys=distinct([key.lower() for key in admitted.search_keys]))


def key_search_keys(pem: bytes) -> str:
    """What a search by public key looks up: the bare digest of the key's canonical PEM. Raises MalformedError."""
    return read_pem_verifier(pem).pem_digest()


def _digest(fields: Fields) -> tuple[str, bytes]:
    algorithm = fields.text("algorithm")
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise MalformedError(fields.path("algorithm"), "is not one of sha256, sha384, sha512")
    return algorithm, fields.hex("value", size=ALGORITHMS[algorithm])


def _signed_pem(signature: Fields) -> Presented:
    return read_pem_verifier(signature.object("publicKey").b64("content", max_size=limits.CERTIFICATE_BYTES))


def _hashedrekord(spec: Fields) -> Admitted:
    signed = spec.object("signature")
    signature = signed.b64("content", max_size=limits.SIGNATURE_BYTES)
    presented = _signed_pem(signed)
    algorithm, digest = _digest(spec.object("data").object("hash"))
    if presented.key.kind == "ed25519" and algorithm != "sha512":
        raise MalformedError(spec.path("data"), "must have a sha512 digest: an Ed25519 key signs with Ed25519ph")
    _check(lambda: presented.key.verify_digest(signature, digest, algorithm))
    body = format_hashedrekord_v1(algorithm, digest, signature, presented.pem)
    return Admitted(body, (presented.pem_digest(), *presented.names, f"{algorithm}:{digest.hex()}"))


def _check(verify: Callable[[], None]) -> None:
    try:
        verify()
    except InvalidSignatureError as exc:
        raise InvalidSignatureError(f"verifying signature: {exc}") from exc


# ---- envelopes -----------------------------------------------------------------------------------------------------
def _match(envelope: Envelope, verifiers: list[Presented]) -> dict[bytes, Presented]:
    """Which verifier made each signature. Every signature needs one, and every verifier that is looked at must have
    made one; verifiers after the last open signature are not looked at.

    Raises: InvalidSignatureError.
    """
    message = pae(envelope.payload_type, envelope.payload)
    made: dict[bytes, Presented] = {}
    for presented in verifiers:
        if all(item.signature in made for item in envelope.signatures):
            break
        accepted = [item.signature for item in envelope.signatures if _verifies(presented, item.signature, message)]
        if not accepted:
            raise InvalidSignatureError("could not verify envelope: a key made none of its signatures")
        made |= dict.fromkeys(accepted, presented)
    if any(item.signature not in made for item in envelope.signatures):
        raise InvalidSignatureError("all signatures must have a key that verifies it")
    return made


def _verifies(presented: Presented, signature: bytes, message: bytes) -> bool:
    try:
        check_message(presented.key, signature, message)
    except InvalidSignatureError:
        return False
    return True


def _signer_keys(presented: list[Presented]) -> list[str]:
    """Search keys of envelope kinds: the digest with its prefix, unlike hashedrekord's bare one."""
    return [key for item in presented for key in (f"sha256:{item.pem_digest()}", *item.names)]


def _dsse(spec: Fields) -> Admitted:
    if any(name in spec for name in ("envelopeHash", "payloadHash", "signatures")):
        raise MalformedError(spec.what, "must have proposedContent alone")
    content = spec.object("proposedContent")
    text = content.text("envelope").encode()
    envelope = parse_envelope(text, what=content.path("envelope"))
    path = content.path("verifiers")
    verifiers = [
        read_pem_verifier(decode_b64(item, what=path)) for item in content.texts("verifiers", limit=limits.SIGNATURES)
    ]
    made = _match(envelope, verifiers)
    envelope_digest, payload_digest = sha256(text).digest(), sha256(envelope.payload).digest()
    body = format_dsse_v1(envelope_digest, payload_digest, [(signature, by.pem) for signature, by in made.items()])
    keys = [
        *_signer_keys(list(made.values())),
        f"sha256:{payload_digest.hex()}",
        f"sha256:{envelope_digest.hex()}",
        *statement_digests(envelope.payload_type, envelope.payload),
    ]
    return Admitted(body, tuple(keys))


def _intoto_v001(spec: Fields) -> Admitted:
    content = spec.object("content")
    text = content.text("envelope").encode()
    envelope = parse_envelope(text, what=content.path("envelope"))
    presented = read_pem_verifier(spec.b64("publicKey", max_size=limits.CERTIFICATE_BYTES))
    message = pae(envelope.payload_type, envelope.payload)
    if not any(_verifies(presented, item.signature, message) for item in envelope.signatures):
        raise InvalidSignatureError("could not verify envelope: the key made none of its signatures")
    envelope_digest, payload_digest = sha256(text).digest(), sha256(envelope.payload).digest()
    keys = [
        f"sha256:{envelope_digest.hex()}",
        *_signer_keys([presented]),
        f"sha256:{payload_digest.hex()}",
        *statement_digests(envelope.payload_type, envelope.payload),
    ]
    body = format_intoto_v001(envelope_digest, payload_digest, presented.pem)
    return Admitted(body, tuple(keys), envelope.payload)


def _intoto_v002(spec: Fields) -> Admitted:
    """Payload and signatures are base64 twice; the envelope's hash is the client's word, as in Rekor itself."""
    content = spec.object("content")
    envelope = content.object("envelope")
    payload = _b64_twice(envelope, "payload")
    payload_type = envelope.text("payloadType")
    message = pae(payload_type, payload)
    signatures, signers = [], []
    for item in envelope.objects("signatures", limit=limits.SIGNATURES):
        pem = item.b64("publicKey", max_size=limits.CERTIFICATE_BYTES)
        presented = read_pem_verifier(pem)
        _check(lambda by=presented, made=_b64_twice(item, "sig"): check_message(by.key, made, message))  # type: ignore[misc]
        keyid = item.optional_text("keyid")
        signatures.append(
            {"publicKey": encode_b64(pem), "sig": item.text("sig")} | ({"keyid": keyid} if keyid else {}),
        )
        signers.append(presented)
    if not signatures:
        raise MalformedError(envelope.path("signatures"), "is empty")
    algorithm, digest = _digest(content.object("hash"))
    payload_digest = sha256(payload).hexdigest()
    spec_json = {
        "content": {
            "envelope": {"payloadType": payload_type, "signatures": signatures},
            "hash": {"algorithm": algorithm, "value": digest.hex()},
            "payloadHash": {"algorithm": "sha256", "value": payload_digest},
        }
    }
    body = canonical_json({"apiVersion": "0.0.2", "kind": "intoto", "spec": spec_json})
    keys = [*_signer_keys(signers), f"sha256:{payload_digest}", *statement_digests(payload_type, payload)]
    return Admitted(body, tuple(keys), payload)


def _b64_twice(fields: Fields, name: str) -> bytes:
    text = fields.b64(name, max_size=limits.REQUEST_BYTES)
    return decode_b64(text.decode("latin-1"), what=fields.path(name))


def _rekord(spec: Fields) -> Admitted:
    """The content is hashed and dropped. Of the signature formats only x509 is taken."""
    signed = spec.object("signature")
    if signed.text("format") != "x509":
        raise MalformedError(signed.path("format"), "is not x509, the only one that this log takes")
    signature = signed.b64("content", max_size=limits.SIGNATURE_BYTES)
    presented = _signed_pem(signed)
    data = spec.object("data")
    message = data.optional_b64("content") or b""
    digest = sha256(message)
    claimed = data.optional_object("hash")
    if claimed is not None and _digest(claimed) != ("sha256", digest.digest()):
        raise MalformedError(data.path("hash"), "is not the digest of the content")
    _check(lambda: check_message(presented.key, signature, message))
    spec_json = {
        "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
        "signature": {
            "content": encode_b64(signature),
            "format": "x509",
            "publicKey": {"content": encode_b64(presented.pem)},
        },
    }
    body = canonical_json({"apiVersion": "0.0.1", "kind": "rekord", "spec": spec_json})
    return Admitted(body, (presented.pem_digest(), *presented.names, f"sha256:{digest.hexdigest()}"))


_READERS: Final[dict[tuple[str, str], Callable[[Fields], Admitted]]] = {
    ("hashedrekord", "0.0.1"): _hashedrekord,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.1"): _intoto_v001,
    ("intoto", "0.0.2"): _intoto_v002,
    ("rekord", "0.0.1"): _rekord,
}
