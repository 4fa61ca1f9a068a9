"""Rekor v1: add an entry, find entries (`/api/v1/log`)."""

import re

from pycosign.clients.answers import check_status
from pycosign.errors import MalformedError
from pycosign.net.http import HttpClient, Response
from pycosign.wire.log_entry import LogEntry, parse_v1_response, parse_v1_responses

__all__ = ["add_entry", "fetch_entry", "fetch_entry_at", "find_entries"]

_ENTRY_ID = re.compile(r"[0-9a-f]{64}(?:[0-9a-f]{16})?", re.ASCII)


def add_entry(http: HttpClient, base_url: str, proposed: bytes) -> LogEntry:
    """Add a proposed entry, and return it with its promise and inclusion proof.

    A log that has the entry already answers 409 with its place: that entry is fetched and returned, so a retry after a
    lost answer is harmless. The caller verifies what comes back; nothing here trusts the log.

    Args:   proposed: JSON as `wire.rekor_body` writes it.
    Raises: ServiceRejectedError: the log refused the entry; UnavailableError; MalformedError.
    Source: sigstore/rekor, openapi.yaml (`createLogEntry`).
    """
    response = http.request(
        "POST",
        f"{_root(base_url)}/entries",
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        body=proposed,
        retry=True,
    )
    if response.status == 409:
        return fetch_entry(http, base_url, _existing_id(response))
    check_status("log entry", response, (201,))
    return parse_v1_response(response.body)[1]


def fetch_entry(http: HttpClient, base_url: str, entry_id: str) -> LogEntry:
    """The entry of this id: 64 or 80 lower-case hex digits."""
    if not _ENTRY_ID.fullmatch(entry_id):
        raise MalformedError("Rekor entry id", f"is not 64 or 80 hex digits: {entry_id[:100]!r}")
    url = f"{_root(base_url)}/entries/{entry_id}"
    response = http.request("GET", url, headers={"Accept": "application/json"})
    check_status("log entry", response, (200,))
    found_id, entry = parse_v1_response(response.body)
    if found_id[-64:] != entry_id[-64:]:
        raise MalformedError("Rekor's answer", f"is entry {found_id}, not {entry_id}")
    return entry


def fetch_entry_at(http: HttpClient, base_url: str, log_index: int) -> LogEntry:
    """The entry at this index, over all shards of the log.

    Raises: ServiceRejectedError: there is none; UnavailableError; MalformedError.
    """
    url = f"{_root(base_url)}/entries?logIndex={log_index:d}"
    response = http.request("GET", url, headers={"Accept": "application/json"})
    check_status("log entry", response, (200,))
    return parse_v1_response(response.body)[1]


def find_entries(http: HttpClient, base_url: str, proposed: bytes) -> tuple[LogEntry, ...]:
    """The entries that say the same as a proposed one; () when there is none.

    Args:   proposed: JSON of one proposed entry.
    Raises: UnavailableError; ServiceRejectedError; MalformedError.
    """
    response = http.request(
        "POST",
        f"{_root(base_url)}/entries/retrieve",
        headers={"Accept": "application/json", "Content-Type": "application/json"},
        body=b'{"entries":[' + proposed + b"]}",
        retry=True,
    )
    check_status("log search", response, (200,))
    return tuple(entry for _, entry in parse_v1_responses(response.body))


def _root(base_url: str) -> str:
    return f"{base_url.rstrip('/')}/api/v1/log"


def _existing_id(response: Response) -> str:
    """The id at the end of the Location header: only the id is used, never the URL."""
    entry_id = response.headers.get("Location", "").rstrip("/").rsplit("/", 1)[-1]
    if not _ENTRY_ID.fullmatch(entry_id):
        raise MalformedError("Rekor's 409 answer", "does not name the entry that exists")
    return entry_id
