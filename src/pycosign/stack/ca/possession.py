"""The key that a certificate is asked for, and the proof that the asker holds it.

Source: sigstore/fulcio, pkg/server/grpc_server.go.
"""

import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from pycosign.crypto.keys import parse_spki
from pycosign.errors import MalformedError
from pycosign.stack.ca.errors import CaRefusedError

__all__ = ["check_proof", "key_of_csr", "parse_key", "spki_of"]

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "secp256r1": hashes.SHA256(),
    "secp384r1": hashes.SHA384(),
    "secp521r1": hashes.SHA512(),
}
_RSA_BITS = (2048, 3072, 4096)
_RSA_EXPONENT = 65537
_CSR_HASHES = ("sha256", "sha384", "sha512")
_UNPARSABLE_KEY = "The public key supplied in the request could not be parsed"
_WEAK_KEY = "The public key supplied in the request is insecure"
_BAD_PROOF = "The signature supplied in the request could not be verified"
_UNPARSABLE_CSR = "The certificate signing request could not be parsed"


def parse_key(content: bytes) -> PublicKeyTypes:
    """Read a key that was sent as PEM (SPKI or PKCS #1), as base64 of DER, or as DER.

    The algorithm named beside it is never looked at: Go's clients send names that the protocol does not have.
    Raises: CaRefusedError: it is none of these, or of a kind or size that gets no certificate.
    """
    try:
        if b"-----BEGIN" in content:
            key = serialization.load_pem_public_key(content)
        elif content[:1] == b"\x30":
            key = serialization.load_der_public_key(content)
        else:
            key = serialization.load_der_public_key(binascii.a2b_base64(content, strict_mode=True))
    except (ValueError, UnsupportedAlgorithm) as exc:
        raise CaRefusedError(_UNPARSABLE_KEY, reason=str(exc)) from exc
    _check_strength(key)
    return key


def _check_strength(key: PublicKeyTypes) -> None:
    match key:
        case rsa.RSAPublicKey():
            if key.key_size not in _RSA_BITS or key.public_numbers().e != _RSA_EXPONENT:
                raise CaRefusedError(_WEAK_KEY, reason=f"RSA of {key.key_size} bits")
        case ec.EllipticCurvePublicKey():
            if key.curve.name not in _HASHES:
                raise CaRefusedError(_WEAK_KEY, reason=f"curve {key.curve.name}")
        case ed25519.Ed25519PublicKey():
            try:  # a key of small order needs no private half: a proof that anyone can make proves nothing
                parse_spki(spki_of(key))
            except MalformedError as exc:
                raise CaRefusedError(_WEAK_KEY, reason=str(exc)) from exc
        case _:
            raise CaRefusedError("signing algorithm not permitted", reason=type(key).__name__)


def spki_of(key: PublicKeyTypes) -> bytes:
    """The key's SubjectPublicKeyInfo, DER, in its one canonical form."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def check_proof(key: PublicKeyTypes, proof: bytes, challenge: str) -> None:
    """Check that the key signed the challenge. Raises CaRefusedError when it did not."""
    message = challenge.encode("utf-8")
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(proof, message, ec.ECDSA(_HASHES[key.curve.name]))
            case rsa.RSAPublicKey():
                key.verify(proof, message, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PublicKey():
                key.verify(proof, message)
            case _:
                raise CaRefusedError("signing algorithm not permitted", reason=type(key).__name__)
    except InvalidSignature as exc:
        raise CaRefusedError(_BAD_PROOF) from exc


def key_of_csr(pem: bytes) -> PublicKeyTypes:
    """The key of a certificate signing request, whose own signature is the proof; its subject and extensions are
    ignored. Raises CaRefusedError when it cannot be read or its signature does not hold."""
    from cryptography import x509  # only sigstore-python and its like come this way

    try:
        csr = x509.load_pem_x509_csr(pem)
        key = csr.public_key()
        algorithm = csr.signature_hash_algorithm
        valid = csr.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as exc:
        raise CaRefusedError(_UNPARSABLE_CSR, reason=str(exc)) from exc
    _check_strength(key)
    if algorithm is None and not isinstance(key, ed25519.Ed25519PublicKey):
        raise CaRefusedError(_BAD_PROOF, reason="unknown signature algorithm")
    if algorithm is not None and algorithm.name not in _CSR_HASHES:
        raise CaRefusedError(_BAD_PROOF, reason=f"signed with {algorithm.name}")
    if not valid:
        raise CaRefusedError(_BAD_PROOF)
    return key
