"""One request through its attempts and redirects, under one deadline."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from pycosign import limits
from pycosign.ambient import monotonic_seconds
from pycosign.errors import MalformedError, UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.redact import redact_header, redact_text, redact_url
from pycosign.net.transport import Transport, explain

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = [
    "Body",
    "Exchange",
    "HttpStatusError",
    "Response",
    "RetryPolicy",
    "content_length",
    "is_http_url",
    "origin_of",
]

# A callable is asked for a fresh iterable at each attempt; a bare iterable can be sent once only.
Body = bytes | Iterable[bytes] | Callable[[], Iterable[bytes]] | None
_T = TypeVar("_T")
_CHUNK_BYTES = 64 << 10
_RETRYABLE_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS = frozenset({"GET", "HEAD"})
# Not handed to another host, nor from HTTPS to plain HTTP, when following a redirect.
_CREDENTIAL_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})
_PORTS = {"http": 80, "https": 443}


class Response(NamedTuple):
    """A whole answer. `headers` ignores case; repeated headers are joined with ", ". `url` is where it came from."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class HttpStatusError(UnavailableError):
    """The server answered, with a status that the caller has no use for (codes `net.status`, `net.rate-limited`)."""

    code = "net.status"

    def __init__(self, method: str, response: Response, note: str = "") -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.body
        text = redact_text(" ".join(response.body.decode("utf-8", "replace").split()))
        message = f"{method} {redact_url(response.url)}: unexpected status code {response.status}{note}"
        if text:
            message += f": {text[: limits.ERROR_TEXT_CHARS]}"
        super().__init__(message, code="net.rate-limited" if response.status == 429 else "net.status")


class RetryPolicy(NamedTuple):
    """How often, and how patiently, to try again: after failed attempt n, backoff * 2**n seconds, with jitter."""

    retries: int = limits.RETRIES
    backoff_seconds: float = 0.25
    longest_backoff_seconds: float = 8.0

    def wait_seconds(self, attempt: int) -> float:
        """The pause after failed attempt number `attempt` (from 0)."""
        pause: float = min(self.longest_backoff_seconds, self.backoff_seconds * 2**attempt)
        return pause * (0.75 + 0.5 * random.random())  # noqa: S311 - jitter, not a secret


class Exchange:
    """A request while it is being made. Used by one thread, once."""

    def __init__(
        self,
        transport: Transport,
        policy: RetryPolicy,
        trace: Callable[[str], None] | None,
        deadline: Deadline,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Body,
        expect: Iterable[int] | None,
        retry: bool | None,
    ) -> None:
        self.transport, self.policy, self.trace, self.deadline = transport, policy, trace, deadline
        self.method, self.url, self.headers, self.body = method, url, dict(headers), body
        self.expect = frozenset(expect) if expect is not None else None
        self.may_repeat = method in _SAFE_METHODS if retry is None else retry
        self.drained = False
        self._replayable = body is None or isinstance(body, bytes) or callable(body)

    @property
    def what(self) -> str:
        """The request as errors and traces name it."""
        return f"{self.method} {redact_url(self.url)}"

    def run(self, finish: "Callable[[BaseHTTPResponse], _T]") -> _T:
        """Try until an answer is for the caller and `finish` could use it, or retrying is over."""
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError

        attempt = 0
        first_url, first_headers = self.url, self.headers
        if not is_http_url(first_url):
            raise UnavailableError(f"{self.what}: is not a usable URL", code="net.url")
        while True:
            self.url, self.headers = first_url, first_headers  # a redirect's target may have expired meanwhile
            self.deadline.check(self.what)
            try:
                response = self._follow()
                if self._is_for_caller(response.status):
                    return finish(response)
            except (HTTPError, HTTPException, OSError) as exc:
                pause = self._pause_after_failure(exc, attempt)
            else:
                pause = self._pause_after_status(response, attempt)
            attempt += 1
            self._say(f"* trying again in {pause:.2f} s ({attempt} of {self.policy.retries})")
            self.deadline.sleep(pause, self.what)

    def read_all(self, response: "BaseHTTPResponse", max_bytes: int) -> Response:
        """Read a body of at most `max_bytes` and give the connection back."""
        try:
            body = b"".join(self.read_chunks(response, max_bytes))
        finally:
            self.finish(response)
        return Response(response.status, response.headers, body, self.url)

    def read_chunks(self, response: "BaseHTTPResponse", max_bytes: int) -> Iterator[bytes]:
        """The body in pieces as they arrive. The deadline holds for a server that drips, too.

        The body of an error (status 400 and up) is cut off at the bound: its status is the answer.
        Raises: MalformedError `net.response-too-large`; UnavailableError: it broke off, or the deadline passed.
        """
        is_error = response.status >= 400
        declared = None if is_error else content_length(response.headers)
        if self.method != "HEAD" and declared is not None and declared > max_bytes:
            raise self._too_large(max_bytes)
        left = max_bytes
        while True:
            self.deadline.check(self.what)
            self._narrow_timeout(response)
            chunk = response.read1(_CHUNK_BYTES)
            if not chunk:
                self.drained = True
                return
            left -= len(chunk)
            if left < 0 and is_error:
                yield chunk[:left]
                return
            if left < 0:
                raise self._too_large(max_bytes)
            yield chunk

    def read_chunks_explained(self, response: "BaseHTTPResponse", max_bytes: int) -> Iterator[bytes]:
        """`read_chunks` for a reader outside `run`: network exceptions become errors of ours."""
        from http.client import HTTPException

        from urllib3.exceptions import HTTPError

        try:
            yield from self.read_chunks(response, max_bytes)
        except (HTTPError, HTTPException, OSError) as exc:
            raise explain(self.method, self.url, exc).error from exc

    def finish(self, response: "BaseHTTPResponse") -> None:
        """Give the connection back if the body was read to its end, else close it."""
        if self.drained:
            response.release_conn()
        else:
            response.close()

    # ---- inside one attempt ----------------------------------------------------------------------------------------
    def _follow(self) -> "BaseHTTPResponse":
        """Send, and follow redirects of GET and HEAD."""
        for _ in range(limits.REDIRECTS + 1):
            response = self._send()
            if response.status not in _REDIRECTS or self.method not in _SAFE_METHODS:
                return response
            if self.expect is not None and response.status in self.expect:
                return response
            target = response.headers.get("Location")
            response.close()
            if not target:
                raise UnavailableError(f"{self.what}: redirected without a Location", code="net.redirect")
            self._redirect_to(target)
        raise UnavailableError(f"{self.what}: more than {limits.REDIRECTS} redirects", code="net.redirect")

    def _redirect_to(self, location: str) -> None:
        try:
            target = urljoin(self.url, location)
        except ValueError:
            target = ""
        if not is_http_url(target):
            message = f"{self.what}: redirected to what is no HTTP URL"
            raise UnavailableError(message, code="net.redirect")
        if urlsplit(self.url).scheme == "https" and urlsplit(target).scheme == "http":
            message = f"{self.what}: redirected from HTTPS to plain HTTP at {redact_url(target)}"
            raise UnavailableError(message, code="net.redirect")
        if origin_of(self.url) != origin_of(target):
            self.headers = {n: v for n, v in self.headers.items() if n.lower() not in _CREDENTIAL_HEADERS}
        self.url = target

    def _send(self) -> "BaseHTTPResponse":
        self.deadline.check(self.what)
        body = self.body() if callable(self.body) else self.body
        remaining = self.deadline.remaining()
        self._say(f"> {self.what}")
        for name, value in self.headers.items():
            self._say(f"> {name}: {redact_header(name, value)}")
        started = monotonic_seconds()
        response = self.transport.open(
            self.method, self.url, self.headers, body, None if remaining == float("inf") else remaining
        )
        self._say(f"< {response.status} {self.what} ({(monotonic_seconds() - started) * 1000:.0f} ms)")
        for name, value in response.headers.items():
            self._say(f"< {name}: {redact_header(name, value)}")
        return response

    def _narrow_timeout(self, response: "BaseHTTPResponse") -> None:
        """Let no read outlast the deadline: the socket's timeout was set when the request was sent."""
        sock = getattr(response.connection, "sock", None)
        remaining = self.deadline.remaining()
        if sock is not None and remaining != float("inf"):
            sock.settimeout(max(remaining, 0.001))

    # ---- between attempts ------------------------------------------------------------------------------------------
    def _is_for_caller(self, status: int) -> bool:
        if self.expect is not None:
            return status in self.expect
        return status < 500 and status != 429

    def _pause_after_failure(self, problem: Exception, attempt: int) -> float:
        failure = explain(self.method, self.url, problem)
        self._say(f"* {failure.error}")
        if self.deadline.remaining() <= 0:
            raise self.deadline.exceeded(self.what) from problem
        repeatable = self._replayable and (failure.not_sent or (self.may_repeat and failure.may_retry))
        if not repeatable or attempt >= self.policy.retries:
            raise failure.error from problem
        return self.policy.wait_seconds(attempt)

    def _pause_after_status(self, response: "BaseHTTPResponse", attempt: int) -> float:
        answer = Response(response.status, response.headers, _beginning(response), self.url)
        response.close()
        wait = _retry_after_seconds(response)
        if not (self.may_repeat and self._replayable and response.status in _RETRYABLE_STATUSES):
            raise HttpStatusError(self.method, answer)
        if attempt >= self.policy.retries:
            raise HttpStatusError(self.method, answer, f" after {attempt + 1} attempts")
        pause = max(wait or 0.0, self.policy.wait_seconds(attempt))
        if pause >= self.deadline.remaining():
            asked = f" (asks to wait {wait:.0f} s, longer than the time left)" if wait else ""
            raise HttpStatusError(self.method, answer, asked)
        return pause

    def _too_large(self, max_bytes: int) -> MalformedError:
        what = f"answer to {self.what}"
        return MalformedError(what, f"is larger than {max_bytes} bytes", code="net.response-too-large")

    def _say(self, line: str) -> None:
        if self.trace is not None:
            self.trace(line)


def content_length(headers: Mapping[str, str]) -> int | None:
    """The Content-Length, if it is a number below 10**18."""
    text = headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def is_http_url(url: str) -> bool:
    """Whether this can be asked: http or https, and a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Whom a URL asks: scheme, host and port, also where some spell the default port out. Raises: ValueError."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def _beginning(response: "BaseHTTPResponse") -> bytes:
    """Enough of an error's body to quote it; empty if it cannot be read."""
    from urllib3.exceptions import HTTPError

    try:
        return response.read1(4 * limits.ERROR_TEXT_CHARS)
    except (HTTPError, OSError):
        return b""


def _retry_after_seconds(response: "BaseHTTPResponse") -> float | None:
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return Retry().get_retry_after(response)
    except (InvalidHeader, OverflowError, ValueError):
        return None
