"""The HTTP client of every other room: deadline, retries, redirects, limits, and a trace without secrets.

A status below 500 (except 429) is an answer and is returned; what was never answered is `UnavailableError`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import NamedTuple

from pycosign import limits
from pycosign._version import __version__
from pycosign.ambient import environment
from pycosign.net.deadline import Deadline
from pycosign.net.exchange import Body, Exchange, HttpStatusError, Response, RetryPolicy
from pycosign.net.proxies import ProxySettings, proxy_settings
from pycosign.net.tls import TlsOptions
from pycosign.net.transport import Transport

__all__ = ["USER_AGENT", "Body", "HttpClient", "HttpStatusError", "Response", "RetryPolicy", "StreamedResponse"]

USER_AGENT = f"pycosign/{__version__}"


class StreamedResponse(NamedTuple):
    """An answer whose body is still coming; the chunks can be read once, inside the `with` block."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    url: str


class HttpClient:
    """Requests under one deadline. Safe to share between threads, and after a fork."""

    def __init__(
        self,
        deadline: Deadline | None = None,
        *,
        tls: TlsOptions | None = None,
        proxies: ProxySettings | None = None,
        user_agent: str = USER_AGENT,
        trace: Callable[[str], None] | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        """Open nothing yet.

        Args: deadline: of every request that brings none; by default each request gets the default timeout.
              proxies: by default those of the environment. trace: gets lines for `--verbose`, without secrets.
        """
        self.deadline = deadline
        self._user_agent = user_agent
        self._trace = trace
        self.retry_policy = retry_policy or RetryPolicy()
        if proxies is None:
            proxies = proxy_settings(environment())
        self._transport = Transport(tls or TlsOptions(), proxies, environment())

    def __enter__(self) -> "HttpClient":
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def within(self, deadline: Deadline) -> "HttpClient":
        """The same client, with the same connections, under another deadline."""
        made = copy(self)
        made.deadline = deadline
        return made

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        max_bytes: int = limits.RESPONSE_BYTES,
        expect: Iterable[int] | None = None,
        retry: bool | None = None,
        deadline: Deadline | None = None,
    ) -> Response:
        """Send a request and read the whole answer.

        Args:   expect: the statuses to return; others raise. None: all below 500 but 429 are returned.
                retry: whether it may be sent twice; None: GET and HEAD may. What was never sent is always retried.
                max_bytes: of the answer's body.
        Raises: UnavailableError: `net.timeout`, `net.unknown-host`, `net.connection`, `net.tls`,
                `net.certificate`, `net.proxy`, `net.url`, `net.redirect`;
                HttpStatusError (one of them): the last answer had a status that is not for the caller;
                MalformedError: `net.response-too-large`; UsageError: a TLS file cannot be used.
        """
        exchange = self._exchange(method, url, headers, body, expect, retry, deadline)
        return exchange.run(lambda response: exchange.read_all(response, max_bytes))

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        max_bytes: int,
        expect: Iterable[int] | None = None,
        retry: bool | None = None,
        deadline: Deadline | None = None,
    ) -> Iterator[StreamedResponse]:
        """As `request`, but the body is read chunk by chunk; once its head is there, nothing is retried."""
        exchange = self._exchange(method, url, headers, body, expect, retry, deadline)
        response = exchange.run(lambda raw: raw)
        try:
            chunks = exchange.read_chunks_explained(response, max_bytes)
            yield StreamedResponse(response.status, response.headers, chunks, exchange.url)
        finally:
            exchange.finish(response)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: Body,
        expect: Iterable[int] | None,
        retry: bool | None,
        deadline: Deadline | None,
    ) -> Exchange:
        every = {"User-Agent": self._user_agent, "Accept-Encoding": "identity", **(headers or {})}
        deadline = deadline or self.deadline or Deadline.after(limits.DEFAULT_TIMEOUT_SECONDS)
        return Exchange(
            self._transport, self.retry_policy, self._trace, deadline, method, url, every, body, expect, retry
        )
