"""Recorded and foreign evidence, read the way a flow would read it."""

from datetime import UTC, datetime
from pathlib import Path

from pycosign.codec.strict_json import load_json
from pycosign.crypto.keys import load_public_key
from pycosign.limits import BUNDLE_BYTES
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.evidence import Evidence, evidence_from_bundle, evidence_from_legacy_bundle
from pycosign.verify.requirements import Requirements, SignerIdentity, SignerKey, TextRule
from pycosign.verify.trust import TrustRoot, compile_trust
from pycosign.wire.bundle import looks_like_bundle, parse_bundle
from pycosign.wire.legacy import parse_legacy_bundle
from pycosign.wire.trusted_root import parse_trusted_root

DATA = Path(__file__).parent.parent / "data"
RECORDINGS = DATA / "wire"
CONFORMANCE = DATA / "conformance" / "bundle-verify"
PUBLIC_GOOD = DATA / "public-good" / "trusted_root.json"

NPM_PROVENANCE = DATA / "field" / "npm-provenance-sigstore-js-1.json"

RECORDED = {path.stem: path for path in sorted(RECORDINGS.glob("bundle-*.json"))}
RECORDED_ARTIFACT = artifact_from_bytes(b"hello\n")
RECORDED_REQUIREMENTS = Requirements(SignerIdentity(TextRule("test@example.com"), TextRule("http://127.0.0.1:8080")))
# Any moment will do: it counts under Waiver.TLOG only.
NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)

BEACON = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
GITHUB = "https://token.actions.githubusercontent.com"


def read_evidence(data: bytes) -> Evidence:
    """A bundle of any format."""
    if looks_like_bundle(load_json(data, what="bundle", max_bytes=BUNDLE_BYTES)):
        return evidence_from_bundle(parse_bundle(data))
    return evidence_from_legacy_bundle(parse_legacy_bundle(data))


def read_trust(path: Path) -> TrustRoot:
    return compile_trust(parse_trusted_root(path.read_bytes()))


def recorded_trust() -> TrustRoot:
    return read_trust(RECORDINGS / "file-trusted_root.json")


def conformance_cases() -> list[str]:
    return sorted(path.name for path in CONFORMANCE.iterdir() if path.is_dir())


class ConformanceCase:
    """One folder of the suite, with the suite's defaults (its README)."""

    def __init__(self, name: str) -> None:
        self.folder = CONFORMANCE / name
        self.must_fail = name.endswith("_fail")

    def _text(self, name: str, default: str) -> str:
        path = self.folder / name
        return path.read_text().strip() if path.exists() else default

    def artifact(self) -> bytes:
        own = self.folder / "artifact"
        return (own if own.exists() else CONFORMANCE / "a.txt").read_bytes()

    def evidence(self) -> Evidence:
        return read_evidence((self.folder / "bundle.sigstore.json").read_bytes())

    def trust(self) -> TrustRoot:
        own = self.folder / "trusted_root.json"
        return read_trust(own if own.exists() else PUBLIC_GOOD)

    def requirements(self) -> Requirements:
        key = self.folder / "key.pub"
        if key.exists():
            return Requirements(SignerKey(load_public_key(key.read_bytes())))
        identity = SignerIdentity(TextRule(self._text("identity", BEACON)), TextRule(self._text("issuer", GITHUB)))
        return Requirements(identity)


def artifact_by_digest(message: bytes, name: str) -> Artifact:
    """An artifact of which only one digest is known."""
    return Artifact({name: artifact_from_bytes(message).digests[name]})
