"""From a leaf to a trusted authority, at a moment. Source: RFC 5280, 6.1, with what Sigstore needs of it.

Left out, and refused where they would matter: demands of policies (policyConstraints), revocation (Sigstore has short
lives and logs instead). An anchor is trusted because the caller says so: its own signature is not looked at, but its
validity, key usage, path length and name constraints are. Key identifiers are hints: signatures decide.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from pycosign.crypto import extensions as ext
from pycosign.crypto.certificate import Certificate
from pycosign.errors import (
    InvalidCertificatePathError,
    InvalidSignatureError,
    MalformedError,
    NotValidAtTimeError,
    UsageError,
)
from pycosign.limits import CERTIFICATES

__all__ = ["build_path", "check_leaf_purpose"]

_ANY_USAGE: Final = "2.5.29.37.0"
_EMPTY_NAME: Final = b"\x30\x00"
_MAX_ATTEMPTS: Final = 64  # signatures checked in one search
_POLICIES: Final = ("2.5.29.32", "2.5.29.54")  # certificatePolicies, inhibitAnyPolicy: nobody here demands a policy
_UNDERSTOOD: Final = frozenset(
    (
        ext.BASIC_CONSTRAINTS,
        ext.KEY_USAGE,
        ext.EXTENDED_KEY_USAGE,
        ext.SUBJECT_ALT_NAME,
        ext.NAME_CONSTRAINTS,
        *_POLICIES,
    )
)


def build_path(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    anchors: Sequence[Certificate],
    *,
    at: datetime,
    eku: str,
    may_be_authority: bool = False,
) -> tuple[Certificate, ...]:
    """Find a path from the leaf over intermediates to one of the anchors.

    Args:    at: aware; each certificate of the path must be valid then, both ends included, the anchor too.
             eku: what the leaf is for, `CODE_SIGNING` or `TIME_STAMPING`.
             may_be_authority: the leaf may be one, and then an anchor itself: `openssl req -x509` makes such signers.
    Returns: leaf first, anchor last, both in one only under `may_be_authority`; an anchor need not be self-signed.
    Raises:  NotValidAtTimeError: there is a path, but not at that moment. InvalidCertificatePathError: there is none.
             MalformedError: an extension of the leaf.
    """
    if at.tzinfo is None:
        raise UsageError("a moment without a time zone")
    check_leaf_purpose(leaf, eku, may_be_authority=may_be_authority)
    search = _Search(intermediates, anchors, eku)
    late: Certificate | None = None
    whole = ((leaf,),) if may_be_authority and leaf in anchors else search.paths((leaf,))
    for path in whole:
        bad = next((certificate for certificate in path if not certificate.valid_at(at)), None)
        if bad is None:
            return path
        late = late or bad
    if late is not None:
        raise NotValidAtTimeError(
            f"{late.what} is valid from {late.not_before:%Y-%m-%dT%H:%M:%SZ} to {late.not_after:%Y-%m-%dT%H:%M:%SZ}, "
            f"not at {at:%Y-%m-%dT%H:%M:%S%z}"
        )
    raise InvalidCertificatePathError(f"{leaf.what} does not lead to a trusted authority: {search.reason}")


def check_leaf_purpose(leaf: Certificate, eku: str, *, may_be_authority: bool = False) -> None:
    """Refuse a leaf that may not do what `eku` says. A TSA's usage must be critical and the only one (RFC 3161, 2.3).

    Raises: InvalidCertificatePathError. MalformedError: a bad extension.
    """
    if leaf.is_ca and not may_be_authority:
        raise InvalidCertificatePathError(f"{leaf.what} is an authority's, not a signer's")
    if leaf.has_extension(ext.NAME_CONSTRAINTS) and not leaf.is_ca:  # RFC 5280, 4.2.1.10
        raise InvalidCertificatePathError(f"{leaf.what} has name constraints, which are for authorities")
    problem = _unknown_critical(leaf)
    if problem:
        raise InvalidCertificatePathError(f"{leaf.what} {problem}")
    usage = leaf.key_usage
    if usage is not None and "digitalSignature" not in usage:
        raise InvalidCertificatePathError(f"{leaf.what} may not make signatures")
    usages = leaf.extended_key_usage
    is_stamping = eku == ext.TIME_STAMPING
    if usages is None:  # RFC 5280, 4.2.1.12: for any purpose. Many a PKI leaves it out; Fulcio never does
        is_fit = not is_stamping
    else:
        is_fit = eku in usages or (not is_stamping and _ANY_USAGE in usages)
    if not is_fit:
        raise InvalidCertificatePathError(f"{leaf.what} is not for {_purpose(eku)}")
    if is_stamping and (usages != (eku,) or ext.EXTENDED_KEY_USAGE not in leaf.critical):
        raise InvalidCertificatePathError(f"{leaf.what} is not for time stamping alone")


def _purpose(eku: str) -> str:
    return {ext.CODE_SIGNING: "code signing", ext.TIME_STAMPING: "time stamping"}.get(eku, eku)


def _unknown_critical(certificate: Certificate) -> str | None:
    """What forbids relying on the certificate at all."""
    for oid in certificate.critical:
        if oid not in _UNDERSTOOD:
            return f"has extension {oid}, which must be understood and is not"
    return None


def _forbidden_name(path: tuple[Certificate, ...], issuer: Certificate) -> str | None:
    """What `issuer` may not have certified, nor let others certify. RFC 5280, 6.1.3 (b) and (c)."""
    if not issuer.has_extension(ext.NAME_CONSTRAINTS):
        return None
    from pycosign.crypto.name_constraints import forbidden_name, parse_name_constraints  # few authorities have any

    constraints = parse_name_constraints(issuer.extensions[ext.NAME_CONSTRAINTS].value, issuer.what)
    return forbidden_name(constraints, [name for certificate in path for name in certificate.san])


class _Search:
    """All paths, depth first, with a bound on the signatures that are checked."""

    __slots__ = ("_anchors", "_attempts", "_eku", "_intermediates", "reason")

    def __init__(self, intermediates: Sequence[Certificate], anchors: Sequence[Certificate], eku: str) -> None:
        self._intermediates, self._anchors, self._eku = intermediates, anchors, eku
        self._attempts = 0
        self.reason = "no authority has the name of its issuer"

    def paths(self, path: tuple[Certificate, ...]) -> Iterator[tuple[Certificate, ...]]:
        """Every extension of `path` that ends in an anchor."""
        name = path[-1].issuer_der
        if name == _EMPTY_NAME:
            return
        for anchor in self._anchors:
            if anchor.subject_der == name and anchor not in path and self._issued(path, anchor):
                yield (*path, anchor)
        if len(path) + 1 >= CERTIFICATES:
            return
        for issuer in self._intermediates:
            if (
                issuer.subject_der == name
                and issuer not in path
                and issuer not in self._anchors
                and self._issued(path, issuer)
            ):
                yield from self.paths((*path, issuer))

    def _issued(self, path: tuple[Certificate, ...], issuer: Certificate) -> bool:
        """Whether `issuer`, which has the right name, may have signed the path's last certificate, and did."""
        subject = path[-1]
        try:
            problem = self._problem(path, issuer)
            if problem is None:
                self._attempts += 1
                if self._attempts > _MAX_ATTEMPTS:
                    raise InvalidCertificatePathError("too many ways lead from the certificate to an authority")
                subject.check_signature(issuer.public_key)
                problem = _forbidden_name(path, issuer)  # after the signature: that bounds how often names are compared
            if problem is None:
                return True
            self.reason = f"{issuer.what} {problem}"
        except (InvalidSignatureError, MalformedError) as exc:
            self.reason = str(exc)
        return False

    def _problem(self, path: tuple[Certificate, ...], issuer: Certificate) -> str | None:
        """Why `issuer` may not have signed the path's last certificate. RFC 5280, 6.1.4 (k) to (o)."""
        constraints, usage, usages = issuer.basic_constraints, issuer.key_usage, issuer.extended_key_usage
        if not constraints.is_ca:
            return "is not an authority's"
        between = sum(1 for item in path[1:] if item.subject_der != item.issuer_der)
        if constraints.path_length is not None and between > constraints.path_length:
            return "allows a shorter path only"
        if usage is not None and "keyCertSign" not in usage:
            return "may not sign certificates"
        if usages is not None and self._eku not in usages and _ANY_USAGE not in usages:
            return f"is not for {_purpose(self._eku)}"
        return _unknown_critical(issuer)
