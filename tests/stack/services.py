"""What the tests of the services share: a CA with its issuer and log, in memory, with a clock that stands."""

import json
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pycosign.ambient import random_bytes
from pycosign.codec.b64 import encode_b64
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.log_id import spki_log_id
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.errors import UnavailableError
from pycosign.stack.asgi import ASGIApp
from pycosign.stack.authority import ca_chain
from pycosign.stack.ca.core import Authority, Precertificate
from pycosign.stack.ca.http import build_ca_app
from pycosign.stack.ca.token import TrustedIssuer
from pycosign.stack.ctlog.core import LogKey, precertificate_entry
from pycosign.stack.ctlog.http import CtLog, build_ctlog_app, tree_head_signer
from pycosign.stack.idp.core import AUDIENCE, IssuerKey, claims_for, sign_token
from pycosign.stack.store.memory import MemoryLogStore
from pycosign.stack.tlog.engine import Log
from pycosign.wire.sct import format_sct_list

from .logs import NOW, PROMPT

ISSUER = "http://127.0.0.1:8080"
EMAIL = "test@example.com"


@cache
def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """An RSA key, made once per number and run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def chain_keys() -> tuple[ec.EllipticCurvePrivateKey, ec.EllipticCurvePrivateKey]:
    """The keys of a root and of what it certifies."""
    return ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


class Ca(NamedTuple):
    """A CA in memory."""

    app: ASGIApp
    ctlog: ASGIApp
    ct_signer: LocalSigner
    chain: tuple[bytes, ...]
    log: Log


def ct_log(roots: tuple[bytes, ...]) -> tuple[CtLog, Log, LocalSigner]:
    """A certificate log in memory."""
    signer = generate_signer()
    key = LogKey(spki_log_id(signer.public_key.spki_der), signer.sign)
    log = Log.open(MemoryLogStore(), sign_head=tree_head_signer(key), clock=lambda: NOW, pace=PROMPT)
    return CtLog(log, key, roots, clock=lambda: NOW), log, signer


def certificate_authority(*, log_fails: bool = False) -> Ca:
    """A CA, its issuer's key `rsa_key()`, and the log that it submits to. Call inside the event loop."""
    root_key, key = chain_keys()
    chain = ca_chain(root_key, key, since=NOW - timedelta(hours=1))
    issuer = parse_certificate(chain[0])
    assert issuer.subject_key_id is not None
    authority = Authority(chain, issuer.subject_der, issuer.subject_key_id, issuer.spki_der, LocalSigner(key).sign)
    ctlog, log, ct_signer = ct_log(chain[-1:])

    async def submit(planned: Precertificate, by: Authority) -> bytes:
        if log_fails:
            raise UnavailableError("the log is down")
        entry = precertificate_entry(
            tbs_der=planned.tbs, issuer_spki_der=by.spki_der, precertificate_der=planned.der, chain=by.chain
        )
        return format_sct_list((await ctlog.submit(entry),))

    trusted = TrustedIssuer(ISSUER, AUDIENCE, rsa_key().public_key())
    app = build_ca_app(authority, trusted, submit, clock=lambda: NOW, entropy=random_bytes)
    return Ca(app, build_ctlog_app(ctlog), ct_signer, chain, log)


def token(*, drop: tuple[str, ...] = (), key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
    """An identity token for EMAIL at NOW, with claims changed or dropped."""
    claims = claims_for(issuer=ISSUER, email=EMAIL, now=int(NOW.timestamp())) | changes
    for name in drop:
        del claims[name]
    return sign_token(claims, IssuerKey.of(key or rsa_key()))


def machine_token(subject: str, **claims: Any) -> str:
    """An identity token without an email."""
    return sign_token(
        claims_for(issuer=ISSUER, subject=subject, now=int(NOW.timestamp()), extra=claims), IssuerKey.of(rsa_key())
    )


def pem(key: Any) -> str:
    """A private key's public half."""
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    text: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, spki)
    return text.decode()


def v2_request(identity_token: str, *, key: Any = None, proof: bytes | None = None, challenge: str = EMAIL) -> bytes:
    """A request as clients send it, with a P-256 key unless another and its proof are given."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    signed = proof if proof is not None else key.sign(challenge.encode(), ec.ECDSA(hashes.SHA256()))
    request = {
        "credentials": {"oidcIdentityToken": identity_token},
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": pem(key)},
            "proofOfPossession": encode_b64(signed),
        },
    }
    return json.dumps(request).encode()
