"""What signs: a private key, or an identity token that a certificate is got for."""

import os
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from pycosign.ambient import environment
from pycosign.api.paths import path_text
from pycosign.api.signers import Key, http_client, reading_key
from pycosign.crypto.signers import Signer as KeyHolder
from pycosign.crypto.signers import generate_signer
from pycosign.errors import UsageError

if TYPE_CHECKING:
    from pycosign.clients.oidc import IdentityToken

__all__ = ["Password", "PrivateKey", "Token"]

Password = bytes | str | Callable[[], bytes | str]
"""A password: text (encoded as UTF-8), bytes, or what gives one of them when it is asked."""


class PrivateKey:
    """A private key. It stays in this process's memory; nothing shows it. Threads may share it.

    Args:   signer: what signs with it: an object with `public_key`, `sign` and `sign_digest`, for keys that are kept
            elsewhere. `PrivateKey.load` and `PrivateKey.generate` make one.
    Raises: nothing.
    """

    __slots__ = ("_signer",)

    def __init__(self, signer: KeyHolder) -> None:
        self._signer = signer

    def __repr__(self) -> str:
        return f"<PrivateKey {self._signer.public_key.kind}>"

    @classmethod
    def load(cls, reference: "str | os.PathLike[str]", *, password: Password) -> "PrivateKey":
        """Open an encrypted private key of Cosign's.

        Args:    reference: a path; "env://NAME", an environment variable that holds it; or an https:// URL, which is
                 asked. password: text (encoded as UTF-8), bytes, or what gives one of them; asked for once.
        Returns: the key.
        Raises:  PasswordError, a RefusedError: the password does not open it; UsageError: there is no such file or
                 variable, or a kind of reference that is not supported; UnavailableError: it cannot be read;
                 MalformedError: it is no such key.
        Source:  sigstore/cosign, pkg/cosign/keys.go; secretbox, scrypt.
        """
        from pycosign.keys.open import open_signer

        name = path_text(reference)
        environ = environment() if isinstance(reference, str) else {}
        signer = reading_key(
            name, lambda: open_signer(name, lambda: _secret(password), http=http_client, environ=environ)
        )
        return cls(signer)

    @classmethod
    def generate(cls, kind: str = "ecdsa-p256") -> "PrivateKey":
        """Make a new key.

        Args:    kind: "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-2048", "rsa-3072" or "rsa-4096".
        Returns: the key.
        Raises:  UsageError: another kind.
        """
        return cls(generate_signer(kind))

    @property
    def public(self) -> Key:
        """The public half, to verify with.

        Returns: the key.
        Raises:  nothing.
        """
        return Key(self._signer.public_key)

    def to_pem(self, *, password: Password) -> bytes:
        """The key encrypted, in the form that Cosign reads.

        Args:    password: as of `load`.
        Returns: PEM `ENCRYPTED SIGSTORE PRIVATE KEY`.
        Raises:  UsageError: the key is kept elsewhere.
        """
        from pycosign.crypto.signers import LocalSigner
        from pycosign.keys.box import seal_key

        if not isinstance(self._signer, LocalSigner):
            raise UsageError("this private key is kept elsewhere, and cannot be written")
        return seal_key(self._signer, _secret(password))


class Token:
    """An OIDC identity token, to sign as the person or machine that it names. It is a secret, and never shown.

    Args:   text: the JSON web token, for the audience "sigstore".
    Raises: MalformedError: it is none; UsageError: its email address is not verified by its issuer.
    Source: RFC 7519; OpenID Connect Core 1.0.
    """

    __slots__ = ("_token",)

    def __init__(self, text: str) -> None:
        from pycosign.clients.oidc import parse_identity_token

        self._token: IdentityToken = parse_identity_token(text.strip())

    def __repr__(self) -> str:
        return f"<Token of {self.identity} by {self.issuer}>"

    @classmethod
    def ambient(cls) -> "Token":
        """The token that the surroundings hold ready: SIGSTORE_ID_TOKEN, a mounted file, or what GitHub Actions,
        GitLab, CircleCI, Buildkite and Google Cloud give to a job; looked for in this order, in the environment.

        Returns: the token.
        Raises:  UsageError: there is none; UnavailableError: the CI system promises one and gave none; MalformedError.
        """
        from pycosign.clients.oidc import ambient_token

        found = ambient_token(environment())
        if found is None:
            raise UsageError("the surroundings hold no identity token", code="oidc.no-token")
        return cls(found.text)

    @property
    def identity(self) -> str:
        """What the token is about: the email address if it names one, else the subject.

        Returns: as it stands in the token; nobody has verified it here.
        Raises:  nothing.
        """
        return self._token.challenge

    @property
    def issuer(self) -> str:
        """Who issued the token.

        Returns: the URL in its claim `iss`.
        Raises:  nothing.
        """
        return self._token.issuer

    @property
    def expires_at(self) -> datetime | None:
        """When it ends.

        Returns: aware, UTC; None if the token does not say.
        Raises:  nothing.
        """
        return self._token.expires_at


def _secret(password: Password) -> bytes:
    given = password() if callable(password) else password
    return given.encode() if isinstance(given, str) else given
