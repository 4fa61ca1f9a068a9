"""The artifact as the verifier needs it: its digests, and for pure Ed25519 and ML-DSA its bytes."""

from collections.abc import Mapping
from typing import Final

from pycosign.crypto.digests import digest_of
from pycosign.errors import MalformedError, UsageError
from pycosign.record import Record

__all__ = ["DIGEST_SIZES", "Artifact", "artifact_from_bytes", "artifact_from_digest", "image_artifact", "parse_digest"]

DIGEST_SIZES: Final[Mapping[str, int]] = {"sha256": 32, "sha384": 48, "sha512": 64}


class Artifact(Record):
    """What the caller holds in hand and wants to know about.

    digests: algorithm name ("sha256", "sha384", "sha512") -> raw digest; message: the bytes themselves, needed only
    for pure Ed25519 and ML-DSA; name: what messages call it; is_image: the digest is an image manifest's, so only
    claims about images count; file_name: of a file that has a name, without its directories.
    """

    digests: Mapping[str, bytes]
    message: bytes | None = None
    name: str = ""
    is_image: bool = False
    file_name: str = ""


def artifact_from_bytes(message: bytes, *, name: str = "") -> Artifact:
    """A small artifact that is in memory anyway; flows hash files while streaming instead."""
    digests = {algorithm: digest_of(algorithm, message) for algorithm in DIGEST_SIZES}
    return Artifact(digests, message, name)


def artifact_from_digest(text: str, *, name: str = "") -> Artifact:
    """A file known by "ALG:HEX" only, as `verify-blob sha256:...` takes it.

    Raises: UsageError: another algorithm, or not lower-case hex of its length.
    """
    algorithm, digest = _split_digest(text)
    return Artifact({algorithm: digest}, None, name or text)


def image_artifact(digest: str, *, name: str = "") -> Artifact:
    """An image, by the digest "sha256:HEX" that its reference was resolved to."""
    algorithm, raw = _split_digest(digest)
    return Artifact({algorithm: raw}, None, name or digest, is_image=True)


def parse_digest(text: str, *, what: str) -> tuple[str, bytes]:
    """ "ALG:HEX" -> (algorithm, raw digest), accepting lower-case hex of the algorithm's length only."""
    algorithm, separator, digits = text.partition(":")
    size = DIGEST_SIZES.get(algorithm)
    if not separator or size is None:
        raise MalformedError(what, f"is not a sha256, sha384 or sha512 digest: {text[:80]!r}")
    if len(digits) != 2 * size or not set(digits) <= set("0123456789abcdef"):
        raise MalformedError(what, f"is not {2 * size} lower-case hex digits: {text[:140]!r}")
    return algorithm, bytes.fromhex(digits)


def _split_digest(text: str) -> tuple[str, bytes]:
    try:
        return parse_digest(text, what="digest")
    except MalformedError as exc:
        raise UsageError(str(exc)) from exc
