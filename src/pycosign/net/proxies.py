"""Which proxy, if any, a request goes through. Source: Go's golang.org/x/net/http/httpproxy, which Cosign follows.

Upper-case names win over lower-case ones. Loopback hosts never use a proxy. `HTTP_PROXY` is ignored under CGI
(`REQUEST_METHOD` is set), where a client could choose it (CVE-2016-5385).
"""

import ipaddress
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from pycosign.errors import UsageError

__all__ = ["ProxySettings", "proxy_settings"]

_PORTS = {"http": 80, "https": 443}
_SCHEMES = ("http", "https", "socks5", "socks5h")
_PORT_DIGITS = 5


class _Exemption(NamedTuple):
    """One entry of NO_PROXY: a network, or a domain suffix that starts with a dot."""

    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None
    suffix: str
    matches_host_itself: bool
    port: int | None


class ProxySettings(NamedTuple):
    """The proxies of this process. URLs may hold credentials: never print them unredacted."""

    http: str | None
    https: str | None
    exemptions: tuple[_Exemption, ...] = ()
    exempt_all: bool = False

    def proxy_for(self, url: str) -> str | None:
        """The proxy's URL for a request to `url`, or None to connect directly."""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme == "https" else self.http
        if proxy is None or not parts.hostname:
            return None
        host = parts.hostname.rstrip(".").lower()
        port = parts.port or _PORTS.get(parts.scheme, 0)
        return proxy if self._uses_proxy(host, port) else None

    def _uses_proxy(self, host: str, port: int) -> bool:
        if host == "localhost" or self.exempt_all:
            return False
        address = _address(host)
        if address is not None and address.is_loopback:
            return False
        for entry in self.exemptions:
            if entry.port is not None and entry.port != port:
                continue
            if entry.network is not None:
                if address is not None and address in entry.network:
                    return False
            elif host.endswith(entry.suffix) or (entry.matches_host_itself and host == entry.suffix[1:]):
                return False
        return True


def proxy_settings(environment: Mapping[str, str]) -> ProxySettings:
    """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY (and their lower-case forms).

    Raises: UsageError: a proxy is not a URL, or of a scheme that is not http, https or socks5.
    """
    http = None if environment.get("REQUEST_METHOD") else _proxy(environment, "HTTP_PROXY")
    https = _proxy(environment, "HTTPS_PROXY")
    exemptions = []
    exempt_all = False
    for text in _either(environment, "NO_PROXY").split(","):
        entry = text.strip().lower()
        if entry == "*":
            exempt_all = True
        elif entry:
            parsed = _parse_exemption(entry)
            if parsed is not None:
                exemptions.append(parsed)
    return ProxySettings(http, https, tuple(exemptions), exempt_all)


def _either(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.lower()) or ""


def _proxy(environment: Mapping[str, str], name: str) -> str | None:
    text = _either(environment, name).strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        if parts.scheme not in _SCHEMES or not parts.netloc:  # "proxy:3128" reads as scheme "proxy"
            parts = urlsplit(f"http://{text}") if "://" not in text else parts
        usable = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(f"{name} is not the URL of an http, https or socks5 proxy", code="net.proxy-settings")
    return parts.geturl()


def _parse_exemption(entry: str) -> _Exemption | None:
    try:
        return _Exemption(ipaddress.ip_network(entry, strict=False), "", False, None)
    except ValueError:
        pass
    host, port = entry, None
    head, colon, tail = entry.rpartition(":")
    if colon and tail.isascii() and tail.isdigit():
        if len(tail) > _PORT_DIGITS:
            return None  # no port has so many: as in Go, no request is meant
        host, port = head, int(tail)
    host = host.strip("[]")
    address = _address(host)
    if address is not None:
        return _Exemption(ipaddress.ip_network(address), "", False, port)
    if host.startswith("*."):
        host = host[1:]
    if not host or host == ".":
        return None  # no host part: Go ignores such an entry
    if host.startswith("."):
        return _Exemption(None, host, False, port)
    return _Exemption(None, f".{host}", True, port)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
