"""A Sigstore bundle of older material: a signature, an attestation or Cosign's own JSON bundle, and the log's entry.

Cosign packs whatever it is given. Here the signature must verify under the key or certificate, and the log's entry must
be about it: a bundle that cannot be good is not written. Whether the signer is whom one wants is for verification.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from pycosign.codec.pem import format_pem
from pycosign.crypto.certificate import parse_certificate
from pycosign.crypto.digests import digest_of
from pycosign.crypto.keys import PublicKey
from pycosign.errors import CertificateSubstitutionError, KeyMismatchError, MissingEntryError, UsageError
from pycosign.flows.blob_source import BlobSource
from pycosign.flows.log_completion import check_inclusion
from pycosign.flows.verify_blob import read_certificate, read_signature
from pycosign.sign.assemble import Testimony, assemble_bundle
from pycosign.verify.artifact import Artifact
from pycosign.verify.binding import check_binding
from pycosign.verify.claim import ClaimedSigner
from pycosign.verify.evidence import (
    Evidence,
    evidence_from_legacy_bundle,
    evidence_from_signature,
    with_envelope_as_content,
)
from pycosign.verify.pipeline import digests_needed, message_needed
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.verify.signature import SignedContent, check_signature
from pycosign.wire.bundle import MessageSignature, format_bundle, parse_bundle
from pycosign.wire.dsse import Envelope, EnvelopeSignature
from pycosign.wire.legacy import parse_legacy_bundle, parse_rfc3161
from pycosign.wire.log_entry import LogEntry

__all__ = ["OlderMaterial", "SearchLog", "create_bundle"]

_SHA256: Final = "sha256"

# evidence, the key or certificate as PEM, the artifact's SHA-256 -> the log's entries that say the same
SearchLog = Callable[[Evidence, bytes, bytes], tuple[LogEntry, ...]]


class OlderMaterial(NamedTuple):
    """The contents of the files that were given."""

    bundle: bytes | None = None  # Cosign's own JSON
    signature: bytes | None = None  # base64, or raw
    attestation: bytes | None = None  # a DSSE envelope
    certificate: bytes | None = None  # PEM, base64 of PEM, or DER
    timestamp: bytes | None = None  # {"SignedRFC3161Timestamp"}
    key: PublicKey | None = None


def create_bundle(material: OlderMaterial, artifact: BlobSource, *, search: SearchLog | None) -> bytes:
    """The bundle, written.

    Args:   search: asks the log; None: the signature is not in a log (--ignore-tlog).
    Raises: UsageError: nothing says who signed, or the parts contradict each other; MalformedError: a part cannot be
            read; InvalidSignatureError, ArtifactDigestMismatchError, KeyMismatchError, CertificateSubstitutionError;
            MissingEntryError, EntryMismatchError, RootMismatchError: of the log's answer; errors of `search`.
    """
    evidence = _evidence(material)
    if search is None and evidence.entries:
        raise UsageError("cannot ignore transparency log when the provided bundle contains a Signed Entry Timestamp")
    claimed = _claimed(evidence, material.key)
    requirements = Requirements(SignerKey(claimed.key))
    whole = message_needed(evidence, requirements)
    read = artifact.read({_SHA256, *digests_needed(evidence, requirements)}, whole=whole)
    signed = check_signature(evidence, read, claimed)
    entries = () if search is None else (_entry(evidence, signed, claimed, read, search),)
    testimony = Testimony(
        claimed.key,
        () if claimed.certificate is None else (claimed.certificate.der,),
        entries,
        evidence.timestamps,
    )
    written = format_bundle(assemble_bundle(_content(evidence, read), testimony))
    parse_bundle(written)  # what nobody would read is not written
    return written


def _evidence(material: OlderMaterial) -> Evidence:
    timestamps = () if material.timestamp is None else (parse_rfc3161(material.timestamp),)
    chain = (read_certificate(material.certificate),) if material.certificate is not None else ()
    if material.attestation is not None:
        signed = evidence_from_signature(material.attestation, chain_der=chain, timestamps=timestamps)
        evidence = with_envelope_as_content(signed)
        if material.bundle is not None:
            return _completed_by_bundle(evidence, material.bundle)
        return evidence
    if material.bundle is not None:
        evidence = evidence_from_legacy_bundle(parse_legacy_bundle(material.bundle), timestamps=timestamps)
        if evidence.signature.lstrip()[:1] == b"{":  # `attest-blob` puts the whole envelope there
            evidence = with_envelope_as_content(evidence)
        return evidence
    if material.signature is None:
        raise UsageError("must at least supply signature via --bundle or --signature")
    return evidence_from_signature(read_signature(material.signature), chain_der=chain, timestamps=timestamps)


def _completed_by_bundle(evidence: Evidence, bundle: bytes) -> Evidence:
    """An attestation by itself, with who signed it and where it is logged from Cosign's own JSON."""
    legacy = evidence_from_legacy_bundle(parse_legacy_bundle(bundle))
    return evidence._replace(
        chain_der=legacy.chain_der, claimed_key_der=legacy.claimed_key_der, entries=legacy.entries, source=legacy.source
    )


def _claimed(evidence: Evidence, key: PublicKey | None) -> ClaimedSigner:
    """Who is said to have signed: the certificate, or the key that was given; never a key that a bundle offers."""
    if evidence.chain_der:
        certificate = parse_certificate(evidence.chain_der[0])
        if key is not None and certificate.public_key != key:
            raise KeyMismatchError("the certificate is not for the key that was given")
        return ClaimedSigner(certificate.public_key, certificate)
    if key is None:
        raise UsageError(
            "neither a certificate nor a key says who signed",
            hint="give --key: a key that a bundle brings itself is not taken"
            if evidence.claimed_key_der
            else "give --key",
        )
    if evidence.claimed_key_der is not None and evidence.claimed_key_der != key.spki_der:
        raise CertificateSubstitutionError("the bundle was made with another key than the one that was given")
    return ClaimedSigner(key, None)


def _sha256(artifact: Artifact) -> bytes:
    known = artifact.digests.get(_SHA256)
    if known is not None:
        return known
    if artifact.message is None:
        raise UsageError("bundles state the SHA-256 digest of the file: give the file, or that digest")
    return digest_of(_SHA256, artifact.message)


def _entry(
    evidence: Evidence, signed: SignedContent, claimed: ClaimedSigner, artifact: Artifact, search: SearchLog
) -> LogEntry:
    """The log's entry: the very one of an old bundle if it has one, else the earliest."""
    certificate = claimed.certificate
    pem = claimed.key.pem() if certificate is None else format_pem("CERTIFICATE", certificate.der)
    found = search(evidence, pem, _sha256(artifact))
    named = {(entry.log_id, entry.log_index) for entry in evidence.entries}
    found = tuple(entry for entry in found if not named or (entry.log_id, entry.log_index) in named)
    if not found:
        raise MissingEntryError("signature not found in transparency log")
    entry = min(found, key=lambda item: item.integrated_at or 2**62)
    check_binding(entry, evidence, signed)
    check_inclusion(entry)
    return entry


def _content(evidence: Evidence, artifact: Artifact) -> MessageSignature | Envelope:
    if isinstance(evidence.content, Envelope):
        return evidence.content._replace(signatures=(EnvelopeSignature(evidence.signature),))  # no key id, as Cosign
    return MessageSignature(_SHA256, _sha256(artifact), evidence.signature)
