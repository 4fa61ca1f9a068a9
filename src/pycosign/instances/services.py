"""From a signing config to the services of one signature."""

from datetime import datetime
from typing import Final

from pycosign.sign.services import LogService, SigningServices
from pycosign.wire.signing_config import Chooser, SigningConfig, select_service, select_services

__all__ = ["services_from_config"]

_REKOR_VERSIONS: Final = (1, 2)
_ONLY_VERSION: Final = (1,)


def services_from_config(config: SigningConfig, *, now: datetime, choose: Chooser | None = None) -> SigningServices:
    """The services to use now. A kind that the config does not list is not used.

    Args:   choose: picks so many of several, each once; by default at random, as Cosign does.
    Raises: UsageError: services are listed, and none of them is valid now and of a version that we speak.
    """
    if choose is None:
        import random

        choose = random.SystemRandom().sample
    logs = select_services(config.rekor, config.rekor_selector, versions=_REKOR_VERSIONS, now=now, choose=choose)
    stamps = select_services(config.tsa, config.tsa_selector, versions=_ONLY_VERSION, now=now, choose=choose)
    return SigningServices(
        fulcio_url=select_service(config.ca, versions=_ONLY_VERSION, now=now).url if config.ca else None,
        oidc_issuer=select_service(config.oidc, versions=_ONLY_VERSION, now=now).url if config.oidc else None,
        logs=tuple(LogService(service.url, service.api_version) for service in logs),
        timestamp_urls=tuple(service.url for service in stamps),
    )
