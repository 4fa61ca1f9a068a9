"""Fulcio: a short-lived certificate for an identity token and a key (API v2)."""

from pycosign import limits
from pycosign.clients.answers import check_status
from pycosign.clients.oidc import IdentityToken
from pycosign.codec.b64 import encode_b64
from pycosign.codec.fields import Fields
from pycosign.codec.pem import parse_pem
from pycosign.codec.strict_json import compact_json, load_json
from pycosign.crypto.signers import Signer
from pycosign.errors import MalformedError, UsageError
from pycosign.net.http import HttpClient

__all__ = ["request_certificate"]

_ALGORITHMS = {"ecdsa": "ECDSA", "ed25519": "ED25519", "rsa": "RSA"}  # ignored by the server, sent as Cosign does


def request_certificate(http: HttpClient, base_url: str, *, token: IdentityToken, signer: Signer) -> tuple[bytes, ...]:
    """Ask for a certificate of the signer's key.

    The proof of possession signs the token's challenge: the verified email address, else the subject.

    Args:    base_url: without a path, e.g. "https://fulcio.sigstore.dev".
    Returns: the chain as DER: leaf, intermediates, root.
    Raises:  ServiceRejectedError: the token or key was refused; UnavailableError; MalformedError: the answer has no
             chain, or its leaf is of another key; UsageError: the token holds no RFC 6750 characters.
    Source:  sigstore/fulcio, fulcio.proto (`CreateSigningCertificate`).
    """
    public_key = signer.public_key
    body = compact_json(
        {
            "publicKeyRequest": {
                "publicKey": {
                    "algorithm": _ALGORITHMS[public_key.kind.split("-")[0]],
                    "content": public_key.pem().decode("ascii"),
                },
                "proofOfPossession": encode_b64(signer.sign(token.challenge.encode())),
            }
        }
    )
    if not token.text.isascii() or not token.text.isprintable() or " " in token.text:
        raise UsageError("the identity token has characters that no header can carry")
    response = http.request(
        "POST",
        f"{base_url.rstrip('/')}/api/v2/signingCert",
        headers={"Authorization": f"Bearer {token.text}", "Content-Type": "application/json"},
        body=body,
        max_bytes=limits.CERTIFICATES * limits.CERTIFICATE_BYTES,
        retry=True,  # a second certificate for the same key harms nobody
    )
    check_status("certificate request", response, (200, 201))
    chain = _read_chain(response.body)
    _check_leaf(chain[0], public_key.spki_der)
    return chain


def _read_chain(body: bytes) -> tuple[bytes, ...]:
    what = "Fulcio's answer"
    answer = Fields(load_json(body, what=what, max_bytes=limits.CERTIFICATES * limits.CERTIFICATE_BYTES), what)
    certificate = answer.optional_object("signedCertificateEmbeddedSct")
    if certificate is None:
        certificate = answer.object("signedCertificateDetachedSct")
    chain: list[bytes] = []
    for pem in certificate.object("chain").texts("certificates", limit=limits.CERTIFICATES):
        for block in parse_pem(pem.encode(), what="Fulcio's certificate"):
            if block.label != "CERTIFICATE":
                raise MalformedError("Fulcio's certificate", f"is a {block.label}")
            chain.append(block.der)
    if not chain:
        raise MalformedError(what, "has no certificate")
    return tuple(chain)


def _check_leaf(leaf_der: bytes, spki_der: bytes) -> None:
    from pycosign.crypto.certificate import parse_certificate

    if parse_certificate(leaf_der).spki_der != spki_der:
        raise MalformedError("Fulcio's certificate", "is of another key than the one that was sent")
