"""Reading what a service answered when it was not what we asked for."""

from pycosign import limits
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, ServiceRejectedError, UnavailableError
from pycosign.net.http import Response
from pycosign.net.redact import redact_text, redact_url

__all__ = ["check_status", "explain_answer", "rejection", "unexpected"]


def explain_answer(response: Response) -> str:
    """What the service says of itself, in one line: `message` of a JSON object, else the text."""
    text = response.body[: 64 << 10].decode("utf-8", "replace")
    try:
        value = load_json(response.body, what="error answer", max_bytes=64 << 10)
    except MalformedError:
        value = None
    if isinstance(value, dict):
        for name in ("message", "error_description", "error"):
            found = value.get(name)
            if isinstance(found, str) and found:
                text = found
                break
    return redact_text(" ".join(text.split()))[: limits.ERROR_TEXT_CHARS]


def rejection(what: str, response: Response) -> ServiceRejectedError:
    """The error for an answer that says no (4xx). `what` names the request, e.g. "certificate request"."""
    text = explain_answer(response)
    where = f"{what} refused by {redact_url(response.url)} with status {response.status}"
    return ServiceRejectedError(f"{where}: {text}" if text else where)


def unexpected(what: str, response: Response) -> UnavailableError:
    """The error for a status that fits neither yes nor no."""
    text = explain_answer(response)
    where = f"{what}: unexpected status {response.status} from {redact_url(response.url)}"
    return UnavailableError(f"{where}: {text}" if text else where, code="net.status")


def check_status(what: str, response: Response, accepted: tuple[int, ...]) -> None:
    """Raise unless the status is an accepted one: ServiceRejectedError for 4xx, UnavailableError for the rest."""
    if response.status in accepted:
        return
    if 400 <= response.status < 500:
        raise rejection(what, response)
    raise unexpected(what, response)
