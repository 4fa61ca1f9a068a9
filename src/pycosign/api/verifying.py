"""Verify files, attestations and images. Whoever gets a `Verified` in hand may rely on it; all else is raised."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pycosign.ambient import utc_now
from pycosign.api.files import ArtifactSource, BundleSource, artifact_name, open_artifact, read_bundle
from pycosign.api.registries import RegistryAccess
from pycosign.api.signers import Signer
from pycosign.api.trust import Trust
from pycosign.attest.predicate_types import predicate_type_uri
from pycosign.errors import PredicateTypeMismatchError, SigningError, UnavailableError, UsageError
from pycosign.flows.verify_blob import LegacyPieces, is_legacy_bundle, legacy_evidence, read_bundle_evidence
from pycosign.flows.verify_blob import verify_blob as _verify_blob
from pycosign.verify.evidence import Evidence, with_envelope_as_content
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verdict, Verified
from pycosign.wire.dsse import Envelope

if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.verify.trust import TrustRoot

__all__ = [
    "JudgedFile",
    "VerifiedImage",
    "Verifier",
    "verify_attestation",
    "verify_file",
    "verify_image",
]

_UNDECIDED = (UnavailableError, UsageError)  # of one pair among many: it could not be decided with what is there


class VerifiedImage(NamedTuple):
    """An image of which at least one signature was accepted.

    name: "HOST/REPOSITORY@sha256:HEX": deploy this, a tag may have moved since. digest: "sha256:HEX". signatures: what
    was proved by each accepted one; 1 or more. refused: why others were not. warnings: sentences.
    """

    name: str
    digest: str
    signatures: tuple[Verified, ...]
    refused: tuple[SigningError, ...]
    warnings: tuple[str, ...]


class JudgedFile(NamedTuple):
    """One of many files, and what came of it: look at `verdict`, or let `require` raise.

    artifact: what to call it in messages. outcome: what was proved, or the error that says why not.
    """

    artifact: str
    outcome: Verified | SigningError

    @property
    def verdict(self) -> Verdict:
        """The answer in one word.

        Returns: VERIFIED, REFUSED, or UNAVAILABLE where it could not be found out (a file that is not there, too).
        Raises:  nothing.
        """
        if isinstance(self.outcome, Verified):
            return Verdict.VERIFIED
        return Verdict.UNAVAILABLE if isinstance(self.outcome, _UNDECIDED) else Verdict.REFUSED

    def require(self) -> Verified:
        """What was proved.

        Returns: the outcome, if the file is verified.
        Raises:  the outcome, if it is not.
        """
        if isinstance(self.outcome, Verified):
            return self.outcome
        raise self.outcome


class Verifier:
    """Demands and trust, kept for many verifications: nothing is loaded twice. Threads may share it.

    Args:   signer: who must have signed. trust: under which trust root; None only for a key with Waiver.TLOG.
            waive: checks to leave out, by name; each shows in the result's `waivers`. min_logs: so many distinct logs
            must hold the signature, at least 1. min_timestamp_authorities: so many distinct ones must have stamped it
            (RFC 3161), whatever the log says; those that share an operator, a URL or a key are one. registry: how
            registries are asked; None: with the credentials of docker's and podman's configuration.
    Raises: UsageError: what was given is something else, or demands nothing.
    """

    __slots__ = ("_registry", "_requirements", "_trust")

    def __init__(
        self,
        *,
        signer: Signer,
        trust: Trust | None,
        waive: Waiver | Collection[Waiver] = (),
        min_logs: int = 1,
        min_timestamp_authorities: int = 0,
        registry: RegistryAccess | None = None,
    ) -> None:
        self._requirements = _requirements(
            signer, waive, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
        )
        if trust is not None and not isinstance(trust, Trust):
            raise UsageError(f"a Trust is needed, not {trust!r:.80}")
        self._trust = trust
        self._registry = registry or RegistryAccess()

    def verify_file(self, artifact: ArtifactSource, *, bundle: BundleSource) -> Verified:
        """Verify the signature of one file. The file is read once, in pieces; no socket is opened.

        Args:    artifact: a path, bytes, an open file (read to its end) or a Digest. bundle: a path, bytes or a Bundle.
        Returns: what was proved: who signed, when, and which logs know of it.
        Raises:  RefusedError (its `code` says which check): a proven no; PredicateTypeMismatchError, one of them: the
                 bundle holds an attestation, which `verify_attestation` verifies; MalformedError: the bundle is not
                 one; UnavailableError: a file cannot be read; UsageError: there is no such file, or nothing could meet
                 what is demanded.
        """
        evidence = _read_evidence(read_bundle(bundle), is_attestation=False)
        if isinstance(evidence.content, Envelope):
            raise PredicateTypeMismatchError(
                "the bundle holds a statement about files, not the signature of one: it may say anything"
            )
        source = open_artifact(artifact)
        verified = _verify_blob(
            source, evidence=evidence, trust=self._root(), requirements=self._requirements, now=self._now()
        )
        return self._with_trust(verified)

    def verify_attestation(self, artifact: ArtifactSource, *, bundle: BundleSource, predicate_type: str) -> Verified:
        """Verify a signed statement about one file: it was signed, it speaks of this file, and it is of this type.

        What the statement says is in the result's `statement`; whether that is good news is for the caller to decide.

        Args:    artifact, bundle: as of `verify_file`. predicate_type: its URI, or Cosign's name for it ("spdxjson",
                 "slsaprovenance1" ...): a statement of another type proves something else.
        Returns: what was proved, with the statement.
        Raises:  as `verify_file`; PredicateTypeMismatchError: another type, or no statement.
        Source:  in-toto/attestation, spec v1; DSSE 1.0.
        """
        from pycosign.flows.verify_blob_attestation import verify_blob_attestation

        if not predicate_type:
            raise UsageError("the type of the predicate is needed")
        evidence = _read_evidence(read_bundle(bundle), is_attestation=True)
        verified = verify_blob_attestation(
            open_artifact(artifact),
            evidence=evidence,
            predicate_type=predicate_type_uri(predicate_type),
            trust=self._root(),
            requirements=self._requirements,
            now=self._now(),
        )
        return self._with_trust(verified)

    def verify_image(
        self,
        reference: str,
        *,
        annotations: Mapping[str, str] | None = None,
        signatures_in: str | None = None,
    ) -> VerifiedImage:
        """Verify the signatures of an image in a registry: bundles, and those of Cosign 2.

        A tag is resolved once. No log is asked: a signature that carries no log entry is refused.

        Args:    reference: "[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]". annotations: each must be among the signed ones.
                 signatures_in: the repository that holds the signatures; None: the image's own.
        Returns: the image, by digest, with every accepted signature; 1 is enough.
        Raises:  ImageNotFoundError, NoSignaturesError, NoMatchingSignaturesError (its `causes` say why, one by one):
                 RefusedErrors; UnavailableError: no signature was accepted, and not all could be looked at;
                 MalformedError: the reference.
        """
        from pycosign.flows.verify_image import SignaturePlace, verify_image

        verdict = verify_image(
            reference,
            registry=self._registry._client(),
            trust=self._root(),
            requirements=self._requirements._replace(annotations=dict(annotations or {})),
            now=self._now(),
            place=SignaturePlace(repository=signatures_in),
        )
        return VerifiedImage(
            name=verdict.reference.with_digest(verdict.digest).name,
            digest=verdict.digest,
            signatures=tuple(self._with_trust(accepted.verified) for accepted in verdict.accepted),
            refused=verdict.refused,
            warnings=verdict.warnings,
        )

    def verify_files(self, pairs: Iterable[tuple[ArtifactSource, BundleSource]]) -> tuple[Verified, ...]:
        """Verify many files, of which each must be good.

        Args:    pairs: each an artifact and its bundle, as of `verify_file`.
        Returns: what was proved of each, in order.
        Raises:  as `verify_file`, about the first that is refused; if none is, about the first that could not be
                 decided. A note names the artifact.
        """
        proved: list[Verified] = []
        undecided: SigningError | None = None
        for judged in self.judge_files(pairs):
            if isinstance(judged.outcome, Verified):
                proved.append(judged.outcome)
                continue
            judged.outcome.add_note(f"artifact: {judged.artifact}")
            if judged.verdict is Verdict.REFUSED:
                raise judged.outcome
            undecided = undecided or judged.outcome
        if undecided is not None:
            raise undecided
        return tuple(proved)

    def judge_files(self, pairs: Iterable[tuple[ArtifactSource, BundleSource]]) -> Iterator[JudgedFile]:
        """Judge many files, one by one, as they are asked for. An answer that nobody looks at protects nobody.

        Args:    pairs: as of `verify_files`.
        Returns: for each the verdict with what was proved, or the error; in order.
        Raises:  nothing about a pair; what `pairs` raises.
        """
        for artifact, bundle in pairs:
            outcome: Verified | SigningError
            try:
                outcome = self.verify_file(artifact, bundle=bundle)
            except SigningError as exc:
                outcome = exc
            yield JudgedFile(artifact_name(artifact), outcome)

    def _root(self) -> "TrustRoot | None":
        return None if self._trust is None else self._trust._root

    def _now(self) -> "datetime":
        return utc_now() if self._trust is None else self._trust._now()

    def _with_trust(self, verified: Verified) -> Verified:
        """The result, with what is known of the trust root it was judged under."""
        if self._trust is None:
            return verified
        return verified._replace(trust_source=self._trust.source, trust_age=self._trust.age)


def verify_file(
    artifact: ArtifactSource,
    *,
    bundle: BundleSource,
    signer: Signer,
    trust: Trust | None,
    waive: Waiver | Collection[Waiver] = (),
    min_logs: int = 1,
    min_timestamp_authorities: int = 0,
) -> Verified:
    """Verify the signature of one file. For many, a `Verifier` is faster. No socket is opened.

    Args:    artifact: a path, bytes, an open file (read to its end) or a Digest. bundle: a path, bytes or a Bundle.
             signer, trust, waive, min_logs, min_timestamp_authorities: as of `Verifier`.
    Returns: what was proved: who signed, when, and which logs know of it.
    Raises:  as `Verifier.verify_file`: RefusedError, MalformedError, UnavailableError, UsageError.
    """
    verifier = Verifier(
        signer=signer, trust=trust, waive=waive, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
    )
    return verifier.verify_file(artifact, bundle=bundle)


def verify_attestation(
    artifact: ArtifactSource,
    *,
    bundle: BundleSource,
    predicate_type: str,
    signer: Signer,
    trust: Trust | None,
    waive: Waiver | Collection[Waiver] = (),
    min_logs: int = 1,
    min_timestamp_authorities: int = 0,
) -> Verified:
    """Verify a signed statement about one file. No socket is opened.

    Args:    artifact, bundle, predicate_type: as of `Verifier.verify_attestation`. signer, trust, waive,
             min_logs, min_timestamp_authorities: as of `Verifier`.
    Returns: what was proved, with the statement.
    Raises:  as `Verifier.verify_attestation`: RefusedError, MalformedError, UnavailableError, UsageError.
    """
    verifier = Verifier(
        signer=signer, trust=trust, waive=waive, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
    )
    return verifier.verify_attestation(artifact, bundle=bundle, predicate_type=predicate_type)


def verify_image(
    reference: str,
    *,
    signer: Signer,
    trust: Trust | None,
    annotations: Mapping[str, str] | None = None,
    signatures_in: str | None = None,
    waive: Waiver | Collection[Waiver] = (),
    min_logs: int = 1,
    min_timestamp_authorities: int = 0,
    registry: RegistryAccess | None = None,
) -> VerifiedImage:
    """Verify the signatures of an image in a registry.

    Args:    reference, annotations, signatures_in: as of `Verifier.verify_image`. signer, trust, waive,
             min_logs, min_timestamp_authorities, registry: as of `Verifier`.
    Returns: the image, by digest, with every accepted signature; 1 is enough.
    Raises:  as `Verifier.verify_image`: RefusedError, MalformedError, UnavailableError, UsageError.
    """
    verifier = Verifier(
        signer=signer,
        trust=trust,
        waive=waive,
        min_logs=min_logs,
        min_timestamp_authorities=min_timestamp_authorities,
        registry=registry,
    )
    return verifier.verify_image(reference, annotations=annotations, signatures_in=signatures_in)


def _requirements(
    signer: Signer, waive: Waiver | Collection[Waiver], *, min_logs: int, min_timestamp_authorities: int
) -> Requirements:
    if not isinstance(signer, Signer):
        raise UsageError(f"an Identity or a Key must be demanded, not {signer!r:.80}")
    waivers = frozenset((waive,) if isinstance(waive, Waiver) else waive)
    for waiver in waivers:
        if not isinstance(waiver, Waiver):
            raise UsageError(f"a check is waived by a Waiver, not by {waiver!r:.80}")
    if min_logs < 1 or min_timestamp_authorities < 0:
        raise UsageError("fewer than one log cannot be demanded: Waiver.TLOG turns the log off")
    if Waiver.CLAIMS in waivers:
        raise UsageError("what a signature says of the artifact is always compared here; Waiver.CLAIMS is Cosign's")
    return Requirements(
        signer._demand, waivers=waivers, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
    )


def _read_evidence(data: bytes, *, is_attestation: bool) -> Evidence:
    if not is_legacy_bundle(data):
        return read_bundle_evidence(data)
    evidence = legacy_evidence(LegacyPieces(), bundle=data)
    return with_envelope_as_content(evidence) if is_attestation else evidence
