"""Which keys the CA certifies, and how a request proves that it holds one."""

import base64
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from pycosign.codec.pem import parse_pem

from .ca_requests import issue, refusal
from .services import EMAIL, pem, rsa_key, token, v2_request

PROOF_REFUSED = (400, 3, "The signature supplied in the request could not be verified")
KEY_UNPARSABLE = (400, 3, "The public key supplied in the request could not be parsed")
KEY_WEAK = (400, 3, "The public key supplied in the request is insecure")


def proven(key: Any) -> bytes:
    message = EMAIL.encode()
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    algorithm = {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.curve.key_size, hashes.SHA256())
    signature: bytes = key.sign(message, ec.ECDSA(algorithm))
    return signature


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa_key(1),
    ],
    ids=["p384", "p521", "ed25519", "rsa2048"],
)
def test_every_kind_of_key_gets_a_certificate(key: Any) -> None:
    leaf = issue(v2_request(token(), key=key, proof=proven(key)))
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    assert leaf.spki_der == key.public_key().public_bytes(serialization.Encoding.DER, spki)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65537, key_size=1024),
        rsa.generate_private_key(public_exponent=3, key_size=2048),
        ec.generate_private_key(ec.SECP256K1()),
    ],
    ids=["rsa1024", "exponent3", "secp256k1"],
)
def test_a_weak_key_is_refused(key: Any) -> None:
    assert refusal(v2_request(token(), key=key, proof=b"x")) == KEY_WEAK


def test_a_key_that_is_none_is_refused() -> None:
    body = json.loads(v2_request(token()))
    for content in ("-----BEGIN PUBLIC KEY-----\nQUJD\n-----END PUBLIC KEY-----\n", "nonsense", ""):
        body["publicKeyRequest"]["publicKey"]["content"] = content
        assert refusal(body) == KEY_UNPARSABLE


def test_a_key_in_base64_of_der_and_snake_case_names_are_understood() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = parse_pem(pem(key).encode(), what="key")[0].der
    body = {
        "credentials": {"oidc_identity_token": token()},
        "public_key_request": {
            "public_key": {"content": base64.b64encode(der).decode()},
            "proof_of_possession": base64.b64encode(proven(key)).decode(),
        },
        "unknown": {},
    }
    assert issue(body).spki_der == der


def test_a_proof_by_another_key_is_refused() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    assert refusal(v2_request(token(), key=key, proof=proven(other))) == PROOF_REFUSED


def csr(key: Any, algorithm: Any = None) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return builder.sign(key, algorithm or hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def csr_request(pem_bytes: bytes) -> dict[str, Any]:
    return {
        "credentials": {"oidcIdentityToken": token()},
        "certificateSigningRequest": base64.b64encode(pem_bytes).decode(),
    }


def test_a_signing_request_is_its_own_proof() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = issue(csr_request(csr(key)))
    assert leaf.spki_der == parse_pem(pem(key).encode(), what="key")[0].der
    assert leaf.san[0].value == EMAIL
    assert not leaf.is_ca


def test_a_signing_request_that_was_changed_or_is_none_is_refused() -> None:
    der = bytearray(parse_pem(csr(ec.generate_private_key(ec.SECP256R1())), what="csr")[0].der)
    der[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    assert refusal(csr_request(broken)) == PROOF_REFUSED
    assert refusal(csr_request(b"nothing"))[2] == "The certificate signing request could not be parsed"
