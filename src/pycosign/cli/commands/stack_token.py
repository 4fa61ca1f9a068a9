"""`pycosign stack token`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, no_arguments

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print an identity token of the stack's issuer, good for one hour.",
    (
        text("data", "the data directory", own=True),
        text("email", "the identity: an email address", own=True),
        text("subject", "the identity: a subject of another kind", own=True),
    ),
    check_arguments=no_arguments,
    required=("data",),
    exclusive=(("email", "subject"),),
    examples="  pycosign stack token --data ./sigstore --email alice@example.com",
)


def run(args: "Values", context: "Context") -> None:
    """Print the token and a newline. The data directory holds the issuer's key: whoever may read it may do this."""
    from pycosign.errors import UsageError

    if not args.text("email") and not args.text("subject"):
        raise UsageError("at least one of the flags in the group [email subject] is required")
    from pycosign.stack.token import issue

    token = issue(args.text("data"), email=args.text("email") or None, subject=args.text("subject") or None)
    context.put(f"{token}\n")
