"""Ask a Rekor v1 log for the entry of a legacy signature that carries none. Never done offline."""

from typing import TYPE_CHECKING

from pycosign.codec.pem import format_pem
from pycosign.crypto.digests import digest_of
from pycosign.errors import SigningError
from pycosign.verify.evidence import Evidence, SimpleSigningPayload
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.wire.dsse import Envelope
from pycosign.wire.log_entry import LogEntry
from pycosign.wire.rekor_request import dsse_v1_request, hashedrekord_v1_request, intoto_v001_request

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["search_entries", "search_log"]


def search_log(
    evidence: Evidence,
    *,
    http: "HttpClient",
    rekor_url: str,
    requirements: Requirements,
    artifact_sha256: bytes | None = None,
) -> Evidence:
    """The evidence with the earliest log entry that says the same; unchanged if the log has none.

    The entry is verified like any other. An envelope is searched for, as `dsse` 0.0.1 and then as `intoto` 0.0.1, where
    its text was kept: the entry holds that text's digest.

    Args:   artifact_sha256: of the file, for a signature over a file.
    Raises: UnavailableError; ServiceRejectedError; MalformedError.
    """
    if evidence.chain_der:
        verifier_pem = format_pem("CERTIFICATE", evidence.chain_der[0])
    elif isinstance(requirements.signer, SignerKey):
        verifier_pem = requirements.signer.key.pem()
    else:
        return evidence
    found = search_entries(evidence, verifier_pem, http=http, rekor_url=rekor_url, artifact_sha256=artifact_sha256)
    if not found:
        return evidence
    return evidence._replace(entries=(min(found, key=lambda entry: entry.integrated_at or 2**62),))


def search_entries(
    evidence: Evidence,
    verifier_pem: bytes,
    *,
    http: "HttpClient",
    rekor_url: str,
    artifact_sha256: bytes | None = None,
) -> tuple[LogEntry, ...]:
    """The log's entries that say the same, by this key or certificate; () if it has none. Errors as `search_log`."""
    from pycosign.clients.rekor_v1 import find_entries

    for proposed in _proposals(evidence, verifier_pem, artifact_sha256):
        try:
            found = find_entries(http, rekor_url, proposed)
        except SigningError as exc:
            exc.check = "log"  # of `pipeline.CHECKS`
            raise
        if found:
            return found
    return ()


def _proposals(evidence: Evidence, verifier_pem: bytes, artifact_sha256: bytes | None) -> tuple[bytes, ...]:
    """Requests for the entries that would speak of this signature; () when what they cover is not known."""
    content = evidence.content
    if isinstance(content, SimpleSigningPayload):
        raw = digest_of("sha256", content.payload)
        return (hashedrekord_v1_request("sha256", raw, evidence.signature, verifier_pem),)
    if isinstance(content, Envelope):
        text = evidence.envelope_bytes
        if text is None:
            return ()
        return (dsse_v1_request(text, verifier_pem), intoto_v001_request(text, verifier_pem))
    if artifact_sha256 is None:
        return ()
    return (hashedrekord_v1_request("sha256", artifact_sha256, evidence.signature, verifier_pem),)
