"""Identity tokens for whoever may read the data directory: signed with the issuer's key, without asking the issuer."""

from collections.abc import Mapping
from typing import Any

from pycosign.ambient import Clock, utc_now
from pycosign.errors import UsageError
from pycosign.stack.files import DataDir, base_urls
from pycosign.stack.idp.core import IssuerKey, claims_for, sign_token
from pycosign.stack.keyring import load_key

__all__ = ["issue"]


def issue(
    data_dir: str,
    *,
    email: str | None = None,
    subject: str | None = None,
    extra: Mapping[str, Any] | None = None,
    clock: Clock = utc_now,
) -> str:
    """An identity token for a person (`email`) or a machine (`subject`), good for one hour.

    Args:   extra: claims to add or replace, as a CI system's token has them.
    Raises: UsageError: neither or both are given; the directory holds no stack.
    """
    data = DataDir(data_dir)
    record = data.read_record()
    if record is None:
        raise UsageError(f"{data.path} holds no stack", hint=f"make one: pycosign stack up --data {data.path}")
    key = IssuerKey.of(load_key(data.join("keys"), "oidc").library_key())
    claims = claims_for(
        issuer=base_urls(record)["oidc"],
        email=email,
        subject=subject,
        now=int(clock().timestamp()),
        extra=extra,
    )
    return sign_token(claims, key)
