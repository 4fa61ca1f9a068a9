"""What the caller brings of an image's signature in files of their own: `verify --signature --payload --certificate`.

It becomes a layer of the legacy form, with what belongs into its annotations, and is judged as any other.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pycosign.codec.b64 import encode_b64
from pycosign.codec.pem import format_pem
from pycosign.errors import KeyMismatchError
from pycosign.flows.verify_blob import read_certificate, read_certificates, read_signature, with_sct
from pycosign.verify.evidence import Evidence, evidence_from_legacy_layer
from pycosign.wire.legacy import CERTIFICATE_ANNOTATION, CHAIN_ANNOTATION, SIGNATURE_ANNOTATION
from pycosign.wire.simplesigning import SimpleSigning, format_simple_signing

__all__ = ["Presented", "evidence_of_layer", "presented_layer"]


class Presented(NamedTuple):
    """The content of each file; None is not given.

    With a signature nothing is looked for beside the image. Without one, the certificate belongs to the signatures that
    are found there. A certificate is only ever a claim: who it must be of is demanded elsewhere.
    """

    signature: bytes | None = None  # base64, or raw
    payload: bytes | None = None  # None: what Cosign signs for the image when nothing more is said
    certificate: bytes | None = None  # PEM, base64 of PEM, or DER
    chain: bytes | None = None  # PEM
    sct: bytes | None = None  # a certificate log's answer


def presented_layer(presented: Presented, repository: str, digest: str) -> tuple[bytes, dict[str, str]]:
    """The payload and the annotations of a signature that is not beside the image.

    Args: repository: the image's, completed; digest: "sha256:HEX". Both are only used where no payload is given.
    """
    assert presented.signature is not None
    payload = presented.payload
    if payload is None:
        payload = format_simple_signing(SimpleSigning(repository, digest))
    return payload, {SIGNATURE_ANNOTATION: encode_b64(read_signature(presented.signature))}


def evidence_of_layer(payload: bytes, annotations: Mapping[str, str], presented: Presented | None) -> Evidence:
    """A legacy layer as evidence, completed by what the caller presents.

    Raises: KeyMismatchError: the layer has another certificate than the presented one. MalformedError.
    """
    if presented is None or presented.certificate is None:
        return evidence_from_legacy_layer(payload, annotations)
    leaf = read_certificate(presented.certificate)
    given = {CERTIFICATE_ANNOTATION: format_pem("CERTIFICATE", leaf).decode()}
    if presented.chain is not None:
        above = read_certificates(presented.chain, "certificate chain")
        given[CHAIN_ANNOTATION] = b"".join(format_pem("CERTIFICATE", der) for der in above).decode()
    own = evidence_from_legacy_layer(payload, annotations)
    if own.chain_der and own.chain_der[0] != leaf:
        raise KeyMismatchError("the signature was made with another certificate than the one that is given")
    evidence = own if own.chain_der else evidence_from_legacy_layer(payload, {**annotations, **given})
    return with_sct(evidence, presented.sct)
