"""Log appends per second: durable, each answered with an inclusion proof under a signed checkpoint.

Targets: 1,500/s at 256 connections with a p50 under 150 ms, and ten times the rate of rekor-tiles' POSIX server, which
is measured in the same run where it is installed. Measured earlier on a machine of this class: rekor-tiles 167/s at 256
connections (p50 1.9 s), Rekor v1 on Trillian 251/s (p50 1.1 s).

`python -m bench.log_appends URL` measures another server (its version by the path: .../api/v1 or .../api/v2).
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.interop import peers
from tests.interop.environment import free_port, our_stack, stop, wait_until

from bench.load import Load, post, run_load
from pycosign.codec.pem import format_pem
from pycosign.crypto.signers import LocalSigner, generate_signer
from pycosign.wire.rekor_request import hashedrekord_v1_request, hashedrekord_v2_request

CONNECTIONS = (64, 256)
COUNT = 6000
PEER_COUNT = 1200  # it answers once in a second


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


def _report(version: str, base_url: str, *, name: str, count: int = COUNT) -> dict[int, Load]:
    loads = {}
    for connections in CONNECTIONS:
        loads[connections] = load = measure(version, base_url, connections=connections, count=count)
        print(f"  {name:22} {load}")
    return loads


@contextlib.contextmanager
def _rekor_tiles(program: Path, directory: Path) -> Iterator[str]:
    """The real Rekor v2 with POSIX storage, default batches and checkpoints every second; yields its base URL."""
    key = directory / "signer.pem"
    key.write_bytes(format_pem("PRIVATE KEY", generate_signer("ed25519").pkcs8_der()))
    port = free_port()
    command = [str(program), "serve", "--http-port", str(port), "--grpc-port", str(free_port()), "--hostname", "bench"]
    command += ["--http-metrics-port", str(free_port()), "--storage-dir", str(directory / "log")]
    command += ["--signer-filepath", str(key), "--checkpoint-interval", "1s"]
    with (directory / "peer.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, text=True)
        try:
            wait_until(f"http://127.0.0.1:{port}/healthz", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            stop(process)


def run() -> None:
    """Our own logs on the stack, then rekor-tiles where it is installed."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary)
        print("\nlog appends (target: 1500/s at 256 connections, p50 under 150 ms)")
        with our_stack(directory / "stack", "--ports", "auto") as stack:
            _report("v1", stack.info["rekor"], name="pycosign, Rekor v1")
            ours = _report("v2", stack.info["rekor_v2"], name="pycosign, Rekor v2")
        program = peers.find("rekor-tiles")
        if program is None:
            print("  rekor-tiles is not installed: no ratio")
            return
        with _rekor_tiles(program, directory) as url:
            theirs = _report("v2", url, name="rekor-tiles POSIX", count=PEER_COUNT)
        for connections in CONNECTIONS:
            ratio = ours[connections].rate / theirs[connections].rate
            print(f"  at {connections} connections {ratio:.1f}x the rate of rekor-tiles")


def main(urls: Sequence[str]) -> int:
    """Measure the servers at these URLs, or our own."""
    for url in urls:
        base_url, _, version = url.rstrip("/").rpartition("/api/")
        if version not in BODIES:
            print(f"{url}: end it with /api/v1 or /api/v2")
            return 2
        _report(version, base_url, name=f"Rekor {version}")
    if not urls:
        run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
