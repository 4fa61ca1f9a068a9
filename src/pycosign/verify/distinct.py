"""How many different logs or authorities there are among several: one that is listed or presented twice is one.

Two are the same if they share an operator, a URL, an id or any key (GHSA-9vcr-p3rj-q5q6: a threshold of two was met by
one log twice). So are two that a third one in the trust root links: shards of one log, a certificate before and after
its renewal. Who holds the key at the top of two authorities' chains can speak for both, so they are one, too.

Most trust roots name no operators, that of the public instance neither. There the operator is whoever has the domain:
the shards `log2025-1.rekor.sigstore.dev` and `rekor.sigstore.dev` are one. Operators who share a domain must be named,
each of them: who is not may be any of the others.
"""

from collections.abc import Iterable, Set

from pycosign.crypto.certificate import Certificate
from pycosign.errors import MalformedError
from pycosign.verify.trust import TrustedAuthority, TrustedLog, host_of

__all__ = ["distinct_authorities", "distinct_logs"]

_Mark = tuple[str, str | bytes]
_REGISTRIES = frozenset(("ac", "co", "com", "edu", "gov", "net", "org"))  # below a country: nobody's own domain


def distinct_logs(found: Iterable[TrustedLog], known: Iterable[TrustedLog]) -> int:
    """The number of different logs in `found`; `known`: all logs of the trust root, for what links them."""
    found, known = list(found), list(known)
    open_domains = _open_domains((log.operator, log.base_url) for log in (*found, *known))
    return _count([_log_marks(log, open_domains) for log in found], [_log_marks(log, open_domains) for log in known])


def distinct_authorities(
    found: Iterable[tuple[TrustedAuthority, tuple[Certificate, ...]]], known: Iterable[TrustedAuthority]
) -> int:
    """The number of different timestamp authorities in `found`, each with the certificates under which it signed.

    Where an entry leaves its signer to the token, one signer may have certificates below two entries: it is one.

    Args: known: all authorities of the trust root.
    """
    found, known = list(found), list(known)
    authorities = (*(item for item, _ in found), *known)
    open_domains = _open_domains((item.operator, item.uri) for item in authorities)
    marks = [
        _authority_marks(item, open_domains) | {("key", signer.spki_der) for signer in path} for item, path in found
    ]
    return _count(marks, [_authority_marks(item, open_domains) for item in known])


def _count(found: list[set[_Mark]], known: list[set[_Mark]]) -> int:
    groups: list[set[_Mark]] = []
    for marks in (*found, *known):
        touched = [group for group in groups if group & marks]
        groups = [group for group in groups if not group & marks]
        groups.append(marks.union(*touched))
    return sum(any(group & marks for marks in found) for group in groups)


def _log_marks(log: TrustedLog, open_domains: Set[str]) -> set[_Mark]:
    try:
        key = log.key.spki_der
    except MalformedError:  # of a kind that we do not know: it proved nothing, but it may link two that did
        key = log.key_der
    return _names(log.operator, log.base_url, open_domains) | {("key", key), ("id", log.log_id)}


def _authority_marks(authority: TrustedAuthority, open_domains: Set[str]) -> set[_Mark]:
    marks = _names(authority.operator, authority.uri, open_domains)
    try:
        marks |= {("key", certificate.spki_der) for certificate in authority.certificates}
    except MalformedError:
        marks |= {("key", der) for der in authority.chain_der}
    return marks


def _open_domains(services: Iterable[tuple[str, str]]) -> set[str]:
    """Where a service, given by operator and URL, has no operator but its domain."""
    return {_domain(_address(url)) for operator, url in services if not operator.strip()}


def _names(operator: str, url: str, open_domains: Set[str]) -> set[_Mark]:
    """Without what does not tell two services apart: scheme, case, a slash at the end. An empty name links nothing."""
    address = _address(url)
    domain = _domain(address)
    marks = {("operator", operator.strip().lower()), ("url", address)}
    if domain in open_domains:
        marks.add(("operator", domain))
    return {(kind, name) for kind, name in marks if name}


def _address(url: str) -> str:
    return url.rpartition("://")[2].rstrip("/").lower()


def _domain(address: str) -> str:
    """The domain of a URL without its scheme, which a root may leave out; "" for a host that is in none."""
    host = host_of(f"https://{address}")
    labels = host.rstrip(".").split(".")
    if len(labels) < 2 or ":" in host or labels[-1].isdigit():
        return ""
    is_below_registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3 if is_below_registry else -2 :])
