"""Who must have signed: an identity that a certificate names, or a key."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pycosign.ambient import environment
from pycosign.api.paths import path_text
from pycosign.crypto.digests import ALGORITHMS
from pycosign.crypto.keys import PublicKey, load_public_key
from pycosign.errors import UnavailableError, UsageError
from pycosign.verify.requirements import SignerIdentity, SignerKey, TextRule

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["Identity", "Key", "Regexp", "Signer", "http_client", "reading_key"]

_Opened = TypeVar("_Opened")


class Regexp:
    """A regular expression that a whole text must match, in RE2's syntax (Go's; linear in time).

    Cosign's `--certificate-identity-regexp` searches, so a forgotten `^` or `$` there accepts more than was meant. Here
    both are always implied; write `.*` where anything may stand.

    Args:   pattern: without ^ and $.
    Raises: UsageError: it is not RE2's, or google-re2 is not installed (Windows).
    """

    __slots__ = ("_rule", "pattern")

    def __init__(self, pattern: str) -> None:
        TextRule(regexp=pattern)  # by itself it must be an expression too: ")|(" would turn the whole one inside out
        self._rule = TextRule(regexp=rf"\A(?:{pattern})\z")
        self.pattern = pattern

    def __repr__(self) -> str:
        return f"Regexp({self.pattern!r})"


class Identity:
    """A signer that is known by a certificate: who it must name, and which OIDC issuer must have vouched for that.

    Both are needed: the same email address means another person at another issuer.

    Args:   identity: the certificate's one alternative name: an email address, or a workflow's URI.
            issuer: the OIDC issuer's URL, as "https://token.actions.githubusercontent.com"; Regexp("^$") where there is
            none, as in a PKI of one's own (`Trust.from_pem`).
            claims: what else the certificate must say, by the name of the claim: "source_repository_uri",
            "github_workflow_ref" ... (`pycosign.verify.fulcio_claims` lists them); one that is missing refuses it.
    Raises: UsageError: an empty text, or a claim that Fulcio does not make.
    Source: sigstore/fulcio, docs/oid-info.md: extensions 1.3.6.1.4.1.57264.1.1 to .24.
    """

    __slots__ = ("_demand",)

    def __init__(
        self, identity: str | Regexp, *, issuer: str | Regexp, claims: Mapping[str, str | Regexp] | None = None
    ) -> None:
        rules = {_claim_number(name): _rule(text, f"claim {name}") for name, text in (claims or {}).items()}
        self._demand = SignerIdentity(_rule(identity, "identity"), _rule(issuer, "issuer"), claims=rules)

    def __repr__(self) -> str:
        return f"Identity({self._demand.identity}, issuer={self._demand.issuer})"


class Key:
    """A signer that is known by its public key: ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits and more.

    Args:   public_key: the key, read already; `Key.load` and `Key.from_pem` read one.
            hash_name: "sha256", "sha384" or "sha512", if its signatures have another hash than is usual for such a key.
            valid_from, valid_until: aware, both ends inclusive: the signature must have a proved moment, and each of
            its moments must lie between them. A key that was retired does not vouch for what is signed later.
    Raises: UsageError: a moment without its time zone, an end before the beginning, or another hash.
    """

    __slots__ = ("_demand",)

    def __init__(
        self,
        public_key: PublicKey,
        *,
        hash_name: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> None:
        if not isinstance(public_key, PublicKey):
            raise UsageError(f"not a public key: {public_key!r:.80}: Key.load and Key.from_pem read one")
        if hash_name not in (None, *ALGORITHMS):
            raise UsageError(f"hash_name is {', '.join(ALGORITHMS)} or None, not {hash_name!r:.80}")
        for moment in (valid_from, valid_until):
            if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
                raise UsageError("the moments of a key must be datetimes that say their time zone")
        if valid_from is not None and valid_until is not None and valid_until < valid_from:
            raise UsageError("the key's validity ends before it begins")
        self._demand = SignerKey(public_key, hash_name, valid_from, valid_until)

    def __repr__(self) -> str:
        return f"Key({self._demand.key!r})"

    @classmethod
    def load(
        cls,
        reference: "str | os.PathLike[str]",
        *,
        hash_name: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> "Key":
        """Read a public key in PEM.

        Args:    reference: a path; "env://NAME", an environment variable that holds it; or an https:// URL, which is
                 asked. hash_name, valid_from, valid_until: as of the class.
        Returns: the key.
        Raises:  UsageError: there is no such file or variable, or a kind of reference that is not supported;
                 UnavailableError: it cannot be read; MalformedError: what is there is no public key in PEM.
        """
        from pycosign.keys.open import open_public_key

        name = path_text(reference)
        key = reading_key(name, lambda: open_public_key(name, http=http_client, environ=_environment_of(reference)))
        return cls(key, hash_name=hash_name, valid_from=valid_from, valid_until=valid_until)

    @classmethod
    def from_pem(
        cls,
        pem: bytes,
        *,
        hash_name: str | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
    ) -> "Key":
        """A public key from its PEM or DER form.

        Args:    pem: `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY`. hash_name, valid_from,
                 valid_until: as of the class.
        Returns: the key.
        Raises:  MalformedError: it is none, or of a kind that is not supported.
        """
        return cls(load_public_key(pem), hash_name=hash_name, valid_from=valid_from, valid_until=valid_until)

    def to_pem(self) -> bytes:
        """The key, to store.

        Returns: PEM `PUBLIC KEY`.
        Raises:  nothing.
        """
        return self._demand.key.pem()


Signer = Identity | Key
"""Who must have signed."""


def reading_key(name: str, read: Callable[[], _Opened]) -> _Opened:
    """Run `read`, whose OSErrors are about the file `name`. Raises: UsageError: there is none; UnavailableError."""
    try:
        return read()
    except FileNotFoundError as exc:
        raise UsageError(f"{name}: no such file", code="usage.file") from exc
    except OSError as exc:
        raise UnavailableError(f"cannot read {name}: {exc.strerror or exc}", code="key.unavailable") from exc


def http_client() -> "HttpClient":
    """A client of its own for one document: each request has the default time, proxies are the environment's."""
    from pycosign.net.http import HttpClient

    return HttpClient()


def _environment_of(reference: "str | os.PathLike[str]") -> Mapping[str, str]:
    """The environment for "env://NAME"; a path object never names a variable."""
    return environment() if isinstance(reference, str) else {}


def _rule(text: str | Regexp, what: str) -> TextRule:
    if isinstance(text, Regexp):
        return text._rule
    if not isinstance(text, str) or not text:
        raise UsageError(f"the {what} must be a text that is not empty, or a Regexp, not {text!r:.80}")
    return TextRule(text)


def _claim_number(name: str) -> int:
    from pycosign.verify.fulcio_claims import CLAIM_NUMBERS

    number = CLAIM_NUMBERS.get(name)
    if number is None:
        raise UsageError(f"{name!r:.80} is not a claim of Fulcio's; claims are {', '.join(CLAIM_NUMBERS)}")
    return number
