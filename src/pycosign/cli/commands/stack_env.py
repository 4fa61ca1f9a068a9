"""`pycosign stack env`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, no_arguments

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print export lines that make a shell, and every Sigstore client in it, use the stack.",
    (text("data", "the data directory", own=True),),
    check_arguments=no_arguments,
    required=("data",),
    examples='  eval "$(pycosign stack env --data ./sigstore)"',
)


def run(args: "Values", context: "Context") -> None:
    """Print one line for each variable, quoted for a POSIX shell."""
    from pycosign.stack.env import lines

    context.put("".join(f"{line}\n" for line in lines(args.text("data"))))
