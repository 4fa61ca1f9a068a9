"""Bundles of released writers that are out in the world, and the latitude that each of them needs."""

import pytest

from pycosign.errors import InvalidCertificatePathError
from pycosign.verify.artifact import Artifact
from pycosign.verify.evidence import Evidence
from pycosign.verify.pipeline import verify
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.wire.dsse import Envelope
from pycosign.wire.intoto import parse_statement
from tests.verify.vectors import GITHUB, NOW, NPM_PROVENANCE, PUBLIC_GOOD, read_evidence, read_trust

WORKFLOW = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
REQUIREMENTS = Requirements(SignerIdentity(TextRule(WORKFLOW), TextRule(GITHUB)))


def npm_provenance() -> tuple[Evidence, Artifact]:
    """The bundle, and the package by the SHA-512 digest that npm knows it by."""
    evidence = read_evidence(NPM_PROVENANCE.read_bytes())
    assert isinstance(evidence.content, Envelope)
    (subject,) = parse_statement(evidence.content.payload).subjects
    return evidence, Artifact({"sha512": bytes.fromhex(subject.digests["sha512"])})


def test_sigstore_js_1_put_the_root_certificate_at_the_end_of_the_chain() -> None:
    evidence, artifact = npm_provenance()
    assert len(evidence.chain_der) == 3
    verified = verify(evidence, artifact, trust=read_trust(PUBLIC_GOOD), requirements=REQUIREMENTS, now=NOW)
    assert verified.log_entries[0].kind == "intoto 0.0.2"
    assert verified.digest == ("sha512", artifact.digests["sha512"])


@pytest.mark.parametrize("source", ["bundle v0.1", "bundle v0.2", "bundle v0.3"])
def test_a_root_anywhere_else_is_refused(source: str) -> None:
    evidence, artifact = npm_provenance()
    chain = evidence.chain_der
    if source == "bundle v0.1":
        chain = (chain[0], chain[2], chain[1])
    moved = evidence._replace(source=source, chain_der=chain)
    with pytest.raises(InvalidCertificatePathError, match="root certificate"):
        verify(moved, artifact, trust=read_trust(PUBLIC_GOOD), requirements=REQUIREMENTS, now=NOW)
