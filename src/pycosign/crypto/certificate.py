"""X.509 certificates, read strictly by our own DER reader. Source: RFC 5280.

`cryptography.x509` costs 29 ms of import on every run and nothing here needs it; the tests compare the two.
Whether a certificate is to be believed is decided in `pycosign.crypto.path`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

from pycosign.codec.der import BOOLEAN, OCTET_STRING, OID, SEQUENCE, DerReader, oid_text, read_der, read_elements
from pycosign.codec.der_writer import der_context, der_sequence
from pycosign.codec.pem import format_pem
from pycosign.crypto import extensions as ext
from pycosign.crypto.algorithms import RSA_PSS_OID, scheme_of_oid
from pycosign.crypto.digests import digest_of, sha256
from pycosign.crypto.keys import PublicKey, parse_spki
from pycosign.errors import InvalidSignatureError, MalformedError
from pycosign.limits import CERTIFICATE_BYTES, CERTIFICATE_EXTENSIONS
from pycosign.record import Record

__all__ = [
    "Certificate",
    "Extension",
    "parse_certificate",
]

_V3: Final = 2
_CRITICAL_TAGS: Final = [OID, BOOLEAN, OCTET_STRING]
_OTHER_TAGS: Final = [OID, OCTET_STRING]
_MAX_SERIAL_BITS: Final = 160
# AlgorithmIdentifiers, DER, by which ECDSA is signed. A test holds them to what reading them would give.
_ECDSA_HASHES: Final = {
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02": "sha256",
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03": "sha384",
    b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04": "sha512",
}
_NO_AUTHORITY: Final = ext.BasicConstraints(False, None)
_T = TypeVar("_T")


class Extension(Record):
    """An extension as it stands."""

    critical: bool
    value: bytes  # the content of extnValue


class Certificate:
    """A certificate. Immutable, safe to share; equal when the DER is equal.

    The structure has been checked when it exists; the values of extensions are checked when they are asked for
    (MalformedError).
    """

    __slots__ = (
        "_algorithm_der",
        "_digests",
        "_extension_places",
        "_extensions_at",
        "_key_hash",
        "_public_key",
        "_signed_by",
        "_values",
        "critical",
        "der",
        "issuer_der",
        "not_after",
        "not_before",
        "serial",
        "signature",
        "spki_der",
        "subject_der",
        "tbs_der",
        "what",
    )

    der: bytes
    tbs_der: bytes  # what is signed
    serial: int
    issuer_der: bytes  # a whole Name
    subject_der: bytes
    not_before: datetime  # both inclusive
    not_after: datetime
    spki_der: bytes
    critical: tuple[str, ...]  # the OIDs of the critical ones
    signature: bytes
    what: str  # how errors name it

    def __init__(self, der: bytes, what: str) -> None:
        if len(der) > CERTIFICATE_BYTES:
            raise MalformedError(what, f"is longer than {CERTIFICATE_BYTES} bytes")
        self.der, self.what = der, what
        outer = read_der(der, SEQUENCE, what)
        self.tbs_der = outer.whole(SEQUENCE)
        self._algorithm_der = outer.whole(SEQUENCE)
        self.signature = outer.bits()
        outer.finish()
        self._public_key: PublicKey | None = None
        self._signed_by: PublicKey | None = None
        self._values: dict[str, Any] = {}  # of extensions that were asked for
        self._digests: dict[str, bytes] = {}  # of the DER, those that were asked for
        self._key_hash: bytes | None = None
        self._read_tbs(read_der(self.tbs_der, SEQUENCE, what))

    def _read_tbs(self, fields: DerReader) -> None:
        version = fields.optional_context(0)
        if version is not None:
            if version.integer() != _V3:
                raise MalformedError(self.what, "is neither version 1 nor version 3")
            version.finish()
        self.serial = fields.integer()
        if self.serial < 0 or self.serial.bit_length() > _MAX_SERIAL_BITS:
            raise MalformedError(self.what, "has a serial number that is negative or too long")
        if fields.whole(SEQUENCE) != self._algorithm_der:
            raise MalformedError(self.what, "names two different signature algorithms")
        self.issuer_der = fields.whole(SEQUENCE)
        validity = fields.sequence()
        self.not_before, self.not_after = validity.time(), validity.time()
        validity.finish()
        self.subject_der = fields.whole(SEQUENCE)
        self.spki_der = fields.whole(SEQUENCE)
        self.critical = ()
        # by OID, in the certificate's order: where in `tbs_der` the extension, its value, and what follows begin
        self._extension_places: dict[str, tuple[int, int, int]] = {}
        self._extensions_at = fields.offset
        if version is not None and fields.next_is(0xA3):
            self._read_extensions(fields.context(3))
        fields.finish()

    def _read_extensions(self, explicit: DerReader) -> None:
        items = explicit.sequence()
        explicit.finish()
        tbs, what, places = self.tbs_der, self.what, self._extension_places
        begin, last = items.offset, items.end
        while begin < last:
            content = begin + 2
            length = tbs[begin + 1] if content <= last else 0x80
            end = content + length
            if length >= 0x80 or tbs[begin] != SEQUENCE or end > last:  # a long one, or one that is refused
                content, end = items.span_at(begin, SEQUENCE)
            oid_end = content + 2 + tbs[content + 1] if end - content > 4 else end
            critical, value_at = False, oid_end + 2
            if (
                value_at <= end
                and tbs[content] == OID
                and tbs[oid_end] == OCTET_STRING
                and end - value_at == tbs[oid_end + 1] < 0x80
            ):  # not critical, no length above 127, and they add up to the end: nearly every one
                encoded = tbs[content + 2 : oid_end]
            else:
                encoded, critical, value_at = _split_extension(tbs, what, content, end)
            oid = oid_text(encoded, what)
            if oid in places:
                raise MalformedError(what, f"has extension {oid} twice")
            places[oid] = (begin, value_at, end)
            if critical:
                self.critical += (oid,)
            begin = end
        if not 1 <= len(places) <= CERTIFICATE_EXTENSIONS:
            raise MalformedError(what, f"has no extensions, or more than {CERTIFICATE_EXTENSIONS}")

    def __repr__(self) -> str:
        return f"<Certificate serial {self.serial:x}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    # -- the key and the signature --
    @property
    def public_key(self) -> PublicKey:
        """The certified key."""
        if self._public_key is None:
            self._public_key = parse_spki(self.spki_der, f"{self.what} key")
        return self._public_key

    def check_signature(self, issuer_key: PublicKey) -> None:
        """Check that this key signed this certificate; a success is remembered.

        Raises: InvalidSignatureError. MalformedError: an algorithm that is not supported.
        """
        if self._signed_by is not None and self._signed_by == issuer_key:
            return
        if self._algorithm_der in _ECDSA_HASHES:  # nearly every one
            self._check_kind(issuer_key, "ecdsa")
            issuer_key.verify(self.signature, self.tbs_der, hash_name=_ECDSA_HASHES[self._algorithm_der])
        else:
            self._check_other_signature(issuer_key)
        self._signed_by = issuer_key

    def _check_other_signature(self, issuer_key: PublicKey) -> None:
        fields = read_der(self._algorithm_der, SEQUENCE, f"{self.what} signature algorithm")
        oid = fields.oid()
        if oid == RSA_PSS_OID:
            from pycosign.crypto.pss import parse_pss_parameters  # hardly any certificate pays for it

            self._check_kind(issuer_key, "rsa")
            hash_name = parse_pss_parameters(fields, f"{self.what} signature algorithm")
            issuer_key.verify_pss(self.signature, self.tbs_der, hash_name=hash_name)
            return
        scheme = scheme_of_oid(oid, f"{self.what} signature algorithm")
        if scheme.has_null and not fields.at_end():  # some leave it out, and readers must take both: RFC 4055, 5
            fields.null()
        fields.finish()
        if scheme.family == "rsa" and scheme.hash_name is None:
            raise InvalidSignatureError(f"{self.what} does not say which hash is signed")
        self._check_kind(issuer_key, scheme.family)
        issuer_key.verify(self.signature, self.tbs_der, hash_name=scheme.hash_name)

    def _check_kind(self, issuer_key: PublicKey, family: str) -> None:
        if not issuer_key.kind.startswith(family):
            raise InvalidSignatureError(f"{self.what} is signed by another kind of key than the issuer's")

    def tbs_without(self, *oids: str) -> bytes:
        """The TBSCertificate as it would be without these extensions. Source: RFC 6962, 3.2.

        Taking the SCT list out gives what the certificate log signed, byte for byte.
        """
        tbs, places = self.tbs_der, self._extension_places
        out = [places[oid] for oid in oids if oid in places]
        if not out:
            return tbs
        spans = list(places.values())
        at, kept = spans[0][0], []
        for begin, _, end in sorted(out):
            kept.append(tbs[at:begin])
            at = end
        kept.append(tbs[at : spans[-1][2]])
        head = 2 if tbs[1] < 0x80 else 2 + (tbs[1] & 0x7F)
        before = tbs[head : self._extensions_at]
        return der_sequence(before, der_context(3, der_sequence(*kept)) if len(out) < len(places) else b"")

    def digest(self, hash_name: str) -> bytes:
        """The digest of the DER, remembered: those of a trust root's authorities are asked for again and again."""
        found = self._digests.get(hash_name)
        if found is None:
            found = self._digests[hash_name] = digest_of(hash_name, self.der)
        return found

    @property
    def key_hash(self) -> bytes:
        """The SHA-256 digest of the SubjectPublicKeyInfo, remembered too. RFC 6962, 3.2: issuer_key_hash."""
        if self._key_hash is None:
            self._key_hash = sha256(self.spki_der)
        return self._key_hash

    def pem(self) -> bytes:
        """PEM `CERTIFICATE`."""
        return format_pem("CERTIFICATE", self.der)

    def valid_at(self, at: datetime) -> bool:
        """Whether the moment is within the validity, both ends included."""
        return self.not_before <= at <= self.not_after

    # -- extensions --
    @property
    def extensions(self) -> dict[str, Extension]:
        """Every extension by its OID, in the certificate's order; made anew at each call."""
        return {
            oid: Extension(oid in self.critical, self.tbs_der[value_at:end])
            for oid, (_, value_at, end) in self._extension_places.items()
        }

    def has_extension(self, oid: str) -> bool:
        """Whether the certificate has an extension of this OID."""
        return oid in self._extension_places

    def _extension_value(self, oid: str) -> bytes | None:
        place = self._extension_places.get(oid)
        return None if place is None else self.tbs_der[place[1] : place[2]]

    def _value(self, oid: str, parse: Callable[[bytes, str], _T], absent: _T) -> _T:
        """An extension's value, parsed once: authorities of a trust root are asked again and again."""
        if oid in self._values:
            value: _T = self._values[oid]
            return value
        raw = self._extension_value(oid)
        value = self._values[oid] = absent if raw is None else parse(raw, self.what)
        return value

    @property
    def basic_constraints(self) -> ext.BasicConstraints:
        """cA and path length; absent: not an authority."""
        return self._value(ext.BASIC_CONSTRAINTS, ext.parse_basic_constraints, _NO_AUTHORITY)

    @property
    def is_ca(self) -> bool:
        """Whether it may sign other certificates."""
        return self.basic_constraints.is_ca

    @property
    def path_length(self) -> int | None:
        """How many authorities may stand between this one and a leaf; None: any number."""
        return self.basic_constraints.path_length

    @property
    def key_usage(self) -> frozenset[str] | None:
        """Names as in `KEY_USAGE_BITS`; None: the extension is absent."""
        return self._value(ext.KEY_USAGE, ext.parse_key_usage, None)

    @property
    def extended_key_usage(self) -> tuple[str, ...] | None:
        """OIDs; None: the extension is absent."""
        return self._value(ext.EXTENDED_KEY_USAGE, ext.parse_extended_key_usage, None)

    @property
    def subject_key_id(self) -> bytes | None:
        """The identifier that certificates below name their issuer by."""
        return self._value(ext.SUBJECT_KEY_ID, ext.parse_subject_key_id, None)

    @property
    def authority_key_id(self) -> bytes | None:
        """The issuer's `subject_key_id`, as this certificate names it."""
        return self._value(ext.AUTHORITY_KEY_ID, ext.parse_authority_key_id, None)

    @property
    def san(self) -> tuple[ext.AlternativeName, ...]:
        """Subject alternative names, in their order; none if the extension is absent."""
        return self._value(ext.SUBJECT_ALT_NAME, ext.parse_alternative_names, ())

    @property
    def sct_list_der(self) -> bytes | None:
        """The SCT list extension's value: a DER OCTET STRING around the list."""
        return self._extension_value(ext.SCT_LIST)

    @property
    def fulcio_extensions(self) -> dict[int, str]:
        """Fulcio's extensions 1 to 6 and 8 to 24 by their last number; others of its arc are left alone."""
        texts: dict[int, str] = {}
        for oid, (_, value_at, end) in self._extension_places.items():
            number = _FULCIO_NUMBERS.get(oid)
            if number is not None:
                texts[number] = ext.parse_fulcio_extension(number, self.tbs_der[value_at:end], self.what)
        return texts


def _split_extension(tbs: bytes, what: str, at: int, end: int) -> tuple[bytes, bool, int]:
    """The content of an extension's OID, whether it is critical, and where the content of its value begins."""
    parts = read_elements(tbs, what, at, end)
    tags = [part[0] for part in parts]
    critical = tags == _CRITICAL_TAGS
    if not critical and tags != _OTHER_TAGS:
        raise MalformedError(what, "has an extension that is not an OID, critical or not, and its value")
    if critical and tbs[parts[1][2] : parts[1][3]] != b"\xff":
        raise MalformedError(what, "writes out a default in an extension")
    _, _, oid_at, oid_end = parts[0]
    return tbs[oid_at:oid_end], critical, parts[-1][2]


_FULCIO_NUMBERS: Final = {f"{ext.FULCIO_ARC}{number}": number for number in (*range(1, 7), *range(8, 25))}


def parse_certificate(der: bytes, what: str = "certificate") -> Certificate:
    """Parse one certificate, DER.

    Raises: MalformedError: anything that RFC 5280 or DER forbids in the structure.
    """
    return Certificate(der, what)
