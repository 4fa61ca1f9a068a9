"""The identity in a certificate that was already proved, against the demanded one."""

from collections.abc import Mapping
from typing import Final

from pycosign.errors import ClaimMismatchError, IdentityMismatchError, IssuerMismatchError
from pycosign.record import Record
from pycosign.verify.leaf import VerifiedLeaf
from pycosign.verify.requirements import GithubWorkflow, SignerIdentity, TextRule

__all__ = ["ProvedIdentity", "check_identity", "issuer_of"]

_ISSUER_V1: Final = 1
_ISSUER_V2: Final = 8
_FULCIO_KINDS: Final = frozenset(("email", "uri", "other-name"))
_OWN_PKI_KINDS: Final = _FULCIO_KINDS | {"dns"}
_FOR_PEOPLE: Final = {
    "dns": "host",
    "[0]": "name of a form of its own",
    "[4]": "directory name",
    "[7]": "network address",
}
_WORKFLOW_EXTENSIONS: Final = {"trigger": 2, "sha": 3, "name": 4, "repository": 5, "ref": 6}


class ProvedIdentity(Record):
    """Who signed, by the certificate's alternative name, and who vouched for it: "" where no OIDC issuer did."""

    identity: str
    issuer: str
    extensions: Mapping[int, str]


def check_identity(leaf: VerifiedLeaf, demanded: SignerIdentity) -> ProvedIdentity:
    """Compare the certificate's name, issuer and workflow claims with the demanded ones.

    Raises: IdentityMismatchError, IssuerMismatchError, ClaimMismatchError, with what was expected and what was found.
    """
    certificate = leaf.certificate
    identity = _identity_of(leaf, demanded.identity)
    extensions = certificate.fulcio_extensions
    issuer = issuer_of(extensions)
    if not demanded.issuer.accepts(issuer):  # "" has a match of some patterns: then none need be named, as in Cosign
        found = f"the certificate's issuer is {issuer!r}" if issuer else "the certificate names no issuer"
        raise IssuerMismatchError(f"{found}, not {demanded.issuer}")
    _check_workflow(extensions, demanded.workflow)
    if demanded.claims:
        _check_claims(extensions, demanded.claims)
    return ProvedIdentity(identity, issuer, extensions)


def _identity_of(leaf: VerifiedLeaf, rule: TextRule) -> str:
    """The alternative name that the rule accepts.

    Fulcio writes exactly one: two would leave open which of them was vouched for. The authority of another PKI vouches
    for each, so that any may be the demanded one; machines have the name of a host there. Source: sigstore/cosign,
    pkg/cosign/verify.go, CheckCertificatePolicy.
    """
    names = leaf.certificate.san
    if len(names) != 1 and not (leaf.is_of_own_pki and names):
        raise IdentityMismatchError(f"the certificate has {len(names)} alternative names, not 1")
    known = _OWN_PKI_KINDS if leaf.is_of_own_pki else _FULCIO_KINDS
    usable = [item.value for item in names if item.kind in known and item.value]
    if not usable:
        found = _FOR_PEOPLE.get(names[0].kind, names[0].kind)
        wanted = "email address, URI, user name or host" if leaf.is_of_own_pki else "email address, URI or user name"
        raise IdentityMismatchError(f"the certificate names a {found}, not an {wanted}")
    for identity in usable:
        if rule.accepts(identity):
            return identity
    raise IdentityMismatchError(f"the certificate names {', '.join(map(repr, usable))}, not {rule}")


def issuer_of(extensions: Mapping[int, str]) -> str:
    """The OIDC issuer of extension .1.8, or of the older .1.1. "": neither is there.

    Raises: IssuerMismatchError: both are there and differ.
    """
    new, old = extensions.get(_ISSUER_V2), extensions.get(_ISSUER_V1)
    if new is not None and old is not None and new != old:
        raise IssuerMismatchError(f"the certificate names two issuers: {new!r} and {old!r}")
    return new if new is not None else old or ""


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
