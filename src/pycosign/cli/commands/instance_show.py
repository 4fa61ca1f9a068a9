"""`pycosign instance show`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, at_most

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    """Show a Sigstore: where trust comes from and how old it is, the services to believe and those that sign.

Without a name it is the one that is meant when none is said. Nobody is asked: what is cached or built in is shown.""",
    (text("output", "form of what is printed", default="text", choices=("json", "text"), shorthand="o", own=True),),
    usage="[NAME] [flags]",
    check_arguments=at_most(1),
)


def run(args: "Values", context: "Context") -> None:
    """Print the description."""
    from pycosign.ambient import utc_now
    from pycosign.flows.describe_instance import describe_instance
    from pycosign.instances.named import resolve_instance
    from pycosign.instances.trust import TrustSource

    name = args.words[0] if args.words else context.environ.get("PYCOSIGN_INSTANCE") or None
    instance = resolve_instance(name, context.environ)
    described = describe_instance(TrustSource(context.environ, utc_now(), instance=instance))
    if args.text("output") == "json":
        import json

        context.put(json.dumps({"schema": 1, **described}) + "\n")
        return
    from pycosign.cli.instance_text import instance_lines

    context.put("".join(f"{line}\n" for line in instance_lines(described)))
