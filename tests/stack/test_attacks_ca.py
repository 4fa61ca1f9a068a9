"""Keys that anybody can sign with get no certificate."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from pycosign.stack.ca.errors import CaRefusedError, TokenRefusedError
from pycosign.stack.ca.possession import check_proof, parse_key, spki_of
from pycosign.stack.ca.principal import principal_of

NEUTRAL = ed25519.Ed25519PublicKey.from_public_bytes(b"\x01" + bytes(31))


def test_an_ed25519_key_that_needs_no_private_half_is_weak() -> None:
    check_proof(NEUTRAL, b"\x01" + bytes(63), "anyone@example.com")  # as OpenSSL sees it, the proof holds
    with pytest.raises(CaRefusedError):
        parse_key(spki_of(NEUTRAL))


@pytest.mark.parametrize("issuer", ["https://[issuer]/", 'http://sigstore"]}', "http://[::1"])
def test_a_name_of_an_issuer_that_is_no_url_is_refused(issuer: str) -> None:
    with pytest.raises(TokenRefusedError, match="issuer is not a URL"):
        principal_of({"iss": issuer, "sub": "somebody"})
