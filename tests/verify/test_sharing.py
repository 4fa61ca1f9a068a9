"""One trust root shared by threads and inherited by a fork; and what a run of the verifier must not import."""

import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.extensions import CODE_SIGNING
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.path import build_path
from pycosign.errors import NotValidAtTimeError
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import verify
from pycosign.verify.trust import TrustRoot
from tests.verify.vectors import (
    NOW,
    RECORDED,
    RECORDED_ARTIFACT,
    RECORDED_REQUIREMENTS,
    read_evidence,
    recorded_trust,
)

EVIDENCE = [read_evidence(path.read_bytes()) for path in RECORDED.values()]
THREADS = 16


def verify_all(trust: TrustRoot) -> int:
    """How many of the recorded bundles verify."""
    for evidence in EVIDENCE:
        verify(evidence, RECORDED_ARTIFACT, trust=trust, requirements=RECORDED_REQUIREMENTS, now=NOW)
    return len(EVIDENCE)


def test_threads_share_a_trust_root_that_none_has_used_before() -> None:
    trust = recorded_trust()
    start = threading.Barrier(THREADS)

    def run(_: int) -> int:
        start.wait()
        return verify_all(trust)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(run, range(THREADS))) == [len(EVIDENCE)] * THREADS


def checked_under(monkeypatch: pytest.MonkeyPatch, trust: TrustRoot, evidence: Evidence) -> list[PublicKey]:
    """The keys under which a verification checks a signature."""
    keys: list[PublicKey] = []
    original = PublicKey._check

    def recorded(self: PublicKey, *arguments: Any) -> None:
        keys.append(self)
        original(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(PublicKey, "_check", recorded)
        verify(evidence, RECORDED_ARTIFACT, trust=trust, requirements=RECORDED_REQUIREMENTS, now=NOW)
    return keys


@pytest.mark.parametrize("name", RECORDED)
def test_an_issuer_that_was_checked_against_its_root_is_not_checked_again(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust, evidence = recorded_trust(), read_evidence(RECORDED[name].read_bytes())
    first = checked_under(monkeypatch, trust, evidence)
    again = checked_under(monkeypatch, trust, evidence)
    roots = {authority.anchor.public_key for authority in trust.certificate_authorities}
    assert roots & set(first)
    assert not roots & set(again)
    # What the bundle brings is checked every time: its signature, its certificate, its log's and authority's words.
    assert [key for key in first if key in again] == again
    assert len(again) >= 4


def test_what_an_issuer_was_checked_for_still_ends_with_its_validity() -> None:
    trust = recorded_trust()
    verify_all(trust)
    authority = trust.certificate_authorities[0]
    leaf, *intermediates = (parse_certificate(EVIDENCE[0].chain_der[0]), *authority.certificates[:-1])
    late = max(certificate.not_after for certificate in authority.certificates) + timedelta(seconds=1)
    with pytest.raises(NotValidAtTimeError):
        build_path(leaf, intermediates, (authority.anchor,), at=late, eku=CODE_SIGNING)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("used_before", [False, True])
def test_a_fork_inherits_a_trust_root_while_other_threads_use_it(used_before: bool) -> None:
    trust = recorded_trust()
    if used_before:
        verify_all(trust)
    stop = threading.Event()

    def use() -> None:
        while not stop.is_set():
            verify_all(trust)

    users = [threading.Thread(target=use) for _ in range(2)]
    for user in users:
        user.start()
    try:
        statuses = [_status_of_child(trust) for _ in range(5)]
    finally:
        stop.set()
        for user in users:
            user.join()
    assert statuses == [0] * 5


def _status_of_child(trust: TrustRoot) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if verify_all(trust) == len(EVIDENCE) else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# The design's list of what costs too much on every run (reference: start-up budget of `verify-blob`).
FORBIDDEN = (
    "argparse",
    "asyncio",
    "base64",
    "cryptography.x509",
    "dataclasses",
    "importlib.metadata",
    "inspect",
    "logging",
    "msgspec",
    "nacl",
    "pathlib",
    "re2",
    "socket",
    "ssl",
    "tempfile",
    "tuf",
    "urllib.parse",
    "urllib3",
)

_RUN = """
import sys
bare = set(sys.modules)
sys.path[:] = {path!r}
from datetime import datetime, UTC
from pycosign.codec.strict_json import load_json
from pycosign.verify.artifact import artifact_from_bytes
from pycosign.verify.evidence import evidence_from_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.verify.trust import compile_trust
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.trusted_root import parse_trusted_root
trust = compile_trust(parse_trusted_root(open({trust!r}, "rb").read()))
requirements = Requirements(SignerIdentity(TextRule("test@example.com"), TextRule("http://127.0.0.1:8080")))
for name in {bundles!r}:
    evidence = evidence_from_bundle(parse_bundle(open(name, "rb").read()))
    verify(evidence, artifact_from_bytes(b"hello\\n"), trust=trust, requirements=requirements, now=datetime.now(UTC))
print(*sorted(set(sys.modules) - bare))
"""


def test_a_verification_imports_nothing_that_costs_a_run_too_much() -> None:
    bundles = [str(path) for name, path in RECORDED.items() if "cosign3" in name]
    trust = str(next(iter(RECORDED.values())).parent / "file-trusted_root.json")
    # -S: start-up hooks of this environment (an editable install has one) are not ours to count.
    code = _RUN.format(path=sys.path, trust=trust, bundles=bundles)
    run = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert loaded & set(FORBIDDEN) == set()


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_verified_bundle_is_freed_at_once(name: str) -> None:
    """Nothing is left in a ring for the collector: a service would hold the evidence of many runs until then."""
    trust, data = recorded_trust(), RECORDED[name].read_bytes()

    def run() -> None:
        verify(read_evidence(data), RECORDED_ARTIFACT, trust=trust, requirements=RECORDED_REQUIREMENTS, now=NOW)

    run()  # what belongs to the trust root is made by the first
    gc.collect()
    gc.disable()
    try:
        run()
        assert gc.collect() == 0
    finally:
        gc.enable()
