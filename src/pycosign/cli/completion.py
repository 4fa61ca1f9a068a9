"""What may come next on a command line: the hidden `__complete` command, with the answers that cobra's programs give.

One candidate a line, with a tab and its description; then `:BITS`, of which 4 means "do not offer files".
"""

from pycosign.cli import registry
from pycosign.cli.flag import BOOL, Flag
from pycosign.cli.table import ROOT_FLAGS, Command, help_flag

TYPE_CHECKING = False  # `typing` costs as much as a third of this
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.registry import Node

__all__ = ["complete"]

_FILES, _NO_FILES = 0, 4
_NAMES = {_FILES: "ShellCompDirectiveDefault", _NO_FILES: "ShellCompDirectiveNoFileComp"}


def complete(words: list[str], context: "Context", *, describe: bool) -> None:
    """Print the candidates for the last word, given the words before it."""
    *before, typed = words or [""]
    node, flags, command = _where(before)
    candidates, bits = _candidates(node, flags, command, before, typed)
    for candidate, about in candidates:
        context.put(f"{candidate}\t{about}\n" if describe and about else f"{candidate}\n")
    context.put(f":{bits}\n")
    context.say(f"Completion ended with directive: {_NAMES[bits]}")


def _where(words: list[str]) -> "tuple[Node, tuple[Flag, ...], Command | None]":
    """The command that the words so far have reached, and its flags."""
    node = registry.ROOT
    for word in words:
        child = node.children.get(word)
        if child is not None:
            node = child
    command = __import__(node.module, fromlist=["COMMAND"]).COMMAND if node.module else None
    flags = (*(command.flags if command else ()), *ROOT_FLAGS, help_flag(node.name))
    return node, tuple(sorted(flags, key=lambda flag: flag.name)), command


def _candidates(
    node: "Node", flags: tuple[Flag, ...], command: Command | None, before: list[str], typed: str
) -> tuple[list[tuple[str, str]], int]:
    """(candidate, description) pairs, and the bits."""
    previous = _flag_called(before[-1], flags) if before else None
    if previous is not None and previous.kind != BOOL:
        return _values(previous, typed)
    if typed.startswith("--") and "=" in typed:
        name, _, value = typed.partition("=")
        flag = _flag_called(name, flags)
        return _values(flag, value) if flag is not None else ([], _NO_FILES)
    if typed.startswith("-"):
        shown = [flag for flag in flags if not flag.deprecated and f"--{flag.name}".startswith(typed)]
        return [(f"--{flag.name}", flag.help) for flag in shown], _NO_FILES
    if node.children:
        below = [child for child in node.children.values() if child.listed and child.name.startswith(typed)]
        return [(child.name, child.summary) for child in below], _NO_FILES
    if node.name == "completion":
        from pycosign.cli.commands.completion import SHELLS

        return [(shell, "") for shell in SHELLS if shell.startswith(typed)], _NO_FILES
    return [], _FILES if command is not None else _NO_FILES


def _values(flag: Flag, typed: str) -> tuple[list[tuple[str, str]], int]:
    """The values that a flag is known to take; none known: files."""
    if not flag.choices:
        return [], _FILES
    return [(choice, "") for choice in flag.choices if choice.startswith(typed)], _NO_FILES


def _flag_called(word: str, flags: tuple[Flag, ...]) -> Flag | None:
    return next(
        (flag for flag in flags if word in (f"--{flag.name}", f"-{flag.shorthand}" if flag.shorthand else "")), None
    )
