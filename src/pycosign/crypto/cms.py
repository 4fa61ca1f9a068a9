"""The signature of CMS signed data with signed attributes. Source: RFC 5652, 5.4 and 5.6."""

from hashlib import new as new_hash
from hmac import compare_digest

from pycosign.crypto.algorithms import hash_name_of_oid, scheme_of_oid
from pycosign.crypto.certificate import Certificate
from pycosign.crypto.keys import PublicKey
from pycosign.errors import InvalidSignatureError

__all__ = ["check_certificate_reference", "check_cms_signature"]


def check_cms_signature(
    key: PublicKey,
    *,
    content: bytes,
    message_digest: bytes,
    signed_attrs_der: bytes,
    digest_oid: str,
    signature_oid: str,
    signature: bytes,
) -> None:
    """Check that the attributes' digest is the content's, and that the key signed the attributes.

    Args:   signed_attrs_der: with the tag of a SET.
    Raises: InvalidSignatureError. MalformedError, code `algorithm.unsupported`: SHA-1 and the like.
    """
    digest_name = hash_name_of_oid(digest_oid, "signer's digest")
    scheme = scheme_of_oid(signature_oid, "signer's signature")
    if not compare_digest(new_hash(digest_name, content).digest(), message_digest):
        raise InvalidSignatureError("the signed digest is of another content")
    if key.kind.partition("-")[0] != scheme.family:
        raise InvalidSignatureError(f"the signature is not of the signer's kind of key, {key.kind}")
    hash_name = None if scheme.family == "ed25519" else scheme.hash_name or digest_name
    key.verify(signature, signed_attrs_der, hash_name=hash_name)


def check_certificate_reference(certificate: Certificate, *, hash_oid: str, certificate_hash: bytes) -> None:
    """Check that a signed reference (ESSCertIDv2) means this certificate. Source: RFC 5816, 2.2.1.

    Raises: InvalidSignatureError. MalformedError, code `algorithm.unsupported`: SHA-1 and the like.
    """
    hash_name = hash_name_of_oid(hash_oid, "signed certificate reference")
    if not compare_digest(new_hash(hash_name, certificate.der).digest(), certificate_hash):
        raise InvalidSignatureError("the signed reference means another certificate than the signer's")
