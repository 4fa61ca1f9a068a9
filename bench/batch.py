"""1,000 files with 1,000 bundles in one `verify-blob --batch`, beside one call of cosign for each."""

import io
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.interop import peers
from tests.interop.environment import Stack, our_stack

from bench.process import OURS, environment, in_turn, program, run_once
from pycosign.ambient import utc_now
from pycosign.clients.oidc import parse_identity_token
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.signing import KeylessSigning, SigningContext
from pycosign.instances.services import services_from_config
from pycosign.net.http import HttpClient
from pycosign.verify.trust import compile_trust
from pycosign.wire.signing_config import parse_signing_config
from pycosign.wire.trusted_root import parse_trusted_root

_EMAIL = "bench@example.com"
_PAIRS = 1000
_CALLS = 100  # of cosign; scaled to _PAIRS, because a thousand take minutes
_SIGNERS = 8  # threads


def run() -> None:
    """Keyless v0.3 bundles of our stack, every certificate another one; half with Rekor v1, half with v2 and a TSA."""
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        with our_stack(work / "stack", "--ports", "auto") as stack:
            pairs = _sign(stack, work)
            trust = ["--trusted-root", stack.info["trusted_root"], "--certificate-identity", _EMAIL]
            words = ["verify-blob", *trust, "--certificate-oidc-issuer", stack.info["oidc"]]
            batch = work / "pairs.jsonl"
            batch.write_text("".join(json.dumps({"artifact": a, "bundle": b}) + "\n" for a, b in pairs))
            variables = environment(directory)
            ours = [*program(), *words, "--batch", str(batch), "--output", "json"]
            one = in_turn({OURS: ours}, variables, rounds=3)[OURS]
            print(f"\nverify-blob, {_PAIRS} different keyless bundles, half with Rekor v1 and half with v2, offline")
            print(
                f"  pycosign, one command        {one.wall:8.2f} s  {_PAIRS / one.wall:8.0f} a second  "
                f"{one.peak_mb:6.1f} MB (the first process)"
            )
            if (cosign := peers.find("cosign3")) is None:
                return
            calls = [run_once([str(cosign), *words, "--bundle", b, a], variables).wall for a, b in pairs[:_CALLS]]
            theirs = sum(calls) * _PAIRS / _CALLS
            print(
                f"  cosign 3.1.2, one call each  {theirs:8.2f} s  {_PAIRS / theirs:8.1f} a second  "
                f"({_CALLS} calls, one after the other, scaled to {_PAIRS})"
            )
            print(f"  pycosign is {theirs / one.wall:.0f} times as fast (target: at least 25)")


def _sign(stack: Stack, work: Path) -> list[tuple[str, str]]:
    """Paths of files and of their bundles; made in this process, because a thousand commands take minutes."""
    trust = compile_trust(parse_trusted_root(Path(stack.info["trusted_root"]).read_bytes()))
    means = KeylessSigning(parse_identity_token(stack.token(_EMAIL)))
    with HttpClient() as http:
        contexts = []
        for name in ("signing_config_rekor_v1", "signing_config"):
            config = parse_signing_config(Path(stack.info[name]).read_bytes())
            services = services_from_config(config, now=utc_now())
            contexts.append(SigningContext(means, services, utc_now, http=http, trust=trust))

        def make(number: int) -> tuple[str, str]:
            artifact, bundle = work / f"{number}", work / f"{number}.json"
            artifact.write_bytes(b"artifact %d\n" % number)
            bundle.write_bytes(sign_blob(io.BytesIO(artifact.read_bytes()), context=contexts[number % 2]).bundle)
            return str(artifact), str(bundle)

        with ThreadPoolExecutor(_SIGNERS) as signers:
            return list(signers.map(make, range(_PAIRS)))
