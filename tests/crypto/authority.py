"""Certificates for tests, made by `cryptography`: the other implementation that ours is compared with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pycosign.crypto.certificate import Certificate, parse_certificate

NOW = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


class Issued(NamedTuple):
    """A certificate and the key that it certifies."""

    certificate: Certificate
    key: Any


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def key_usage(*, sign: bool = False, certify: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(sign, False, False, False, False, certify, certify, False, False)


def certify(
    subject: str,
    issuer: Issued | None = None,
    *,
    key: Any = None,
    issuer_name: str | None = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    not_before: datetime = NOW - timedelta(minutes=5),
    not_after: datetime = NOW + timedelta(minutes=5),
    serial: int | None = None,
    algorithm: Any = hashes.SHA256(),
    rsa_padding: padding.PSS | padding.PKCS1v15 | None = None,
) -> Issued:
    """One certificate; without an issuer it signs itself. algorithm: None for keys that sign messages themselves."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    if issuer_name is not None:
        issuer_subject = name(issuer_name)
    elif issuer is not None:
        issuer_subject = x509.load_der_x509_certificate(issuer.certificate.der).subject
    else:
        issuer_subject = name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer_subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signed = builder.sign(issuer.key if issuer else key, algorithm, rsa_padding=rsa_padding)
    return Issued(parse_certificate(signed.public_bytes(serialization.Encoding.DER), subject or "leaf"), key)


def authority(
    subject: str,
    issuer: Issued | None = None,
    *,
    is_ca: bool = True,
    path_length: int | None = None,
    usage: x509.KeyUsage | None = key_usage(certify=True),
    purposes: Sequence[x509.ObjectIdentifier] = (),
    key_ids: bool = True,
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: Any = None,
    **options: Any,
) -> Issued:
    """An authority's certificate."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    extensions: list[tuple[x509.ExtensionType, bool]] = [(x509.BasicConstraints(is_ca, path_length), True)]
    if usage is not None:
        extensions.append((usage, True))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), False))
    if key_ids:
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    options.setdefault("not_before", NOW - timedelta(days=1))
    options.setdefault("not_after", NOW + timedelta(days=1))
    return certify(subject, issuer, key=key, extensions=[*extensions, *extra], **options)


def signer(
    issuer: Issued,
    subject: str = "",
    *,
    usage: x509.KeyUsage | None = key_usage(sign=True),
    purposes: Sequence[x509.ObjectIdentifier] = (CODE_SIGNING,),
    purposes_critical: bool = False,
    names: Sequence[x509.GeneralName] = (x509.RFC822Name("foo@bar.com"),),
    extra: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: Any = None,
    **options: Any,
) -> Issued:
    """A leaf, as Fulcio issues them."""
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if usage is not None:
        extensions.append((usage, True))
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(purposes), purposes_critical))
    if issuer.certificate.subject_key_id is not None:
        extensions.append((x509.AuthorityKeyIdentifier(issuer.certificate.subject_key_id, None, None), False))
    extensions.append((x509.SubjectAlternativeName(names), True))
    return certify(subject, issuer, extensions=[*extensions, *extra], **options)
