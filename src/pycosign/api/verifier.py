"""Verify files, attestations and images. Whoever gets a `Verified` in hand may rely on it; all else is raised."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pycosign.ambient import utc_now
from pycosign.api.files import ArtifactSource, BundleSource, artifact_name, open_artifact, read_bundle
from pycosign.api.policy import Policy, demand_of
from pycosign.api.registries import RegistryAccess, repository_name
from pycosign.api.results import JudgedFile, VerifiedImage
from pycosign.api.signers import Signer
from pycosign.api.trust import Trust
from pycosign.attest.predicate_types import predicate_type_uri
from pycosign.codec.b64 import use_quick_decoder
from pycosign.errors import MalformedError, PredicateTypeMismatchError, SigningError, UsageError
from pycosign.flows.candidates import Candidate, read_candidates, verify_candidates
from pycosign.flows.verify_blob import verify_blob
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verdict, Verified
from pycosign.wire.dsse import Envelope

if TYPE_CHECKING:
    from datetime import datetime

    from pycosign.flows.verify_image import EvidenceJudge
    from pycosign.policy.decide import VerificationPolicy
    from pycosign.verify.trust import TrustRoot

__all__ = ["Verifier"]

Presented = tuple[str, Evidence | MalformedError]  # its place in the file ("" if it is alone), and what it is


class Verifier:
    """Demands and trust, kept for many verifications: nothing is loaded twice. Threads may share it.

    Args:   signer: who must have signed: an Identity, a Key, or a Policy of several, which brings its own waivers and
            numbers. trust: under which trust root; None only for keys with Waiver.TLOG. waive, min_logs,
            min_timestamp_authorities: as of `Policy`. registry: how registries are asked; None: with the credentials
            of docker's and podman's configuration.
    Raises: UsageError: what was given is something else, demands nothing, or can never be met; a revocation list of
            the policy is not signed by whom the policy says (`revocation.untrusted`); UnavailableError: whether it is
            cannot be known.
    """

    __slots__ = ("_demand", "_policy", "_registry", "_trust")

    def __init__(
        self,
        *,
        signer: Signer | Policy,
        trust: Trust | None,
        waive: Waiver | Collection[Waiver] = (),
        min_logs: int = 1,
        min_timestamp_authorities: int = 0,
        registry: RegistryAccess | None = None,
    ) -> None:
        if trust is not None and not isinstance(trust, Trust):
            raise UsageError(f"a Trust is needed, not {trust!r:.80}")
        self._trust = trust
        self._policy: VerificationPolicy | None = None
        if not isinstance(signer, Policy):
            self._demand = demand_of(
                signer, waive, min_logs=min_logs, min_timestamp_authorities=min_timestamp_authorities
            )
        elif waive or min_logs != 1 or min_timestamp_authorities:
            raise UsageError("a Policy says itself what is waived, and how many logs and authorities are demanded")
        else:
            self._policy, self._demand = _completed(signer, self._root(), self._now())
        self._registry = registry or RegistryAccess()
        use_quick_decoder()  # a verifier is kept to be used again

    def verify_file(self, artifact: ArtifactSource, *, bundle: BundleSource) -> Verified:
        """Verify the signature of one file. The file is read once, in pieces; no socket is opened.

        Args:    artifact: a path, bytes, an open file (read to its end) or a Digest. bundle: a path, bytes or a Bundle.
        Returns: what was proved: who signed, when, and which logs know of it; of a Policy, about its first signer.
        Raises:  RefusedError (its `code` says which check): a proven no; PredicateTypeMismatchError, one of them: the
                 bundle holds an attestation, which `verify_attestation` verifies; ThresholdError, one of them: fewer
                 signers than the Policy demands; MalformedError: the bundle is not one; UnavailableError: a file cannot
                 be read; UsageError: there is no such file, or nothing could meet what is demanded.
        """
        return self.verify_signers(artifact, bundles=(bundle,))[0]

    def verify_signers(self, artifact: ArtifactSource, *, bundles: Iterable[BundleSource]) -> tuple[Verified, ...]:
        """Verify the signatures of one file by several signers, as a Policy demands them.

        Args:    artifact: as of `verify_file`. bundles: with the signatures; more than count do no harm.
        Returns: what was proved about each distinct signer that counts: at least as many as the Policy's threshold.
        Raises:  as `verify_file`; ThresholdError, a RefusedError: too few; UnavailableError (`signers.unavailable`):
                 too few, and what could not be looked at may have been one more. `causes` has the reasons.
        """
        if self._demand.predicate_type is not None:
            raise UsageError("the policy demands attestations: `verify_attestation` verifies them")
        presented = _read(bundles, is_attestation=False)
        candidates = [item for item in presented if not _is_statement(item)]
        if presented and not candidates:
            raise PredicateTypeMismatchError(
                "the bundle holds a statement about files, not the signature of one: it may say anything"
            )
        return self._decide(artifact, candidates, None)

    def verify_attestation(self, artifact: ArtifactSource, *, bundle: BundleSource, predicate_type: str) -> Verified:
        """Verify a signed statement about one file: it was signed, it speaks of this file, and it is of this type.

        What the statement says is in the result's `statement`; whether that is good news is for the caller to decide.

        Args:    artifact, bundle: as of `verify_file`. predicate_type: its URI, or Cosign's name for it ("spdxjson",
                 "slsaprovenance1" ...): a statement of another type proves something else.
        Returns: what was proved, with the statement; of a Policy, about its first signer.
        Raises:  as `verify_file`; PredicateTypeMismatchError: another type, or no statement.
        Source:  in-toto/attestation, spec v1; DSSE 1.0.
        """
        if not predicate_type:
            raise UsageError("the type of the predicate is needed")
        uri = predicate_type_uri(predicate_type)
        if self._demand.predicate_type not in (None, uri):
            raise UsageError(f"the policy demands attestations of the type {self._demand.predicate_type}, not {uri}")
        return self._decide(artifact, _read((bundle,), is_attestation=True), uri)[0]

    def _decide(
        self, artifact: ArtifactSource, candidates: "Sequence[Presented]", predicate_type: str | None
    ) -> tuple[Verified, ...]:
        """What was proved about each signer that counts; 1 or more. Raises: as `verify_signers`."""
        source, trust, now = open_artifact(artifact), self._root(), self._now()
        if self._policy is not None:
            from pycosign.flows.verify_by_policy import verify_file_by_policy

            policy = self._policy._replace(predicate_type=predicate_type)
            evidences = [evidence for _, evidence in candidates]
            judged = verify_file_by_policy(source, evidences, policy=policy, trust=trust, now=now)
            if judged.verdict.error is not None:
                raise judged.verdict.error
            return tuple(self._with_trust(counted.verified) for counted in judged.verdict.counted)
        if len(candidates) == 1 and predicate_type is None and isinstance(candidates[0][1], Evidence):
            evidence = candidates[0][1]
            verified = verify_blob(source, evidence=evidence, trust=trust, requirements=self._demand, now=now)
            return (self._with_trust(verified),)
        verified = verify_candidates(
            source,
            [Candidate(*item) for item in candidates],
            trust=trust,
            requirements=self._demand,
            now=now,
            predicate_type=predicate_type,
        )
        return (self._with_trust(verified),)

    def verify_image(
        self,
        reference: str,
        *,
        annotations: Mapping[str, str] | None = None,
        signatures_in: str | None = None,
    ) -> VerifiedImage:
        """Verify the signatures of an image in a registry: bundles, and those of Cosign 2.

        A tag is resolved once; an image that is named by digest need not be there, its signatures must. No log is
        asked: a signature that carries no log entry is refused.

        Args:    reference: "[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]". annotations: each must be among the signed ones.
                 signatures_in: the repository that holds the signatures, "[HOST[:PORT]/]REPOSITORY"; None: the image's
                 own.
        Returns: the image, by digest, with every accepted signature; 1 is enough.
        Raises:  ImageNotFoundError (no such tag), NoSignaturesError, NoMatchingSignaturesError (its `causes` say why,
                 one by one): RefusedErrors; UnavailableError: no signature was accepted, and not all could be looked
                 at; MalformedError: the reference or the repository; UsageError: a Policy demands another value of
                 an annotation.
        """
        from pycosign.flows.verify_image import SignaturePlace, conclude, judge_image

        trust, now = self._root(), self._now()
        demand = self._demand._replace(annotations=_joined(self._demand.annotations, annotations or {}))
        policy = None if self._policy is None else self._policy._replace(annotations=demand.annotations)
        judged = judge_image(
            reference,
            registry=self._registry._client_for_now(),
            trust=trust,
            requirements=demand,
            now=now,
            place=SignaturePlace(repository=repository_name(signatures_in)),
            judge=None if policy is None else _judge_by(policy, trust, now),
        )
        if policy is None:
            verdict = conclude(judged)
        else:
            from pycosign.flows.verify_by_policy import conclude_image_by_policy

            verdict = conclude_image_by_policy(judged, policy)
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


def _completed(
    policy: Policy, trust: "TrustRoot | None", now: "datetime"
) -> "tuple[VerificationPolicy | None, Requirements]":
    """A policy with its revocation lists, and the demand of its first signer, or of its only one and then no policy."""
    from pycosign.policy.decide import requirements_of

    complete = policy._complete(trust, now)
    demands = requirements_of(complete)
    is_simple = complete.threshold == 1 and len(demands) == 1  # then as for one signer, with the same codes
    return None if is_simple else complete, demands[0]


def _judge_by(policy: "VerificationPolicy", trust: "TrustRoot | None", now: "datetime") -> "EvidenceJudge":
    from pycosign.policy.decide import judge

    return lambda evidence, artifact: judge(evidence, artifact, policy, trust, now)


def _joined(of_policy: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Every demand. Raises: UsageError: the caller would replace one of the policy's."""
    for name in of_policy.keys() & given.keys():
        if of_policy[name] != given[name]:
            raise UsageError(f"the policy and the caller demand different values of the annotation {name!r}")
    return {**of_policy, **given}


def _read(bundles: Iterable[BundleSource], *, is_attestation: bool) -> "list[Presented]":
    """Every signature in some bundles; one that is malformed takes nothing away from the others.

    Raises: UsageError, UnavailableError: a file is not there; MalformedError: none of them can be read.
    """
    if isinstance(bundles, str | bytes | os.PathLike) or not isinstance(bundles, Iterable):
        raise UsageError(f"several bundles are asked for, in a list, and not one: {bundles!r:.80}")
    found: list[Presented] = []
    unread: list[MalformedError] = []
    for bundle in bundles:
        try:
            candidates = read_candidates(read_bundle(bundle), is_attestation=is_attestation)
            found += [(item.place, item.evidence) for item in candidates]
        except MalformedError as exc:
            unread.append(exc)
    if unread and not found:
        raise unread[0]
    return [*found, *(("", problem) for problem in unread)]


def _is_statement(presented: "Presented") -> bool:
    evidence = presented[1]
    return isinstance(evidence, Evidence) and isinstance(evidence.content, Envelope)
