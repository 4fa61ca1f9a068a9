"""Download an image's signatures as they are stored. Nothing is verified."""

from collections.abc import Mapping, Sequence
from typing import Any

from pycosign.codec.b64 import encode_b64
from pycosign.codec.go_json import go_json
from pycosign.codec.strict_json import compact_json, load_json
from pycosign.errors import MalformedError, NoSignaturesError, UnavailableError
from pycosign.limits import BUNDLE_BYTES
from pycosign.oci.attach import FoundBundle, FoundLayer, find_bundles, find_layers
from pycosign.oci.registry import Registry
from pycosign.wire.bundle import parse_bundle
from pycosign.wire.legacy import (
    BUNDLE_ANNOTATION,
    CERTIFICATE_ANNOTATION,
    CHAIN_ANNOTATION,
    SIGNATURE_ANNOTATION,
    TIMESTAMP_ANNOTATION,
)
from pycosign.wire.reference import parse_reference

__all__ = ["download_signatures"]

_TOO_MUCH = ("registry.too-large", "registry.too-many")


def download_signatures(
    text: str, *, registry: Registry, repository: str | None = None, tag_prefix: str = ""
) -> tuple[bytes, ...]:
    """Each signature as one line of JSON: the bundles if there are any, else the legacy signatures.

    Raises: NoSignaturesError; ImageNotFoundError; UnavailableError: a source or a signature could not be read.
    """
    reference = parse_reference(text)
    digest = reference.digest or registry.resolve(reference).digest
    where = repository or reference.context
    found = list(find_bundles(registry, where, digest))
    lines = [line for item in found if (line := _bundle_line(item)) is not None]
    if not lines:
        _refuse_unread(found)
        lines = [_legacy_line(item) for item in find_layers(registry, where, digest, prefix=tag_prefix)]
    if not lines:
        error = NoSignaturesError(f"{text}: no signatures associated")
        error.exit_status = 1  # Cosign keeps 10 for `verify`
        raise error
    return tuple(lines)


def _refuse_unread(found: Sequence[FoundBundle]) -> None:
    """Raises: what kept one from being read: a bundle that is too large is there all the same."""
    for item in found:
        if item.problem is not None and item.problem.code in _TOO_MUCH:
            raise item.problem


def _bundle_line(item: FoundBundle) -> bytes | None:
    """The bundle on one line; None for one that is no bundle at all, which Cosign skips too."""
    if isinstance(item.problem, UnavailableError):
        raise item.problem
    if item.bundle is None:
        return None
    try:
        parse_bundle(item.bundle)
    except MalformedError:
        return None
    if b"\n" in item.bundle.strip():
        return compact_json(load_json(item.bundle, what="bundle", max_bytes=BUNDLE_BYTES))
    return item.bundle.strip()


def _legacy_line(item: FoundLayer) -> bytes:
    if item.problem is not None:
        raise item.problem
    assert item.descriptor is not None
    assert item.content is not None
    annotations = item.descriptor.annotations
    return go_json(
        {
            "Base64Signature": annotations.get(SIGNATURE_ANNOTATION, ""),
            "Payload": encode_b64(item.content),
            "Cert": _certificate(annotations, CERTIFICATE_ANNOTATION),
            "Chain": _chain(annotations),
            "Bundle": _json(annotations, BUNDLE_ANNOTATION),
            "RFC3161Timestamp": _json(annotations, TIMESTAMP_ANNOTATION),
        }
    )


def _json(annotations: Mapping[str, str], name: str) -> Any:
    text = annotations.get(name)
    return None if not text else load_json(text, what=f"annotation {name}", max_bytes=BUNDLE_BYTES)


def _certificate(annotations: Mapping[str, str], name: str) -> Any:
    """Go's whole certificate structure is not written again; what can be read back from `Raw` is all in there."""
    text = annotations.get(name)
    if not text:
        return None
    return _certificates(text, name)[0]


def _chain(annotations: Mapping[str, str]) -> Any:
    text = annotations.get(CHAIN_ANNOTATION)
    return None if not text else _certificates(text, CHAIN_ANNOTATION)


def _certificates(text: str, name: str) -> list[Any]:
    from pycosign.codec.pem import parse_pem

    return [{"Raw": encode_b64(block.der)} for block in parse_pem(text.encode(), what=f"annotation {name}")]
