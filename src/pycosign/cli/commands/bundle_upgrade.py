"""`pycosign bundle upgrade`."""

from pycosign.cli.flag import text
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values
    from pycosign.wire.log_entry import LogEntry

__all__ = ["run"]

COMMAND = Command(
    """Make a Sigstore bundle of version 0.1 or 0.2 into one of version 0.3.

A proof of inclusion that is missing is fetched from the log, and must be of the same entry.
No signature is checked.""",
    (
        text("out", "write the bundle to this file"),
        text("rekor-url", "base URL of the transparency log", default="https://rekor.sigstore.dev"),
    ),
    usage="<bundle> [flags]",
    check_arguments=exactly(1),
    environment=False,
)


def run(args: "Values", context: "Context") -> None:
    """Write the upgraded bundle, or the same one if it is of version 0.3."""
    from pycosign.cli.created import put_document, read_part
    from pycosign.flows.bundle_upgrade import upgrade_bundle
    from pycosign.flows.service_specs import prefixed

    def fetch(log_index: int) -> "LogEntry":
        from pycosign.cli.instance_choice import log_of_bundles
        from pycosign.clients.rekor_v1 import fetch_entry_at

        return fetch_entry_at(context.http(), log_of_bundles(args, context), log_index)

    with prefixed("reading input file"):
        data = read_part(args.words[0])
    with prefixed("upgrading bundle", malformed=False):
        upgraded = upgrade_bundle(data, fetch=fetch, progress=context.say)
    put_document(upgraded.content, args, context)
    if args.text("out"):
        context.say(f"Successfully upgraded bundle written to {args.text('out')}")
