"""`pycosign tree`."""

from pycosign.cli.groups import REFERRERS_MODE, REGISTRY, UNSUPPORTED_REGISTRY
from pycosign.cli.table import Command, exactly, switch

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    "Show what is stored beside an image: signatures, attestations, SBOMs and other referrers.",
    (
        *REGISTRY,
        REFERRERS_MODE,
        switch(
            "experimental-oci11",
            "show OCI 1.1 referrers",
            default=True,
            deprecated="OCI referrers will be the default behavior in future versions",
        ),
    ),
    check_arguments=exactly(1),
    examples="  pycosign tree IMAGE",
    unsupported=UNSUPPORTED_REGISTRY | {"registry-referrers-mode=oci-1-1"},
)
