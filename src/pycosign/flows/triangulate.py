"""Where an image's legacy signature, attestation or SBOM lives; or its digest."""

from pycosign.errors import UsageError
from pycosign.oci.attach import signature_tag
from pycosign.oci.registry import Registry
from pycosign.wire.reference import parse_reference

__all__ = ["KINDS", "triangulate"]

_SUFFIXES = {"signature": "sig", "attestation": "att", "sbom": "sbom"}
KINDS = (*_SUFFIXES, "digest")


def triangulate(
    text: str, *, registry: Registry, kind: str = "signature", repository: str | None = None, tag_prefix: str = ""
) -> str:
    """The full name, e.g. `host/repo:sha256-HEX.sig`, or for `digest` `host/repo@sha256:HEX`.

    Args:   repository: COSIGN_REPOSITORY.
    Raises: UsageError: another kind; ImageNotFoundError; UnavailableError.
    """
    if kind not in KINDS:
        raise UsageError(f"unknown attachment type {kind}")
    reference = parse_reference(text)
    digest = reference.digest or registry.resolve(reference).digest
    if kind == "digest":
        return reference.with_digest(digest).name
    return f"{repository or reference.context}:{signature_tag(digest, prefix=tag_prefix, suffix=_SUFFIXES[kind])}"
