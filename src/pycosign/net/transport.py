"""urllib3 behind two functions: open one exchange, and say in our words why it failed.

One transport per client. It may be shared between threads; after a fork the child makes its own pools, so two
processes never write into one connection.
"""

import os
import ssl
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pycosign.errors import UnavailableError, UsageError
from pycosign.net.proxies import ProxySettings
from pycosign.net.redact import redact_text, redact_url
from pycosign.net.tls import TlsOptions, ssl_context

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

__all__ = ["Failure", "Transport", "explain"]

_POOL_SIZE = 16  # idle connections kept per host


class Failure(NamedTuple):
    """Why an exchange failed: the error to raise, and whether trying again may help and is safe."""

    error: UnavailableError
    may_retry: bool  # for requests that may be sent twice
    not_sent: bool  # the server never saw the request: any request may be tried again


class Transport:
    """Pools of connections: one set to connect directly, one per proxy. Made when first used."""

    def __init__(self, tls: TlsOptions, proxies: ProxySettings, environment: Mapping[str, str]) -> None:
        self._tls = tls
        self._proxies = proxies
        self._environment = environment
        self._lock = threading.Lock()
        self._managers: dict[str | None, PoolManager] = {}
        self._context: ssl.SSLContext | None = None
        self._pid = os.getpid()

    def open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes] | None,
        timeout_seconds: float | None,
    ) -> "BaseHTTPResponse":
        """Send one request; answer when the response's head is there, its body unread.

        Never follows a redirect, never retries, never decodes (no compression is asked for).
        Raises: the exceptions of urllib3, which `explain` understands; UsageError for bad TLS files.
        """
        from urllib3 import Timeout

        return self._manager(self._proxies.proxy_for(url)).urlopen(
            method,
            url,
            headers=dict(headers),
            body=body,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            timeout=Timeout(connect=timeout_seconds, read=timeout_seconds),
        )

    def close(self) -> None:
        """Close idle connections; those in use are closed when they are done. Opening again makes new ones."""
        with self._lock:
            managers = list(self._managers.values())
            self._managers = {}
        for manager in managers:
            manager.clear()

    def _manager(self, proxy: str | None) -> "PoolManager":
        with self._lock:
            if self._pid != os.getpid():
                self._managers = {}  # after a fork: the parent's connections are the parent's
                self._pid = os.getpid()
            manager = self._managers.get(proxy)
            if manager is None:
                manager = self._managers[proxy] = self._new_manager(proxy)
            return manager

    def _new_manager(self, proxy: str | None) -> "PoolManager":
        import urllib3

        if self._context is None:
            self._context = ssl_context(self._tls, self._environment)
        options: dict[str, object] = {"ssl_context": self._context, "maxsize": _POOL_SIZE}
        if self._tls.insecure:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            options["assert_hostname"] = False
        if self._tls.server_name:
            options["server_hostname"] = self._tls.server_name
        if proxy is None:
            return urllib3.PoolManager(num_pools=32, **options)  # type: ignore[arg-type]
        if proxy.startswith("socks"):
            return _socks_manager(proxy, options)
        parsed = urllib3.util.parse_url(proxy)
        proxy_headers = None
        if parsed.auth:
            proxy_headers = urllib3.make_headers(proxy_basic_auth=_unquote(parsed.auth))
        address = f"{parsed.scheme}://{parsed.netloc}"
        return urllib3.ProxyManager(
            address,
            num_pools=32,
            proxy_headers=proxy_headers,
            proxy_ssl_context=ssl_context(TlsOptions(), self._environment) if parsed.scheme == "https" else None,
            **options,  # type: ignore[arg-type]
        )


def _unquote(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)


def _socks_manager(proxy: str, options: dict[str, object]) -> "PoolManager":
    import urllib3

    try:
        from urllib3.contrib.socks import SOCKSProxyManager
    except ImportError as exc:
        message = f"the proxy {redact_url(proxy)} needs the package PySocks, which is not installed"
        raise UsageError(message, code="net.proxy-settings") from exc
    # Go resolves names at the proxy for "socks5" too; urllib3 calls that "socks5h".
    address = proxy.replace("socks5://", "socks5h://", 1)
    manager: urllib3.PoolManager = SOCKSProxyManager(address, **options)  # type: ignore[arg-type]
    return manager


def explain(method: str, url: str, problem: Exception) -> Failure:
    """What an exception of `Transport.open`, or of reading its response, means."""
    from http.client import InvalidURL

    from urllib3 import exceptions as u3

    where = f"{method} {redact_url(url)}"

    def failure(reason: str, code: str, *, may_retry: bool, not_sent: bool = False) -> Failure:
        return Failure(UnavailableError(f"{where}: {reason}", code=code), may_retry, not_sent)

    if isinstance(problem, u3.ProxyError):
        reason = f"the proxy failed: {_reason(problem.original_error)}"
        return failure(reason, "net.proxy", may_retry=True, not_sent=True)
    if isinstance(problem, u3.NameResolutionError):
        host = redact_url(url).split("//", 1)[-1].split("/", 1)[0]
        return failure(f"cannot find the host {host}", "net.unknown-host", may_retry=False)
    if isinstance(problem, u3.NewConnectionError):  # before its base class, ConnectTimeoutError
        return failure(f"cannot connect: {_reason(problem)}", "net.connection", may_retry=True, not_sent=True)
    if isinstance(problem, u3.ConnectTimeoutError):
        return failure("timed out while connecting", "net.timeout", may_retry=True, not_sent=True)
    if isinstance(problem, u3.TimeoutError):
        return failure("timed out while waiting for an answer", "net.timeout", may_retry=True)
    if isinstance(problem, u3.SSLError | ssl.SSLError):
        code = "net.certificate" if _is_about_certificate(problem) else "net.tls"
        return failure(f"TLS failed: {_reason(problem)}", code, may_retry=False)
    if isinstance(problem, u3.LocationValueError):  # an unusable URL, of an argument or of a redirect
        return failure("is not a usable URL", "net.url", may_retry=False)
    if isinstance(problem, InvalidURL):
        return failure("is not a usable URL", "net.url", may_retry=False)
    return failure(f"the connection broke: {_reason(problem)}", "net.connection", may_retry=True)


def _is_about_certificate(problem: BaseException) -> bool:
    """Whether TLS was spoken, and the server's certificate is what is wrong."""
    causes = [problem, problem.__cause__, problem.__context__, *problem.args]
    return any(isinstance(cause, ssl.SSLCertVerificationError | ssl.CertificateError) for cause in causes)


def _reason(problem: BaseException) -> str:
    """The innermost reason, in one line, without the addresses of objects that urllib3 puts in front."""
    seen: BaseException = problem
    for _ in range(5):
        inner = seen.__cause__ or next((a for a in seen.args if isinstance(a, BaseException)), None)
        if inner is None or inner is seen:
            break
        seen = inner
    if isinstance(seen, ssl.SSLCertVerificationError):
        text = seen.verify_message or str(seen)
    elif isinstance(seen, OSError) and seen.strerror:
        text = seen.strerror
    else:
        text = str(seen) or type(seen).__name__
    text = text.split("object at 0x")[-1] if "object at 0x" in text else text
    return redact_text(" ".join(text.split()))[:300]
