"""The payload of legacy image signatures. Source: containers/image, docs/atomic-signature.md; Cosign, pkg/types."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pycosign import limits
from pycosign.codec.go_json import go_json
from pycosign.codec.json_value import JsonValue
from pycosign.codec.strict_json import Fields, load_json
from pycosign.errors import MalformedError
from pycosign.wire.reference import check_digest

__all__ = [
    "COSIGN_SIGNATURE_TYPE",
    "SIMPLE_SIGNING_MEDIA_TYPE",
    "SimpleSigning",
    "format_simple_signing",
    "parse_simple_signing",
]

COSIGN_SIGNATURE_TYPE: Final = "cosign container image signature"
SIMPLE_SIGNING_MEDIA_TYPE: Final = "application/vnd.dev.cosign.simplesigning.v1+json"


class SimpleSigning(NamedTuple):
    """That an image, named by its digest, was signed under a name."""

    reference: str  # repository without tag, or whatever the signer was told to write; may be ""
    digest: str  # "sha256:HEX" of the manifest
    type: str = COSIGN_SIGNATURE_TYPE
    optional: Mapping[str, JsonValue] | None = None  # the signer's annotations


def parse_simple_signing(data: bytes, *, what: str = "signature payload") -> SimpleSigning:
    """Parse a payload.

    Raises: MalformedError: not strict JSON; a member unknown or missing (the format says that an unknown critical one
            must be refused); a digest that is not one.
    """
    fields = Fields(load_json(data, what=what, max_bytes=limits.PAYLOAD_BYTES), what, protojson=False)
    critical = fields.object("critical")
    identity, image = critical.object("identity"), critical.object("image")
    optional = fields.optional_value("optional")
    if optional is not None and not isinstance(optional, dict):
        raise MalformedError(fields.path("optional"), "is not a JSON object")
    payload = SimpleSigning(
        reference=identity.text("docker-reference"),
        digest=check_digest(image.text("docker-manifest-digest"), what=image.path("docker-manifest-digest")),
        type=critical.text("type"),
        optional=optional,
    )
    for part in (identity, image, critical, fields):
        part.refuse_unknown()
    return payload


def format_simple_signing(payload: SimpleSigning) -> bytes:
    """Write the payload byte for byte as Cosign does: Go's escapes, annotations sorted, `null` without them."""
    critical = {
        "identity": {"docker-reference": payload.reference},
        "image": {"docker-manifest-digest": payload.digest},
        "type": payload.type,
    }
    optional = b"null" if payload.optional is None else go_json(payload.optional, sort=True)
    return b'{"critical":%b,"optional":%b}' % (go_json(critical), optional)
