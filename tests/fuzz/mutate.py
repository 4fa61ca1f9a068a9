"""Changes of samples that keep most of their structure: of JSON, DER, PEM and text, down to the base64 inside.

Both engines choose through `Chance`, so that Hypothesis can shrink what the same code makes for libFuzzer.
"""

import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from tests.fuzz.der_tree import mutate_der

__all__ = ["Chance", "mutate", "mutate_bytes"]

_ATOMS: Final[tuple[Any, ...]] = (
    None, True, False, 0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**30, 0.5, 1e300,
    "", " ", "0", "-1", "9223372036854775808", "\u0000", "\u2028", "\ud800", "\U0001f511", "AA==", "=", "a" * 5000,
    [], {}, [[]], [None], {"": None}, [{}] * 40, "1" * 5000,
)  # fmt: skip
_PIECES: Final = (
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\n\n", b" ", b",", b":", b"/", b"..", b"@", b"%", b"=",
    b'"',
    b"\\", b"\\u0000", b"\\ud800", b"{}", b"[]", b"null", b"NaN", b"1e999", b"-0", b"9" * 5000, b"sha256:",
    b"-----BEGIN ",
    b"-----END ", b"\xe2\x80\x94 ", b"\xc3\xa9", b"\xed\xa0\x80", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x80",
)  # fmt: skip
_SHALLOW: Final = 3  # base64 in JSON in base64 ...


class Chance(Protocol):
    """Where choices come from."""

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1; `bound` is positive."""


def mutate(data: bytes, others: Sequence[bytes], chance: Chance, *, depth: int = 0) -> bytes:
    """One change, of the structure that the data has or of plain bytes."""
    if chance.below(4) == 0:
        return mutate_bytes(data, others, chance)
    if data[:1] in (b"{", b"[", b'"'):
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return mutate_bytes(data, others, chance)
        return _mutate_json(value, others, chance, depth)
    if data[:1] in (b"\x30", b"\x04", b"\x31"):
        return mutate_der(data, chance)
    if data[:11] == b"-----BEGIN ":
        return _mutate_pem(data, others, chance, depth)
    if b"\n" in data and chance.below(2):
        return _mutate_lines(data, others, chance)
    return mutate_bytes(data, others, chance)


def mutate_bytes(data: bytes, others: Sequence[bytes], chance: Chance) -> bytes:
    """One change of some bytes, whatever they mean."""
    at = chance.below(len(data) + 1)
    end = min(len(data), at + (1, 1, 2, 4, 16, 64)[chance.below(6)])
    match chance.below(9):
        case 0:
            return data[:at] + bytes([data[at] ^ 1 << chance.below(8)]) + data[at + 1 :] if at < len(data) else data
        case 1:
            return data[:at] + bytes([chance.below(256)]) + data[at + 1 :]
        case 2:
            return data[:at] + _PIECES[chance.below(len(_PIECES))] + data[at:]
        case 3:
            return data[:at] + _PIECES[chance.below(len(_PIECES))] + data[end:]
        case 4:
            return data[:at] + data[end:]
        case 5:
            return data[:at]
        case 6:
            return data[:end] + data[at:end] * (1, 2, 70, 1100)[chance.below(4)] + data[end:]
        case 7 if others:
            other = others[chance.below(len(others))]
            begin = chance.below(len(other) + 1)
            return data[:at] + other[begin : begin + 64] + data[end:]
    begin = chance.below(len(data) + 1)
    return data[:at] + data[begin : begin + 32] + data[at:]


# ---- JSON ------------------------------------------------------------------------------------------------------------
def _places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside a JSON value."""
    stack = [value]
    while stack:
        item = stack.pop()
        pairs = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
        for key, inner in pairs:
            found.append((item, key))
            stack.append(inner)
    return found


def _mutate_json(value: Any, others: Sequence[bytes], chance: Chance, depth: int) -> bytes:
    top = [value]
    places = _places(top, [])
    container, key = places[chance.below(len(places))]
    old = container[key]
    match chance.below(8):
        case 0:
            del container[key]
        case 1:
            container[key] = _ATOMS[chance.below(len(_ATOMS))]
        case 2:
            other, theirs = places[chance.below(len(places))]
            if theirs in other if isinstance(other, dict) else theirs < len(other):
                container[key], other[theirs] = other[theirs], container[key]
        case 3 if isinstance(container, list):
            container[key:key] = [old] * (1, 40, 300)[chance.below(3)]
        case 3:
            container[f"{key}_" if chance.below(2) else str(key).upper()] = old
        case 4 if isinstance(container, dict):
            container[("".join(f"_{c.lower()}" if c.isupper() else c for c in key))] = container.pop(key)
        case 5:
            container[key] = [old] if chance.below(2) else {str(chance.below(3)): old}
        case _ if isinstance(old, str):
            container[key] = _mutate_text(old, others, chance, depth)
        case _ if isinstance(old, int) and not isinstance(old, bool):
            container[key] = (old + 1, old - 1, -old, str(old), old * 2**32, float(old % 2**53))[chance.below(6)]
        case _:
            container[key] = _ATOMS[chance.below(len(_ATOMS))]
    try:
        text = json.dumps(top[0] if top else None, ensure_ascii=bool(chance.below(2)), separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")
    except (RecursionError, ValueError):  # something was put into itself
        return b"[" * 3000


def _mutate_text(text: str, others: Sequence[bytes], chance: Chance, depth: int) -> str:
    """A change of text, or of what it is the base64 or hexadecimal form of."""
    if depth < _SHALLOW and len(text) > 3:
        for decode, encode in _FORMS:
            try:
                inside = decode(text)
            except ValueError:
                continue
            return encode(mutate(inside, others, chance, depth=depth + 1))
    changed = mutate(text.encode("utf-8", "surrogatepass"), others, chance, depth=depth + 1)
    return changed.decode("utf-8", "replace")


def _decode_b64(text: str) -> bytes:
    return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)


def _encode_b64(data: bytes) -> str:
    return binascii.b2a_base64(data, newline=False).decode()


_FORMS: Final[tuple[tuple[Callable[[str], bytes], Callable[[bytes], str]], ...]] = (
    (bytes.fromhex, bytes.hex),
    (_decode_b64, _encode_b64),
)


# ---- text ------------------------------------------------------------------------------------------------------------
def _mutate_pem(data: bytes, others: Sequence[bytes], chance: Chance, depth: int) -> bytes:
    begin, _, rest = data.partition(b"-----\n")
    body, dashes, end = rest.partition(b"-----END")
    try:
        inside = binascii.a2b_base64(body)
    except ValueError:
        return mutate_bytes(data, others, chance)
    if not dashes or chance.below(4) == 0:
        return _mutate_lines(data, others, chance)
    changed = binascii.b2a_base64(mutate(inside, others, chance, depth=depth + 1), newline=False)
    lines = b"\n".join(changed[at : at + 64] for at in range(0, len(changed), 64))
    return begin + b"-----\n" + lines + b"\n" + dashes + end


def _mutate_lines(data: bytes, others: Sequence[bytes], chance: Chance) -> bytes:
    lines = data.split(b"\n")
    at, other = chance.below(len(lines)), chance.below(len(lines))
    match chance.below(5):
        case 0:
            del lines[at]
        case 1:
            lines[at:at] = [lines[other]] * (1, 70)[chance.below(2)]
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = _PIECES[chance.below(len(_PIECES))]
        case _:
            lines[at] = mutate_bytes(lines[at], others, chance)
    return b"\n".join(lines)
