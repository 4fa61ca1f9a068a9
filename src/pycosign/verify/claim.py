"""Who is said to have signed: the demanded key, or the certificate in the evidence. Nothing is trusted yet."""

from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.keys import PublicKey
from pycosign.errors import CertificateSubstitutionError, KeyMismatchError
from pycosign.record import Record
from pycosign.verify.evidence import LEGACY_ATTESTATION, LEGACY_BUNDLE, LEGACY_SIGNATURE, Evidence
from pycosign.verify.requirements import Requirements, SignerKey

__all__ = ["ClaimedSigner", "claimed_signer"]


class ClaimedSigner(Record):
    """The key to check the signature with. With a certificate it counts for nothing until `check_leaf` accepted that.

    hash_name: the caller's override of the key's own hash. is_demanded: the key is the caller's own. companion: a
    certificate of the demanded key, beside an old image signature: it vouches for nothing, and the log names it.
    """

    key: PublicKey
    certificate: Certificate | None
    hash_name: str | None = None
    companion: Certificate | None = None

    @property
    def is_demanded(self) -> bool:
        return self.certificate is None

    @property
    def logged_certificate(self) -> Certificate | None:
        """The one that the log must name; None: the key itself."""
        return self.certificate or self.companion


def claimed_signer(evidence: Evidence, requirements: Requirements) -> ClaimedSigner:
    """Choose the key: the demanded one whatever the evidence says, else the one in its certificate.

    Raises: CertificateSubstitutionError: a legacy bundle offers another key, or a certificate, in place of the demanded
            key, or a key where an identity is demanded (GHSA-fx35-mq7g-6g98). A `cert` that holds the demanded key
            itself is what Cosign 3 writes: accepted, and not used.
            KeyMismatchError: a certificate where a key is demanded (but for one of that very key, beside an image
            signature as Cosign 2 makes it with a key and its certificate), or no certificate where an identity is.
            MalformedError: the certificate cannot be parsed.
    """
    signer = requirements.signer
    if isinstance(signer, SignerKey):
        return ClaimedSigner(signer.key, None, signer.hash_name, _companion(evidence, signer.key))
    if evidence.claimed_key_der is not None:
        raise CertificateSubstitutionError(
            f"the {evidence.source} holds a public key where a certificate of the demanded identity must be"
        )
    if not evidence.chain_der:
        raise KeyMismatchError(
            f"the {evidence.source} holds no certificate: it was made with a key, but an identity is demanded"
        )
    certificate = parse_certificate(evidence.chain_der[0])
    return ClaimedSigner(certificate.public_key, certificate)


def _companion(evidence: Evidence, demanded: PublicKey) -> Certificate | None:
    """The certificate beside the demanded key, if there may be one. Whatever would take the key's place is refused."""
    if evidence.claimed_key_der is not None and evidence.claimed_key_der != demanded.spki_der:
        raise CertificateSubstitutionError(
            f"the {evidence.source} offers another public key in place of the demanded one"
        )
    if not evidence.chain_der:
        return None
    if evidence.source == LEGACY_BUNDLE:
        raise CertificateSubstitutionError(f"the {evidence.source} offers a certificate in place of the demanded key")
    if evidence.source in (LEGACY_SIGNATURE, LEGACY_ATTESTATION):
        certificate = parse_certificate(evidence.chain_der[0])
        if certificate.public_key == demanded:
            return certificate
    raise KeyMismatchError(f"the {evidence.source} was made with a certificate, but a key is demanded")
