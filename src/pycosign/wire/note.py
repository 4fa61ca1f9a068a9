"""Signed notes: a text and the signatures under it. Source: C2SP signed-note.

Which keys are trusted, and how a key is recognised by its hint, is decided elsewhere.
"""

from typing import Final

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.errors import MalformedError
from pycosign.limits import CHECKPOINT_BYTES, NOTE_SIGNATURES
from pycosign.record import Record

__all__ = ["Note", "NoteSignature", "format_note", "parse_note"]

_DASH: Final = "\u2014 "
_HINT_BYTES: Final = 4
_CONTROLS: Final = bytes(code for code in range(32) if code != 10)


class NoteSignature(Record):
    """One signature line."""

    name: str  # of the key; no spaces and no "+"
    key_hint: bytes  # 4 bytes
    signature: bytes  # 1 or more bytes; their form depends on the key


class Note(Record):
    """A text and its signatures, none of them checked."""

    text: str  # ends in U+000A; these are the bytes that are signed, in UTF-8
    signatures: tuple[NoteSignature, ...]  # 1 or more, in their order


def parse_note(source: str, *, what: str = "note") -> Note:
    """Parse a signed note.

    Args:    what: its name in errors.
    Returns: the text with its final newline, and 1 to `NOTE_SIGNATURES` signatures, all kept, unknown ones too.
    Raises:  MalformedError: any character differs from what `format_note` would write.
    Source:  C2SP signed-note, "Format": the signatures stand after the *last* empty line.
    """
    try:
        raw = source.encode()
    except UnicodeEncodeError as exc:
        raise MalformedError(what, "is not Unicode text") from exc
    if len(raw) > CHECKPOINT_BYTES:
        raise MalformedError(what, f"is longer than {CHECKPOINT_BYTES} bytes")
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        raise MalformedError(what, "contains a control character")
    text, separator, tail = source.rpartition("\n\n")
    if not separator or not text:
        raise MalformedError(what, "has no empty line between text and signatures")
    *lines, last = tail.split("\n")
    if last or not lines:
        raise MalformedError(what, "does not end in signature lines")
    if len(lines) > NOTE_SIGNATURES:
        raise MalformedError(what, f"has more than {NOTE_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_signature(line, what) for line in lines))


def _parse_signature(line: str, what: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not _is_key_name(name):
        raise MalformedError(f"{what} signature", "is not a dash, a key name and base64")
    raw = decode_b64(encoded, what=f"{what} signature")
    if len(raw) <= _HINT_BYTES:
        raise MalformedError(f"{what} signature", f"is {len(raw)} bytes, too short for a key hint and a signature")
    return NoteSignature(name, raw[:_HINT_BYTES], raw[_HINT_BYTES:])


def _is_key_name(name: str) -> bool:
    return "+" not in name and name.split() == [name]


def format_note(note: Note) -> str:
    """Write a note: the text, an empty line, and a line for each signature."""
    lines = [f"{_DASH}{item.name} {encode_b64(item.key_hint + item.signature)}\n" for item in note.signatures]
    return f"{note.text}\n{''.join(lines)}"
