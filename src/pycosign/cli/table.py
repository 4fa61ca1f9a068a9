"""The command tables: what a command is. Everything else on the command line reads these, and `cli.flag`.

A table drives parsing, `--help`, the binding to `COSIGN_*`, and shell completion.
Nothing is imported but `cli.flag`: `version` and `--help` are paid by every script that calls them.
"""

from pycosign.cli.flag import DURATION, Flag, switch, text

__all__ = [
    "PROGRAM",
    "Command",
    "at_least",
    "at_most",
    "exactly",
    "help_flag",
    "no_arguments",
]

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycosign.cli.parser import Values

    ArgumentCheck = Callable[[list[str], str], str | None]

PROGRAM = "pycosign"


class Command:
    """One command: its flags, its arguments and its help. Its module's `run(args, context)` does the work."""

    __slots__ = (
        "begins_nothing",
        "check_arguments",
        "deprecated",
        "description",
        "environment",
        "examples",
        "exclusive",
        "flags",
        "required",
        "unsupported",
        "usage",
    )

    def __init__(
        self,
        description: str,
        flags: "Iterable[Flag]",
        *,
        check_arguments: "ArgumentCheck | None" = None,
        usage: str = "[flags]",
        examples: str = "",
        environment: bool = True,
        deprecated: str = "",
        required: tuple[str, ...] = (),
        exclusive: tuple[tuple[str, ...], ...] = (),
        unsupported: frozenset[str] = frozenset(),
        begins_nothing: "Callable[[Values], bool] | None" = None,
    ) -> None:
        self.description = description
        self.flags = tuple(flags)
        self.check_arguments = (
            check_arguments  # words, path of the command -> a complaint or None; None: extra words are ignored
        )
        self.usage = usage  # what follows the command's name in the line of usage
        self.examples = examples
        self.environment = environment  # COSIGN_* and PYCOSIGN_* are read for its flags
        self.deprecated = deprecated  # the notice printed when it runs
        self.required = required  # flags that must be set, by a word or by the environment
        self.exclusive = exclusive  # groups of flags of which at most one may be set
        self.begins_nothing = begins_nothing  # with these flags SIGTERM has nothing to undo: it may end the process
        self.unsupported = unsupported  # Cosign's flags that are refused by name when set to anything but their default


ROOT_FLAGS = (
    text("output-file", "write what would go to standard output into this file"),
    Flag("timeout", DURATION, 180.0, "give up after this long", shorthand="t"),
    switch("verbose", "show HTTP traffic, and a traceback when something fails", shorthand="d"),
)


def help_flag(name: str) -> Flag:
    """`--help` of the command with this name."""
    return switch("help", f"help for {name}", shorthand="h")


def at_least(minimum: int) -> "ArgumentCheck":
    """The complaint of a command that wants `minimum` words or more, as Cosign words it."""

    def check(words: list[str], _path: str) -> str | None:
        if len(words) < minimum:
            return f"requires at least {minimum} arg(s), only received {len(words)}"
        return None

    return check


def at_most(maximum: int) -> "ArgumentCheck":
    """The complaint of a command that wants no more words than this, as Cosign words it."""

    def check(words: list[str], _path: str) -> str | None:
        if len(words) > maximum:
            return f"accepts at most {maximum} arg(s), received {len(words)}"
        return None

    return check


def exactly(wanted: int) -> "ArgumentCheck":
    """The complaint of a command that wants this many words, as Cosign words it."""

    def check(words: list[str], _path: str) -> str | None:
        if len(words) != wanted:
            return f"accepts {wanted} arg(s), received {len(words)}"
        return None

    return check


def no_arguments(words: list[str], path: str) -> str | None:
    """The complaint of a command that wants no word at all."""
    return f'unknown command "{words[0]}" for "{path}"' if words else None
