"""A key reference -> a key that signs, or a public key."""

from typing import TYPE_CHECKING

from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import MalformedError
from pycosign.keys.reference import read_key_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycosign.crypto.signers import LocalSigner
    from pycosign.net.http import HttpClient

__all__ = ["open_public_key", "open_signer"]


def open_public_key(
    reference: str,
    *,
    http: "Callable[[], HttpClient] | None" = None,
    environ: "Mapping[str, str] | None" = None,
) -> PublicKey:
    """The public key that a reference names: PEM `PUBLIC KEY` or `RSA PUBLIC KEY`.

    A private key's file or a certificate is not taken for a public key, nor is DER: as Cosign.

    Raises: as `read_key_reference`; MalformedError: what is there is not a public key.
    """
    data = read_key_reference(reference, http=http, environ=environ)
    if data[:1] == b"\x30":
        raise MalformedError(f"public key {reference}", "is not a public key: PEM decoding failed")
    return load_public_key(data, f"public key {reference}")


def open_signer(
    reference: str,
    password: "Callable[[], bytes]",
    *,
    http: "Callable[[], HttpClient] | None" = None,
    environ: "Mapping[str, str] | None" = None,
) -> "LocalSigner":
    """The private key that a reference names, in Cosign's encrypted form.

    Args:   password: asked once, after the bytes are there, as Cosign asks.
    Raises: as `read_key_reference`; MalformedError: not an encrypted key; PasswordError; what `password` raises.
    """
    from pycosign.keys.box import open_key_file

    return open_key_file(
        read_key_reference(reference, http=http, environ=environ), password, what=f"private key {reference}"
    )
