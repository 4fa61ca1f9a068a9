"""An older bundle made into one of version 0.3: the leaf alone, and a proof of inclusion for each log entry."""

from collections.abc import Callable
from typing import Final, NamedTuple

from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.names import parse_name
from pycosign.errors import MalformedError, UsageError
from pycosign.flows.certificate_tree import go_name
from pycosign.flows.log_completion import completed
from pycosign.flows.service_specs import prefixed
from pycosign.wire.bundle import Bundle, format_bundle, parse_bundle
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.loose_bundle import LooseMaterial, parse_loose_bundle

__all__ = ["UpgradedBundle", "upgrade_bundle"]

_OLDER: Final = {f"application/vnd.dev.sigstore.bundle+json;version=0.{minor}": f"v0.{minor}" for minor in (1, 2)}
_CURRENT: Final = (
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
)


class UpgradedBundle(NamedTuple):
    """The bundle's bytes; those that were given, if it is of version 0.3 already."""

    content: bytes
    changed: bool


def upgrade_bundle(data: bytes, *, fetch: Callable[[int], LogEntry], progress: Callable[[str], None]) -> UpgradedBundle:
    """Upgrade a bundle. Signatures are not verified; what the log adds must be about the same entry.

    Args:    fetch: the log's entry at an index; asked for entries without a proof or its checkpoint.
             progress: told what is done, in Cosign's words.
    Raises:  UsageError: no bundle, or one of a version that cannot be upgraded; EntryMismatchError, RootMismatchError:
             the log has another entry; errors of `fetch`.
    """
    with prefixed("unmarshaling bundle"):
        loose = parse_loose_bundle(data)
    if loose.material is None:
        raise UsageError("bundle is missing verification material")
    if not loose.material.kind:
        raise UsageError("bundle verification material is missing content (public key or certificate)")
    if loose.media_type in _CURRENT:
        progress("Bundle is already at v0.3, no upgrade needed.")
        return UpgradedBundle(data, changed=False)
    if loose.media_type not in _OLDER:
        raise UsageError(f"unsupported bundle version: {loose.media_type}")
    with prefixed("unmarshaling bundle"):
        bundle = parse_bundle(data, allow_incomplete=True)
    progress(f"Upgrading from {_OLDER[loose.media_type]} to v0.3...")
    _tell_of_chain(loose.material, progress)
    upgraded = bundle._replace(
        version="0.3",
        chain_der=bundle.chain_der[:1],
        entries=tuple(_with_proof(entry, fetch, progress) for entry in bundle.entries),
    )
    return UpgradedBundle(_written(upgraded), changed=True)


def _written(bundle: Bundle) -> bytes:
    content = format_bundle(bundle)
    parse_bundle(content)  # what nobody would read is not written
    return content


def _with_proof(entry: LogEntry, fetch: Callable[[int], LogEntry], progress: Callable[[str], None]) -> LogEntry:
    """Cosign fetches only where there is no proof at all, and so writes bundles whose proof has no checkpoint."""
    if entry.proof is not None and entry.proof.checkpoint:
        return entry
    progress(f"Fetching missing inclusion proof from Rekor for log index {entry.log_index}...")
    return completed(entry, fetch(entry.log_index))


def _tell_of_chain(material: LooseMaterial, progress: Callable[[str], None]) -> None:
    if material.kind != "x509CertificateChain":
        return
    progress("Truncating certificate chain to only the leaf certificate...")
    for at, der in enumerate(material.certificates_der):
        try:
            progress(f"  Certificate {at} Identity: {_identity(parse_certificate(der))}")
        except MalformedError as exc:
            progress(f"  Certificate {at}: <unable to parse: {exc}>")


def _identity(certificate: Certificate) -> str:
    for kind in ("email", "uri"):
        for item in certificate.san:
            if item.kind == kind:
                return item.value
    return go_name(parse_name(certificate.subject_der)) or "<none>"
