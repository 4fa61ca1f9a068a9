"""One question to the verifier, with the parts that most questions share filled in."""

from datetime import datetime
from typing import NamedTuple

from pycosign.codec.pem import format_pem
from pycosign.crypto.keys import PublicKey
from pycosign.crypto.signers import LocalSigner
from pycosign.verify.artifact import Artifact, artifact_from_bytes
from pycosign.verify.evidence import Evidence, evidence_from_legacy_bundle
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerKey, Waiver
from pycosign.verify.result import Verified
from pycosign.verify.trust import TrustRoot
from pycosign.wire.legacy import LegacyBundle, format_legacy_bundle, parse_legacy_bundle
from tests.verify.factory import ARTIFACT, NOW, World

GOOD = artifact_from_bytes(ARTIFACT)
OTHER = artifact_from_bytes(b"another artifact\n")


class Attempt(NamedTuple):
    """Arguments of `verify`; None takes the world's own trust root or keyless requirements."""

    evidence: Evidence
    artifact: Artifact | None = GOOD
    trust: TrustRoot | None = None
    requirements: Requirements | None = None
    now: datetime = NOW

    def run(self, world: World) -> Verified:
        return verify(
            self.evidence,
            self.artifact,
            trust=self.trust or world.trust(),
            requirements=self.requirements or world.requirements(),
            now=self.now,
        )


def by_key(key: PublicKey, *waivers: Waiver) -> Requirements:
    return Requirements(SignerKey(key), waivers=frozenset(waivers))


def waiving(world: World, *waivers: Waiver) -> Requirements:
    return world.requirements()._replace(waivers=frozenset(waivers))


def flipped(raw: bytes, bit: int = 0) -> bytes:
    """One bit changed."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def as_legacy(evidence: Evidence, cert: bytes | None) -> Evidence:
    """The same signature as Cosign's own JSON bundle holds it: no digest, a promise and no proof."""
    entry = evidence.entries[0]._replace(proof=None) if evidence.entries else None
    data = format_legacy_bundle(LegacyBundle(evidence.signature, cert, entry))
    return evidence_from_legacy_bundle(parse_legacy_bundle(data))


def certificate_pem(der: bytes) -> bytes:
    return format_pem("CERTIFICATE", der)


def key_pem(signer: LocalSigner) -> bytes:
    return signer.public_key.pem()
