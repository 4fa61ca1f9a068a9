"""signing_config.v0.2.json: which services to sign with. Source: protobuf-specs, sigstore_trustroot.proto."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.strict_json import Fields, compact_json, load_json
from pycosign.errors import MalformedError, UsageError
from pycosign.wire.trusted_root import (
    TrustedRoot,
    ValidFor,
    trusted_root_from_fields,
    trusted_root_to_dict,
    valid_for_from_fields,
    valid_for_to_dict,
)

__all__ = [
    "CLIENT_TRUST_CONFIG_MEDIA_TYPE",
    "SIGNING_CONFIG_MEDIA_TYPE",
    "Chooser",
    "Selector",
    "Service",
    "SigningConfig",
    "format_client_trust_config",
    "format_signing_config",
    "parse_client_trust_config",
    "parse_signing_config",
    "select_service",
    "select_services",
]

SIGNING_CONFIG_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
CLIENT_TRUST_CONFIG_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
_SELECTORS: Final = ("ANY", "ALL", "EXACT")
_NO_SERVICE: Final = "signing-config.no-service"


class Service(NamedTuple):
    """One service, when it may be used, and who runs it."""

    url: str
    api_version: int
    valid_for: ValidFor
    operator: str = ""


class Selector(NamedTuple):
    """How many of the services that qualify are to be used."""

    kind: str = "ANY"  # "ANY": one at random; "ALL"; "EXACT": `amount` at random; "": not said, as there is no service
    amount: int = 0  # above 0 with "EXACT" only


class SigningConfig(NamedTuple):
    """An empty tuple says that there is no such service: no Rekor means that nothing is logged."""

    ca: tuple[Service, ...] = ()
    oidc: tuple[Service, ...] = ()
    rekor: tuple[Service, ...] = ()
    tsa: tuple[Service, ...] = ()
    rekor_selector: Selector = Selector()
    tsa_selector: Selector = Selector()


Chooser = Callable[[Sequence[Service], int], Sequence[Service]]  # random.sample's shape: so many of these, each once


# ---- reading and writing -------------------------------------------------------------------------------------------
def parse_signing_config(data: bytes, *, what: str = "signing config") -> SigningConfig:
    """Parse a signing config of version 0.2.

    Raises: MalformedError: not strict JSON; another media type; a member unknown or missing; services of a kind that
            wants a selector, without one (sigstore-go refuses them too).
    """
    return _config_from_fields(Fields(load_json(data, what=what, max_bytes=limits.SIGNING_CONFIG_BYTES), what))


def _config_from_fields(fields: Fields) -> SigningConfig:
    media_type = fields.text("mediaType")
    if media_type != SIGNING_CONFIG_MEDIA_TYPE:
        raise MalformedError(fields.path("mediaType"), f"is not {SIGNING_CONFIG_MEDIA_TYPE!r}: {media_type[:100]!a}")
    rekor, tsa = _services(fields, "rekorTlogUrls"), _services(fields, "tsaUrls")
    config = SigningConfig(
        ca=_services(fields, "caUrls"),
        oidc=_services(fields, "oidcUrls"),
        rekor=rekor,
        tsa=tsa,
        rekor_selector=_selector(fields, "rekorTlogConfig", required=bool(rekor)),
        tsa_selector=_selector(fields, "tsaConfig", required=bool(tsa)),
    )
    fields.refuse_unknown()
    return config


def _services(fields: Fields, name: str) -> tuple[Service, ...]:
    services = []
    for item in fields.optional_objects(name, limit=limits.TRUST_ENTRIES) or ():
        span = item.optional_object("validFor")
        services.append(
            Service(
                url=item.text("url"),
                api_version=item.integer("majorApiVersion", minimum=1, maximum=2**32 - 1),
                valid_for=ValidFor() if span is None else valid_for_from_fields(span),
                operator=item.optional_text("operator") or "",
            )
        )
        item.refuse_unknown()
    return tuple(services)


def _selector(fields: Fields, name: str, *, required: bool) -> Selector:
    config = fields.optional_object(name)
    if config is None:
        if required:
            raise MalformedError(fields.path(name), "is missing")
        return Selector("")
    kind = config.optional_text("selector")
    amount = config.optional_integer("count", minimum=0, maximum=limits.TRUST_ENTRIES) or 0
    config.refuse_unknown()
    if kind is None and amount == 0 and not required:
        return Selector("")
    if kind not in _SELECTORS:
        raise MalformedError(config.path("selector"), f"is not one of {', '.join(_SELECTORS)}")
    if (kind == "EXACT") != (amount > 0):
        raise MalformedError(config.path("count"), "must be above 0 with EXACT, and absent with the others")
    return Selector(kind, amount)


def format_signing_config(config: SigningConfig) -> bytes:
    """Write the signing config as `cosign signing-config create` does: without spaces, empty lists left out."""
    return compact_json(_config_to_dict(config))


def _config_to_dict(config: SigningConfig) -> JsonObject:
    written: JsonObject = {"mediaType": SIGNING_CONFIG_MEDIA_TYPE}
    for name, services, selector in (
        ("caUrls", config.ca, None),
        ("oidcUrls", config.oidc, None),
        ("rekorTlogUrls", config.rekor, ("rekorTlogConfig", config.rekor_selector)),
        ("tsaUrls", config.tsa, ("tsaConfig", config.tsa_selector)),
    ):
        if services:
            items: list[JsonValue] = [_service_to_dict(service) for service in services]
            written[name] = items
        if selector is not None:
            written[selector[0]] = _selector_to_dict(selector[1])
    return written


def _service_to_dict(service: Service) -> JsonObject:
    written: JsonObject = {
        "url": service.url,
        "majorApiVersion": service.api_version,
        "validFor": valid_for_to_dict(service.valid_for),
    }
    if service.operator:
        written["operator"] = service.operator
    return written


def _selector_to_dict(selector: Selector) -> JsonObject:
    written: JsonObject = {"selector": selector.kind} if selector.kind else {}
    if selector.amount:
        written["count"] = selector.amount
    return written


def format_client_trust_config(root: TrustedRoot, config: SigningConfig) -> bytes:
    """Write the file that sigstore-python takes as --trust-config: trusted root and signing config in one."""
    return compact_json(
        {
            "mediaType": CLIENT_TRUST_CONFIG_MEDIA_TYPE,
            "trustedRoot": trusted_root_to_dict(root),
            "signingConfig": _config_to_dict(config),
        }
    )


def parse_client_trust_config(data: bytes, *, what: str = "client trust config") -> tuple[TrustedRoot, SigningConfig]:
    """Parse what `format_client_trust_config` writes.

    Raises: MalformedError: as `parse_trusted_root` and `parse_signing_config`.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.TRUSTED_ROOT_BYTES), what)
    media_type = fields.text("mediaType")
    if media_type != CLIENT_TRUST_CONFIG_MEDIA_TYPE:
        raise MalformedError(
            fields.path("mediaType"), f"is not {CLIENT_TRUST_CONFIG_MEDIA_TYPE!r}: {media_type[:100]!a}"
        )
    root = trusted_root_from_fields(fields.object("trustedRoot"))
    config = _config_from_fields(fields.object("signingConfig"))
    fields.refuse_unknown()
    return root, config


# ---- choosing ------------------------------------------------------------------------------------------------------
def _candidates(services: Sequence[Service], versions: Sequence[int], now: datetime) -> list[Service]:
    """Services valid now, of the highest supported version that any of them has; the newest start first."""
    valid = [service for service in services if service.api_version in versions and service.valid_for.covers(now)]
    if not valid:
        raise UsageError(
            f"no matching services found for API versions {sorted(versions, reverse=True)} and current time {now}",
            code=_NO_SERVICE,
        )
    newest = max(service.api_version for service in valid)
    chosen = [service for service in valid if service.api_version == newest]
    return sorted(chosen, key=_start, reverse=True)


def _start(service: Service) -> float:
    return float("-inf") if service.valid_for.start is None else service.valid_for.start.timestamp()


def select_service(services: Sequence[Service], *, versions: Sequence[int], now: datetime) -> Service:
    """The one Fulcio or OIDC issuer to use: valid now, of the highest supported version, with the newest start.

    Raises: UsageError(code "signing-config.no-service"): there is none.
    """
    return _candidates(services, versions, now)[0]


def select_services(
    services: Sequence[Service],
    selector: Selector,
    *,
    versions: Sequence[int],
    now: datetime,
    choose: Chooser,
) -> tuple[Service, ...]:
    """The logs or timestamp authorities to use, at most one of each operator, all of one version.

    Args:    services: as configured; none of them at all means that no such service is wanted.
             choose: picks so many at random; `random.SystemRandom().sample` has this shape.
    Returns: () only for no services.
    Raises:  UsageError(code "signing-config.no-service"): none is valid now and of a supported version, or fewer than
             an EXACT selector demands.
    Source:  sigstore-go, pkg/root/signing_config.go (SelectServices).
    """
    if not services:
        return ()
    operators: dict[str, Service] = {}
    for service in _candidates(services, versions, now):
        operators.setdefault(service.operator, service)
    distinct = tuple(operators.values())
    if selector.kind == "ALL":
        return distinct
    amount = selector.amount if selector.kind == "EXACT" else 1
    if amount > len(distinct):
        raise UsageError(
            f"service selector count {amount} must be less than or equal to the slice length {len(distinct)}",
            code=_NO_SERVICE,
        )
    return tuple(choose(distinct, amount))
