"""What a fuzz target is, and the contract that it holds its parsers to.

For any bytes a parser returns, or raises SigningError (or what its documentation names). Where there is a writer,
what was read is written and read again, and must be the same.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from pycosign.errors import SigningError
from tests.fuzz.seeds import Seeds

__all__ = ["RoundTripError", "Target", "as_argument", "as_header", "as_text", "same_again", "tolerating"]

T = TypeVar("T")


class RoundTripError(AssertionError):
    """What was read could not be written and read again as the same."""


class Target(NamedTuple):
    """One row of the table.

    covers: the functions under test; a test holds that the seeds reach every one of them. words: for libFuzzer's
    dictionary, beside the strings of the seeds.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Seeds
    covers: tuple[Callable[..., Any], ...]
    words: tuple[bytes, ...] = ()


@contextmanager
def tolerating(*documented: type[Exception]) -> Iterator[None]:
    """Lets SigningError end the block, and what the parser's documentation names besides."""
    answers: tuple[type[Exception], ...] = (SigningError, *documented)
    try:
        yield
    except answers:
        return


def same_again(data: bytes, parse: Callable[[bytes], T], write: Callable[[T], bytes]) -> T | None:
    """Read, write, read: the same, or RoundTripError. None if the data is refused, which is an answer, too."""
    try:
        value = parse(data)
    except SigningError:
        return None
    written = write(value)
    try:
        again = parse(written)
    except SigningError as exc:
        raise RoundTripError(f"{written!r} is refused: {exc}") from exc
    if not _is_same(value, again):
        raise RoundTripError(f"{value!r} was written as {written!r} and read as {again!r}")
    return value


def _is_same(value: object, again: object) -> bool:
    """Whether two values are equal, numbers with a fraction as the doubles that JSON's readers take them for.

    9.223372036854776e+18 is written as Go writes it, 9223372036854776000: the same number, but read as an integer.
    """
    if isinstance(value, dict) and isinstance(again, dict):
        return value.keys() == again.keys() and all(_is_same(value[name], again[name]) for name in value)
    if isinstance(value, list | tuple) and isinstance(again, list | tuple):  # records are tuples
        return len(value) == len(again) and all(map(_is_same, value, again))
    if isinstance(value, float) and type(again) is int:
        return value == float(again)
    return value == again


def as_text(data: bytes) -> str:
    """Text as it comes out of JSON: without surrogates."""
    return data.decode("utf-8", "replace")


def as_argument(data: bytes) -> str:
    """Text as a command line or environment has it: any bytes but NUL."""
    return data.replace(b"\0", b"").decode("utf-8", "surrogateescape")


def as_header(data: bytes) -> str:
    """Text as HTTP headers have it."""
    return data.decode("latin-1")
