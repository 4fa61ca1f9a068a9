"""What signs with RSASSA-PSS in tests: pycosign itself only verifies it."""

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils

from pycosign.crypto.signers import generate_signer

__all__ = ["PssSigner"]


class PssSigner:
    """An RSA key; a `Signer`. The salt is as long as it can be, as Go makes it."""

    def __init__(self, bits: int) -> None:
        self._signer = generate_signer(f"rsa-{bits}")
        self.public_key = self._signer.public_key
        self.details = f"PKIX_RSA_PSS_{bits}_SHA256"

    def sign(self, message: bytes) -> bytes:
        return self._sign(message, hashes.SHA256())

    def sign_digest(self, digest: bytes, hash_name: str) -> bytes:
        assert hash_name == "sha256"
        return self._sign(digest, utils.Prehashed(hashes.SHA256()))

    def _sign(self, data: bytes, algorithm: Any) -> bytes:
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.MAX_LENGTH)
        signature: bytes = self._signer.library_key().sign(data, scheme, algorithm)
        return signature

    def library_key(self) -> Any:
        return self._signer.library_key()
