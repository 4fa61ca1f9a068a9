"""`pycosign verify`."""

from pycosign.cli.groups import ANNOTATIONS, REGISTRY, UNSUPPORTED_REGISTRY, VERIFYING, VERIFYING_UNSUPPORTED
from pycosign.cli.table import Command, at_least, switch, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    "Verify the signatures of container images: who signed, when, and that the log has it.",
    (
        *REGISTRY,
        *VERIFYING,
        ANNOTATIONS,
        text(
            "attachment",
            "verify what is attached to the image instead",
            deprecated="please use OCI referrers for attachments and verify with `--experimental-oci11`",
        ),
        switch("check-claims", "check what the signature says about the image", default=True),
        switch("local-image", "the image is a directory that `save` wrote"),
        text("output", "form of what is printed", default="json", shorthand="o", choices=("json", "text")),
        text(
            "payload",
            "file with the signed payload",
            deprecated="payload will always be verified from the bundle in future versions",
        ),
        text(
            "signature",
            "the signature: a file, a URL, or base64",
            deprecated="signatures are automatically fetched from the OCI registry during image verification",
        ),
    ),
    check_arguments=at_least(1),
    examples="""  pycosign verify --certificate-identity WHO --certificate-oidc-issuer ISSUER IMAGE

  # with a key
  pycosign verify --key cosign.pub IMAGE

  # demand annotations
  pycosign verify --key cosign.pub -a key1=value1 IMAGE""",
    exclusive=(("certificate-chain", "ca-roots"), ("certificate-chain", "ca-intermediates")),
    unsupported=VERIFYING_UNSUPPORTED | UNSUPPORTED_REGISTRY | {"attachment", "payload", "signature"},
)
