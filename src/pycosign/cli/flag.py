"""What a flag is: a row of a command's table. Nothing is imported: `cli.table` says why."""

__all__ = [
    "ARRAY",
    "BOOL",
    "DURATION",
    "ENUM",
    "INT",
    "SLICE",
    "TEXT",
    "Flag",
    "items",
    "number",
    "switch",
    "text",
]

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    Value = bool | int | float | str | tuple[str, ...]

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
