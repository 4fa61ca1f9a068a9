"""`pycosign demo`: the whole story on a Sigstore of its own. Exit status 0 only when every step behaved."""

from pycosign.cli.table import Command, no_arguments
from pycosign.errors import RefusedError

TYPE_CHECKING = False  # as in every command: the table is read by `--help`
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["DemoError", "run"]

COMMAND = Command(
    "Sign a real image on a Sigstore of its own, verify it, tamper with it, and see it refused",
    (),
    check_arguments=no_arguments,
    examples="  pycosign demo",
)


class DemoError(RefusedError):
    """A step of the demo did not behave: please report it."""

    code = "demo.misbehaved"


def run(args: "Values", context: "Context") -> None:
    """Tell the story on standard output.

    Raises: DemoError: something was accepted that had to be refused, or the other way round.
    """
    from pycosign.cli.demo.story import tell
    from pycosign.cli.demo.teller import Teller

    def put(text: str) -> None:
        context.put(text)
        context.stdout.flush()  # also into a pipe: the story is followed while it happens

    teller = Teller(put, color=context.stdout.isatty() and "NO_COLOR" not in context.environ)
    tell(teller, context.deadline)
    if teller.misbehaved:
        raise DemoError(f"{teller.misbehaved} step(s) did not behave")
    context.put("\nEvery step behaved.\n")
