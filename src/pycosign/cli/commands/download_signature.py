"""`pycosign download signature`."""

from pycosign.cli.groups import REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print the signatures of an image, one JSON document a line: its bundles, or if it has none its legacy signatures.",
    REGISTRY,
    check_arguments=exactly(1),
    examples="  pycosign download signature IMAGE",
    unsupported=UNSUPPORTED_REGISTRY,
)


def run(args: "Values", context: "Context") -> None:
    """Print each signature as it is stored. Nothing is verified."""
    from pycosign.cli.images import open_registry, signature_repository
    from pycosign.flows.download import download_signatures

    lines = download_signatures(
        args.words[0],
        registry=open_registry(args, context),
        repository=signature_repository(context),
        tag_prefix=args.text("attachment-tag-prefix"),
    )
    for line in lines:
        context.put_bytes(line + b"\n")
