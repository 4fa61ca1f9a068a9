"""What a registry's error answers mean."""

import json

from pycosign import limits
from pycosign.net.http import Response
from pycosign.net.redact import redact_text, redact_url
from pycosign.oci.registry import RegistryUnavailableError

__all__ = ["error_text", "registry_problem"]

_CODES = {401: "registry.unauthorized", 403: "registry.denied", 429: "registry.rate-limited"}


def registry_problem(method: str, response: Response) -> RegistryUnavailableError:
    """The error for an answer that says neither "here" nor "not there"."""
    text = error_text(response.body)
    message = f"{method} {redact_url(response.url)}: unexpected status code {response.status}"
    code = _CODES.get(response.status, "registry.unavailable")
    return RegistryUnavailableError(f"{message}: {text}" if text else message, code=code)


def error_text(body: bytes) -> str:
    """ "CODE: message" of the specification's error document, else the beginning of the text; without secrets."""
    body = body[: limits.TOKEN_BYTES]
    try:
        document = json.loads(body)
        errors = document["errors"]
        parts = [f"{error['code']}: {error.get('message', '')}".rstrip(": ") for error in errors[:5]]
        text = "; ".join(parts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        text = body.decode("utf-8", "replace")
    return redact_text(" ".join(text.split()))[: limits.ERROR_TEXT_CHARS]
