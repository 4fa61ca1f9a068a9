"""The description of an instance, for people."""

from pycosign.cli.context import for_terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["instance_lines"]

_TRUST = (
    ("certificate_authorities", "certificate authority"),
    ("certificate_logs", "certificate log"),
    ("transparency_logs", "transparency log"),
    ("timestamp_authorities", "timestamp authority"),
)
_SIGNING = (
    ("certificate_authorities", "certificate authority", ""),
    ("oidc_issuers", "OIDC issuer", ""),
    ("transparency_logs", "transparency log", "transparency_logs_used"),
    ("timestamp_authorities", "timestamp authority", "timestamp_authorities_used"),
)


def instance_lines(described: "dict[str, Any]") -> "Iterator[str]":
    """Lines without their ends, from what `describe_instance` gives."""
    for line in _lines(described):
        yield for_terminal(line)


def _lines(described: "dict[str, Any]") -> "Iterator[str]":
    name = described["name"] or "no named instance is in use"
    yield f"{name} ({described['kind']})"
    trust, signing, oidc = described["trust"], described["signing"], described["oidc"]
    yield f"trust from {trust['source']}, {_age(trust['age_seconds'])}"
    for warning in trust["warnings"]:
        yield f"  WARNING: {warning}"
    for member, title in _TRUST:
        for item in trust[member]:
            label = item["url"] or item.get("common_name") or item.get("log_id")
            yield f"  {title:<21}  {label}  {_span(item)}"
    if signing is None:
        yield f"signs with nothing: {described['problem']}"
    else:
        yield f"signs with services from {signing['source']}, {_age(signing['age_seconds'])}"
        for member, title, used in _SIGNING:
            for item in signing[member]:
                version = f" (API {item['api_version']})" if used else ""
                yield f"  {title:<21}  {item['url']}{version}  {_span(item)}"
            if used:
                yield f"  {title:<21}  used for a signature: {signing[used]}"
    if oidc["issuer"]:
        yield f"logs in at {oidc['issuer']}"
    if oidc["client_id"]:
        yield f"logs in as client {oidc['client_id']}"


def _age(seconds: int | None) -> str:
    """How long ago the repository was asked."""
    if seconds is None:
        return "of unknown age"
    if seconds < 120:
        return "just refreshed"
    minutes = seconds // 60
    hours, days = minutes // 60, minutes // 1440
    return f"refreshed {days} days ago" if days > 1 else f"refreshed {hours} h {minutes % 60} min ago"


def _span(item: "dict[str, Any]") -> str:
    until = f" until {item['valid_until']}" if item["valid_until"] else ""
    since = f"since {item['valid_from']}" if item["valid_from"] else "always"
    return f"{since}{until}" + ("" if item["valid_now"] else "  (not now)")
