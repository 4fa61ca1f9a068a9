"""The signing certificate: a path to an authority of the trust root that was good at *every* proved moment."""

from collections.abc import Sequence
from typing import Final

from pycosign import limits
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.extensions import CODE_SIGNING
from pycosign.crypto.path import build_path
from pycosign.errors import (
    InvalidCertificatePathError,
    MalformedError,
    NotValidAtTimeError,
    SigningError,
    TimestampOutsideValidityError,
    UsageError,
)
from pycosign.verify.evidence import Evidence
from pycosign.verify.times import VerifiedTime
from pycosign.verify.trust import TrustedAuthority, TrustRoot

__all__ = ["VerifiedLeaf", "check_companion", "check_leaf"]

_PROOF: Final = object()


class VerifiedLeaf:
    """A certificate that a trusted authority issued, valid at every proved moment. Only this module makes one.

    paths: of each moment, from the certificate to the authority's anchor. issuer: the certificate itself if it is that.
    is_of_own_pki: the authority is one that the caller gave as PEM (`TrustedAuthority`), not a Fulcio of a trust root.
    """

    __slots__ = ("certificate", "is_of_own_pki", "issuer", "paths")

    def __init__(self, proof: object, paths: list[tuple[Certificate, ...]], *, is_of_own_pki: bool) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.leaf makes a VerifiedLeaf")
        self.certificate = paths[0][0]
        self.issuer = _issuer(paths[0])
        self.paths = paths
        self.is_of_own_pki = is_of_own_pki


def check_leaf(
    certificate: Certificate, evidence: Evidence, times: tuple[VerifiedTime, ...], trust: TrustRoot | None
) -> VerifiedLeaf:
    """Prove the certificate, with its whole path and the authority's own window, at each of the moments.

    Args:   times: one or more; a certificate without a moment proves nothing.
    Raises: InvalidCertificatePathError: it leads to no authority of the trust root. NotValidAtTimeError: not at that
            moment. TimestampOutsideValidityError: the same, for a moment that a signed timestamp proved.
    """
    if trust is None:
        raise UsageError("a trust root is needed to check a certificate")
    if not times:
        raise UsageError("a certificate can only be checked at a proved moment")
    extra = _intermediates(evidence)
    proofs = [_path_at(certificate, extra, time, trust) for time in times]
    paths = [path for path, _ in proofs]
    # An authority may have renewed its certificate in between; the key that signed is the same.
    if any(_issuer(path).spki_der != _issuer(paths[0]).spki_der for path in paths):
        raise InvalidCertificatePathError("the certificate leads to different authorities at different moments")
    return VerifiedLeaf(_PROOF, paths, is_of_own_pki=all(authority.is_own_pki for _, authority in proofs))


def _issuer(path: tuple[Certificate, ...]) -> Certificate:
    return path[1] if len(path) > 1 else path[0]


def check_companion(certificate: Certificate, times: tuple[VerifiedTime, ...]) -> None:
    """A certificate beside a demanded key proves nothing; but no signature counts outside its validity, as in Cosign.

    Raises: NotValidAtTimeError.
    """
    for time in times:
        if not certificate.valid_at(time.at):
            raise NotValidAtTimeError(
                f"the certificate beside the key is valid from {certificate.not_before.isoformat()} to "
                f"{certificate.not_after.isoformat()}, not at {time.at.isoformat()} ({time.source})"
            )


def _intermediates(evidence: Evidence) -> tuple[Certificate, ...]:
    """What the evidence brings between leaf and root; only trusted if a root of ours signed it.

    A bundle must not bring a root (protobuf-specs, X509CertificateChain). sigstore-js 1.x put one at the end of its
    chains, so version 0.1 may have it there: npm's first provenance bundles do. Cosign's legacy annotation has it too.
    None of them is ever used.
    """
    if len(evidence.chain_der) > limits.CERTIFICATES:
        raise MalformedError("certificate chain", f"holds more than {limits.CERTIFICATES} certificates")
    extra = tuple(parse_certificate(der, "intermediate certificate") for der in evidence.chain_der[1:])
    if evidence.source.startswith("bundle"):
        inner = extra[:-1] if evidence.source == "bundle v0.1" else extra
        if any(item.issuer_der == item.subject_der for item in inner):
            raise InvalidCertificatePathError("the bundle's certificate chain holds a root certificate")
    return extra


def _path_at(
    leaf: Certificate, extra: tuple[Certificate, ...], time: VerifiedTime, trust: TrustRoot
) -> tuple[tuple[Certificate, ...], TrustedAuthority]:
    """The path at one moment and the authority that has one; else the most telling of their refusals."""
    late: list[SigningError] = []
    refused: list[SigningError] = [InvalidCertificatePathError("the trust root names no certificate authority")]
    for authority in _possible(leaf, extra, trust):
        try:
            path = _path_through(authority, leaf, extra, time, trust)
        except NotValidAtTimeError as exc:
            late.append(exc)
            continue
        except InvalidCertificatePathError as problem:
            refused.append(problem)
            continue
        late.clear()  # an error holds this frame: the evidence would stay in memory until the collector finds the ring
        refused.clear()
        return path, authority
    if not late:
        raise refused[-1]
    if time.source == "timestamp":
        raise TimestampOutsideValidityError(f"the signed timestamp is not inside the validity: {late[0]}") from late[0]
    raise late[0]


def _possible(leaf: Certificate, extra: tuple[Certificate, ...], trust: TrustRoot) -> Sequence[TrustedAuthority]:
    """The authorities that the leaf names as its issuer, if there are any: no other has a path or a telling refusal."""
    if extra:  # one of them may be the issuer
        return trust.certificate_authorities
    name = leaf.issuer_der
    named = [it for it in trust.certificate_authorities if any(cert.subject_der == name for cert in it.certificates)]
    return named or trust.certificate_authorities


def _path_through(
    authority: TrustedAuthority, leaf: Certificate, extra: tuple[Certificate, ...], time: VerifiedTime, trust: TrustRoot
) -> tuple[Certificate, ...]:
    *intermediates, anchor = authority.certificates
    if extra:
        extra = _not_of_others(extra, authority, trust)
    path = build_path(
        leaf,
        (*intermediates, *extra),
        (anchor,),
        at=time.at,
        eku=CODE_SIGNING,
        may_be_authority=authority.is_own_pki,
    )
    if not authority.valid_for.covers(time.at):
        raise NotValidAtTimeError(f"the certificate authority {authority.uri} was not trusted at {time.at.isoformat()}")
    return path


def _not_of_others(
    extra: tuple[Certificate, ...], authority: TrustedAuthority, trust: TrustRoot
) -> tuple[Certificate, ...]:
    """What the evidence brings, but for the keys that the trust root lists under other authorities only.

    Such a key counts through those, and within their windows: else whoever has the key of an intermediate that was
    retired could bring it along, below the root that its successor shares with it.
    """
    own = {item.spki_der for item in authority.certificates}
    others = {item.spki_der for other in trust.certificate_authorities for item in other.certificates} - own
    return tuple(item for item in extra if item.spki_der not in others)
