"""URLs of the services that keys and certificates name by their ids, as a trust root knows them: names, no proof."""

from collections.abc import Mapping
from typing import NamedTuple

from pycosign.crypto.certificate import parse_certificate
from pycosign.errors import MalformedError
from pycosign.wire.trusted_root import TrustedRoot

__all__ = ["ServiceNames", "names_from"]


class ServiceNames(NamedTuple):
    """URLs by id; an id that is not there has no name."""

    authorities: Mapping[bytes, str] = {}  # by subject key id
    certificate_logs: Mapping[bytes, str] = {}
    transparency_logs: Mapping[bytes, str] = {}


def names_from(root: TrustedRoot) -> ServiceNames:
    """The names that the trust root gives; a certificate in it that cannot be read has none."""
    authorities: dict[bytes, str] = {}
    for authority in root.certificate_authorities:
        for der in (authority.chain_der[-1], *authority.chain_der[:-1]):
            try:
                key_id = parse_certificate(der).subject_key_id
            except MalformedError:
                continue
            if key_id is not None and authority.uri:
                authorities.setdefault(key_id, authority.uri)
    return ServiceNames(
        authorities,
        {log.log_id: log.base_url for log in root.ctlogs if log.base_url},
        {log.log_id: log.base_url for log in root.tlogs if log.base_url},
    )
