"""Other values for one value: what is tried in place of a text, a number or a DER structure."""

from collections.abc import Iterator
from typing import Final, NamedTuple

HUGE: Final = 10**40
_LARGE: Final = (2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64, HUGE)


def other_numbers(number: int) -> list[object]:
    """Neighbours, extremes, and the same number in spellings that JSON readers take for it."""
    text = str(number)
    numbers: list[object] = [number + 1, number - 1, 0, 1, -1, -number, *_LARGE]
    numbers += [
        float(number),
        text,
        f"+{text}",
        f"0{text}",
        f" {text}",
        f"{text} ",
        f"{text}.0",
        f"{text}e0",
        f"-{text}",
    ]
    numbers += ["", True, False, [number], {"value": number}, number + 0.5]
    return numbers


def other_texts(text: str) -> list[str]:
    """Other cases, characters added and taken away, at both ends and inside."""
    texts = [text.upper(), text.lower(), text.swapcase(), text.title(), "", text * 2, text[:-1], text[1:], text[::-1]]
    for extra in ("a", "A", " ", "\n", "\r\n", "\t", "\0", "=", "/", "\u00a0", "\u200b", "\ufeff", "-", "_", "."):
        texts += [text + extra, extra + text, text[: len(text) // 2] + extra + text[len(text) // 2 :]]
    texts += [text.replace("+", "-").replace("/", "_"), text.rstrip("="), text.replace("\n", "\r\n")]
    return texts


def with_other_case(text: str, at: int) -> str:
    """One letter in the other case."""
    return text[:at] + text[at].swapcase() + text[at + 1 :]


def flipped(raw: bytes, bit: int) -> bytes:
    """One bit changed."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# ---- DER -----------------------------------------------------------------------------------------------------------
class Element(NamedTuple):
    """One TLV: where it starts and ends, where its content starts, and the elements inside."""

    start: int
    content: int
    end: int
    inner: "tuple[Element, ...]"


def parse_elements(raw: bytes, start: int, end: int) -> tuple[Element, ...] | None:
    """The elements that fill raw[start:end]; None if it is not DER. Octet strings may hold more."""
    elements = []
    at = start
    while at < end:
        element = _element(raw, at, end)
        if element is None:
            return None
        elements.append(element)
        at = element.end
    return tuple(elements)


def _element(raw: bytes, at: int, limit: int) -> Element | None:
    if at + 2 > limit or raw[at] & 0x1F == 0x1F:
        return None
    size, content = raw[at + 1], at + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3 or content + count > limit:
            return None
        size = int.from_bytes(raw[content : content + count])
        content += count
    end = content + size
    if end > limit:
        return None
    inner: tuple[Element, ...] | None = ()
    if raw[at] & 0x20:
        inner = parse_elements(raw, content, end)
        if inner is None:
            return None
    elif raw[at] == 0x04:
        inner = parse_elements(raw, content, end) or ()
    return Element(at, content, end, inner or ())


def der_mutants(raw: bytes) -> list[bytes]:
    """Every element left out, doubled, emptied, put before its neighbour, and every context tag renumbered."""
    top = parse_elements(raw, 0, len(raw))
    return [] if top is None or len(top) != 1 else list(_changes(raw, top[0]))


def _changes(raw: bytes, element: Element) -> Iterator[bytes]:
    """All forms of this element's bytes with one change somewhere inside."""
    yield _tlv(raw[element.start], b"")
    if raw[element.start] & 0xC0 == 0x80:
        yield _tlv(raw[element.start] ^ 1, raw[element.content : element.end])
    parts = [raw[inner.start : inner.end] for inner in element.inner]
    for position, inner in enumerate(element.inner):
        before, own, after = parts[:position], parts[position], parts[position + 1 :]
        changed = [before + after, [*before, own, own, *after]]
        if after:
            changed.append([*before, after[0], own, *after[1:]])
        changed += [[*before, other, *after] for other in _changes(raw, inner)]
        for form in changed:
            yield _tlv(raw[element.start], b"".join(form))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content
