"""RFC 3161 timestamps over HTTP."""

import hashlib

from pycosign import limits
from pycosign.clients.answers import check_status
from pycosign.errors import MalformedError, ServiceRejectedError
from pycosign.net.http import HttpClient
from pycosign.wire.tsp import TimestampRequest, format_request, parse_response, response_status

__all__ = ["request_timestamp"]


def request_timestamp(http: HttpClient, url: str, signature: bytes) -> bytes:
    """Have the raw bytes of a signature stamped.

    As sigstore-go: SHA-256, no nonce (the imprint of a fresh signature is one), no certificate in the answer.

    Args:    url: the full URL of the endpoint, e.g. ".../api/v1/timestamp".
    Returns: the whole TimeStampResp, DER. The caller verifies it.
    Raises:  ServiceRejectedError: refused, by HTTP status or by the answer's own; UnavailableError; MalformedError.
    Source:  RFC 3161, 3.4; sigstore-go, pkg/sign/timestamping.go.
    """
    imprint = hashlib.sha256(signature).digest()
    response = http.request(
        "POST",
        url,
        headers={"Content-Type": "application/timestamp-query"},
        body=format_request(TimestampRequest(imprint=imprint)),
        max_bytes=limits.TIMESTAMP_BYTES,
        retry=True,
    )
    check_status("timestamp request", response, (200, 201))
    status = response_status(response.body)
    if status != 0:
        raise ServiceRejectedError(f"timestamp request refused by {url}: PKI status {status}")
    try:
        token = parse_response(response.body)
    except MalformedError as exc:
        if exc.code != "timestamp.not-granted":
            raise
        raise ServiceRejectedError(f"timestamp request refused by {url}: {exc}") from exc
    if token.imprint != imprint:
        raise MalformedError("timestamp answer", "stamps another signature than the one that was sent")
    return response.body
