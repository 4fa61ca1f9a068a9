"""The text of `--help`, in Cosign's layout, generated from the tables."""

from pycosign.cli.flag import BOOL, DURATION, TEXT, Flag
from pycosign.cli.gotext import format_duration
from pycosign.cli.table import PROGRAM, ROOT_FLAGS, help_flag

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Iterable

    from pycosign.cli.registry import Node
    from pycosign.cli.table import Command

__all__ = ["command_help", "group_help"]


def command_help(path: str, command: "Command", summary: str) -> str:
    """The help of a command; `path` is its name with the program's in front."""
    parts = [f"{command.description or summary}\n\nUsage:\n{path} {command.usage}\n"]
    if command.examples:
        parts.append(f"\nExamples:\n{command.examples}\n")
    parts.append("\nFlags:\n" + _flags((*command.flags, help_flag(path.rpartition(" ")[2]))))
    parts.append(_global_flags())
    return "".join(parts)


def group_help(path: str, node: "Node") -> str:
    """The help of a group of commands, or of the program itself."""
    listed = [child for child in node.children.values() if child.listed]
    width = max(len(child.name) for child in listed)
    names = "".join(f"{child.name:<{width}} {child.summary}\n" for child in listed)
    is_root = path == PROGRAM
    flags = (help_flag(node.name), *ROOT_FLAGS) if is_root else (help_flag(node.name),)
    return (
        f"{node.summary}\n\nUsage:\n{path} [command]\n\nAvailable Commands:\n{names}\nFlags:\n{_flags(flags)}"
        + ("" if is_root else _global_flags() + "\n")
        + f'Use "{path} [command] --help" for more information about a command.\n'
    )


def _flags(flags: "Iterable[Flag]") -> str:
    """The flags that are not deprecated, by name, each with its default and, on the next line, its text."""
    shown = sorted((flag for flag in flags if not flag.deprecated), key=lambda flag: flag.name)
    return "".join(f"    {flag.label}={_default(flag)}:\n\t{_help(flag)}\n\n" for flag in shown)


def _help(flag: Flag) -> str:
    return f"{flag.help} ({'|'.join(flag.choices)})" if flag.choices and flag.kind == TEXT else flag.help


def _default(flag: Flag) -> str:
    """A default as Cosign's help shows it."""
    if flag.kind == TEXT:
        return f"'{flag.default}'"
    if isinstance(flag.default, tuple):
        return "[" + ",".join(flag.default) + "]"
    if isinstance(flag.default, bool):
        return "true" if flag.default else "false"
    if flag.kind == DURATION:
        return format_duration(float(flag.default))
    return str(flag.default)


def _global_flags() -> str:
    """The flags that every command takes, as a table with pflag's columns."""
    rows = []
    for flag in sorted(ROOT_FLAGS, key=lambda flag: flag.name):
        short = f"-{flag.shorthand}, " if flag.shorthand else "    "
        left = f"  {short}--{flag.name}" + ("" if flag.kind == BOOL else f" {flag.kind}")
        default = f" (default {_default(flag)})" if flag.kind == DURATION else ""
        rows.append((left, flag.help + default))
    width = max(len(left) for left, _ in rows) + 3
    return "Global Flags:\n" + "".join(f"{left:<{width}}{right}\n" for left, right in rows)
