"""The DER of leaf certificates, composed by hand: precertificate and certificate share every byte but one extension.

The order of extensions is production's, with the certificate log's last. Source: RFC 6962, 3.1 and 3.3;
sigstore/fulcio, docs/certificate-specification.md, docs/oid-info.md, pkg/certificate/extensions.go.
"""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from pycosign.codec.der import SEQUENCE as SEQUENCE_TAG
from pycosign.codec.der import read_der
from pycosign.codec.der_writer import (
    der_bits,
    der_boolean,
    der_context,
    der_integer,
    der_null,
    der_octets,
    der_oid,
    der_sequence,
    der_time,
    der_utf8,
)
from pycosign.stack.ca.principal import EXTENSION_ARC, Principal

__all__ = ["LIFETIME", "Leaf", "certificate", "key_identifier", "leaf_of", "poisoned_tbs", "tbs", "tbs_with_scts"]

LIFETIME = timedelta(minutes=10)
ECDSA_WITH_SHA256 = der_sequence(der_oid("1.2.840.10045.4.3.2"))
POISON_OID = "1.3.6.1.4.1.11129.2.4.3"
SCT_LIST_OID = "1.3.6.1.4.1.11129.2.4.2"
LAST_RAW_EXTENSION = 6  # 1 to 6 hold bare text, the later ones a UTF8String


_oid = lru_cache(maxsize=64)(der_oid)  # a certificate has a dozen, always the same


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    flag = (der_boolean(True),) if critical else ()
    return der_sequence(_oid(oid), *flag, der_octets(value))


_KEY_USAGE = _extension("2.5.29.15", bytes.fromhex("03020780"), critical=True)  # digitalSignature
_CODE_SIGNING = _extension("2.5.29.37", der_sequence(der_oid("1.3.6.1.5.5.7.3.3")))
_POISON = _extension(POISON_OID, der_null(), critical=True)
_VERSION_3 = der_context(0, der_integer(2))
_EMPTY_NAME = der_sequence()


def key_identifier(spki_der: bytes) -> bytes:
    """The SHA-1 of the key's bits. Source: RFC 5280, 4.2.1.2 (1)."""
    spki = read_der(spki_der, SEQUENCE_TAG, "public key")
    spki.sequence()
    return hashlib.sha1(spki.bits(), usedforsecurity=False).digest()


class Leaf(NamedTuple):
    """A certificate before it is signed: what comes before the extensions, and those, without the log's own."""

    head: bytes
    extensions: bytes


def leaf_of(
    principal: Principal, *, spki_der: bytes, serial: int, issuer_name: bytes, issuer_key_id: bytes, now: datetime
) -> Leaf:
    """The certificate for a principal's key, from `now` cut to seconds, for ten minutes.

    `serial` is positive with at most 159 bits; `issuer_name` is the issuer's Name, DER; `issuer_key_id` its SKI.
    """
    start = now.replace(microsecond=0)
    head = b"".join(
        (
            _VERSION_3,
            der_integer(serial),
            ECDSA_WITH_SHA256,
            issuer_name,
            der_sequence(der_time(start), der_time(start + LIFETIME)),
            _EMPTY_NAME,
            spki_der,
        )
    )
    authority_key = der_sequence(der_context(0, issuer_key_id, constructed=False))
    extensions = [
        _KEY_USAGE,
        _CODE_SIGNING,
        _extension("2.5.29.14", der_octets(key_identifier(spki_der))),
        _extension("2.5.29.35", authority_key),
        # critical, because the subject is empty (RFC 5280, 4.2.1.6)
        _extension("2.5.29.17", der_sequence(principal.general_name), critical=True),
    ]
    for number, text in principal.extensions:
        value = text.encode("utf-8") if number <= LAST_RAW_EXTENSION else der_utf8(text)
        extensions.append(_extension(f"{EXTENSION_ARC}.{number}", value))
    return Leaf(head, b"".join(extensions))


def tbs(leaf: Leaf, last_extension: bytes = b"") -> bytes:
    """The TBSCertificate, with one more extension at the end if given. Without: what the certificate log signs."""
    return der_sequence(leaf.head, der_context(3, der_sequence(leaf.extensions, last_extension)))


def poisoned_tbs(leaf: Leaf) -> bytes:
    """The precertificate's TBSCertificate."""
    return tbs(leaf, _POISON)


def tbs_with_scts(leaf: Leaf, sct_list_value: bytes) -> bytes:
    """The final TBSCertificate. `sct_list_value`: the extension's value, an OCTET STRING around the TLS list."""
    return tbs(leaf, _extension(SCT_LIST_OID, sct_list_value))


def certificate(tbs_der: bytes, signature: bytes) -> bytes:
    """A certificate signed with ECDSA and SHA-256; `signature` is DER."""
    return der_sequence(tbs_der, ECDSA_WITH_SHA256, der_bits(signature))
