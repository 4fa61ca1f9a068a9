"""Log appends per second: durable, each answered with an inclusion proof under a signed checkpoint.

Targets: 1,500/s at 256 connections with a p50 under 150 ms. The real ones on a machine of this class, load generator on
the same two cores: rekor-tiles POSIX 167/s at 256 (p50 1.9 s), Rekor v1 on Trillian 251/s (p50 1.1 s).

`python -m bench.log_appends URL` measures another server (its version by the path: .../api/v1 or .../api/v2).
"""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.interop.environment import our_stack

from bench.load import Load, post, run_load
from pycosign.crypto.keys import LocalSigner, generate_signer
from pycosign.wire.rekor_body import hashedrekord_v1_request, hashedrekord_v2_request

CONNECTIONS = (64, 256)
COUNT = 6000
PEERS = {"v1": 251, "v2": 167}  # appends/s at 256 connections


def _body_v1(signer: LocalSigner, digest: bytes) -> bytes:
    signature = signer.sign_digest(digest, "sha256")
    return hashedrekord_v1_request("sha256", digest, signature, signer.public_key.pem())


def _body_v2(signer: LocalSigner, digest: bytes) -> bytes:
    signature = signer.sign_digest(digest, "sha256")
    return hashedrekord_v2_request(digest, signature, "PKIX_ECDSA_P256_SHA_256", key_der=signer.public_key.spki_der)


BODIES: dict[str, Callable[[LocalSigner, bytes], bytes]] = {"v1": _body_v1, "v2": _body_v2}


def measure(version: str, base_url: str, *, connections: int, count: int = COUNT) -> Load:
    """Append `count` entries of one key over new digests."""
    url, signer = f"{base_url}/api/{version}/log/entries", generate_signer("ecdsa-p256")
    requests = [post(url, BODIES[version](signer, os.urandom(32))) for _ in range(count)]
    return run_load(url, requests, connections=connections)


def _report(version: str, base_url: str) -> None:
    for connections in CONNECTIONS:
        load = measure(version, base_url, connections=connections)
        print(f"  Rekor {version} {load}  {load.rate / PEERS[version]:5.1f}x the real one at 256")


def run() -> None:
    """Our own logs, on the stack in a temporary directory."""
    with tempfile.TemporaryDirectory() as directory, our_stack(Path(directory) / "stack", "--ports", "auto") as stack:
        print("\nlog appends (target: 1500/s at 256 connections, p50 under 150 ms)")
        _report("v1", stack.info["rekor"])
        _report("v2", stack.info["rekor_v2"])


def main(urls: Sequence[str]) -> int:
    """Measure the servers at these URLs, or our own."""
    for url in urls:
        base_url, _, version = url.rstrip("/").rpartition("/api/")
        if version not in BODIES:
            print(f"{url}: end it with /api/v1 or /api/v2")
            return 2
        _report(version, base_url)
    if not urls:
        run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
