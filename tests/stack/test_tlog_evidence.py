"""What the Rekors ask of a submitter: keys and certificates that can be read, signatures that they verify."""

import hashlib
import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from pycosign.crypto.signers import generate_signer
from pycosign.errors import InvalidSignatureError, MalformedError
from pycosign.stack.tlog.evidence import (
    check_message,
    distinct,
    read_der_verifier,
    read_pem_verifier,
    statement_digests,
)
from pycosign.wire.intoto import IN_TOTO_PAYLOAD_TYPE

from .logs import NOW


def certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate with one e-mail address."""
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    builder = x509.CertificateBuilder(names[1], names[0], key.public_key(), 7, NOW, NOW + timedelta(minutes=10))
    san = x509.SubjectAlternativeName([x509.RFC822Name(f"{subject}@example.com")])
    return builder.add_extension(san, critical=True).sign(issuer_key, hashes.SHA256())


LEAF_KEY, ROOT_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
LEAF = certificate("leaf", LEAF_KEY, "root", ROOT_KEY).public_bytes(Encoding.PEM)
ROOT = certificate("root", ROOT_KEY, "root", ROOT_KEY).public_bytes(Encoding.PEM)


def test_a_key_is_re_encoded_without_what_stood_around_it() -> None:
    key = generate_signer().public_key
    spelled = b"comment\r\n" + key.pem().replace(b"\n", b"\r\n") + b"\n\n"
    presented = read_pem_verifier(spelled)
    assert (presented.key, presented.pem, presented.names) == (key, key.pem(), ())
    assert presented.pem_digest() == hashlib.sha256(key.pem()).hexdigest()


def test_a_certificate_gives_its_key_and_names() -> None:
    presented = read_pem_verifier(LEAF)
    assert (presented.pem, presented.names) == (LEAF, ("leaf@example.com",))


def test_a_chain_is_kept_whole_and_names_its_leaf() -> None:
    presented = read_pem_verifier(LEAF + ROOT)
    assert (presented.pem, presented.names) == (LEAF + ROOT, ("leaf@example.com",))
    assert presented.key == read_pem_verifier(LEAF).key


@pytest.mark.parametrize("pem", [ROOT + LEAF, LEAF + LEAF])
def test_a_chain_that_does_not_sign_its_leaf_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        read_pem_verifier(pem)


KEY_PEM = generate_signer().public_key.pem()


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"text",
        LEAF + KEY_PEM,
        KEY_PEM + LEAF,
        LEAF * 11,
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_is_neither_key_nor_chain_is_refused(pem: bytes) -> None:
    with pytest.raises(MalformedError):
        read_pem_verifier(pem)


def test_der_is_read_as_what_it_is_said_to_be() -> None:
    leaf = x509.load_pem_x509_certificate(LEAF).public_bytes(Encoding.DER)
    key = read_der_verifier(leaf, is_certificate=True)
    assert read_der_verifier(key.spki_der, is_certificate=False) == key
    for der, is_certificate in ((leaf, False), (key.spki_der, True)):
        with pytest.raises(MalformedError):
            read_der_verifier(der, is_certificate=is_certificate)


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "ed25519"])
def test_a_message_is_checked_under_either_hash(algorithm: str) -> None:
    signer = generate_signer(algorithm)
    signatures = [signer.sign(b"message")]
    if algorithm != "ed25519":
        signatures.append(signer.sign_digest(hashlib.sha256(b"message").digest(), "sha256"))
    for signature in signatures:
        check_message(signer.public_key, signature, b"message")
        with pytest.raises(InvalidSignatureError):
            check_message(signer.public_key, signature, b"massage")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ({"subject": [{"digest": {"sha256": "AB", "sha1": "cd"}}]}, ("sha256:ab", "sha1:cd")),
        ({"predicate": {"materials": [{"digest": {"sha256": "ef"}}]}}, ("sha256:ef",)),
        ({"subject": [{"digest": {"sha256": 5}}, {}, None], "predicate": {"materials": {}}}, ()),
        ({"subject": "x", "predicate": None}, ()),
        ([], ()),
    ],
)
def test_digests_of_a_statement_are_indexed_and_other_forms_ignored(statement: object, found: tuple[str, ...]) -> None:
    payload = json.dumps(statement).encode()
    assert statement_digests(IN_TOTO_PAYLOAD_TYPE, payload) == found
    assert statement_digests("text/plain", payload) == ()
    assert statement_digests(IN_TOTO_PAYLOAD_TYPE, b"not json") == ()


def test_search_keys_are_kept_once() -> None:
    assert distinct(["b", "a", "b"]) == ("b", "a")
