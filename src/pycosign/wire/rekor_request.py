"""What a client posts to a log: the proposed forms of the bodies in `rekor_body.py`.

Source: sigstore/rekor pkg/types/*/v0.0.*; sigstore/rekor-tiles, rekor_service.proto.
"""

import hashlib

from pycosign.codec.b64 import encode_b64
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import canonical_json, sorted_json
from pycosign.errors import MalformedError
from pycosign.wire.rekor_body import Verifier, format_hashedrekord_v1, signature_v2_to_dict

__all__ = ["dsse_v1_request", "hashedrekord_v1_request", "hashedrekord_v2_request", "intoto_v001_request"]


def hashedrekord_v1_request(digest_algorithm: str, digest: bytes, signature: bytes, verifier_pem: bytes) -> bytes:
    """The body of POST /api/v1/log/entries for an artifact's signature: here the proposed form is the stored one."""
    return format_hashedrekord_v1(digest_algorithm, digest, signature, verifier_pem)


def dsse_v1_request(envelope_json: bytes, *verifiers_pem: bytes) -> bytes:
    """The body of POST /api/v1/log/entries for an envelope, whose text goes in as it is: the log stores its digest."""
    verifiers: list[JsonValue] = [encode_b64(pem) for pem in verifiers_pem]
    content: JsonObject = {"envelope": envelope_json.decode(), "verifiers": verifiers}
    return sorted_json({"apiVersion": "0.0.1", "kind": "dsse", "spec": {"proposedContent": content}})


def intoto_v001_request(envelope_json: bytes, verifier_pem: bytes) -> bytes:
    """The body of POST /api/v1/log/entries as Cosign's `--rekor-entry-type intoto` sends it."""
    digest: JsonObject = {"algorithm": "sha256", "value": hashlib.sha256(envelope_json).hexdigest()}
    content: JsonObject = {"envelope": envelope_json.decode(), "hash": digest}
    spec: JsonObject = {"content": content, "publicKey": encode_b64(verifier_pem)}
    return sorted_json({"apiVersion": "0.0.1", "kind": "intoto", "spec": spec})


def hashedrekord_v2_request(
    digest: bytes,
    signature: bytes,
    key_details: str,
    *,
    certificate_der: bytes | None = None,
    key_der: bytes | None = None,
) -> bytes:
    """The body of POST /api/v2/log/entries; the digest's algorithm is the one that `key_details` names.

    Args: exactly one of `certificate_der` and `key_der` (SubjectPublicKeyInfo).
    """
    if (certificate_der is None) == (key_der is None):
        raise MalformedError("log request", "must have exactly one of a certificate and a key")
    verifier = Verifier(
        "key-der" if certificate_der is None else "certificate-der", certificate_der or key_der or b"", key_details
    )
    request: JsonObject = {"digest": encode_b64(digest), "signature": signature_v2_to_dict(signature, verifier)}
    return canonical_json({"hashedRekordRequestV002": request})
