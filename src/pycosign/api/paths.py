"""Paths as programs give them."""

import os

from pycosign.errors import UsageError

__all__ = ["path_text"]


def path_text(path: "str | os.PathLike[str]") -> str:
    """A path as text. Raises: UsageError: it is none, or no file system can have it."""
    text: object = os.fspath(path) if isinstance(path, str | os.PathLike) else path
    if not isinstance(text, str) or "\0" in text or not _is_encodable(text):
        raise UsageError(f"not a path: {path!a:.80}", code="usage.file")
    return text


def _is_encodable(text: str) -> bool:
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        return False
    return True
