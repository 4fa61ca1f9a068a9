"""The `Link` header of lists that come in pages. Source: RFC 8288; distribution specification, "Listing Tags"."""

import re
from urllib.parse import urljoin, urlsplit

from pycosign.net.http import Response
from pycosign.net.redact import redact_url
from pycosign.oci.registry import RegistryUnavailableError

__all__ = ["next_page"]

_NEXT = re.compile(r'<([^<>]*)>\s*;\s*(?:[^<]*;\s*)?rel\s*=\s*"?next"?', re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


def next_page(response: Response) -> str | None:
    """The URL of the next page, None on the last one.

    Raises: RegistryUnavailableError: it is on another server: credentials and trust end at this one.
    """
    target = ""
    match = _NEXT.search(response.headers.get("Link", "")[: 8 << 10])
    if match is None:
        return None
    try:
        target = urljoin(response.url, str(match[1]))
        same = _server(response.url) == _server(target)
    except ValueError:
        same = False
    if not same:
        raise RegistryUnavailableError(f"{redact_url(response.url)}: the next page is on another server")
    return target


def _server(url: str) -> tuple[str, str | None, int | None]:
    """Whom a URL asks; some registries spell the default port out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
