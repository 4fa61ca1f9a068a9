"""How registries are reached: credentials, TLS, plain HTTP."""

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from pycosign.ambient import environment
from pycosign.api.paths import path_text
from pycosign.errors import UsageError

if TYPE_CHECKING:
    from pycosign.oci.client import RegistryClient

__all__ = ["RegistryAccess", "repository_name"]


class RegistryAccess:
    """A client for every registry, with pooled connections and remembered tokens. Threads may share it.

    Without arguments, the credentials are those of docker's or podman's configuration and its credential helpers, found
    as those tools find them: DOCKER_AUTH_CONFIG, DOCKER_CONFIG, HOME, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR. Proxies are
    the environment's.

    Args:   username, password: both, for every registry. token: instead of them, sent to the registry as Bearer.
            anonymous: send no credentials at all. ca_file: path of PEM certificates to trust in place of the system's.
            allow_http: plain HTTP where HTTPS does not answer (addresses of this machine may always use it). timeout:
            what registries may take in all for one verification of an image; then it is UnavailableError.
    Raises: UsageError: these contradict each other, or there is no time at all.
    Source: OCI distribution specification 1.1.
    """

    __slots__ = ("_allow_http", "_ca_file", "_given", "_is_anonymous", "_made", "_timeout")

    def __init__(
        self,
        *,
        username: str = "",
        password: str = "",
        token: str = "",
        anonymous: bool = False,
        ca_file: "str | os.PathLike[str] | None" = None,
        allow_http: bool = False,
        timeout: timedelta = timedelta(minutes=3),
    ) -> None:
        if bool(username) != bool(password):
            raise UsageError("a user name and a password are needed, or neither")
        if (bool(username), bool(token), anonymous).count(True) > 1:
            raise UsageError("user name and password, a token and `anonymous` exclude each other")
        if timeout <= timedelta(0):
            raise UsageError("the timeout must be longer than nothing")
        self._given = (username, password, token)
        self._is_anonymous = anonymous
        self._ca_file = None if ca_file is None else path_text(ca_file)
        self._allow_http = allow_http
        self._timeout = timeout
        self._made: RegistryClient | None = None

    def __repr__(self) -> str:
        return "<RegistryAccess>"

    def _client(self) -> "RegistryClient":
        """The client, made when first asked for. Raises: MalformedError, UnavailableError: docker's configuration."""
        if self._made is None:
            from pycosign.net.http import HttpClient
            from pycosign.net.tls import TlsOptions
            from pycosign.oci.client import RegistryClient
            from pycosign.oci.docker_config import ANONYMOUS, fixed_credentials, load_docker_config

            fixed = ANONYMOUS if self._is_anonymous else fixed_credentials(*self._given)
            self._made = RegistryClient(
                HttpClient(tls=TlsOptions(ca_file=self._ca_file)),
                load_docker_config(environment()) if fixed is None else lambda repository: fixed,
                allow_http=self._allow_http,
            )
        return self._made

    def _client_for_now(self) -> "RegistryClient":
        """The client for one verification: a registry that is slow with each of many answers gets no more time."""
        from pycosign.net.deadline import Deadline

        return self._client().within(Deadline.after(self._timeout.total_seconds()))


def repository_name(signatures_in: str | None) -> str | None:
    """The whole name of the repository that a caller names: "a/b" is Docker Hub's, as everywhere, and no host "a"."""
    if signatures_in is None:
        return None
    from pycosign.wire.reference import parse_repository

    return parse_repository(signatures_in, what="signatures_in")
