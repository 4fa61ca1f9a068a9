"""Put a signing config together: services given one by one, those of another config, or both. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from pycosign.errors import UsageError
from pycosign.flows.service_specs import parse_selector, parse_service, prefixed
from pycosign.wire.signing_config import Selector, Service, SigningConfig, format_signing_config, parse_signing_config

__all__ = ["GivenServices", "check_given", "create_signing_config"]

_NEVER: Final = Selector("")
_BEGINNING: Final = datetime(1, 1, 1, tzinfo=UTC)  # what Cosign writes for a service without a start


class GivenServices(NamedTuple):
    """The specifications as they were given, and which kinds of the base's services are not wanted."""

    fulcio: tuple[str, ...] = ()
    oidc: tuple[str, ...] = ()
    rekor: tuple[str, ...] = ()
    tsa: tuple[str, ...] = ()
    rekor_config: str = ""
    tsa_config: str = ""
    without: frozenset[str] = frozenset()  # "fulcio", "oidc", "rekor", "tsa"


def check_given(given: GivenServices) -> None:
    """What Cosign looks at before anything else. Raises: UsageError."""
    for name, specs, selector in (("rekor", given.rekor, given.rekor_config), ("tsa", given.tsa, given.tsa_config)):
        if specs and not selector:
            raise UsageError(f"--{name}-config must be provided when --{name} is specified")


def create_signing_config(given: GivenServices, *, base: SigningConfig | None, replace: bool) -> bytes:
    """The signing config, written as Cosign writes it.

    Args:    base: where to start; None: nothing.
             replace: services that are given stand in place of the base's (Cosign's --base-config); else they follow
             them (--with-default-services).
    Raises:  UsageError: a specification that does not parse, or two services where that cannot be.
    """
    check_given(given)
    base = base or SigningConfig(rekor_selector=_NEVER, tsa_selector=_NEVER)
    keep = [name not in given.without for name in ("fulcio", "oidc", "rekor", "tsa")]
    if replace:
        keep = [kept and not specs for kept, specs in zip(keep, given[:4], strict=True)]
    rekor_selector = base.rekor_selector if keep[2] else _NEVER
    tsa_selector = base.tsa_selector if keep[3] else _NEVER
    if given.rekor_config:
        with prefixed("parsing rekor-config"):
            rekor_selector = parse_selector(given.rekor_config)
    if given.tsa_config:
        with prefixed("parsing tsa-config"):
            tsa_selector = parse_selector(given.tsa_config)
    config = SigningConfig(
        ca=_services("fulcio", base.ca if keep[0] else (), given.fulcio),
        rekor=_services("rekor", base.rekor if keep[2] else (), given.rekor),
        oidc=_services("oidc-provider", base.oidc if keep[1] else (), given.oidc),
        tsa=_services("tsa", base.tsa if keep[3] else (), given.tsa),
        rekor_selector=rekor_selector,
        tsa_selector=tsa_selector,
    )
    written = format_signing_config(config)
    with prefixed("creating signing config"):
        parse_signing_config(written)  # what nobody could read is not written
    return written


def _services(kind: str, kept: Sequence[Service], specs: Sequence[str]) -> tuple[Service, ...]:
    services = [_dated(service) for service in kept]
    for spec in specs:
        with prefixed(f"parsing {kind} spec"):
            services.append(parse_service(spec))
    return tuple(services)


def _dated(service: Service) -> Service:
    if service.valid_for.start is not None:
        return service
    return service._replace(valid_for=service.valid_for._replace(start=_BEGINNING))
