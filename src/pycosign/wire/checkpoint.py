"""What a log's checkpoint says. Source: C2SP tlog-checkpoint.

The signatures around it are a note's (`pycosign.wire.note`). Rekor v1 names itself `HOST - TREE_ID` and once added a
line `Timestamp: NANOSECONDS`; both are within the format.
"""

from typing import Final

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.codec.fields import is_decimal
from pycosign.errors import MalformedError
from pycosign.record import Record
from pycosign.wire.note import Note, parse_note

__all__ = [
    "Checkpoint",
    "format_checkpoint",
    "parse_checkpoint",
    "parse_signed_checkpoint",
    "rekor_v1_origin",
    "rekor_v1_tree_id",
]

_ROOT_BYTES: Final = 32


class Checkpoint(Record):
    """A tree's size and root under its log's name."""

    origin: str
    size: int  # leaves, 0 <= size < 2**63
    root: bytes  # 32 bytes
    extensions: tuple[str, ...] = ()  # kept, not interpreted


def parse_checkpoint(text: str) -> Checkpoint:
    """Parse a checkpoint's text (a note's text, with its final newline); its signatures are checked elsewhere.

    Args:    text: 3 or more non-empty lines, each ending in U+000A: origin, size, root, extensions.
    Returns: size in leaves, 0 <= size < 2**63; root is 32 bytes; extensions are kept, not interpreted.
    Raises:  MalformedError: any byte differs from what `format_checkpoint` would write.
    Source:  C2SP tlog-checkpoint, "Note text".
    """
    *lines, last = text.split("\n")
    if last or len(lines) < 3 or not all(lines):
        raise MalformedError("checkpoint", "must be 3 or more non-empty lines")
    origin, size, root, *extensions = lines
    if not _is_number(size) or int(size) >= 2**63:
        raise MalformedError("checkpoint size", f"is not a decimal below 2**63: {size[:40]!r}")
    digest = decode_b64(root, what="checkpoint root")
    if len(digest) != _ROOT_BYTES:
        raise MalformedError("checkpoint root", f"is {len(digest)} bytes, not {_ROOT_BYTES}")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def parse_signed_checkpoint(source: str) -> tuple[Note, Checkpoint]:
    """Parse a checkpoint together with its signatures.

    Raises: MalformedError: as `parse_note` and `parse_checkpoint` do.
    """
    note = parse_note(source, what="checkpoint")
    return note, parse_checkpoint(note.text)


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Write a checkpoint's text: what is signed, with its final newline."""
    lines = (checkpoint.origin, str(checkpoint.size), encode_b64(checkpoint.root), *checkpoint.extensions)
    return "".join(f"{line}\n" for line in lines)


def rekor_v1_origin(host: str, tree_id: int) -> str:
    """The origin line of a Rekor v1 log; its signatures are under the name `host` alone."""
    return f"{host} - {tree_id}"


def rekor_v1_tree_id(origin: str) -> int | None:
    """The tree's number in a Rekor v1 origin, or None: the origin is of another form (Rekor v2's is a bare host)."""
    host, _, number = origin.rpartition(" - ")
    return int(number) if host and "\n" not in host and _is_number(number) else None


def _is_number(text: str) -> bool:
    return is_decimal(text) and text[0] != "-"
