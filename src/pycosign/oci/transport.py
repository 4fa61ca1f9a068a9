"""One registry request: scheme, credentials, and what its statuses mean. `client` says what is asked for."""

import ipaddress
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from urllib.parse import urljoin, urlsplit

from pycosign import limits
from pycosign.errors import UnavailableError
from pycosign.net.deadline import Deadline
from pycosign.net.exchange import origin_of
from pycosign.net.http import Body, HttpClient, HttpStatusError, Response, StreamedResponse
from pycosign.net.redact import redact_url
from pycosign.oci.auth import Authenticator, is_private_host
from pycosign.oci.docker_config import CredentialSource
from pycosign.oci.problems import registry_problem
from pycosign.oci.registry import RegistryUnavailableError

__all__ = ["RegistryTransport", "is_plain_http_registry"]

_RFC1918 = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def is_plain_http_registry(registry: str) -> bool:
    """Whether plain HTTP may be tried without being asked for, if HTTPS does not answer.

    As go-containerregistry: localhost with a port, names below .localhost, loopback and RFC 1918 addresses.
    """
    try:
        parts = urlsplit(f"//{registry}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if host == "localhost":
        return port is not None
    if host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in _RFC1918)


class RegistryTransport:
    """Sends requests to registries. Safe to share between threads."""

    def __init__(
        self, http: HttpClient, credentials: CredentialSource, *, allow_http: bool, allow_insecure: bool
    ) -> None:
        self.http = http
        self._authenticator = Authenticator(http, credentials)
        self._allow_http = allow_http or allow_insecure
        self._lock = threading.Lock()
        self._bases: dict[str, str] = {}

    def within(self, deadline: Deadline) -> "RegistryTransport":
        """The same one, with all that it knows, for requests that must be done by then."""
        made = copy(self)
        made.http = self.http.within(deadline)
        made._authenticator = self._authenticator.through(made.http)
        return made

    def url(self, repository: str, path: str) -> str:
        """The URL of `path` (like "manifests/latest") below a repository."""
        registry, _, name = repository.partition("/")
        return f"{self.base(registry)}/v2/{name}/{path}"

    def base(self, registry: str) -> str:
        """ "https://HOST", or "http://HOST" where that is allowed and HTTPS does not answer. Asked once."""
        with self._lock:
            known = self._bases.get(registry)
        if known is None:
            known = f"https://{registry}"
            if (self._allow_http or is_plain_http_registry(registry)) and not self._speaks_https(registry):
                known = f"http://{registry}"
            with self._lock:
                self._bases[registry] = known
        return known

    def request(
        self,
        method: str,
        repository: str,
        url: str,
        *,
        expect: tuple[int, ...],
        push: bool = False,
        mount_from: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        retry: bool | None = None,
        max_bytes: int = limits.RESPONSE_BYTES,
    ) -> Response:
        """Send it, with credentials if the registry asks for them; any status outside `expect` raises.

        Raises: RegistryUnavailableError with the code of the status; other UnavailableErrors of the network.
        """
        scopes = _scopes(repository, method, push, mount_from)
        for attempt in (1, 2):
            every = self._with_credentials(repository, url, scopes, headers)
            try:
                response = self.http.request(method, url, headers=every, body=body, retry=retry, max_bytes=max_bytes)
            except HttpStatusError as exc:
                if exc.status in expect:
                    return Response(exc.status, exc.headers, exc.body, url)
                raise self._problem(method, url, exc) from exc
            if response.status in expect:
                return response
            repeatable = body is None or isinstance(body, bytes) or callable(body)
            if not self._learns(attempt, repeatable, repository, response, scopes):
                break
        raise registry_problem(method, response)

    @contextmanager
    def stream(
        self, repository: str, url: str, *, expect: tuple[int, ...], max_bytes: int
    ) -> Iterator[StreamedResponse]:
        """GET `url` and read the body while it comes; errors as `request`."""
        scopes = _scopes(repository, "GET", False, None)
        for attempt in (1, 2):
            headers = self._with_credentials(repository, url, scopes, None)
            try:
                bound = max(max_bytes, limits.TOKEN_BYTES)  # what refuses a small blob may need more room
                with self.http.stream("GET", url, headers=headers, max_bytes=bound) as answer:
                    if answer.status in expect:
                        yield answer
                        return
                    body = next(answer.chunks, b"")
                    response = Response(answer.status, answer.headers, body, answer.url)
            except HttpStatusError as exc:
                raise self._problem("GET", url, exc) from exc
            if not self._learns(attempt, True, repository, response, scopes):
                break
        raise registry_problem("GET", response)

    def follow(self, response: Response) -> str:
        """The absolute URL of an answer's Location, for the next step of an upload.

        Raises: RegistryUnavailableError: there is none, or it points to where a registry should not send us.
        """
        location = response.headers.get("Location", "")
        try:
            target = urljoin(response.url, location)
            old, new = urlsplit(response.url), urlsplit(target)
            same_host = (old.hostname, old.port) == (new.hostname, new.port)
            good = bool(location) and bool(new.hostname) and new.scheme in ("http", "https")
            good = good and not (old.scheme == "https" and new.scheme == "http")
            good = good and (same_host or not is_private_host(new.hostname or ""))
        except ValueError:
            good = False
        if not good:
            message = f"{redact_url(response.url)}: the registry answered with an unusable Location"
            raise RegistryUnavailableError(message)
        return target

    def pause(self, seconds: float, what: str) -> None:
        """Wait before another try, within the deadline."""
        (self.http.deadline or Deadline.never()).sleep(seconds, what)

    def _with_credentials(
        self, repository: str, url: str, scopes: tuple[str, ...], headers: Mapping[str, str] | None
    ) -> dict[str, str]:
        every = dict(headers or {})
        base = self.base(repository.partition("/")[0])
        if origin_of(url) == origin_of(base):  # an upload's Location may be elsewhere
            authorization = self._authenticator.header_for(repository, base, scopes)
            if authorization is not None:
                every["Authorization"] = authorization
        return every

    def _learns(
        self, attempt: int, repeatable: bool, repository: str, response: Response, scopes: tuple[str, ...]
    ) -> bool:
        """Whether a 401 says how to ask again. One of another host, to which we were redirected, is not the registry's:
        it must not choose the token service that gets the registry's password."""
        base = self.base(repository.partition("/")[0])
        if response.status != 401 or attempt > 1 or not repeatable or origin_of(response.url) != origin_of(base):
            return False
        return self._authenticator.learn(repository, base, response, scopes)

    def _speaks_https(self, registry: str) -> bool:
        """Whether there is TLS at the registry's port. A certificate that is not trusted is an error, not a no."""
        url = f"https://{registry}/v2/"
        try:
            self.http.request("GET", url, expect=range(200, 600), retry=False)
        except UnavailableError as exc:
            if exc.code in ("net.tls", "net.connection", "net.proxy"):  # a proxy may refuse to tunnel
                return False
            raise
        return True

    def _problem(self, method: str, url: str, exc: HttpStatusError) -> RegistryUnavailableError:
        problem = registry_problem(method, Response(exc.status, exc.headers, exc.body, url))
        return RegistryUnavailableError(str(exc), code=problem.code)


def _scopes(repository: str, method: str, push: bool, mount_from: str | None) -> tuple[str, ...]:
    name = repository.partition("/")[2]
    actions = "pull,push" if push else "pull"
    scopes = [f"repository:{name}:{'delete' if method == 'DELETE' and not push else actions}"]
    if mount_from is not None:
        scopes.append(f"repository:{mount_from.partition('/')[2]}:pull")
    return tuple(scopes)
