"""`pycosign triangulate`."""

from pycosign.cli.groups import REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

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
