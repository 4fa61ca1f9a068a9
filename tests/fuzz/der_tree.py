"""DER as a tree that can be changed and written again with right lengths: what a strict reader looks at goes on."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.fuzz.mutate import Chance

__all__ = ["mutate_der"]

_TAGS: Final = b"\x01\x02\x03\x04\x05\x06\x0a\x0c\x13\x16\x17\x18\x1e\x30\x31\x80\x81\x82\x86\xa0\xa1\xa3\x1f\x3f"
_CONTENTS: Final = (
    b"", b"\0", b"\xff", b"\0\0", b"\0\x80", b"\x80\0", b"\x7f", b"\xff" * 9, b"\1" * 70, b"\x2a" * 40, b"\x80\x01",
    b"20260101000000Z", b"20261322000000Z", b"491231235959Z",
    b"20260101000000.5Z", b"99991231235959Z", b"00000101000000Z",
)  # fmt: skip
_DEPTH: Final = 24
_RAW: Final = -1


class _Node:
    """One element: its tag, and its content as bytes or as elements; `prefix` is a BIT STRING's count of unused bits.

    Of tag _RAW, the content is written as it stands.
    """

    __slots__ = ("children", "content", "prefix", "tag")

    def __init__(self, tag: int, content: bytes, children: "list[_Node]", prefix: bytes = b"") -> None:
        self.tag, self.content, self.children, self.prefix = tag, content, children, prefix

    def encode(self) -> bytes:
        content = self.prefix + b"".join(c.encode() for c in self.children) if self.children else self.content
        if self.tag == _RAW:
            return content
        return bytes([self.tag]) + _length(len(content)) + content


def _length(count: int) -> bytes:
    if count < 0x80:
        return bytes([count])
    size = (count.bit_length() + 7) // 8
    return bytes([0x80 | size]) + count.to_bytes(size, "big")


def _parse(raw: bytes, depth: int) -> list[_Node] | None:
    """The elements that fill these bytes, None if they do not."""
    nodes: list[_Node] = []
    at = 0
    while at < len(raw):
        if at + 2 > len(raw) or depth > _DEPTH:
            return None
        tag, length, begin = raw[at], raw[at + 1], at + 2
        if length >= 0x80:
            count = length & 0x7F
            begin += count
            length = int.from_bytes(raw[at + 2 : begin], "big")
        if begin + length > len(raw):
            return None
        at = begin + length
        nodes.append(_node(tag, raw[begin:at], depth))
    return nodes


def _node(tag: int, content: bytes, depth: int) -> _Node:
    prefix = b""
    inside: list[_Node] | None = None
    if tag & 0x20 or (tag == 0x04 and content[:1] in (b"\x30", b"\x04", b"\x03")):
        inside = _parse(content, depth + 1)
    elif tag == 0x03 and content[:2] == b"\0\x30":
        prefix, inside = b"\0", _parse(content[1:], depth + 1)
    return _Node(tag, content, inside or [], prefix)


def mutate_der(data: bytes, chance: "Chance") -> bytes:
    """One change of one element; lengths around it fit again. What is no DER gets a byte changed."""
    top = _parse(data, 0)
    if not top:
        at = chance.below(len(data))
        return data[:at] + bytes([chance.below(256)]) + data[at + 1 :]
    root = _Node(_RAW, b"", top)
    places = _places(root)
    parent, position = places[chance.below(len(places))]
    node = parent.children[position]
    match chance.below(9):
        case 0 if len(parent.children) > 1:
            del parent.children[position]
        case 1:
            parent.children[position:position] = [node] * (1, 20, 70)[chance.below(3)]
        case 2:
            other, theirs = places[chance.below(len(places))]
            parent.children[position] = _Node(_RAW, other.children[theirs].encode(), [])
        case 3:
            node.tag = _TAGS[chance.below(len(_TAGS))]
        case 4:
            node.children, node.content = [], _CONTENTS[chance.below(len(_CONTENTS))]
        case 5:  # another element beside it
            parent.children.insert(position, _Node(_TAGS[chance.below(len(_TAGS))], _CONTENTS[0], []))
        case 6:  # a length in a longer form than needed, or the indefinite one
            raw = node.content or node.encode()
            head = (b"\x81" + bytes([len(raw) & 0x7F]), b"\x80", b"\x84" + len(raw).to_bytes(4, "big"))[chance.below(3)]
            parent.children[position] = _Node(_RAW, bytes([node.tag]) + head + raw, [])
        case 7 if len(parent.children) > 1:
            swapped = chance.below(len(parent.children))
            parent.children[position], parent.children[swapped] = parent.children[swapped], node
        case _:
            content = node.content
            at = chance.below(len(content) + 1)
            changed = content[:at] + bytes([chance.below(256)]) + content[at + chance.below(2) :]
            node.children, node.content = [], changed
    return b"".join(child.encode() for child in root.children)


def _places(root: _Node) -> list[tuple[_Node, int]]:
    found: list[tuple[_Node, int]] = []
    stack = [root]
    while stack:
        node = stack.pop()
        found += [(node, position) for position in range(len(node.children))]
        stack += node.children
    return found
