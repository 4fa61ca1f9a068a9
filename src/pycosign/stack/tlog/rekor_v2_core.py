"""Rekor v2, the pure part: a request, checked, becomes the canonical body that is logged. No I/O, no clock.

Source: sigstore/rekor-tiles, pkg/types. Envelopes (`dsseRequestV002`) are taken as servers
before 2.3 did, because clients of that time still send them.
"""

from hashlib import sha256
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.strict_json import Fields
from pycosign.crypto.algorithms import Algorithm, algorithm_of_details
from pycosign.crypto.digests import ALGORITHMS
from pycosign.crypto.keys import PublicKey
from pycosign.errors import InvalidSignatureError, MalformedError
from pycosign.stack.tlog.evidence import read_der_verifier
from pycosign.wire.dsse import Envelope, envelope_from_fields, pae
from pycosign.wire.rekor_body import Verifier, format_dsse_v2, format_hashedrekord_v2

__all__ = ["VERSION", "AdmittedV2", "admit_v2"]

VERSION: Final = "0.0.2"
_ALLOWED: Final = frozenset(
    {
        "PKIX_RSA_PKCS1V15_2048_SHA256",
        "PKIX_RSA_PKCS1V15_3072_SHA256",
        "PKIX_RSA_PKCS1V15_4096_SHA256",
        "PKIX_ECDSA_P256_SHA_256",
        "PKIX_ECDSA_P384_SHA_384",
        "PKIX_ECDSA_P521_SHA_512",
        "PKIX_ED25519",  # envelopes only: a digest cannot be signed with it
        "PKIX_ED25519_PH",
    }
)


class AdmittedV2(NamedTuple):
    """A request whose signatures verify."""

    kind: str
    body: bytes  # canonical: the leaf


class _Key(NamedTuple):
    """A verifier as presented, its key, and the algorithm it is to be used with."""

    verifier: Verifier
    key: PublicKey
    algorithm: Algorithm


def admit_v2(request: Fields) -> AdmittedV2 | None:
    """Check a request; None: it is of no type that this log takes.

    Raises: MalformedError; InvalidSignatureError; the caller names the request's type.
    """
    record = request.optional_object("hashedRekordRequestV002")
    if record is not None:
        admitted = AdmittedV2("hashedrekord", _hashedrekord(record))
    else:
        envelope = request.optional_object("dsseRequestV002")
        if envelope is None:
            return None
        admitted = AdmittedV2("dsse", _dsse(envelope))
    request.refuse_unknown()
    if len(admitted.body) > limits.ENTRY_BYTES:
        raise MalformedError("entry", f"is {len(admitted.body)} bytes long; {limits.ENTRY_BYTES} are allowed")
    return admitted


def _read_key(fields: Fields) -> _Key:
    """A verifier: exactly one of a key and a certificate, of the kind that its details name."""
    details = fields.text("keyDetails")
    algorithm = algorithm_of_details(details) if details in _ALLOWED else None
    if algorithm is None:
        raise MalformedError(fields.path("keyDetails"), f"names no algorithm that this log takes: {details[:60]!a}")
    key, certificate = fields.optional_object("publicKey"), fields.optional_object("x509Certificate")
    chosen = certificate if key is None else key
    if chosen is None or (key is not None and certificate is not None):
        raise MalformedError(fields.what, "must have exactly one of publicKey and x509Certificate")
    der = chosen.b64("rawBytes", max_size=limits.CERTIFICATE_BYTES)
    chosen.refuse_unknown()
    fields.refuse_unknown()
    public_key = read_der_verifier(der, is_certificate=key is None)
    if public_key.kind != algorithm.kind:
        raise MalformedError(fields.path("keyDetails"), f"is {details}, and the key is {public_key.kind}")
    return _Key(Verifier("certificate-der" if key is None else "key-der", der, details), public_key, algorithm)


def _hashedrekord(fields: Fields) -> bytes:
    signed = fields.object("signature")
    signature = signed.b64("content", max_size=limits.SIGNATURE_BYTES)
    presented = _read_key(signed.object("verifier"))
    hash_name = presented.algorithm.hash_name
    if hash_name is None:
        raise MalformedError(signed.path("verifier"), "signs messages, not digests")
    digest = fields.b64("digest", size=ALGORITHMS[hash_name])
    signed.refuse_unknown()
    fields.refuse_unknown()
    presented.key.verify_digest(signature, digest, hash_name)
    return format_hashedrekord_v2(hash_name, digest, signature, presented.verifier)


def _dsse(fields: Fields) -> bytes:
    envelope = envelope_from_fields(fields.object("envelope"))
    presented = [_read_key(item) for item in fields.objects("verifiers", limit=limits.SIGNATURES)]
    fields.refuse_unknown()
    made = _match(envelope, presented)
    payload_digest = sha256(envelope.payload).digest()  # SHA-256 whatever the signatures hash with
    return format_dsse_v2("sha256", payload_digest, list(made.items()))


def _match(envelope: Envelope, presented: list[_Key]) -> dict[bytes, Verifier]:
    """Which verifier made each signature; each signature needs one, and each verifier must have made one.

    Raises: InvalidSignatureError.
    """
    message = pae(envelope.payload_type, envelope.payload)
    made: dict[bytes, Verifier] = {}
    for item in presented:
        accepted = [each.signature for each in envelope.signatures if _verifies(item, each.signature, message)]
        if not accepted:
            raise InvalidSignatureError("a key made none of the envelope's signatures")
        for signature in accepted:
            made.setdefault(signature, item.verifier)
    if any(each.signature not in made for each in envelope.signatures):
        raise InvalidSignatureError("all signatures must have a key that verifies it")
    return made


def _verifies(presented: _Key, signature: bytes, message: bytes) -> bool:
    try:
        presented.key.verify(signature, message, hash_name=presented.algorithm.hash_name)
    except InvalidSignatureError:
        return False
    return True
