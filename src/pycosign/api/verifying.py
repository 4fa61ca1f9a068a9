"""The verifier in one call, for one file or image."""

from collections.abc import Collection, Iterable, Mapping

from pycosign.api.files import ArtifactSource, BundleSource
from pycosign.api.policy import Policy
from pycosign.api.registries import RegistryAccess
from pycosign.api.results import VerifiedImage
from pycosign.api.signers import Signer
from pycosign.api.trust import Trust
from pycosign.api.verifier import Verifier
from pycosign.verify.requirements import Waiver
from pycosign.verify.result import Verified

__all__ = ["verify_attestation", "verify_file", "verify_image", "verify_signers"]


def verify_file(
    artifact: ArtifactSource,
    *,
    bundle: BundleSource,
    signer: Signer | Policy,
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
    signer: Signer | Policy,
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
    signer: Signer | Policy,
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


def verify_signers(
    artifact: ArtifactSource, *, bundles: Iterable[BundleSource], policy: Policy, trust: Trust | None
) -> tuple[Verified, ...]:
    """Verify the signatures of one file by several signers. No socket is opened.

    Args:    artifact: a path, bytes, an open file (read to its end) or a Digest. bundles: paths, bytes or Bundles with
             the signatures. policy: who may sign, and how many must. trust: as of `Verifier`.
    Returns: what was proved about each distinct signer that counts: at least as many as the policy's threshold.
    Raises:  as `Verifier.verify_signers`: RefusedError, MalformedError, UnavailableError, UsageError.
    """
    return Verifier(signer=policy, trust=trust).verify_signers(artifact, bundles=bundles)
