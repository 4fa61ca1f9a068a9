"""A tree of labels and values, as `cosign bundle inspect` prints it."""

from collections.abc import Iterator

__all__ = ["Node", "present"]


class Node:
    """A label with a value and what belongs to it; the root has no label."""

    __slots__ = ("children", "label", "value")

    def __init__(self, label: str, value: str = "") -> None:
        self.label, self.value = label, value
        self.children: list[Node] = []

    def add(self, label: str, value: str = "") -> "Node":
        """A new node below this one."""
        self.children.append(Node(label, value))
        return self.children[-1]

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree in lines, two blanks for each step down."""
        if self.label:
            yield f"{'  ' * depth}- {self.label}:" + (f" {self.value}" if self.value else "")
            depth += 1
        for child in self.children:
            yield from child.lines(depth)


def present(data: bytes) -> str:
    """That bytes are there, and how many."""
    return f"Present ({len(data)} bytes)"
