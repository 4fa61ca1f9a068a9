"""Whether what was proved has been revoked: the last question of the pipeline. Imported only where a list is demanded.

A list can only take away: nothing in it makes a signature good. One that has expired decides nothing, so then the
answer is "unavailable", unless it names what was proved: a revocation does not end with its list.
"""

import itertools
from collections.abc import Mapping
from datetime import datetime

from pycosign.crypto.certificate import Certificate
from pycosign.crypto.digests import sha256
from pycosign.crypto.extensions import text_names
from pycosign.errors import (
    RevokedArtifactError,
    RevokedCertificateError,
    RevokedIdentityError,
    RevokedKeyError,
    UnavailableError,
)
from pycosign.verify.artifact import DIGEST_SIZES, Artifact
from pycosign.verify.claim import ClaimedSigner
from pycosign.verify.claims import Claims
from pycosign.verify.identity import ProvedIdentity, issuer_of
from pycosign.verify.leaf import VerifiedLeaf
from pycosign.verify.requirements import Requirements, TextRule
from pycosign.verify.revocation_list import RevocationList, Revoked
from pycosign.verify.times import VerifiedTime

__all__ = ["check_revocations"]


def check_revocations(
    artifact: Artifact | None,
    claimed: ClaimedSigner,
    leaf: VerifiedLeaf | None,
    who: ProvedIdentity | None,
    claims: Claims,
    times: tuple[VerifiedTime, ...],
    requirements: Requirements,
    now: datetime,
) -> None:
    """Ask every demanded list.

    Args:   claimed: whose key signed, bare or in the leaf; who issued its companion is not proved. leaf, who: None for
            a bare key; times: every proved moment.
            With a leaf, the authorities above it are asked about, too: one that was broken into may name anybody.
    Raises: RevokedArtifactError, RevokedKeyError, RevokedCertificateError, RevokedIdentityError; UnavailableError: a
            list is not good now, or names artifacts by an algorithm that this file's digest is not known in.
    """
    for revocations in requirements.revocations:
        _check_artifact(revocations, artifact, claims)
        _check_key(revocations, sha256(claimed.key.spki_der), times)
        if leaf is not None and who is not None:
            _check_serial(revocations, leaf.certificate, leaf.issuer.key_hash)  # it may be its own anchor
            for path in leaf.paths:
                for authority in path[1:]:
                    _check_key(revocations, authority.key_hash, times)
                _check_certificates(revocations, path)
            _check_identity(revocations, text_names(leaf.certificate.san), who.issuer, times)
        if claimed.companion is not None:
            _check_companion(revocations, claimed.companion, times)
    for revocations in requirements.revocations:
        _check_age(revocations, now)
        _check_known(revocations, artifact)


def _check_artifact(revocations: RevocationList, artifact: Artifact | None, claims: Claims) -> None:
    digests = set() if artifact is None else set(artifact.digests.items())
    if claims.digest is not None:
        digests.add(claims.digest)
    elif claims.statement is not None:  # not compared with an artifact: then each of its subjects may be meant
        digests.update(_subject_digests([subject.digests for subject in claims.statement.subjects]))
    elif claims.uncompared is not None:
        digests.add(claims.uncompared)
    for digest in digests & revocations.artifacts.keys():
        why = _why(revocations, revocations.artifacts[digest])
        raise RevokedArtifactError(f"the artifact {digest[0]}:{digest[1].hex()} is revoked {why}")


def _subject_digests(stated: list[Mapping[str, str]]) -> set[tuple[str, bytes]]:
    known = {(name, text) for digests in stated for name, text in digests.items() if name in DIGEST_SIZES}
    return {(name, bytes.fromhex(text)) for name, text in known}


def _check_key(revocations: RevocationList, digest: bytes, times: tuple[VerifiedTime, ...]) -> None:
    revoked = revocations.keys.get(digest)
    if revoked is not None and _counts(revoked, times):
        raise RevokedKeyError(f"the key sha256:{digest.hex()} is revoked {_why(revocations, revoked)}")


def _check_certificates(revocations: RevocationList, path: tuple[Certificate, ...]) -> None:
    """Every certificate of the path but the anchor: whoever trusts that one names it, and can leave it out."""
    for certificate, issuer in itertools.pairwise(path):
        _check_serial(revocations, certificate, issuer.key_hash)


def _check_serial(revocations: RevocationList, certificate: Certificate, issuer: bytes | None) -> None:
    """issuer: the hash of the key that issued it; None: not known, so that an entry of any issuer may mean it."""
    for entry in revocations.certificates:
        if entry.serial == certificate.serial and (issuer is None or entry.issuer in (None, issuer)):
            why = _why(revocations, entry.revoked)
            raise RevokedCertificateError(f"the certificate with the serial number {entry.serial:x} is revoked {why}")


def _check_companion(revocations: RevocationList, companion: Certificate, times: tuple[VerifiedTime, ...]) -> None:
    """What a list says of a certificate it says of a signature that comes with it, as its validity does."""
    _check_serial(revocations, companion, None)
    _check_identity(revocations, text_names(companion.san), issuer_of(companion.fulcio_extensions), times)


def _check_identity(
    revocations: RevocationList, names: tuple[str, ...], issuer: str, times: tuple[VerifiedTime, ...]
) -> None:
    """Every name of the certificate: whose name is revoked must not sign by another one that stands beside it."""
    for entry in revocations.identities:
        for name in names:
            if _names(entry.identity, name) and _names(entry.issuer, issuer) and _counts(entry.revoked, times):
                why = _why(revocations, entry.revoked)
                raise RevokedIdentityError(f"the identity {name!r} of {issuer!r} is revoked {why}")


def _names(rule: TextRule | None, text: str) -> bool:
    """Whether a rule of the list means this name. Case alone does not save one that is given exactly."""
    if rule is None or rule.accepts(text):
        return True
    return rule.exact is not None and rule.exact.casefold() == text.casefold()


def _counts(revoked: Revoked, times: tuple[VerifiedTime, ...]) -> bool:
    """Whether the signature falls under it. One without a proved moment cannot show that it was made before."""
    since = revoked.since
    proved = [time.at for time in times if time.source != "now"]
    return since is None or not proved or any(at >= since for at in proved)


def _check_age(revocations: RevocationList, now: datetime) -> None:
    if now > revocations.expires:
        raise UnavailableError(
            f"the {revocations.name} expired at {revocations.expires.isoformat()}: what was revoked since is not known",
            code="revocation.expired",
        )
    if now < revocations.issued:
        raise UnavailableError(
            f"the {revocations.name} is of {revocations.issued.isoformat()}, which has not come yet",
            code="revocation.not-yet-issued",
        )


def _check_known(revocations: RevocationList, artifact: Artifact | None) -> None:
    """A file of which only a digest is known cannot be looked up under another. Images go by the registry's digest."""
    if artifact is None or artifact.is_image:
        return
    missing = revocations.digest_algorithms.difference(artifact.digests)
    if missing:
        raise UnavailableError(
            f"the {revocations.name} names artifacts by {', '.join(sorted(missing))}, and that digest of "
            f"{artifact.name or 'the artifact'} is not known: give the file itself",
            code="revocation.digest-unknown",
        )


def _why(revocations: RevocationList, revoked: Revoked) -> str:
    since = "" if revoked.since is None else f"from {revoked.since.isoformat()} on "
    return f"{since}by the {revocations.name}" + (f": {revoked.reason[:200]}" if revoked.reason else "")
