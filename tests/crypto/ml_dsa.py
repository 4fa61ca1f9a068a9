"""What signs with ML-DSA in tests: pycosign itself only verifies it."""

from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from pycosign.crypto.algorithms import ML_DSA
from pycosign.crypto.keys import PublicKey, parse_spki
from pycosign.errors import UsageError

__all__ = ["MlDsaSigner", "generate_ml_dsa"]

mldsa: Any = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")


class MlDsaSigner:
    """A private key; a `Signer`."""

    def __init__(self, key: Any) -> None:
        self._key = key
        der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.public_key: PublicKey = parse_spki(der)

    def sign(self, message: bytes) -> bytes:
        signature: bytes = self._key.sign(message)
        return signature

    def sign_digest(self, digest: bytes, hash_name: str) -> bytes:
        raise UsageError(f"ML-DSA signs messages, not a {hash_name} digest")

    def library_key(self) -> Any:
        return self._key


def generate_ml_dsa(kind: str) -> MlDsaSigner:
    form = next(form for form in ML_DSA if form.kind == kind)
    try:
        return MlDsaSigner(getattr(mldsa, form.class_name.replace("Public", "Private")).generate())
    except UnsupportedAlgorithm:
        pytest.skip("the installed cryptography has no ML-DSA", allow_module_level=True)
