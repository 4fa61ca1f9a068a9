"""Certificates for the verifier's tests, made by `cryptography`: our own reader is not judged by our own writer."""

import hashlib
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from pycosign.crypto.signers import LocalSigner, Signer, load_private_key


class Issued:
    """A certificate and the key under it. is_pss: whether this key signs other certificates with RSASSA-PSS."""

    def __init__(self, certificate: x509.Certificate, signer: Signer, *, is_pss: bool = False) -> None:
        self.certificate = certificate
        self.signer: Any = signer
        self.is_pss = is_pss

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Issue a certificate, with the hash of this key's kind."""
        return _signed(builder, self.signer, is_pss=self.is_pss)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def _signed(builder: x509.CertificateBuilder, signer: Any, *, is_pss: bool = False) -> x509.Certificate:
    key = signer.public_key
    hash_type: Any = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}[key.default_hash]
    pss = padding.PSS(padding.MGF1(hash_type()), hash_type.digest_size) if is_pss else None
    return builder.sign(signer.library_key(), None if key.signs_messages else hash_type(), rsa_padding=pss)


def p256_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def signer_of(key: ec.EllipticCurvePrivateKey) -> LocalSigner:
    return load_private_key(
        key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def new_builder(subject: str, key: object, start: datetime, end: datetime) -> x509.CertificateBuilder:
    name = x509.Name([] if not subject else [x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def make_authority(
    subject: str,
    issuer: Issued | None,
    start: datetime,
    end: datetime,
    eku: ObjectIdentifier | None = None,
    *,
    signer: Any = None,
    is_pss: bool = False,
    constraints: x509.NameConstraints | None = None,
) -> Issued:
    """A certificate authority; without an issuer a root."""
    signer = signer or signer_of(p256_key())
    builder = new_builder(subject, serialization.load_der_public_key(signer.public_key.spki_der), start, end)
    builder = builder.issuer_name(builder._subject_name if issuer is None else issuer.certificate.subject)  # type: ignore[arg-type]
    builder = builder.add_extension(x509.BasicConstraints(True, None), critical=True)
    builder = builder.add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
    if eku is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([eku]), critical=False)
    if constraints is not None:
        builder = builder.add_extension(constraints, critical=True)
    issuers_key = signer if issuer is None else issuer.signer
    builder = with_key_identifiers(builder, signer.public_key.spki_der, issuers_key.public_key.spki_der)
    certificate = _signed(builder, signer, is_pss=is_pss) if issuer is None else issuer.sign(builder)
    return Issued(certificate, signer, is_pss=is_pss)


def with_key_identifiers(
    builder: x509.CertificateBuilder, spki_der: bytes, issuers_spki_der: bytes
) -> x509.CertificateBuilder:
    """As Fulcio's certificates have them and RFC 5280 wants them; which bytes they are is the issuer's choice."""
    own, issuers = (hashlib.sha256(der).digest()[:20] for der in (spki_der, issuers_spki_der))
    builder = builder.add_extension(x509.SubjectKeyIdentifier(own), critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier(issuers, None, None), critical=False)


def key_usage(*names: str) -> x509.KeyUsage:
    all_names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in all_names})
