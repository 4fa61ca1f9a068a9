"""Flags from the environment: `COSIGN_KEY` sets `--key` when no word did; our own flags are named `PYCOSIGN_*`."""

from pycosign.cli.gotext import quote
from pycosign.errors import UsageError

TYPE_CHECKING = False  # `typing` costs as much as a third of `version`
if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycosign.cli.flag import Flag
    from pycosign.cli.parser import Values

__all__ = ["bind", "variable_of"]

# Never taken from the environment: Cosign ignores COSIGN_OUTPUT_FILE, and help is asked for, not configured.
_NOT_BOUND = frozenset(("help", "output-file"))


def variable_of(flag: "Flag") -> str:
    """The name of the variable that sets the flag."""
    prefix = "PYCOSIGN_" if flag.own else "COSIGN_"
    return prefix + flag.name.upper().replace("-", "_")


def bind(values: "Values", environ: "Mapping[str, str]") -> None:
    """Set every flag that no word set from its variable, if that is not empty. Gives no deprecation notices.

    Raises: UsageError: a value that does not parse. Cosign silently takes false or 0 then, and there
    `COSIGN_CHECK_CLAIMS=yes` turns the claim check off; that is not copied.
    """
    for flag in values.flags.values():
        if values.given(flag.name) or flag.name in _NOT_BOUND:
            continue
        variable = variable_of(flag)
        written = environ.get(variable)
        if not written:
            continue
        try:
            values.assign(flag, written)
        except ValueError as exc:
            raise UsageError(f"invalid value {quote(written)} of {variable} for --{flag.name}: {exc}") from exc
