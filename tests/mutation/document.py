"""All mutants of one JSON document, as families that can be counted and indexed without being built.

A path names a field as `a.b[].c`; `>` goes into what a text encodes: base64, then JSON or PEM inside of it.
"""

import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from tests.mutation.values import der_mutants, flipped, other_numbers, other_texts, with_other_case

Json = Any  # a value of json.loads
Put = Callable[[str], str]  # JSON text in place of one value -> the whole document
Donors = Mapping[str, list[str]]  # path -> JSON texts that other documents have there

_HOLE: Final = "@@hole@@"
_TWIN: Final = "@@twin@@"
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n([A-Za-z0-9+/=\n]+)-----END \1-----\n?")
_DECIMAL = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_CASES = 400  # single letters whose case is changed, of one text


class Family(NamedTuple):
    """Mutants of one field by one kind of change. make(i), 0 <= i < size, is a document, or None if there is none.

    raw, alter: the field's own bytes, and the changed ones (where the change is one of bytes or text), to tell which
    part of the field a change is in.
    """

    path: str
    kind: str
    size: int
    make: Callable[[int], str | None]
    raw: bytes = b""
    alter: Callable[[int], bytes] | None = None


def dumps(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def families(document: bytes, donors: Donors) -> list[Family]:
    """All families of a document."""
    return list(_node(json.loads(document), lambda text: text, "", donors))


def values_by_path(document: bytes) -> dict[str, str]:
    """One JSON text for every path of the document's own fields (not of what is encoded in them)."""
    found: dict[str, str] = {}

    def visit(value: Json, path: str) -> None:
        if path:
            found.setdefault(path, dumps(value))
        if isinstance(value, dict):
            for name, member in value.items():
                visit(member, f"{path}.{name}".lstrip("."))
        elif isinstance(value, list):
            for item in value:
                visit(item, f"{path}[]")

    visit(json.loads(document), "")
    return found


# ---- structure -----------------------------------------------------------------------------------------------------
def _node(value: Json, put: Put, path: str, donors: Donors) -> Iterator[Family]:
    others = [text for text in donors.get(path, ()) if text != dumps(value)]
    if others:
        yield Family(path, "swap", len(others), lambda i: put(others[i]))
    if isinstance(value, dict):
        yield from _object(value, put, path, donors)
    elif isinstance(value, list):
        yield from _list(value, put, path, donors)
    elif isinstance(value, str):
        yield from _text(value, put, path)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield _number(value, put, path)


def _object(value: dict[str, Json], put: Put, path: str, donors: Donors) -> Iterator[Family]:
    empty = ['""', "[]", "null", "0", "true", "{}", f"[{dumps(value)}]"]
    yield Family(path, "other type", len(empty), lambda i: put(empty[i]))
    unknown = put(dumps({**value, "unknown": 1}))
    yield Family(path, "unknown member", 1, lambda _: unknown)
    for name, member in value.items():
        inner = f"{path}.{name}".lstrip(".")
        yield _member(value, name, put, inner)
        yield from _node(member, _hole(put, {**value, name: _HOLE}), inner, donors)


def _member(value: dict[str, Json], name: str, put: Put, path: str) -> Family:
    """The member left out, null, twice (in both orders of a good and an empty one), renamed."""
    snake = re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), name)
    rest = {key: member for key, member in value.items() if key != name}
    forms: list[Callable[[], str]] = [
        lambda: put(dumps(rest)),
        lambda: put(dumps({**value, name: None})),
        lambda: put(dumps({**value, _TWIN: value[name]}).replace(_TWIN, name)),
        lambda: put(dumps({**value, _TWIN: None}).replace(_TWIN, name)),
        lambda: put(dumps({_TWIN: None, **value}).replace(_TWIN, name)),
        lambda: put(dumps({**value, snake + "_": value[name]})),
        lambda: put(dumps({**value, snake.upper(): value[name]})),
        lambda: put(dumps({**rest, name.upper(): value[name]})),
        lambda: put(dumps({**value, snake: value[name]})),
        lambda: put(dumps({**rest, snake: value[name]})),
    ]
    return Family(path, "member", len(forms), lambda i: forms[i]())


MEMBER_FORMS: Final = (
    "deleted",
    "null",
    "twice",
    "null twin after",
    "null twin before",
    "similar twin",
    "upper-case twin",
    "upper case",
    "snake-case twin",
    "snake case",
)


def _list(value: list[Json], put: Put, path: str, donors: Donors) -> Iterator[Family]:
    forms: list[list[Json]] = [
        [],
        value * 2,
        value[::-1],
        [*value, None],
        [*value, {}],
        [*value, ""],
        [None] * len(value),
    ]
    for position, item in enumerate(value):
        before, after = value[:position], value[position + 1 :]
        forms += [before + after, [*before, item, item, *after], [*after, item, *before]]
        forms += [[*before, None, *after], [*value, item], [item, *value]]
    foreign = [json.loads(text) for text in donors.get(f"{path}[]", ())]
    forms += [[*value, item] for item in foreign if item not in value]
    forms += [[item, *value] for item in foreign if item not in value]
    yield Family(path, "list", len(forms), lambda i: put(dumps(forms[i])))
    for position, item in enumerate(value):
        holed = [*value[:position], _HOLE, *value[position + 1 :]]
        yield from _node(item, _hole(put, holed), f"{path}[]", donors)


def _hole(put: Put, holed: Json) -> Put:
    """What puts a text where the hole is, without writing the rest of the document anew."""
    before, after = put(dumps(holed)).split(f'"{_HOLE}"')
    return lambda text: before + text + after


# ---- values --------------------------------------------------------------------------------------------------------
def _number(value: int, put: Put, path: str) -> Family:
    others = other_numbers(value)
    return Family(path, "number", len(others), lambda i: put(dumps(others[i])))


def _text(value: str, put: Put, path: str) -> Iterator[Family]:
    others = other_texts(value)
    encoded = value.encode()
    yield Family(path, "text", len(others), lambda i: put(dumps(others[i])), encoded, lambda i: others[i].encode())
    if _DECIMAL.fullmatch(value):
        number = int(value)
        numbers = [form for other in other_numbers(number) for form in (other, str(other))]
        yield Family(path, "number", len(numbers), lambda i: put(dumps(numbers[i])))
    raw = _decoded(value)
    if raw is not None:
        yield from _bytes(raw, lambda new: put(f'"{binascii.b2a_base64(new, newline=False).decode()}"'), path + ">")
        return
    letters = [at for at, letter in enumerate(value) if letter.swapcase() != letter]
    if letters:
        step = 1 + len(letters) // _CASES
        chosen = letters[::step]
        cased = partial(_with_other_case, value, chosen)
        yield Family(
            path, "letter case", len(chosen), lambda i: put(dumps(cased(i))), encoded, lambda i: cased(i).encode()
        )
    alter = partial(flipped, encoded)
    yield Family(path, "text bit", 8 * len(encoded), lambda i: _put_text(put, alter(i)), encoded, alter)
    yield from _inside(encoded, lambda new: put(dumps(new.decode())), path)


def _with_other_case(value: str, letters: list[int], number: int) -> str:
    return with_other_case(value, letters[number])


def _put_text(put: Put, raw: bytes) -> str | None:
    try:
        return put(dumps(raw.decode()))
    except UnicodeDecodeError:
        return None


def _bytes(raw: bytes, put: Callable[[bytes], str], path: str) -> Iterator[Family]:
    alter = partial(flipped, raw)
    yield Family(path, "bit", 8 * len(raw), lambda i: put(alter(i)), raw, alter)
    sizes = [b"", raw[:-1], raw[1:], raw + b"\0", b"\0" + raw, raw + raw, bytes(len(raw)), raw[::-1]]
    yield Family(path, "size", len(sizes), lambda i: put(sizes[i]), raw, sizes.__getitem__)
    structures = der_mutants(raw)
    if structures:
        yield Family(path, "DER", len(structures), lambda i: put(structures[i]), raw, structures.__getitem__)
    yield from _inside(raw, put, path)


def _inside(raw: bytes, put: Callable[[bytes], str], path: str) -> Iterator[Family]:
    """JSON or PEM in bytes or text."""
    if raw[:1] in (b"{", b"["):
        try:
            value = json.loads(raw)
        except ValueError:
            return
        for family in _node(value, lambda text: text, path if path.endswith(">") else path + ">", {}):
            yield family._replace(make=_wrapped(family.make, put))
        return
    if not raw.startswith(b"-----BEGIN "):
        return
    for block in _PEM.finditer(raw.decode()):
        der = binascii.a2b_base64(block[2])
        before, after, label = raw[: block.start()], raw[block.end() :], block[1]
        yield from _bytes(der, _pem_put(put, before, label, after), path + " PEM>")


def _wrapped(make: Callable[[int], str | None], put: Callable[[bytes], str]) -> Callable[[int], str | None]:
    """The inner document's mutants inside the outer document."""

    def made(number: int) -> str | None:
        text = make(number)
        return None if text is None else put(text.encode("utf-8", "surrogatepass"))

    return made


def _pem_put(put: Callable[[bytes], str], before: bytes, label: str, after: bytes) -> Callable[[bytes], str]:
    def replaced(der: bytes) -> str:
        body = binascii.b2a_base64(der, newline=False)
        lines = b"\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        armoured = b"-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label.encode(), lines, label.encode())
        return put(before + armoured + after)

    return replaced


def _decoded(text: str) -> bytes | None:
    """The bytes of canonical base64 of some length (a short word may look like it by accident)."""
    if len(text) < 16 or not text.isascii():
        return None
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        return None
    return raw if binascii.b2a_base64(raw, newline=False).decode() == text else None
