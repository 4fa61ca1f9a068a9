"""The rows of the command tables: what a flag and a command are. Everything else on the command line reads these.

A table drives parsing, `--help`, the binding to `COSIGN_*`, and shell completion.
Nothing is imported: `version` and `--help` are paid by every script that calls them.
"""

__all__ = [
    "ARRAY",
    "BOOL",
    "DURATION",
    "ENUM",
    "INT",
    "PROGRAM",
    "SLICE",
    "TEXT",
    "Command",
    "Flag",
    "at_least",
    "at_most",
    "exactly",
    "help_flag",
    "items",
    "no_arguments",
    "number",
    "switch",
    "text",
]

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pycosign.cli.parser import Values

    Value = bool | int | float | str | tuple[str, ...]
    ArgumentCheck = Callable[[list[str], str], str | None]

PROGRAM = "pycosign"

BOOL = "bool"
TEXT = "string"
INT = "int"
DURATION = "duration"  # the value is a float of seconds; written as Go writes durations
SLICE = "stringSlice"  # may repeat; each value is split on commas, as a line of CSV
ARRAY = "stringArray"  # may repeat; never split
ENUM = "enum"  # one of `choices`


class Flag:
    """One flag of one command. `default` has the type of its kind: bool, str, int, float (seconds), tuple of str."""

    __slots__ = ("choices", "default", "deprecated", "help", "kind", "name", "own", "shorthand")

    def __init__(
        self,
        name: str,
        kind: str,
        default: "Value",
        help: str,  # noqa: A002 (the word of the command line)
        *,
        shorthand: str = "",
        deprecated: str = "",
        choices: tuple[str, ...] = (),
        own: bool = False,
    ) -> None:
        self.name, self.kind, self.default, self.help = name, kind, default, help
        self.shorthand = shorthand  # one letter, or nothing
        self.deprecated = deprecated  # the notice; such a flag works, and is not in `--help`
        self.choices = choices  # offered by completion; enforced for ENUM and for what is ours: Cosign takes any text
        self.own = own  # not one of Cosign's: binds to PYCOSIGN_*

    @property
    def label(self) -> str:
        """How messages name the flag: `--key`, or `-t, --timeout`."""
        return f"-{self.shorthand}, --{self.name}" if self.shorthand else f"--{self.name}"


def switch(
    name: str,
    help: str,  # noqa: A002 (as above)
    *,
    default: bool = False,
    shorthand: str = "",
    deprecated: str = "",
    own: bool = False,
) -> Flag:
    """A flag that is on or off: `--yes`, `--yes=false`, never `--yes false`."""
    return Flag(name, BOOL, default, help, shorthand=shorthand, deprecated=deprecated, own=own)


def text(
    name: str,
    help: str,  # noqa: A002 (as above)
    *,
    default: str = "",
    shorthand: str = "",
    deprecated: str = "",
    choices: tuple[str, ...] = (),
    own: bool = False,
) -> Flag:
    """A flag with one value; `choices` are offered by completion, and enforced if the flag is our own."""
    return Flag(name, TEXT, default, help, shorthand=shorthand, deprecated=deprecated, choices=choices, own=own)


def number(name: str, help: str, *, default: int) -> Flag:  # noqa: A002 (as above)
    """A flag with a whole number, written in any of Go's bases."""
    return Flag(name, INT, default, help)


def items(name: str, help: str, *, shorthand: str = "", deprecated: str = "") -> Flag:  # noqa: A002 (as above)
    """A flag that may repeat, and whose values are split on commas."""
    return Flag(name, SLICE, (), help, shorthand=shorthand, deprecated=deprecated)


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
