"""Credentials for a registry: given ones, docker's config file, credential helpers, podman's auth file.

Source: go-containerregistry pkg/authn/keychain.go and docker/cli cli/config for where files are and what keys mean;
docker-credential-helpers for the protocol. The files belong to the user; who can write them chooses the program that
a helper's name stands for.
"""

import os
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pycosign.codec.b64 import decode_b64
from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, UnavailableError

__all__ = [
    "ANONYMOUS",
    "CredentialSource",
    "Credentials",
    "DockerConfig",
    "ask_helper",
    "fixed_credentials",
    "load_docker_config",
]

_DOCKER_HUB = "index.docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_CONFIG_BYTES = 4 << 20
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", re.ASCII)
_HELPER_SECONDS = 60.0
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers answer as user name when the secret is an identity token


class Credentials(NamedTuple):
    """What a registry may be told. At most one of: user name and password, identity token, registry token."""

    username: str = ""
    password: str = ""
    identity_token: str = ""  # a refresh token for the registry's token service
    registry_token: str = ""  # sent to the registry itself as Bearer

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, ...)"


ANONYMOUS = Credentials()
# (repository's full name "HOST/PATH") -> what to tell its registry
CredentialSource = Callable[[str], Credentials]


def fixed_credentials(username: str, password: str, token: str) -> Credentials | None:
    """Credentials given on the command line: user name and password if both are there, else the token, else None."""
    if username and password:
        return Credentials(username, password)
    return Credentials(registry_token=token) if token else None


class DockerConfig:
    """One config file. Helpers run when a registry asks for credentials, not before."""

    def __init__(self, path: str, config: Mapping[str, JsonValue]) -> None:
        """`path` is for error texts."""
        self._path = path
        self._auths = _mapping(config, "auths", path)
        self._helpers = _mapping(config, "credHelpers", path)
        store = config.get("credsStore")
        self._store = store if isinstance(store, str) else ""

    def __call__(self, repository: str) -> Credentials:
        """The credentials for a repository: of its whole name, a leading part of it (podman), or its host.

        Raises: UnavailableError `registry.credential-helper`; MalformedError: the entry cannot be read.
        """
        for key in _keys(repository):
            helper = self._helpers.get(key) or (self._store if key in _hosts(repository) else "")
            if isinstance(helper, str) and helper:
                found = ask_helper(helper, key)
            else:
                found = self._from_file(key)
            if found != ANONYMOUS:
                return found
        return ANONYMOUS

    def _from_file(self, key: str) -> Credentials:
        entry = self._auths.get(key)
        if entry is None:  # entries may be URLs: "https://registry.example/v2/"
            entry = next((value for name, value in self._auths.items() if _hostname(name) == key), None)
        if not isinstance(entry, dict):
            return ANONYMOUS
        values = {name: value for name, value in entry.items() if isinstance(value, str)}
        username, password = values.get("username", ""), values.get("password", "")
        if values.get("auth"):
            username, password = _decode_auth(values["auth"], f"{self._path}: auths[{key!r}].auth")
        if values.get("identitytoken"):
            return Credentials(identity_token=values["identitytoken"])
        if values.get("registrytoken"):
            return Credentials(registry_token=values["registrytoken"])
        return Credentials(username, password) if username or password else ANONYMOUS


def load_docker_config(environment: Mapping[str, str]) -> CredentialSource:
    """What DOCKER_AUTH_CONFIG holds (GitLab sets it in its jobs), else the user's config.

    Raises: MalformedError: the variable or the file is not a JSON object; UnavailableError: the file cannot be read.
    Source: docker/cli, cli/config/configfile/file.go, GetCredentialsStore.
    """
    of_file = _load_file(environment)
    text = environment.get("DOCKER_AUTH_CONFIG", "").strip()
    if not text:
        return of_file
    of_variable = _parsed(text.encode("utf-8", "surrogateescape"), "DOCKER_AUTH_CONFIG")

    def source(repository: str) -> Credentials:
        found = of_variable(repository)
        return of_file(repository) if found == ANONYMOUS else found

    return source


def _parsed(raw: bytes, what: str) -> CredentialSource:
    config = load_json(raw, what=what, max_bytes=_CONFIG_BYTES) if raw.strip() else {}
    if not isinstance(config, dict):
        raise MalformedError(what, "is not a JSON object")
    return DockerConfig(what, config)


def _load_file(environment: Mapping[str, str]) -> CredentialSource:
    """Docker's config if there is one, else podman's, else nobody's."""
    home = environment.get("HOME") or environment.get("USERPROFILE") or ""
    candidates = []
    if environment.get("DOCKER_CONFIG"):
        candidates.append(os.path.join(environment["DOCKER_CONFIG"], "config.json"))
    elif home:
        candidates.append(os.path.join(home, ".docker", "config.json"))
    if environment.get("REGISTRY_AUTH_FILE"):
        candidates.append(environment["REGISTRY_AUTH_FILE"])
    if environment.get("XDG_RUNTIME_DIR"):
        candidates.append(os.path.join(environment["XDG_RUNTIME_DIR"], "containers", "auth.json"))
    for path in candidates:
        try:
            with open(path, "rb") as stream:
                raw = stream.read(_CONFIG_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as exc:
            message = f"registry credentials {path}: {exc.strerror}"
            raise UnavailableError(message, code="registry.credentials") from exc
        return _parsed(raw, path)
    return lambda repository: ANONYMOUS


def ask_helper(name: str, server: str) -> Credentials:
    """Run `docker-credential-NAME get`, with the server's name on its standard input.

    Returns: ANONYMOUS if the helper knows nothing of the server.
    Raises:  UnavailableError `registry.credential-helper`: not installed, failed, too slow, or not understood.
    """

    import subprocess  # 10 ms, paid only where a helper is configured

    def failed(reason: str) -> UnavailableError:
        return UnavailableError(f"credential helper {program}: {reason}", code="registry.credential-helper")

    program = f"docker-credential-{name}"
    if not _HELPER_NAME.fullmatch(name):
        raise failed("not the name of a program")
    try:
        done = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise failed(f"no answer within {_HELPER_SECONDS:g} s") from exc
    except OSError as exc:
        raise failed(exc.strerror or "cannot be started") from exc
    output = done.stdout.strip()
    if done.returncode != 0:
        if b"credentials not found" in output:
            return ANONYMOUS
        # what the helper printed may hold the secret: only its status is told
        raise failed(f"ended with status {done.returncode}")
    try:
        answer = load_json(output, what=program, max_bytes=_CONFIG_BYTES)
    except MalformedError as exc:
        raise failed("did not answer with JSON") from exc
    if not isinstance(answer, dict):
        raise failed("did not answer with a JSON object")
    username, secret = answer.get("Username"), answer.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str):
        raise failed("did not answer with Username and Secret")
    return Credentials(identity_token=secret) if username == _TOKEN_USER else Credentials(username, secret)


def _mapping(config: Mapping[str, JsonValue], name: str, path: str) -> Mapping[str, JsonValue]:
    value = config.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedError(f"{path}: {name}", "is not a JSON object")
    return value


def _hosts(repository: str) -> tuple[str, ...]:
    host = repository.partition("/")[0]
    return (_DOCKER_HUB_KEY,) if host == _DOCKER_HUB else (host,)


def _keys(repository: str) -> list[str]:
    """From the most to the least specific: "host/a/b", "host/a", "host"."""
    parts = repository.split("/")
    keys = ["/".join(parts[:count]) for count in range(len(parts), 1, -1)]
    return [*keys, *_hosts(repository)]


def _hostname(key: str) -> str:
    """As docker/cli's ConvertToHostname: without scheme and path."""
    for scheme in ("http://", "https://"):
        key = key.removeprefix(scheme)
    return key.partition("/")[0]


def _decode_auth(auth: str, what: str) -> tuple[str, str]:
    try:
        text = decode_b64(auth, what=what).decode()
    except UnicodeDecodeError as exc:
        raise MalformedError(what, "is not UTF-8") from exc
    username, colon, password = text.partition(":")
    if not colon:
        raise MalformedError(what, "is not base64 of NAME:PASSWORD")
    return username, password.rstrip("\0")
