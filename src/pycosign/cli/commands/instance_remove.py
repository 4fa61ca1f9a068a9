"""`pycosign instance remove`."""

from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Forget a named Sigstore and what was cached of it. Files that it was made from stay.",
    (),
    usage="NAME",
    check_arguments=exactly(1),
)


def run(args: "Values", context: "Context") -> None:
    """Forget the name."""
    from pycosign.instances.named_changes import remove_instance

    name = args.words[0]
    if remove_instance(name, context.environ):
        context.warn(f"{name} was in use: now none is, and the repository that `initialize` chose is meant")
    context.say(f"Removed the instance {name}.")
