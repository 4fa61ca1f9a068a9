"""The identity in a certificate that was already proved, against the demanded one."""

from collections.abc import Mapping
from typing import Final

from pycosign.crypto.certificate import Certificate
from pycosign.errors import ClaimMismatchError, IdentityMismatchError, IssuerMismatchError
from pycosign.record import Record
from pycosign.verify.leaf import VerifiedLeaf
from pycosign.verify.requirements import GithubWorkflow, SignerIdentity, TextRule

__all__ = ["ProvedIdentity", "check_identity"]

_ISSUER_V1: Final = 1
_ISSUER_V2: Final = 8
_WORKFLOW_EXTENSIONS: Final = {"trigger": 2, "sha": 3, "name": 4, "repository": 5, "ref": 6}


class ProvedIdentity(Record):
    """Who signed, by the certificate's one alternative name, and who vouched for it."""

    identity: str
    issuer: str
    extensions: Mapping[int, str]


def check_identity(leaf: VerifiedLeaf, demanded: SignerIdentity) -> ProvedIdentity:
    """Compare the certificate's name, issuer and workflow claims with the demanded ones.

    Raises: IdentityMismatchError, IssuerMismatchError, ClaimMismatchError, with what was expected and what was found.
    """
    certificate = leaf.certificate
    identity = _identity_of(certificate)
    if not demanded.identity.accepts(identity):
        raise IdentityMismatchError(f"the certificate names {identity!r}, not {demanded.identity}")
    extensions = certificate.fulcio_extensions
    issuer = _issuer_of(extensions)
    if not demanded.issuer.accepts(issuer):
        raise IssuerMismatchError(f"the certificate's issuer is {issuer!r}, not {demanded.issuer}")
    _check_workflow(extensions, demanded.workflow)
    if demanded.claims:
        _check_claims(extensions, demanded.claims)
    return ProvedIdentity(identity, issuer, extensions)


def _identity_of(certificate: Certificate) -> str:
    """The one alternative name. Fulcio writes exactly one: two leave open which of them was vouched for."""
    names = certificate.san
    if len(names) != 1:
        raise IdentityMismatchError(f"the certificate has {len(names)} alternative names, not 1")
    kind, value = names[0]
    if kind not in ("email", "uri", "other-name"):
        raise IdentityMismatchError(f"the certificate names a {kind}, not an email address, URI or user name")
    return value


def _issuer_of(extensions: Mapping[int, str]) -> str:
    """The OIDC issuer of extension .1.8, or of the older .1.1; where both are there they must agree."""
    new, old = extensions.get(_ISSUER_V2), extensions.get(_ISSUER_V1)
    if new is not None and old is not None and new != old:
        raise IssuerMismatchError(f"the certificate names two issuers: {new!r} and {old!r}")
    issuer = new if new is not None else old
    if issuer is None:
        raise IssuerMismatchError("the certificate names no issuer")
    return issuer


def _check_workflow(extensions: Mapping[int, str], workflow: GithubWorkflow) -> None:
    for field, number in _WORKFLOW_EXTENSIONS.items():
        wanted: str | None = getattr(workflow, field)
        if wanted is not None and extensions.get(number) != wanted:
            raise IdentityMismatchError(
                f"the certificate's GitHub workflow {field} is {extensions.get(number)!r}, not {wanted!r}"
            )


def _check_claims(extensions: Mapping[int, str], demanded: Mapping[int, TextRule]) -> None:
    from pycosign.verify.fulcio_claims import claim_name  # few demands have any

    for number, rule in demanded.items():
        found = extensions.get(number)
        if found is None:
            raise ClaimMismatchError(f"the certificate has no claim {claim_name(number)}, which must be {rule}")
        if not rule.accepts(found):
            raise ClaimMismatchError(f"the certificate's claim {claim_name(number)} is {found!r}, not {rule}")
