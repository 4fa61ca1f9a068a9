"""Certificates per second: Fulcio's v2 API with proof of possession, an SCT from the CT log in each certificate.

The real Fulcio with its CT log: 194-223/s at 16 connections, 191-266/s at 64 (measured on a machine of this class).
"""

import json
import tempfile
from pathlib import Path

from tests.interop.environment import our_stack

from bench.load import post, run_load
from pycosign.codec.b64 import encode_b64
from pycosign.crypto.signers import generate_signer

_EMAIL = "bench@example.com"
COUNT = 3000


def _request(url: str, token: str) -> bytes:
    signer = generate_signer("ecdsa-p256")
    body = {
        "publicKeyRequest": {
            "publicKey": {"algorithm": "ECDSA", "content": signer.public_key.pem().decode()},
            "proofOfPossession": encode_b64(signer.sign(_EMAIL.encode())),
        }
    }
    return post(f"{url}/api/v2/signingCert", json.dumps(body).encode(), [("Authorization", f"Bearer {token}")])


def run() -> None:
    """At 1, 16 and 64 connections."""
    with tempfile.TemporaryDirectory() as directory, our_stack(Path(directory) / "stack", "--ports", "auto") as stack:
        url, token = stack.info["fulcio"], stack.token(_EMAIL)
        print("\ncertificates with an embedded SCT (target: 300/s at 16 connections; the real Fulcio: 194-223/s)")
        for connections, count in ((1, COUNT // 6), (16, COUNT), (64, COUNT)):
            load = run_load(url, [_request(url, token) for _ in range(count)], connections=connections)
            print(f"  {load}", flush=True)
