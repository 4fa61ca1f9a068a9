"""The certificate chains of the CA and of the timestamp authority, made once per data directory.

Profiles: sigstore/fulcio, docs/certificate-specification.md; sigstore/timestamp-authority, pkg/verification/verify.go.
P-256 with SHA-256 throughout.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

__all__ = ["ORGANIZATION", "ca_chain", "tsa_chain"]

ORGANIZATION = "pycosign"
YEARS = 10
DAYS_PER_YEAR = 365


class _Party(NamedTuple):
    """A name and its key."""

    common_name: str
    key: ec.EllipticCurvePrivateKey

    def name(self) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
                x509.NameAttribute(NameOID.COMMON_NAME, self.common_name),
            ]
        )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(subject: _Party, issuer: _Party, *, start: datetime, end: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject.name())
        .issuer_name(issuer.name())
        .public_key(subject.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def _key_ids(builder: x509.CertificateBuilder, subject: _Party, issuer: _Party) -> x509.CertificateBuilder:
    subject_id = x509.SubjectKeyIdentifier.from_public_key(subject.key.public_key())
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return builder.add_extension(subject_id, critical=False).add_extension(issuer_id, critical=False)


def _der(builder: x509.CertificateBuilder, issuer: _Party) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _root(party: _Party, *, start: datetime, end: datetime, path_length: int) -> bytes:
    builder = _builder(party, party, start=start, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _der(_key_ids(builder, party, party), party)


def _intermediate(
    party: _Party, root: _Party, usage: x509.ObjectIdentifier, *, start: datetime, end: datetime
) -> bytes:
    builder = _builder(party, root, start=start, end=end)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    builder = _key_ids(builder, party, root)
    # not critical: sigstore-python refuses a CA whose extended key usage is
    return _der(builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False), root)


def ca_chain(
    root_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, *, since: datetime
) -> tuple[bytes, bytes]:
    """The CA's intermediate (of `key`) and root, DER, valid from `since` for ten years."""
    start, end = _validity(since)
    root, intermediate = _Party("pycosign stack root", root_key), _Party("pycosign stack intermediate", key)
    signed = _intermediate(intermediate, root, ExtendedKeyUsageOID.CODE_SIGNING, start=start, end=end)
    return signed, _root(root, start=start, end=end, path_length=1)


def tsa_chain(
    root_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, *, since: datetime
) -> tuple[bytes, bytes, bytes]:
    """The timestamp authority's leaf (of `key`), intermediate and root, DER, valid from `since` for ten years.

    Three, as the real one answers: clients cut the chain into leaf, intermediates and root. The intermediate's key is
    made here, signs the one leaf and is forgotten.
    """
    start, end = _validity(since)
    root, leaf = _Party("pycosign stack timestamp root", root_key), _Party("pycosign stack timestamps", key)
    intermediate = _Party("pycosign stack timestamp intermediate", ec.generate_private_key(ec.SECP256R1()))
    builder = _builder(leaf, intermediate, start=start, end=end)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = _key_ids(builder, leaf, intermediate)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    signed = _intermediate(intermediate, root, ExtendedKeyUsageOID.TIME_STAMPING, start=start, end=end)
    return _der(builder, intermediate), signed, _root(root, start=start, end=end, path_length=1)


def _validity(since: datetime) -> tuple[datetime, datetime]:
    start = since.replace(microsecond=0)
    return start, start + timedelta(days=YEARS * DAYS_PER_YEAR)
