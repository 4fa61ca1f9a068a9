"""Targets: keys, and the PEM around them."""

from unittest import mock

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto import keybox
from pycosign.crypto.keybox import open_box
from pycosign.crypto.keys import load_public_key, parse_spki
from pycosign.crypto.signers import load_private_key
from pycosign.errors import PasswordError
from pycosign.flows.verify_blob import read_signature
from pycosign.keys.box import open_key_file
from pycosign.keys.pair import import_key_pair
from pycosign.stack.ca.possession import key_of_csr, parse_key
from pycosign.verify.trust import trust_from_material
from tests.fuzz import seeds
from tests.fuzz.target import Target, same_again, tolerating

_WHAT = "sample"


def run_public_key(data: bytes) -> None:
    for load in (load_public_key, parse_spki):
        with tolerating():
            trust_from_material(rekor_keys_pem=(data,), ct_keys_pem=(data,))
        with tolerating():
            key = load(data)
            assert load_public_key(key.pem()).spki_der == key.spki_der
    for read in (parse_key, key_of_csr):
        with tolerating():
            read(data)
    with tolerating():
        key_of_csr(format_pem("CERTIFICATE REQUEST", data))
    read_signature(data)


def _certificate_request() -> bytes:
    """The same in every run: Ed25519 signs without randomness."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, None)
    return request.public_bytes(serialization.Encoding.PEM)


def run_private_key(data: bytes) -> None:
    """With a key derivation that costs nothing: scrypt's own bounds are checked before it."""
    with mock.patch.object(keybox, "_derive", return_value=bytes(32)):
        with tolerating():
            load_private_key(data)
        with tolerating():
            open_key_file(data, lambda: b"x")
        with tolerating():
            import_key_pair(data, _no_password)


def _no_password() -> bytes:
    raise PasswordError("the password is asked for after everything else was checked")


def _private_keys() -> list[bytes]:
    """A key that is the same in every run, in every form; and Cosign's file."""
    key = ec.derive_private_key(0x1234567890ABCDEF1234567890ABCDEF, ec.SECP256R1())
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat
    encodings = (serialization.Encoding.PEM, serialization.Encoding.DER)
    kinds = (form.PKCS8, form.TraditionalOpenSSL)
    written = [key.private_bytes(encoding, kind, plain) for encoding in encodings for kind in kinds]
    return [*seeds.recorded("cosign-registry/cosign.key"), *written]


def run_pem(data: bytes) -> None:
    same_again(
        data,
        lambda raw: parse_pem(raw, what=_WHAT),
        lambda blocks: b"".join(format_pem(block.label, block.der) for block in blocks),
    )


TARGETS = (
    Target(
        "public-key",
        run_public_key,
        lambda: [*seeds.keys(), *seeds.pems(), _certificate_request()],
        (load_public_key, parse_spki, parse_key, key_of_csr, read_signature),
    ),
    Target(
        "private-key",
        run_private_key,
        _private_keys,
        (load_private_key, open_key_file, open_box, import_key_pair),
    ),
    Target("pem", run_pem, seeds.pems, (parse_pem,)),
)
