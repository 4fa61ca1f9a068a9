"""Rekor v2: add a hashedrekord (`/api/v2/log/entries`). There is no search: v2 is read tile by tile."""

from pycosign.clients.answers import check_status
from pycosign.net.http import HttpClient
from pycosign.wire.log_entry import LogEntry, parse_tlog_entry

__all__ = ["add_entry"]


def add_entry(http: HttpClient, base_url: str, request: bytes) -> LogEntry:
    """Add an entry; the log answers when a published checkpoint covers it, which takes seconds.

    The log answers 409 for what it holds already and gives no proof then: that is a refusal. The caller verifies what
    comes back.

    Args:   request: protobuf JSON as `wire.rekor_body` writes it.
    Raises: ServiceRejectedError; UnavailableError; MalformedError.
    Source: sigstore/rekor-tiles, api/proto/rekor/v2/rekor_service.proto and CLIENTS.md.
    """
    response = http.request(
        "POST",
        f"{base_url.rstrip('/')}/api/v2/log/entries",
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        body=request,
        retry=True,
    )
    check_status("log entry", response, (200, 201))
    return parse_tlog_entry(response.body, what="Rekor's answer")
