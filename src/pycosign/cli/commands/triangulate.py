"""`pycosign triangulate`."""

from pycosign.cli.flag import text
from pycosign.cli.groups import REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

COMMAND = Command(
    "Print where Cosign stores an artifact of an image.",
    (
        *REGISTRY,
        text(
            "type",
            "what is looked for",
            default="signature",
            choices=("attestation", "sbom", "signature", "digest"),
        ),
    ),
    examples="  pycosign triangulate IMAGE",
    deprecated="triangulate will be removed in v4.0.0 (see https://github.com/sigstore/cosign/issues/4696). "
    "Instead, please use `oras discover` or `cosign tree` to show referring artifacts",
    unsupported=UNSUPPORTED_REGISTRY,
)


def run(args: "Values", context: "Context") -> None:
    """Print the full name. The count of words is checked here, as Cosign does, with its odd message."""
    from pycosign.cli.images import open_registry, signature_repository
    from pycosign.errors import UsageError
    from pycosign.flows.triangulate import triangulate

    if len(args.words) != 1:
        raise UsageError("flag: help requested", hint="one image is needed: pycosign triangulate IMAGE")
    name = triangulate(
        args.words[0],
        registry=open_registry(args, context),
        kind=args.text("type"),
        repository=signature_repository(context),
        tag_prefix=args.text("attachment-tag-prefix"),
    )
    context.put(f"{name}\n")
