"""Sign a statement about files: an attestation, as a bundle."""

from pycosign.flows.signing import SigningContext, begin_signing, check_own_evidence, collect_testimony
from pycosign.sign.assemble import assemble_bundle
from pycosign.sign.content import sign_statement
from pycosign.verify.artifact import DIGEST_SIZES, Artifact
from pycosign.verify.evidence import evidence_from_bundle
from pycosign.wire.bundle import format_bundle, parse_bundle
from pycosign.wire.intoto import Statement, parse_statement

__all__ = ["attest_statement"]


def attest_statement(statement: bytes, *, context: SigningContext) -> bytes:
    """Sign an in-toto statement byte for byte, have the services testify, and check the result.

    Returns: a bundle v0.3.
    Raises:  MalformedError: it is no statement; UsageError; ServiceRejectedError; UnavailableError;
             RefusedError: our own result does not verify.
    """
    parsed = parse_statement(statement)
    signing = begin_signing(context)
    envelope = sign_statement(signing.signer, statement, log_version=signing.log_version)
    bundle = format_bundle(assemble_bundle(envelope, collect_testimony(signing, envelope)))
    check_own_evidence(signing, evidence_from_bundle(parse_bundle(bundle)), _first_subject(parsed))
    return bundle


def _first_subject(statement: Statement) -> Artifact:
    """What the statement speaks of, known by the digests that it states."""
    subject = statement.subjects[0]
    digests = {name: bytes.fromhex(text) for name, text in subject.digests.items() if name in DIGEST_SIZES}
    return Artifact(digests, None, subject.name or "")
