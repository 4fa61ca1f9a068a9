"""`pycosign download signature`."""

from pycosign.cli.groups import REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command, exactly

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    "Print the signatures of an image, one JSON document a line: its bundles, or if it has none its legacy signatures.",
    REGISTRY,
    check_arguments=exactly(1),
    examples="  pycosign download signature IMAGE",
    unsupported=UNSUPPORTED_REGISTRY,
)
