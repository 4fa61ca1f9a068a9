"""Key references, Cosign's encrypted key files, keys that are made and keys that are imported."""

import http.server
import threading
from collections.abc import Callable, Iterator
from math import gcd, prod
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519

from pycosign.errors import MalformedError, PasswordError, SigningError, UnavailableError, UsageError
from pycosign.keys.goodkey import check_rsa_numbers
from pycosign.keys.open import open_public_key, open_signer
from pycosign.keys.pair import KeyPair, generate_key_pair, import_key_pair
from pycosign.keys.reference import read_key_reference
from pycosign.net.http import HttpClient, RetryPolicy

PASSWORD = b"correct horse"


def password() -> bytes:
    return PASSWORD


def never() -> bytes:
    raise AssertionError("the password must not be asked for")


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return generate_key_pair(password)


@pytest.fixture
def files(pair: KeyPair, tmp_path: Path) -> Path:
    (tmp_path / "cosign.key").write_bytes(pair.private_pem)
    (tmp_path / "cosign.pub").write_bytes(pair.public_pem)
    return tmp_path


@pytest.fixture
def served(files: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, directory=str(files))  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_new_pair_signs_and_verifies(files: Path) -> None:
    signer = open_signer(str(files / "cosign.key"), password)
    key = open_public_key(str(files / "cosign.pub"))
    assert key == signer.public_key
    assert key.kind == "ecdsa-p256"
    key.verify(signer.sign(b"message"), b"message")


def test_a_key_may_be_in_a_variable(pair: KeyPair) -> None:
    environ = {"PRIVATE": pair.private_pem.decode(), "PUBLIC": pair.public_pem.decode()}
    assert open_signer("env://PRIVATE", password, environ=environ).public_key == open_public_key(
        "env://PUBLIC", environ=environ
    )
    with pytest.raises(UsageError, match=r"loading URL: env var \$NOSUCH not found"):
        open_public_key("env://NOSUCH", environ=environ)


def test_a_key_may_be_at_a_url(files: Path, served: str) -> None:
    key = open_public_key(f"{served}/cosign.pub", http=HttpClient)
    assert key == open_public_key(str(files / "cosign.pub"))


def test_a_url_that_has_no_key_is_unavailable(served: str) -> None:
    with pytest.raises(UnavailableError, match="server returned HTTP 404"):
        open_public_key(f"{served}/nosuch", http=HttpClient)
    with pytest.raises(UnavailableError):
        open_public_key("http://127.0.0.1:1/", http=lambda: HttpClient(retry_policy=RetryPolicy(retries=0)))


def test_without_the_network_a_url_is_a_usage_error(served: str) -> None:
    with pytest.raises(UsageError, match="the network may not be used"):
        open_public_key(f"{served}/cosign.pub")


@pytest.mark.parametrize(
    "reference",
    [
        "awskms:///alias/x",
        "gcpkms://projects/x",
        "azurekms://x/y",
        "hashivault://x",
        "openbao://x",
        "k8s://ns/x",
        "gitlab://o/p",
        "pkcs11:token=x",
    ],
)
def test_a_store_that_is_not_there_yet_is_refused_by_name(reference: str) -> None:
    with pytest.raises(UsageError, match="not supported yet"):
        read_key_reference(reference)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(UsageError, match="unrecognized scheme: foo://"):
        read_key_reference("foo://bar")


def test_a_missing_file_is_the_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_public_key(str(tmp_path / "nosuch"))


def test_a_file_larger_than_a_key_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(b"x" * (2 << 20))
    with pytest.raises(UnavailableError, match="is larger than 1048576 bytes"):
        open_public_key(str(tmp_path / "big"))


def test_a_wrong_password_is_its_own_error(files: Path) -> None:
    with pytest.raises(PasswordError):
        open_signer(str(files / "cosign.key"), lambda: b"wrong")


def test_a_public_key_is_not_opened_as_a_private_one(files: Path) -> None:
    with pytest.raises(MalformedError, match="unsupported pem type: PUBLIC KEY"):
        open_signer(str(files / "cosign.pub"), never)


def test_a_private_key_is_not_taken_for_a_public_one(files: Path) -> None:
    with pytest.raises(MalformedError, match="unknown Public key PEM file type: ENCRYPTED SIGSTORE PRIVATE KEY"):
        open_public_key(str(files / "cosign.key"))


def test_der_is_not_taken_for_a_public_key(tmp_path: Path, pair: KeyPair) -> None:
    key = serialization.load_pem_public_key(pair.public_pem)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.der").write_bytes(der)
    with pytest.raises(MalformedError, match="PEM decoding failed"):
        open_public_key(str(tmp_path / "key.der"))


def test_every_changed_byte_of_the_box_is_refused(pair: KeyPair) -> None:
    lines = pair.private_pem.decode().splitlines()
    for at in range(1, len(lines) - 1):
        line = lines[at]
        changed = [*lines]
        changed[at] = ("A" if line[0] != "A" else "B") + line[1:]
        with pytest.raises(SigningError):
            open_signer("env://KEY", password, environ={"KEY": "\n".join(changed) + "\n"})


# ---- import --------------------------------------------------------------------------------------------------------
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8
KEYS: dict[str, Callable[[], object]] = {
    "rsa-1024": lambda: rsa.generate_private_key(65537, 1024),
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3": lambda: rsa.generate_private_key(3, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "p224": lambda: ec.generate_private_key(ec.SECP224R1()),
    "k256": lambda: ec.generate_private_key(ec.SECP256K1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "x25519": x25519.X25519PrivateKey.generate,
    "dsa": lambda: dsa.generate_private_key(2048),
}


def pem_of(name: str, form: serialization.PrivateFormat, encryption: object = None) -> bytes:
    key = KEYS[name]()
    done: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, form, encryption or serialization.NoEncryption()
    )
    return done


@pytest.mark.parametrize(
    ("name", "form", "kind"),
    [
        ("rsa-2048", TRADITIONAL, "rsa-2048"),
        ("rsa-2048", PKCS8, "rsa-2048"),
        ("p256", TRADITIONAL, "ecdsa-p256"),
        ("p256", PKCS8, "ecdsa-p256"),
        ("p384", TRADITIONAL, "ecdsa-p384"),
        ("p521", PKCS8, "ecdsa-p521"),
        ("ed25519", PKCS8, "ed25519"),
    ],
)
def test_a_plain_key_is_imported(name: str, form: serialization.PrivateFormat, kind: str) -> None:
    done = import_key_pair(pem_of(name, form), password)
    signer = open_signer("env://KEY", password, environ={"KEY": done.private_pem.decode()})
    assert signer.public_key.kind == kind
    assert signer.public_key.pem() == done.public_pem


@pytest.mark.parametrize(
    ("name", "form", "complaint"),
    [
        ("rsa-1024", PKCS8, "error validating rsa key: key size not supported: 1024"),
        ("rsa-3", PKCS8, "error validating rsa key: key exponent must be 65537"),
        ("p224", TRADITIONAL, "error validating ecdsa key: ECDSA curve P-224 not allowed"),
        ("k256", TRADITIONAL, "error parsing ecdsa private key"),
        ("ed448", PKCS8, "error parsing pkcs #8 private key"),
        ("x25519", PKCS8, "unexpected private key"),
        ("dsa", TRADITIONAL, "unsupported private key"),
        ("p256", serialization.PrivateFormat.OpenSSH, "unsupported private key"),
    ],
)
def test_a_key_not_to_be_signed_with_is_refused(name: str, form: serialization.PrivateFormat, complaint: str) -> None:
    with pytest.raises(SigningError) as refused:
        import_key_pair(pem_of(name, form), never)
    assert complaint in str(refused.value)


def test_an_encrypted_key_is_refused() -> None:
    locked = serialization.BestAvailableEncryption(b"x")
    with pytest.raises(SigningError, match="unsupported private key"):
        import_key_pair(pem_of("p256", PKCS8, locked), never)
    with pytest.raises(SigningError, match="error parsing ecdsa private key"):
        import_key_pair(pem_of("p256", TRADITIONAL, locked), never)


@pytest.mark.parametrize("data", [b"", b"junk", b"\x30\x00", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_pem_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError, match="invalid pem block"):
        import_key_pair(data, never)


def test_rsa_keys_with_close_factors_are_refused() -> None:
    p = next_prime(3 << 1022 | 12345)
    with pytest.raises(UsageError, match="factors too close together"):
        check_rsa_numbers(p * next_prime(p + 2), 65537)


def test_rsa_keys_with_small_factors_are_refused() -> None:
    with pytest.raises(UsageError, match="divisible by small prime"):
        check_rsa_numbers(751 * ((1 << 2047) // 751 | 1), 65537)


def test_rsa_keys_with_the_fingerprint_of_roca_are_refused() -> None:
    """Such a modulus is a power of 65537 modulo the product of some primes."""
    product = prod((11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157))
    weak = pow(65537, 7, product) + product * ((3 << 2046) // product)
    while weak % 2 == 0 or any(gcd(weak, prime) != 1 for prime in range(3, 752)):
        weak += product
    with pytest.raises(UsageError, match="vulnerable Infineon"):
        check_rsa_numbers(weak, 65537)


def next_prime(start: int) -> int:
    candidate = start | 1
    while pow(2, candidate - 1, candidate) != 1:
        candidate += 2
    return candidate
