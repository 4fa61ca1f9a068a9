"""Image references, read as go-containerregistry (pkg/name, weak validation) reads them, and digests.

Stricter on purpose: each part of a repository follows the distribution specification (no "..", no empty part), because
it becomes part of a URL's path.
"""

import re
from typing import Final, NamedTuple

from pycosign.errors import MalformedError

__all__ = ["DEFAULT_REGISTRY", "Reference", "check_digest", "is_digest", "parse_reference", "parse_repository"]

DEFAULT_REGISTRY: Final = "index.docker.io"
_DEFAULT_NAMESPACE: Final = "library"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)
_REGISTRY = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}", re.ASCII)
_MAX_REPOSITORY: Final = 255
_MAX_REGISTRY: Final = 260


class Reference(NamedTuple):
    """A repository, and what in it is meant: a tag, or a digest (which wins if both are there)."""

    registry: str  # host, or host:port; "index.docker.io" for Docker Hub
    repository: str  # whole path, "library/" included
    tag: str | None = None
    digest: str | None = None  # "sha256:HEX"

    @property
    def context(self) -> str:
        """The repository's whole name, as signed in payloads: `index.docker.io/library/alpine`."""
        return f"{self.registry}/{self.repository}"

    @property
    def name(self) -> str:
        """The whole reference: `CONTEXT@DIGEST`, else `CONTEXT:TAG`."""
        if self.digest is not None:
            return f"{self.context}@{self.digest}"
        return self.context if self.tag is None else f"{self.context}:{self.tag}"

    @property
    def identifier(self) -> str:
        """What stands after `/manifests/`: the digest, else the tag."""
        return self.digest or self.tag or ""

    def with_digest(self, digest: str) -> "Reference":
        """The same repository, by digest."""
        return Reference(self.registry, self.repository, None, digest)

    def with_tag(self, tag: str) -> "Reference":
        """The same repository, by tag."""
        return Reference(self.registry, self.repository, tag, None)


def parse_reference(text: str, *, default_tag: str | None = "latest", what: str = "image reference") -> Reference:
    """Parse `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`.

    The first part is a host if it is "localhost" or has a dot or a colon; without one the registry is Docker Hub, where
    a repository of one part belongs to "library". A tag before a digest is kept, and means nothing.

    Args:   default_tag: for a reference with neither tag nor digest; None leaves the tag out (a bare repository).
    Raises: MalformedError: a part outside of its grammar or length.
    """
    rest, at, digest = text.partition("@")
    if at:
        check_digest(digest, what=f"digest of {what} {text[:300]!a}")
    base, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:  # the colon belongs to a port, or there is none
        base, tag, colon = rest, "", ""
    if colon and not _TAG.fullmatch(tag):
        raise MalformedError(f"tag of {what} {text[:300]!a}", "is not 1 to 128 letters, digits, '_', '-' or '.'")
    registry, repository = _split(base)
    if len(registry) > _MAX_REGISTRY or not _REGISTRY.fullmatch(registry) or not _is_address(registry):
        raise MalformedError(f"registry of {what} {text[:300]!a}", "is not a host with an optional port")
    if not 2 <= len(repository) <= _MAX_REPOSITORY or not _REPOSITORY.fullmatch(repository):
        raise MalformedError(
            f"repository of {what} {text[:300]!a}",
            "is not 2 to 255 lower-case letters, digits and single separators between slashes",
        )
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"{_DEFAULT_NAMESPACE}/{repository}"
    return Reference(registry, repository, tag or (None if at else default_tag), digest or None)


def parse_repository(text: str, *, what: str) -> str:
    """Parse `[HOST[:PORT]/]REPOSITORY`; returns its whole name, as `Reference.context`.

    Raises: MalformedError: as `parse_reference`, or it names an image in a repository.
    """
    reference = parse_reference(text, default_tag=None, what=what)
    if reference.tag is not None or reference.digest is not None:
        raise MalformedError(what, f"names an image, not a repository: {text[:300]!a}")
    return reference.context


def _split(base: str) -> tuple[str, str]:
    first, slash, rest = base.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return (DEFAULT_REGISTRY if first == "docker.io" else first), rest
    return DEFAULT_REGISTRY, base


def _is_address(registry: str) -> bool:
    """Whether port and brackets hold what they may: the pattern leaves that open."""
    _, colon, port = registry.rpartition("]")[2].partition(":")
    if colon and not 1 <= int(port) <= 65535:
        return False
    if not registry.startswith("["):
        return True
    import ipaddress  # few registries are IPv6 addresses

    try:
        ipaddress.IPv6Address(registry[1 : registry.index("]")])
    except ValueError:
        return False
    return True


def is_digest(text: str) -> bool:
    """Whether the text is `sha256:`, `sha384:` or `sha512:` and so many lower-case hexadecimal digits."""
    return _DIGEST.fullmatch(text) is not None


def check_digest(text: str, *, what: str) -> str:
    """The text itself, if `is_digest`.

    Raises: MalformedError(what).
    """
    if not is_digest(text):
        raise MalformedError(what, f"is not a digest like sha256:HEX: {text[:140]!a}")
    return text
