"""The private keys of the stack, each in a file of its own, mode 0600. Who reads one can act as that service."""

import os
from collections.abc import Mapping

from pycosign.codec.pem import format_pem, parse_pem
from pycosign.crypto.signers import LocalSigner, generate_signer, load_private_key
from pycosign.errors import MalformedError, UsageError
from pycosign.files import write_atomically
from pycosign.limits import KEY_FILE_BYTES

__all__ = ["ALGORITHMS", "load_key", "load_or_create_keys"]

# what sigstore-go, sigstore-python, sigstore-js and Cosign can all verify
ALGORITHMS: Mapping[str, str] = {
    "ca_root": "ecdsa-p256",
    "ca": "ecdsa-p256",
    "ctlog": "ecdsa-p256",
    "rekor_v1": "ecdsa-p256",
    "rekor_v2": "ed25519",
    "tsa_root": "ecdsa-p256",
    "tsa": "ecdsa-p256",
    "oidc": "rsa-2048",
    "tuf_root": "ecdsa-p256",
    "tuf_online": "ecdsa-p256",
}


def _path(directory: str, name: str) -> str:
    return os.path.join(directory, f"{name}.pem")


def load_key(directory: str, name: str) -> LocalSigner:
    """One key. Raises UsageError: the file is missing, cannot be read, or holds something else than its key."""
    path = _path(directory, name)
    try:
        with open(path, "rb") as stream:
            data = stream.read(KEY_FILE_BYTES)
    except OSError as exc:
        raise UsageError(f"cannot read the key {path}: {exc.strerror}") from exc
    try:
        signer = load_private_key(parse_pem(data, what=path)[0].der, path)
    except MalformedError as exc:
        raise UsageError(str(exc)) from exc
    if signer.public_key.kind != ALGORITHMS[name]:
        raise UsageError(f"{path} holds a key of kind {signer.public_key.kind}, not {ALGORITHMS[name]}")
    return signer


def load_or_create_keys(directory: str) -> dict[str, LocalSigner]:
    """Every key of the stack; those that have no file yet are made and written."""
    keys = {}
    for name, algorithm in ALGORITHMS.items():
        path = _path(directory, name)
        if os.path.exists(path):
            keys[name] = load_key(directory, name)
            continue
        keys[name] = generate_signer(algorithm)
        write_atomically(path, format_pem("PRIVATE KEY", keys[name].pkcs8_der()), mode=0o600)
    return keys
