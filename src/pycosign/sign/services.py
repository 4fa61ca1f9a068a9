"""Which services take part in signing: the choice that a signing config or the URL flags come down to."""

from typing import Final, NamedTuple

__all__ = [
    "DEFAULT_FULCIO_URL",
    "DEFAULT_OIDC_ISSUER",
    "DEFAULT_REKOR_URL",
    "LogService",
    "SigningServices",
    "services_from_urls",
]

DEFAULT_FULCIO_URL: Final = "https://fulcio.sigstore.dev"
DEFAULT_REKOR_URL: Final = "https://rekor.sigstore.dev"
DEFAULT_OIDC_ISSUER: Final = "https://oauth2.sigstore.dev/auth"


class LogService(NamedTuple):
    """A transparency log to write to."""

    url: str  # base URL, no path: "https://rekor.sigstore.dev"
    api_version: int  # 1 or 2


class SigningServices(NamedTuple):
    """The services that one signature uses. None or () means: that kind of service is not used."""

    fulcio_url: str | None = None  # base URL
    oidc_issuer: str | None = None
    logs: tuple[LogService, ...] = ()
    timestamp_urls: tuple[str, ...] = ()  # each the full URL of an RFC 3161 endpoint

    @property
    def is_offline(self) -> bool:
        """Whether a signature by a key needs no network at all."""
        return not self.logs and not self.timestamp_urls


def services_from_urls(
    *, fulcio_url: str | None, rekor_url: str | None, oidc_issuer: str | None, timestamp_url: str | None
) -> SigningServices:
    """The services that Cosign's 2.x flags name: Rekor v1 only. None leaves a service out."""
    return SigningServices(
        fulcio_url=fulcio_url,
        oidc_issuer=oidc_issuer,
        logs=(LogService(rekor_url, 1),) if rekor_url else (),
        timestamp_urls=(timestamp_url,) if timestamp_url else (),
    )
