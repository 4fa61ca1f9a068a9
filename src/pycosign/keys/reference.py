"""What `--key` may name, and the bytes behind it."""

from typing import TYPE_CHECKING, Final

from pycosign import limits
from pycosign.ambient import environment
from pycosign.errors import UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycosign.net.http import HttpClient

__all__ = ["read_key_file", "read_key_reference"]

# Stores of keys that Cosign reaches and we do not yet: refused by name.
_NOT_YET: Final = (
    "awskms://",
    "azurekms://",
    "gcpkms://",
    "github://",
    "gitlab://",
    "hashivault://",
    "k8s://",
    "openbao://",
    "pkcs11:",
)


def read_key_reference(
    reference: str,
    *,
    http: "Callable[[], HttpClient] | None" = None,
    environ: "Mapping[str, str] | None" = None,
    max_bytes: int = limits.KEY_FILE_BYTES,
) -> bytes:
    """The bytes of a key, or of another file of a flag: from a path, `env://VARIABLE`, or a URL. Not looked at here.

    Args:   http: gives the client for a URL, only when one is needed; None: a URL is a usage error (offline).
    Raises: UsageError: a store that is not supported, a variable that is not set, an empty reference.
            UnavailableError: the URL does not answer with the key, or the file is larger than a key can be.
            OSError: the file cannot be read.
    """
    for scheme in _NOT_YET:
        if reference.startswith(scheme):
            raise UsageError(
                f"keys in {scheme.removesuffix('//').removesuffix(':')} are not supported yet", code="usage.unsupported"
            )
    scheme, separator, rest = reference.partition("://")
    if not separator:
        return read_key_file(reference, max_bytes=max_bytes)
    if scheme == "env":
        value = (environment() if environ is None else environ).get(rest)
        if value is None:
            raise UsageError(f"loading URL: env var ${rest} not found", hint=f"set {rest}, or name a file")
        return value.encode("utf-8", "surrogateescape")
    if scheme not in ("http", "https"):
        raise UsageError(f"loading URL: unrecognized scheme: {scheme}://")
    if http is None:
        raise UsageError(
            f"loading URL {reference}: the network may not be used", hint="name a file, or leave out --offline"
        )
    response = http().request("GET", reference, max_bytes=max_bytes)
    if not 200 <= response.status < 300:
        raise UnavailableError(
            f"loading URL {reference}: server returned HTTP {response.status}", code="key.unavailable"
        )
    return response.body


def read_key_file(path: str, *, max_bytes: int = limits.KEY_FILE_BYTES) -> bytes:
    """The bytes of a key file. Raises OSError: not opened; UnavailableError: not readable, or too large."""
    try:
        opened = open(path or ".", "rb")  # noqa: SIM115 - closed below; an empty path is the working directory, in Go
    except ValueError as exc:  # a zero byte, or what the file system's encoding has no bytes for
        raise UsageError(f"no file can have the name {path[:200]!a}", code="usage.file") from exc
    with opened as file:
        try:
            data = file.read(max_bytes + 1)
        except OSError as exc:
            raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="key.unavailable") from exc
    if len(data) > max_bytes:
        raise UnavailableError(f"{path} is larger than {max_bytes} bytes", code="key.unavailable")
    return data
