"""The `Link` header of lists that come in pages. Source: RFC 8288; distribution specification, "Listing Tags"."""

import re
from urllib.parse import urljoin

from pycosign.net.exchange import origin_of
from pycosign.net.http import Response
from pycosign.net.redact import redact_url
from pycosign.oci.registry import RegistryUnavailableError

__all__ = ["next_page"]

_NEXT = re.compile(r'<([^<>]*)>\s*;\s*(?:[^<]*;\s*)?rel\s*=\s*"?next"?', re.IGNORECASE)


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
        same = origin_of(response.url) == origin_of(target)
    except ValueError:
        same = False
    if not same:
        raise RegistryUnavailableError(f"{redact_url(response.url)}: the next page is on another server")
    return target
