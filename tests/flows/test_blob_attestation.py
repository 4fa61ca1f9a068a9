"""Attestations about files: signed byte for byte, and believed only of their file and their type."""

import base64
import hashlib
import json

import pytest

from pycosign.attest.predicate_types import PREDICATE_TYPES, predicate_type_uri
from pycosign.errors import (
    ArtifactDigestMismatchError,
    CertificateSubstitutionError,
    EntryMismatchError,
    InvalidSignatureError,
    KeyMismatchError,
    MalformedError,
    MissingEntryError,
    PredicateTypeMismatchError,
    UsageError,
)
from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.blob_source import BlobSource, blob_from_bytes, blob_from_digest
from pycosign.flows.log_search import search_log
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.verify_blob import LegacyPieces, legacy_evidence, read_bundle_evidence
from pycosign.flows.verify_blob_attestation import verify_blob_attestation
from pycosign.sign.content import sign_statement
from pycosign.verify.evidence import Evidence, with_envelope_as_content
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verified
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.dsse import Envelope, format_envelope
from tests.flows.tools import NO_SERVICES, Workshop, key_requirements, new_key

ARTIFACT = b"hello\n"
REVIEW = "https://example.com/review/v1"


def statement(predicate_type: str = REVIEW, predicate: object = None, *algorithms: str) -> bytes:
    """A statement about the artifact, with a digest of each algorithm."""
    digests = {name: hashlib.new(name, ARTIFACT).hexdigest() for name in algorithms or ("sha256",)}
    document = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "artifact", "digest": digests}],
        "predicateType": predicate_type,
        "predicate": {"ok": True} if predicate is None else predicate,
    }
    return json.dumps(document).encode()


def check(
    workshop: Workshop,
    evidence: Evidence,
    requirements: Requirements,
    *,
    predicate_type: str = REVIEW,
    source: BlobSource | None = None,
) -> Verified:
    claims = Waiver.CLAIMS not in requirements.waivers
    return verify_blob_attestation(
        source or (blob_from_bytes(ARTIFACT, "artifact") if claims else None),
        evidence=evidence,
        predicate_type=predicate_type,
        trust=workshop.trust,
        requirements=requirements,
        now=workshop.now,
    )


@pytest.mark.parametrize("log", ["rekor-v1", "rekor-v2"])
def test_a_statement_is_signed_byte_for_byte_and_verifies(workshop: Workshop, log: str) -> None:
    said = statement()
    bundle = attest_statement(said, context=workshop.keyless(workshop.services(log)))
    content = parse_bundle(bundle).content
    assert isinstance(content, Envelope)
    assert content.payload == said
    verified = check(workshop, read_bundle_evidence(bundle), workshop.identity())
    assert verified.statement is not None
    assert verified.statement.predicate == {"ok": True}
    assert len(verified.log_entries) == 1


@pytest.mark.parametrize("algorithms", [("sha256",), ("sha384",), ("sha512",), ("sha256", "sha512")])
def test_the_file_is_hashed_with_what_the_statement_states(workshop: Workshop, algorithms: tuple[str, ...]) -> None:
    signer = new_key()
    said = statement(REVIEW, None, *algorithms)
    evidence = read_bundle_evidence(attest_statement(said, context=workshop.keyed(signer, NO_SERVICES)))
    requirements = key_requirements(signer.public_key, Waiver.TLOG)
    verified = check(workshop, evidence, requirements)
    assert verified.digest is not None
    assert verified.digest[0] == algorithms[0]
    known = blob_from_digest(f"{algorithms[-1]}:{hashlib.new(algorithms[-1], ARTIFACT).hexdigest()}")
    assert check(workshop, evidence, requirements, source=known).digest is not None
    with pytest.raises(ArtifactDigestMismatchError):
        check(workshop, evidence, requirements, source=blob_from_bytes(b"other", "other"))


def test_another_predicate_type_is_refused_even_when_claims_are_waived(workshop: Workshop) -> None:
    """GHSA-w6c6-c85g-mmv6: Cosign printed "Verified OK" for an attestation of another type."""
    signer = new_key()
    evidence = read_bundle_evidence(attest_statement(statement(), context=workshop.keyed(signer, NO_SERVICES)))
    for waivers in ((Waiver.TLOG,), (Waiver.TLOG, Waiver.CLAIMS)):
        requirements = key_requirements(signer.public_key, *waivers)
        assert check(workshop, evidence, requirements).waivers == frozenset(waivers)
        with pytest.raises(PredicateTypeMismatchError):
            check(workshop, evidence, requirements, predicate_type=predicate_type_uri("custom"))


@pytest.mark.parametrize("payload", [b"", b"{}", b"not JSON", b'{"predicateType": "https://example.com/review/v1"}'])
def test_a_signed_payload_that_is_no_statement_is_refused(workshop: Workshop, payload: bytes) -> None:
    """The other half of GHSA-w6c6-c85g-mmv6: what cannot be parsed has no type."""
    signer = new_key()
    envelope = sign_statement(signer, payload)
    evidence = with_envelope_as_content(legacy_evidence(LegacyPieces(signature=format_envelope(envelope))))
    with pytest.raises(MalformedError):
        check(workshop, evidence, key_requirements(signer.public_key, Waiver.TLOG, Waiver.CLAIMS))


def test_a_bare_signature_is_no_attestation(workshop: Workshop) -> None:
    import io

    signer = new_key()
    signed = sign_blob(io.BytesIO(ARTIFACT), context=workshop.keyed(signer, NO_SERVICES))
    for waivers in ((Waiver.TLOG,), (Waiver.TLOG, Waiver.CLAIMS)):
        with pytest.raises(PredicateTypeMismatchError):
            check(workshop, read_bundle_evidence(signed.bundle), key_requirements(signer.public_key, *waivers))


def test_without_a_file_the_claims_must_be_waived(workshop: Workshop) -> None:
    signer = new_key()
    evidence = read_bundle_evidence(attest_statement(statement(), context=workshop.keyed(signer, NO_SERVICES)))
    with pytest.raises(UsageError):
        verify_blob_attestation(
            None,
            evidence=evidence,
            predicate_type=REVIEW,
            trust=None,
            requirements=key_requirements(signer.public_key, Waiver.TLOG),
            now=workshop.now,
        )


def test_another_key_is_refused(workshop: Workshop) -> None:
    evidence = read_bundle_evidence(attest_statement(statement(), context=workshop.keyed(new_key(), NO_SERVICES)))
    with pytest.raises(KeyMismatchError):
        check(workshop, evidence, key_requirements(new_key().public_key, Waiver.TLOG))


# ---- the old formats ---------------------------------------------------------------------------------------------
def loose(signer_statement: bytes, workshop: Workshop) -> tuple[Evidence, Requirements]:
    """An envelope of a new key, logged by Rekor v1, as `--signature` has it; and the demand of that key."""
    signer = new_key()
    bundle = attest_statement(signer_statement, context=workshop.keyed(signer, workshop.v1))
    content = parse_bundle(bundle).content
    assert isinstance(content, Envelope)
    evidence = with_envelope_as_content(legacy_evidence(LegacyPieces(signature=format_envelope(content))))
    return evidence, key_requirements(signer.public_key)


def test_the_log_entry_of_a_loose_envelope_is_found(workshop: Workshop) -> None:
    evidence, requirements = loose(statement(), workshop)
    with pytest.raises(MissingEntryError):
        check(workshop, evidence, requirements)
    url = workshop.sandbox.urls["rekor"]
    found = search_log(evidence, http=workshop.http, rekor_url=url, requirements=requirements)
    assert check(workshop, found, requirements).log_entries[0].kind == "dsse 0.0.1"
    other, other_requirements = loose(statement("https://example.com/other"), workshop)
    with pytest.raises(EntryMismatchError):
        check(
            workshop,
            other._replace(entries=found.entries),
            other_requirements,
            predicate_type="https://example.com/other",
        )


def test_a_loose_envelope_without_entry_is_not_searched_for_without_its_text(workshop: Workshop) -> None:
    evidence, requirements = loose(statement(), workshop)
    without_text = evidence._replace(envelope_bytes=None)
    url = workshop.sandbox.urls["rekor"]
    assert not search_log(without_text, http=workshop.http, rekor_url=url, requirements=requirements).entries


def test_a_key_in_an_old_bundle_never_replaces_the_demanded_one(workshop: Workshop) -> None:
    """GHSA-fx35-mq7g-6g98, for attestations."""
    signer, demanded = new_key(), new_key()
    envelope = format_envelope(sign_statement(signer, statement()))
    document = {
        "base64Signature": base64.b64encode(envelope).decode(),
        "cert": base64.b64encode(signer.public_key.pem()).decode(),
    }
    evidence = with_envelope_as_content(legacy_evidence(LegacyPieces(), bundle=json.dumps(document).encode()))
    assert check(workshop, evidence, key_requirements(signer.public_key, Waiver.TLOG)).statement is not None
    with pytest.raises(CertificateSubstitutionError):
        check(workshop, evidence, key_requirements(demanded.public_key, Waiver.TLOG))
    with pytest.raises(CertificateSubstitutionError):
        check(workshop, evidence, workshop.identity(Waiver.TLOG))


@pytest.mark.parametrize("raw", [b"", b"c2lnbmF0dXJl", b"[]", b'{"payload":"","payloadType":"x","signatures":[]}'])
def test_what_is_no_envelope_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        with_envelope_as_content(legacy_evidence(LegacyPieces(signature=raw)))


def test_an_envelope_with_two_signatures_is_malformed() -> None:
    envelope = sign_statement(new_key(), statement())
    twice = envelope._replace(signatures=envelope.signatures * 2)
    with pytest.raises(MalformedError):
        with_envelope_as_content(legacy_evidence(LegacyPieces(signature=format_envelope(twice))))


def test_an_edited_payload_is_refused(workshop: Workshop) -> None:
    signer = new_key()
    envelope = sign_statement(signer, statement())
    edited = envelope._replace(payload=envelope.payload.replace(b"true", b"null"))
    evidence = with_envelope_as_content(legacy_evidence(LegacyPieces(signature=format_envelope(edited))))
    with pytest.raises(InvalidSignatureError):
        check(workshop, evidence, key_requirements(signer.public_key, Waiver.TLOG))


def test_a_predicate_of_text_as_cosign_writes_spdx_verifies(workshop: Workshop) -> None:
    """Cosign 3 puts the SPDX file's text there as a string, and then cannot verify it itself."""
    signer = new_key()
    spdx = PREDICATE_TYPES["spdx"]
    said = statement(spdx, "SPDXVersion: SPDX-2.3\n")
    evidence = read_bundle_evidence(attest_statement(said, context=workshop.keyed(signer, NO_SERVICES)))
    verified = check(workshop, evidence, key_requirements(signer.public_key, Waiver.TLOG), predicate_type=spdx)
    assert verified.statement is not None
    assert verified.statement.predicate == "SPDXVersion: SPDX-2.3\n"
