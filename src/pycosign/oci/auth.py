"""How a registry is convinced: Basic, or a token from the service that its challenge names.

Source: distribution specification, docs/spec/auth; RFC 9110, 11; go-containerregistry pkg/v1/remote/transport for
which token services are believed. Tokens are kept in memory until they expire, per registry and scope.
"""

import ipaddress
import re
import socket
import threading
from binascii import b2a_base64
from collections.abc import Mapping
from copy import copy
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

from pycosign import limits
from pycosign.ambient import monotonic_seconds
from pycosign.codec.json_value import JsonObject
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError
from pycosign.net.exchange import origin_of
from pycosign.net.http import HttpClient, HttpStatusError, Response
from pycosign.net.redact import redact_url
from pycosign.oci.docker_config import ANONYMOUS, Credentials, CredentialSource
from pycosign.oci.problems import registry_problem
from pycosign.oci.registry import RegistryUnavailableError

__all__ = ["Authenticator", "Challenge", "is_private_host", "parse_challenges"]

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a name
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*', re.ASCII)
_SCHEME = re.compile(rf"\s*({_TOKEN})(?:\s+|$)", re.ASCII)
_TOKEN_TEXT = re.compile(r"[\x21-\x7e]+", re.ASCII)
_DEFAULT_LIFETIME_SECONDS = 60  # distribution specification: "expires_in", optional
_LONGEST_LIFETIME_SECONDS = 86_400
_MARGIN_SECONDS = 5
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_ANSWERS = frozenset(range(200, 500)) - {429}  # the statuses that are for us; a redirect too
_SHARED_SPACE = ipaddress.ip_network("100.64.0.0/10")  # RFC 6598: clouds keep metadata services there


class Challenge(NamedTuple):
    """One of WWW-Authenticate's challenges; scheme and parameter names in lower case."""

    scheme: str
    parameters: Mapping[str, str]


class _KnownToken(NamedTuple):
    header: str
    expires_at: float  # monotonic


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges of a WWW-Authenticate header; what cannot be read ends the list."""
    challenges: list[Challenge] = []
    rest = header[: 8 << 10]
    while rest.strip(" ,\t"):
        scheme = _SCHEME.match(rest.lstrip(" ,\t"))
        if scheme is None:
            break
        rest = rest.lstrip(" ,\t")[scheme.end() :]
        parameters: dict[str, str] = {}
        while match := _PARAMETER.match(rest):
            value = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
            parameters[match[1].lower()] = value
            rest = rest[match.end() :]
            if not rest.startswith(","):
                break
            rest = rest[1:]
        challenges.append(Challenge(scheme[1].lower(), parameters))
    return tuple(challenges)


class Authenticator:
    """Knows what each registry wants, and remembers the tokens. Safe to share between threads."""

    def __init__(self, http: HttpClient, credentials: CredentialSource) -> None:
        self._http = http
        self._credentials = credentials
        self._lock = threading.Lock()
        self._challenges: dict[str, Challenge] = {}
        self._tokens: dict[tuple[str, tuple[str, ...]], _KnownToken] = {}

    def through(self, http: HttpClient) -> "Authenticator":
        """One that asks by another client, and shares what is known."""
        made = copy(self)
        made._http = http
        return made

    def header_for(self, repository: str, base_url: str, scopes: tuple[str, ...]) -> str | None:
        """The Authorization header for a request, or None while the registry has not asked for one."""
        registry = repository.partition("/")[0]
        with self._lock:
            challenge = self._challenges.get(registry)
            known = self._tokens.get((repository, scopes))
        if challenge is None:
            return None
        if challenge.scheme == "basic":
            return self._basic(repository)
        if known is not None and known.expires_at > monotonic_seconds():
            return known.header
        return self._fetch(repository, base_url, challenge, scopes)

    def learn(self, repository: str, base_url: str, response: Response, scopes: tuple[str, ...]) -> bool:
        """Take in a 401. True: it is worth asking again with `header_for`; False: nothing better can be offered."""
        registry = repository.partition("/")[0]
        offered = parse_challenges(response.headers.get("WWW-Authenticate", ""))
        usable = next((c for c in offered if c.scheme == "bearer" and c.parameters.get("realm")), None)
        usable = usable or next((c for c in offered if c.scheme == "basic"), None)
        if usable is None:
            return False
        with self._lock:
            self._challenges[registry] = usable
            self._tokens.pop((repository, scopes), None)  # what was sent, if anything, is not good (any more)
        return usable.scheme == "bearer" or self._credentials(repository) != ANONYMOUS

    def _basic(self, repository: str) -> str | None:
        credentials = self._credentials(repository)
        if credentials.registry_token:
            return _bearer_header(credentials)
        if not credentials.username and not credentials.password:
            return None
        return _basic_header(credentials)

    def _fetch(self, repository: str, base_url: str, challenge: Challenge, scopes: tuple[str, ...]) -> str:
        credentials = self._credentials(repository)
        if credentials.registry_token:
            return _bearer_header(credentials)
        realm = challenge.parameters["realm"]
        _check_realm(realm, base_url)
        wanted = list(scopes)
        wanted += [s for s in challenge.parameters.get("scope", "").split(" ") if s and not _covered(s, scopes)]
        response = self._ask(realm, base_url, challenge.parameters.get("service", ""), wanted, credentials)
        if response.status != 200:
            raise registry_problem("GET", response)
        header, lifetime = _read_token(response, realm)
        expires_at = monotonic_seconds() + lifetime - min(_MARGIN_SECONDS, lifetime / 2)
        with self._lock:
            self._tokens[(repository, scopes)] = _KnownToken(header, expires_at)
        return header

    def _ask(self, realm: str, base_url: str, service: str, scopes: list[str], credentials: Credentials) -> Response:
        try:
            if credentials.identity_token:
                form = {
                    "grant_type": "refresh_token",
                    "refresh_token": credentials.identity_token,
                    "service": service,
                    "scope": " ".join(scopes),
                    "client_id": "pycosign",
                }
                headers = {"Content-Type": "application/x-www-form-urlencoded"}
                body = urlencode(form).encode()
                return self._http.request(
                    "POST", realm, headers=headers, body=body, retry=True, max_bytes=limits.TOKEN_BYTES
                )
            query = urlencode([("service", service)] * bool(service) + [("scope", scope) for scope in scopes])
            url = f"{realm}{'&' if '?' in realm else '?'}{query}"
            headers = {"Authorization": _basic_header(credentials)} if credentials.username else {}
            return self._get(url, base_url, headers)
        except HttpStatusError as exc:
            raise RegistryUnavailableError(str(exc), code="registry.unavailable") from exc

    def _get(self, url: str, base_url: str, headers: Mapping[str, str]) -> Response:
        """GET a token. A redirect leads only to where the registry could have pointed itself: the answer of a service
        inside our network is none of its business, and the registry is told what the answer was."""
        for _ in range(limits.REDIRECTS + 1):
            response = self._http.request("GET", url, headers=headers, expect=_ANSWERS, max_bytes=limits.TOKEN_BYTES)
            location = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not location:
                return response
            target = _joined(url, location)
            _check_realm(target, base_url)
            if origin_of(target) != origin_of(url):
                headers = {}
            url = target
        message = f"{redact_url(url)}: more than {limits.REDIRECTS} redirects"
        raise RegistryUnavailableError(message, code="registry.token-service")


def is_private_host(host: str) -> bool:
    """Whether a host is a literal address of a loopback, private or link-local network, or "localhost".

    Resolvers also take addresses as "127.1", "0x7f000001" or "2130706433", and a final dot.
    """
    host = host.lower().strip("[]").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.IPv4Address(socket.inet_aton(host))
        except (OSError, UnicodeError):
            return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.version == 4 and address in _SHARED_SPACE:
        return True
    return address.is_private or address.is_loopback or address.is_link_local


def _bearer_header(credentials: Credentials) -> str:
    if not _TOKEN_TEXT.fullmatch(credentials.registry_token):
        message = "the registry token has characters that no header can carry"
        raise RegistryUnavailableError(message, code="registry.credentials")
    return f"Bearer {credentials.registry_token}"


def _basic_header(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}".encode("utf-8", "surrogateescape")
    return "Basic " + b2a_base64(pair, newline=False).decode()


def _covered(scope: str, scopes: tuple[str, ...]) -> bool:
    """Whether what the challenge asks for is already among the scopes: same resource, no further action."""
    resource, _, actions = scope.rpartition(":")
    for ours in scopes:
        our_resource, _, our_actions = ours.rpartition(":")
        if resource == our_resource and set(actions.split(",")) <= set(our_actions.split(",")):
            return True
    return False


def _check_realm(realm: str, base_url: str) -> None:
    """Refuse a token service that the registry has no business to name (it gets the password).

    HTTPS, unless the registry itself is plain HTTP; no literal private address, unless it is the registry's own.
    """
    ours = urlsplit(base_url)
    try:
        theirs = urlsplit(realm)
        same = (theirs.hostname, theirs.port) == (ours.hostname, ours.port)
        good = theirs.scheme == "https" or (theirs.scheme == "http" and ours.scheme == "http")
        good = good and bool(theirs.hostname) and (same or not is_private_host(theirs.hostname or ""))
    except ValueError:
        good = False
    if not good:
        message = f"the registry at {base_url} names a token service that is not trusted: {realm[:200]!a}"
        raise RegistryUnavailableError(message, code="registry.token-service")


def _joined(url: str, location: str) -> str:
    """Where a redirect leads; "" if that is nowhere, or from HTTPS to plain HTTP."""
    try:
        target = urljoin(url, location)
        is_worse = urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https"
    except ValueError:
        return ""
    return "" if is_worse else target


def _read_token(response: Response, realm: str) -> tuple[str, float]:
    """(Authorization header, lifetime in seconds)."""
    what = f"answer of the token service {redact_url(realm)}"
    try:
        answer = load_json(response.body, what=what, max_bytes=limits.TOKEN_BYTES)
    except MalformedError as exc:
        raise RegistryUnavailableError(str(exc), code="registry.token-service") from exc
    fields: JsonObject = answer if isinstance(answer, dict) else {}
    token = fields.get("token") or fields.get("access_token")
    if not isinstance(token, str) or not _TOKEN_TEXT.fullmatch(token):
        raise RegistryUnavailableError(f"{what} has no usable token", code="registry.token-service")
    lifetime = fields.get("expires_in")
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        lifetime = _DEFAULT_LIFETIME_SECONDS
    return f"Bearer {token}", float(min(lifetime, _LONGEST_LIFETIME_SECONDS))
