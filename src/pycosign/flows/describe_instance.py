"""What an instance is made of, as data: whom it believes and since when, and which services sign."""

from collections.abc import Iterable
from datetime import datetime

from pycosign.codec.json_value import JsonObject, JsonValue
from pycosign.codec.rfc3339 import format_rfc3339
from pycosign.errors import SigningError
from pycosign.instances.trust import Document, TrustSource, load_signing_config, load_trust
from pycosign.wire.signing_config import Selector, Service, SigningConfig
from pycosign.wire.trusted_root import Authority, LogKey, ValidFor

__all__ = ["describe_instance"]


def describe_instance(source: TrustSource) -> JsonObject:
    """The instance's documents, described. `signing` is null where there is no signing config; `problem` says why.

    Raises: as `load_trust`.
    """
    loaded = load_trust(source)
    instance, root = source.instance, loaded.root
    described: JsonObject = {
        "name": None if instance is None else instance.name,
        "kind": "tuf" if instance is None else instance.kind,
        "trust": {
            **_document(loaded.document),
            "certificate_authorities": _authorities(root.certificate_authorities, source.now),
            "certificate_logs": _logs(root.ctlogs, source.now),
            "transparency_logs": _logs(root.tlogs, source.now),
            "timestamp_authorities": _authorities(root.timestamp_authorities, source.now),
        },
    }
    issuer, client_id = (None, None) if instance is None else (instance.oidc_issuer, instance.oidc_client_id)
    try:
        config, document = load_signing_config(source)
    except SigningError as exc:
        described["signing"], described["problem"] = None, str(exc)
    else:
        described["signing"] = {**_document(document), **_config(config, source.now)}
    described["oidc"] = {"issuer": issuer or None, "client_id": client_id or None}
    return described


def _document(document: Document) -> JsonObject:
    age = None if document.age is None else int(document.age.total_seconds())
    return {"source": document.source, "age_seconds": age, "warnings": list(document.warnings)}


def _span(span: ValidFor, now: datetime) -> JsonObject:
    start, end = (None if at is None else format_rfc3339(at) for at in span)
    return {"valid_from": start, "valid_until": end, "valid_now": span.covers(now)}


def _authorities(authorities: Iterable[Authority], now: datetime) -> list[JsonValue]:
    return [
        {
            "url": item.uri,
            "organization": item.subject_organization,
            "common_name": item.subject_common_name,
            **_span(item.valid_for, now),
        }
        for item in authorities
    ]


def _logs(logs: Iterable[LogKey], now: datetime) -> list[JsonValue]:
    return [
        {"url": log.base_url, "log_id": log.log_id.hex(), "key": log.key_details, **_span(log.valid_for, now)}
        for log in logs
    ]


def _config(config: SigningConfig, now: datetime) -> JsonObject:
    return {
        "certificate_authorities": _services(config.ca, now),
        "oidc_issuers": _services(config.oidc, now),
        "transparency_logs": _services(config.rekor, now),
        "transparency_logs_used": _amount(config.rekor, config.rekor_selector),
        "timestamp_authorities": _services(config.tsa, now),
        "timestamp_authorities_used": _amount(config.tsa, config.tsa_selector),
    }


def _services(services: Iterable[Service], now: datetime) -> list[JsonValue]:
    return [
        {
            "url": item.url,
            "api_version": item.api_version,
            "operator": item.operator,
            **_span(item.valid_for, now),
        }
        for item in services
    ]


def _amount(services: tuple[Service, ...], selector: Selector) -> str:
    if not services:
        return "none"
    return {"ANY": "one", "ALL": "all", "EXACT": str(selector.amount)}[selector.kind]
