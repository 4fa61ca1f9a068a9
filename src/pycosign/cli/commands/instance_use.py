"""`pycosign instance use`."""

from pycosign.cli.flag import switch
from pycosign.cli.table import Command, at_most

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    """Choose the Sigstore that is meant when none is said.

What is said wins over it: --instance, --trusted-root, --signing-config, Cosign's TUF_* and SIGSTORE_* variables.""",
    (switch("none", "none: back to the TUF repository that `initialize` chose", own=True),),
    usage="NAME [flags]",
    check_arguments=at_most(1),
    examples="""  pycosign instance use corp
  pycosign instance use --none""",
)


def run(args: "Values", context: "Context") -> None:
    """Write the choice down."""
    from pycosign.errors import UsageError
    from pycosign.instances.named import TUF_VARIABLES
    from pycosign.instances.named_changes import use_instance

    if bool(args.words) == args.switch("none"):
        raise UsageError("name one instance, or give --none")
    name = args.words[0] if args.words else None
    use_instance(name, context.environ)
    context.say(f"The instance {name} is in use." if name else "No named instance is in use.")
    winning = [variable for variable in TUF_VARIABLES if context.environ.get(variable)]
    if name and winning:
        context.warn(f"{winning[0]} is set, and wins over the instance in use")
