"""Base64 with one spelling for each value (RFC 4648, sections 4 and 5)."""

from binascii import a2b_base64, b2a_base64
from typing import Any, Final

from pycosign.errors import MalformedError

__all__ = ["canonical_b64", "decode_b64", "decode_b64url", "encode_b64", "encode_b64url", "use_quick_decoder"]

_quick: Any = None

# the last letter before the padding, by the number of bytes in the last four: those without left-over bits
_LAST: Final = {1: frozenset("AQgw"), 2: frozenset("AEIMQUYcgkosw048")}
_TO_URL: Final = str.maketrans("+/", "-_")
_FROM_URL: Final = str.maketrans("-_", "+/")


def use_quick_decoder() -> None:
    """Take mypyc's own library where it is installed: ten to thirty times as fast, and dearer to load than one bundle.

    For processes that read many: the compiled build brings it (docs/adr/0004).
    """
    global _quick
    if _quick is None:
        try:
            import librt.base64 as quick
        except ImportError:
            return
        _quick = quick


def encode_b64(raw: bytes) -> str:
    """Standard base64 with padding and without line breaks."""
    encoded: bytes = b2a_base64(raw, newline=False) if _quick is None else _quick.b64encode(raw)
    return encoded.decode("ascii")


def decode_b64(text: str, *, what: str) -> bytes:
    """Decode standard base64, accepting only what `encode_b64` would write.

    Raises: MalformedError(what): other characters, wrong padding, line breaks, left-over bits.
    """
    raw = canonical_b64(text)
    if raw is None:
        raise MalformedError(what, _why_not(text))
    return raw


def _why_not(text: str) -> str:
    try:
        _decode(text)
    except ValueError:
        return "is not base64"
    return "is not canonical base64"


def canonical_b64(text: str) -> bytes | None:
    """The same for callers who name what it is only if they must: None where `decode_b64` refuses.

    The decoder itself skips foreign characters and ignores left-over bits ("QUI=" and "QUJ=" are both b"AB"). What it
    skipped is told by the length: n bytes are written as 4 * ceil(n / 3) characters, and take all of them, but for
    the padding, which is compared, as is the letter before it.
    """
    try:
        raw = _decode(text)
    except ValueError:  # among them binascii.Error; also non-ASCII text
        return None
    size = len(raw)
    rest = size % 3
    if len(text) != (size + 2) // 3 * 4 or (
        rest and (text[rest - 3 :] != "=="[rest - 1 :] or text[rest - 4] not in _LAST[rest])
    ):
        return None
    return raw


def _decode(text: str) -> bytes:
    raw: bytes = a2b_base64(text) if _quick is None else _quick.b64decode(text)
    return raw


def encode_b64url(raw: bytes) -> str:
    """URL-safe base64 without padding, as in JWTs."""
    return encode_b64(raw).rstrip("=").translate(_TO_URL)


def decode_b64url(text: str, *, what: str) -> bytes:
    """Decode URL-safe base64 without padding, accepting only what `encode_b64url` would write.

    Raises: MalformedError(what).
    """
    try:
        raw = _decode(text.translate(_FROM_URL) + "=" * (-len(text) % 4))
    except ValueError as exc:
        raise MalformedError(what, "is not URL-safe base64") from exc
    if encode_b64url(raw) != text:
        raise MalformedError(what, "is not canonical URL-safe base64")
    return raw
