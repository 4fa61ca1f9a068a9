"""`pycosign sign`."""

from pycosign.cli.groups import (
    ANNOTATIONS,
    NOW_IN_BUNDLE,
    REFERRERS_MODE,
    REGISTRY,
    SIGNING,
    SIGNING_UNSUPPORTED,
    UNSUPPORTED_REGISTRY,
)
from pycosign.cli.table import Command, at_least, items, switch, text

TYPE_CHECKING = False  # the table alone must stay cheap: help and completion read it
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

COMMAND = Command(
    """Sign container images.

Name an image by its digest (@sha256:...), not by a tag: a tag may be moved between the moment you look at it and the
moment it is signed. A tag is resolved once, and what was signed is printed.""",
    (
        *REGISTRY,
        REFERRERS_MODE,
        *SIGNING,
        ANNOTATIONS,
        text(
            "attachment",
            "sign what is attached to the image instead",
            deprecated="please use OCI referrers for attachments; "
            "see `cosign attach sbom --registry-referrers-mode=oci-1-1 --help`",
        ),
        text("output-payload", "write the signed payload to this file", deprecated=NOW_IN_BUNDLE.format("payload")),
        text(
            "payload",
            "sign this payload instead of one made for the image",
            deprecated="payload will always be generated automatically in future versions",
        ),
        switch(
            "record-creation-timestamp",
            "put the time into the signature's image",
            deprecated="not used with the new bundle format",
        ),
        switch("recursive", "sign an index and every image in it", shorthand="r"),
        items(
            "sign-container-identity",
            "the name of the image in the payload",
            deprecated="not possible when OCI referrers become the default behavior",
        ),
        switch("upload", "store the signature in the registry", default=True),
    ),
    check_arguments=at_least(1),
    examples="""  pycosign sign IMAGE@DIGEST

  # with a key
  pycosign sign --key cosign.key IMAGE@DIGEST

  # with signed annotations
  pycosign sign --key cosign.key -a key1=value1 -a key2=value2 IMAGE@DIGEST""",
    exclusive=(("use-signing-config", "signing-config"),),
    unsupported=SIGNING_UNSUPPORTED | UNSUPPORTED_REGISTRY | {"registry-referrers-mode=oci-1-1"},
)
