"""Ask a Rekor v1 log for the entry of a legacy signature that carries none. Never done offline."""

from typing import TYPE_CHECKING

from pycosign.codec.pem import format_pem
from pycosign.crypto.digests import digest
from pycosign.verify.evidence import Evidence, SimpleSigningPayload
from pycosign.verify.requirements import Requirements, SignerKey
from pycosign.wire.bundle import MessageSignature
from pycosign.wire.rekor_body import dsse_v1_request, hashedrekord_v1_request

if TYPE_CHECKING:
    from pycosign.net.http import HttpClient

__all__ = ["search_log"]


def search_log(
    evidence: Evidence,
    *,
    http: "HttpClient",
    rekor_url: str,
    requirements: Requirements,
    artifact_sha256: bytes | None = None,
) -> Evidence:
    """The evidence with the earliest log entry that says the same; unchanged if the log has none.

    The entry is verified like any other. An envelope is searched for (as `dsse` 0.0.1) where its text was kept: the
    entry holds that text's digest.

    Args:   artifact_sha256: of the file, for a signature over a file.
    Raises: UnavailableError; ServiceRejectedError; MalformedError.
    """
    from pycosign.clients.rekor_v1 import find_entries

    if isinstance(requirements.signer, SignerKey):
        verifier_pem = requirements.signer.key.pem()
    elif evidence.chain_der:
        verifier_pem = format_pem("CERTIFICATE", evidence.chain_der[0])
    else:
        return evidence
    if isinstance(evidence.content, SimpleSigningPayload):
        raw = digest("sha256", evidence.content.payload)
        proposed = hashedrekord_v1_request("sha256", raw, evidence.signature, verifier_pem)
    elif isinstance(evidence.content, MessageSignature) and artifact_sha256 is not None:
        proposed = hashedrekord_v1_request("sha256", artifact_sha256, evidence.signature, verifier_pem)
    elif evidence.envelope_bytes is not None:
        proposed = dsse_v1_request(evidence.envelope_bytes, verifier_pem)
    else:
        return evidence
    found = find_entries(http, rekor_url, proposed)
    if not found:
        return evidence
    return evidence._replace(entries=(min(found, key=lambda entry: entry.integrated_at or 2**62),))
