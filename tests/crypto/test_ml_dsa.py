"""ML-DSA (FIPS 204) keys and the certificates that they sign."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.codec.der_writer import der_bits, der_null, der_oid, der_sequence
from pycosign.crypto.algorithms import ML_DSA, MlDsa, algorithm_of_details
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.keys import PublicKey, key_details, parse_spki
from pycosign.errors import InvalidSignatureError, MalformedError, UsageError
from tests.crypto.authority import authority, certify
from tests.crypto.ml_dsa import MlDsaSigner, generate_ml_dsa

FORMS = pytest.mark.parametrize("form", ML_DSA, ids=lambda form: form.kind)
SIGNERS: dict[str, MlDsaSigner] = {form.kind: generate_ml_dsa(form.kind) for form in ML_DSA}


def key_of(form: MlDsa) -> PublicKey:
    return SIGNERS[form.kind].public_key


@FORMS
def test_what_a_key_signs_it_verifies(form: MlDsa) -> None:
    key = key_of(form)
    assert (key.kind, len(key.raw)) == (form.kind, form.key_bytes)
    assert (key.signs_messages, key.signs_digests) == (True, False)
    signature = SIGNERS[form.kind].sign(b"message")
    key.verify(signature, b"message")
    for bad_signature, message in ((signature, b"massage"), (signature[:-1], b"message"), (b"", b"message")):
        with pytest.raises(InvalidSignatureError):
            key.verify(bad_signature, message)


@FORMS
@given(data=st.data())
def test_a_flipped_bit_of_a_signature_is_refused(form: MlDsa, data: Any) -> None:
    signature = bytearray(SIGNERS[form.kind].sign(b"message"))
    bit = data.draw(st.integers(0, 8 * len(signature) - 1))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidSignatureError):
        key_of(form).verify(bytes(signature), b"message")


@FORMS
def test_a_digest_is_not_a_message(form: MlDsa) -> None:
    with pytest.raises(UsageError, match="signs the message itself"):
        key_of(form).verify_digest(b"", bytes(64), "sha512")
    with pytest.raises(UsageError, match="signs the message itself"):
        key_of(form).verify(b"", b"", hash_name="sha256")


@FORMS
def test_a_key_has_the_name_of_trust_roots(form: MlDsa) -> None:
    name = key_details(key_of(form))
    assert name == form.kind.upper().replace("-", "_")
    algorithm = algorithm_of_details(name)
    assert algorithm is not None
    assert (algorithm.kind, algorithm.hash_name) == (form.kind, None)


@FORMS
def test_a_certificate_is_checked(form: MlDsa) -> None:
    issuer = authority("root", key=SIGNERS[form.kind].library_key(), algorithm=None)
    leaf = certify("leaf", issuer, algorithm=None).certificate
    leaf.check_signature(key_of(form))
    for other in ML_DSA:
        with pytest.raises(InvalidSignatureError):
            parse_certificate(leaf.der).check_signature(generate_ml_dsa(other.kind).public_key)


@FORMS
def test_an_unsound_key_is_refused(form: MlDsa) -> None:
    raw = key_of(form).raw
    for algorithm, bits in (
        (der_sequence(der_oid(form.oid)), raw[:-1]),
        (der_sequence(der_oid(form.oid)), raw + b"\x00"),
        (der_sequence(der_oid(form.oid), der_null()), raw),  # RFC 9881, 2: parameters must be absent
    ):
        with pytest.raises(MalformedError):
            parse_spki(der_sequence(algorithm, der_bits(bits)))


def test_without_the_librarys_support_the_key_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    der = SIGNERS["ml-dsa-65"].public_key.spki_der
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    monkeypatch.delattr("cryptography.hazmat.primitives.asymmetric.mldsa", raising=False)
    with pytest.raises(MalformedError, match="installed version of cryptography") as caught:
        parse_spki(der)
    assert caught.value.code == "key.unsupported"
