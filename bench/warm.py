"""Verifications a second in one process on one core, beside the floor: the same bundle's signature checks alone.

Two bundles of the real services, from the conformance suite: v0.3 with Rekor v1, and one with Rekor v2 and a timestamp.
Each verification starts at the bundle's bytes. The floor is what `cryptography` needs for the signatures that a warm
verification checks, keys loaded; both are measured in turn in this process, in processor time.
"""

import hashlib  # noqa: F401 (before pycosign, which then takes its digests from there: so do batches and services)
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bench import peers
from bench.process import build
from pycosign.ambient import utc_now
from pycosign.codec.b64 import use_quick_decoder
from pycosign.flows.verify_blob import read_bundle_evidence
from pycosign.verify.artifact import artifact_from_digest
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.trust import compile_trust
from pycosign.wire.trusted_root import parse_trusted_root

use_quick_decoder()  # as verifiers that are kept and batches do, where it is installed
_DATA = Path(__file__).parent.parent / "tests" / "data"
_CASES = _DATA / "conformance" / "bundle-verify"
_DIGEST = "sha256:a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf"  # of a.txt, as the cases have it
IDENTITY = (
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
    "extremely-dangerous-oidc-beacon.yml@refs/heads/main"
)
ISSUER = "https://token.actions.githubusercontent.com"
_BATCH_SECONDS = 0.25
_ROUNDS = 15
_PEER_SECONDS = 3


class Case(NamedTuple):
    """A bundle, the trust root that it verifies under, and the share of the floor that we want."""

    name: str
    bundle: Path
    trusted_root: Path
    target: float


CASES = (
    Case(
        "v0.3, Rekor v1",
        _CASES / "happy-path-v0.3-new-mediaType" / "bundle.sigstore.json",
        _DATA / "public-good" / "trusted_root.json",
        0.85,
    ),
    Case(
        "Rekor v2 and TSA",
        _CASES / "rekor2-happy-path" / "bundle.sigstore.json",
        _CASES / "rekor2-happy-path" / "trusted_root.json",
        0.80,
    ),
)


def verification_of(case: Case) -> Callable[[], object]:
    """One verification of the case, from the bundle's bytes; the trust root is compiled once."""
    data = case.bundle.read_bytes()
    trust = compile_trust(parse_trusted_root(case.trusted_root.read_bytes()))
    requirements = Requirements(SignerIdentity(TextRule(IDENTITY), TextRule(ISSUER)))
    artifact = artifact_from_digest(_DIGEST)

    def run() -> object:
        evidence = read_bundle_evidence(data)
        return verify(evidence, artifact, trust=trust, requirements=requirements, now=utc_now())

    return run


class _RecordingKey:
    """Stands for a library's key, and keeps what it is asked to verify."""

    def __init__(self, key: Any, checks: list[tuple[Any, tuple[Any, ...]]]) -> None:
        self._key, self._checks = key, checks

    def verify(self, *arguments: Any) -> None:
        self._checks.append((self._key, arguments))
        self._key.verify(*arguments)


def signature_checks(case: Case) -> list[tuple[Any, tuple[Any, ...]]]:
    """The library's keys and arguments of every signature check of a warm verification of the case.

    Taken where the library makes its keys, so that it does not matter how pycosign is built.
    """
    checks: list[tuple[Any, tuple[Any, ...]]] = []

    def recorded(load: Callable[..., Any]) -> Any:
        return staticmethod(lambda *words: _RecordingKey(load(*words), checks))

    ecdsa, eddsa = ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey
    loaders = ecdsa.__dict__["from_encoded_point"], eddsa.__dict__["from_public_bytes"]
    ecdsa.from_encoded_point = recorded(ecdsa.from_encoded_point)  # type: ignore[method-assign]
    eddsa.from_public_bytes = recorded(eddsa.from_public_bytes)  # type: ignore[method-assign]
    try:
        run = verification_of(case)
        run()  # issuers of the trust root are checked by this one
        checks.clear()
        run()
    finally:
        ecdsa.from_encoded_point, eddsa.from_public_bytes = loaders  # type: ignore[method-assign]
    return checks


def rate(run: Callable[[], object], seconds: float = _BATCH_SECONDS) -> float:
    """Calls a second of processor time, over about so many seconds."""
    calls, began = 0, time.process_time()
    while (used := time.process_time() - began) < seconds:
        for _ in range(20):
            run()
        calls += 20
    return calls / used


def measure(case: Case) -> tuple[float, float, float, int]:
    """Our rate and the floor's (medians), the median of their ratios round by round, and the checks in one."""
    checks = signature_checks(case)
    run = verification_of(case)
    run()  # keys and issuers of the trust root are loaded and checked by this one

    def floor() -> None:
        for key, arguments in checks:
            key.verify(*arguments)

    pairs = [(rate(run), rate(floor)) for _ in range(_ROUNDS)]
    ours, floors = zip(*pairs, strict=True)
    shares = [mine / theirs for mine, theirs in pairs]
    return statistics.median(ours), statistics.median(floors), statistics.median(shares), len(checks)


def run() -> None:
    """Both bundles, each beside its floor and beside sigstore-python and sigstore-go where they are installed."""
    for case in CASES:
        ours, floor, share, checks = measure(case)
        print(f"\n{case.name}: verifications a second of processor time, one process, trust loaded ({build()})")
        print(f"  {'floor':18} {floor:8.0f}  the {checks} signature checks alone")
        verdict = "PASS" if share >= case.target else "over target"
        rest = f"the rest takes {1e6 / ours - 1e6 / floor:.0f} us beside {1e6 / floor:.0f}"
        print(f"  {'pycosign':18} {ours:8.0f}  {share:.0%} of the floor: {rest}")
        print(f"  {'':27}  target: at least {case.target:.0%}: {verdict}", flush=True)
        for name, command in _peer_commands().items():
            if command is None:
                print(f"  {name:18} not installed: no ratio (`make bench-peers`)")
                continue
            theirs = _peer_rate(command, case)
            print(f"  {name:18} {theirs:8.0f}  pycosign is {ours / theirs:.1f} times as fast", flush=True)


def _peer_commands() -> dict[str, list[str] | None]:
    python, go = peers.sigstore_python(), peers.sigstore_go()
    return {
        "sigstore-python": None if python is None else [str(python), str(peers.sigstore_python_rate())],
        "sigstore-go": None if go is None else [str(go)],
    }


def _peer_rate(command: list[str], case: Case) -> float:
    words = [str(case.bundle), str(case.trusted_root), _DIGEST.partition(":")[2], IDENTITY, ISSUER, str(_PEER_SECONDS)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=True)
    return float(done.stdout)
