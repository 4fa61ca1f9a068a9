"""PEM blocks (RFC 7468)."""

from typing import Final

from pycosign.codec.b64 import decode_b64, encode_b64
from pycosign.errors import MalformedError
from pycosign.record import Record

__all__ = ["PemBlock", "format_pem", "parse_pem"]

_BEGIN: Final = "-----BEGIN "
_DASHES: Final = "-----"
_LABEL_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_COLUMNS: Final = 64


class PemBlock(Record):
    """One block: the label, as in "CERTIFICATE", and the decoded content (DER; in Cosign's key files, JSON)."""

    label: str
    der: bytes


def parse_pem(data: bytes, *, what: str) -> tuple[PemBlock, ...]:
    """Parse every block of a PEM file, in order.

    Text outside of the blocks is skipped, as openssl and Go do (openssl itself writes such text before certificates),
    in whatever encoding it is.
    Lines may end in CR LF or in blanks and may be of any length; inside a block every line is base64: headers
    (RFC 1421, "Proc-Type") and blank lines are refused.

    Returns: one block or more.
    Raises:  MalformedError(what): no block, an unfinished block, labels that differ,
             or content that is not canonical base64.
    """
    lines = data.decode("latin-1").split("\n")  # a character for each byte: nothing but ASCII is part of a block
    blocks: list[PemBlock] = []
    label: str | None = None
    body: list[str] = []
    for line in lines:
        line = line.rstrip(" \t\r")
        if label is None:
            label, body = _label(line), []
            if label is None and ("-----BEGIN" in line or "-----END" in line):
                raise MalformedError(what, "has a PEM boundary that is not a line of its own, or without its partner")
        elif line == f"-----END {label}-----":
            blocks.append(PemBlock(label, _decode_body(body, what)))
            label = None
        elif line.startswith("-----") or ":" in line or not line:
            raise MalformedError(what, f"has something other than base64 in its {label} block")
        else:
            body.append(line)
    if label is not None:
        raise MalformedError(what, f"has a {label} block without an end")
    if not blocks:
        raise MalformedError(what, "has no PEM block")
    return tuple(blocks)


def _label(line: str) -> str | None:
    """The label of a line that begins a block: words of capitals and digits, one space between them; else None."""
    if not line.startswith(_BEGIN) or not line.endswith(_DASHES):
        return None
    label = line[len(_BEGIN) : -len(_DASHES)]
    return label if all(word and _LABEL_CHARACTERS.issuperset(word) for word in label.split(" ")) else None


def _decode_body(body: list[str], what: str) -> bytes:
    der = decode_b64("".join(body), what=what)
    if not der:
        raise MalformedError(what, "has an empty PEM block")
    return der


def format_pem(label: str, der: bytes) -> bytes:
    """Write one block: lines of 64 columns, each ending in a newline, as Go and openssl do."""
    text = encode_b64(der)
    lines = [text[i : i + _COLUMNS] for i in range(0, len(text), _COLUMNS)]
    return "\n".join((f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", "")).encode("ascii")
