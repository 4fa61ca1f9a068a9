"""`pycosign instance list`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, no_arguments

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    """List the named Sigstores. A star marks the one that is meant when none is said.

Without a star it is the TUF repository of `initialize` or of the TUF_* variables: the public one at first.""",
    (text("output", "form of what is printed", default="text", choices=("json", "text"), shorthand="o", own=True),),
    check_arguments=no_arguments,
)


def run(args: "Values", context: "Context") -> None:
    """Print a line, or an object, for each; nobody is asked."""
    from pycosign.instances.named import BUILT_IN, read_registered, resolve_instance

    named = context.environ.get("PYCOSIGN_INSTANCE") or None
    current = resolve_instance(named, context.environ)
    marked = None if current is None else current.name
    found = {name: resolve_instance(name, context.environ) for name in BUILT_IN}
    found |= read_registered(context.environ).instances
    rows = [instance for instance in found.values() if instance is not None]
    if args.text("output") == "json":
        import json

        listed = [
            {"name": row.name, "kind": row.kind, "source": row.source, "in_use": row.name == marked} for row in rows
        ]
        context.put(json.dumps({"schema": 1, "in_use": marked, "instances": listed}) + "\n")
        return
    from pycosign.cli.context import for_terminal

    width = max(len(row.name) for row in rows)
    for row in rows:
        star = "*" if row.name == marked else " "
        context.put(for_terminal(f"{star} {row.name:<{width}}  {row.kind:<12}  {row.source}") + "\n")
