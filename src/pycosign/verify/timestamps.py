"""Signed timestamps (RFC 3161): from which authority, over this signature, and when.

One from an authority that the trust root does not know is not counted, and reported. One from a known authority is
checked in full, and a bad one refuses the evidence: whoever made it claimed that authority's name.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from pycosign import limits
from pycosign.crypto.algorithms import hash_name_of_oid, scheme_of_oid
from pycosign.crypto.certificate import Certificate, parse_certificate
from pycosign.crypto.digests import digest_of
from pycosign.crypto.extensions import TIME_STAMPING
from pycosign.crypto.path import build_path
from pycosign.errors import (
    InvalidCertificatePathError,
    InvalidSignatureError,
    InvalidTimestampError,
    MalformedError,
    NotValidAtTimeError,
    TimestampOutsideValidityError,
)
from pycosign.record import Record
from pycosign.verify.evidence import Evidence
from pycosign.verify.trust import TrustedAuthority, TrustRoot

if TYPE_CHECKING:
    from pycosign.wire.tsp import TimestampToken

__all__ = ["CheckedTimestamps", "VerifiedTimestamp", "check_timestamps"]

_PROOF: Final = object()
_SHA1_OID: Final = "1.3.14.3.2.26"


class VerifiedTimestamp:
    """A moment at which a known authority saw this signature. Only this module makes one.

    authority: its URI in the trust root; "" for a chain given alone. trusted: its entry there. path: the certificates
    that led to its anchor, signer first.
    """

    __slots__ = ("at", "authority", "path", "trusted")

    def __init__(self, proof: object, at: datetime, trusted: TrustedAuthority, path: tuple[Certificate, ...]) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.timestamps makes a VerifiedTimestamp")
        self.at = at
        self.authority = trusted.uri
        self.path = path
        self.trusted = trusted


class CheckedTimestamps(Record):
    """valid: those that count; ignored: why the others do not."""

    valid: tuple[VerifiedTimestamp, ...]
    ignored: tuple[str, ...]


def check_timestamps(evidence: Evidence, trust: TrustRoot | None) -> CheckedTimestamps:
    """Check every timestamp in the evidence.

    Raises: InvalidTimestampError: of a known authority, and it does not verify or stamps something else.
            TimestampOutsideValidityError: the authority was not good at that moment.
            MalformedError: not a timestamp response, too many, or the same one twice.
    """
    if not evidence.timestamps:
        return CheckedTimestamps((), ())
    if len(evidence.timestamps) > limits.TIMESTAMPS:
        raise MalformedError("timestamps", f"are {len(evidence.timestamps)}, more than {limits.TIMESTAMPS}")
    if len(set(evidence.timestamps)) != len(evidence.timestamps):
        raise MalformedError("timestamps", "hold the same one twice")
    from pycosign.wire.tsp import parse_response  # only evidence with timestamps pays for it

    valid: list[VerifiedTimestamp] = []
    ignored: list[str] = []
    for der in evidence.timestamps:
        token = parse_response(der)
        if trust is None or not (signers := _known_signers(token, trust)):
            ignored.append(f"the timestamp of {token.gen_time.isoformat()} is of an authority not in the trust root")
        else:
            valid.append(_check_token(token, signers, evidence, trust))
    return CheckedTimestamps(tuple(valid), tuple(ignored))


class _Signer(Record):
    """A known authority and its certificate that the token names."""

    authority: TrustedAuthority
    certificate: Certificate


def _known_signers(token: "TimestampToken", trust: TrustRoot) -> list[_Signer]:
    """The authorities whose certificate the token names: several, where one was trusted in several spans of time.

    A key that the trust root lists as a signer's counts through those entries only: not once more, when they have
    ended, through one that leaves the signer to the token. Of several certificates under one key identifier (an
    authority renewed its own), the token means the one that it signed a reference to.
    """
    signers: list[_Signer] = []
    unlisted: list[_Signer] = []
    listed_keys: set[bytes] = set()
    for authority in trust.timestamp_authorities:
        first = authority.certificates[0]
        certificate = _signer_of(token, authority, trust)
        if not first.is_ca:
            listed_keys.add(first.spki_der)
        if certificate is not None:
            (unlisted if first.is_ca else signers).append(_Signer(authority, certificate))
    signers += [signer for signer in unlisted if signer.certificate.spki_der not in listed_keys]
    if len(signers) > 1 and token.ess_hash_oid is not None:
        wanted, oid = token.ess_certificate_hash, token.ess_hash_oid
        signers = [signer for signer in signers if _ess_hash(oid, signer.certificate) == wanted] or signers
    return signers


def _signer_of(token: "TimestampToken", authority: TrustedAuthority, trust: TrustRoot) -> Certificate | None:
    """The authority's certificate that the token names, or None.

    A chain that begins with a certificate authority (given alone, by flag or variable) leaves the signer to the token:
    one that this authority issued, or an authority between them that the token brings along.
    """
    first = authority.certificates[0]
    if not first.is_ca:
        return first if _is_named(token, first) else None
    brought = _brought_authorities(token, authority, trust)
    names = {certificate.subject_der for certificate in authority.certificates}
    for _ in brought:  # each round leads one step further down
        names |= {item.subject_der for item in brought if item.issuer_der in names}
    for der in token.certificates_der:
        certificate = parse_certificate(der, "timestamp certificate")
        if _is_named(token, certificate) and certificate.issuer_der in names:
            return certificate
    return None


def _brought_authorities(
    token: "TimestampToken", authority: TrustedAuthority, trust: TrustRoot
) -> tuple[Certificate, ...]:
    """The authorities in the token, but for the keys that the trust root lists elsewhere only: as for `verify.leaf`.

    None of them is trusted: they only lead to the authority's own anchor, which must have issued them.
    """
    own = {item.spki_der for item in authority.certificates}
    found = [
        parse_certificate(der, "timestamp certificate")
        for der in token.certificates_der
        if der not in authority.chain_der
    ]
    found = [item for item in found if item.is_ca]
    if not found:
        return ()
    others = {item.spki_der for other in trust.timestamp_authorities for item in other.certificates} - own
    return tuple(item for item in found if item.spki_der not in others)


def _is_named(token: "TimestampToken", certificate: Certificate) -> bool:
    if token.signer_key_id is not None:
        return certificate.subject_key_id == token.signer_key_id
    return (token.signer_issuer_der, token.signer_serial) == (certificate.issuer_der, certificate.serial)


def _check_token(
    token: "TimestampToken", signers: list[_Signer], evidence: Evidence, trust: TrustRoot
) -> VerifiedTimestamp:
    """Imprint, signature, and the authority's validity at the stamped moment, under one of those whom the token names.

    Raises: InvalidTimestampError, TimestampOutsideValidityError: under none of them; the latter if there is one.
    """
    _check_imprint(token, evidence)
    problems: list[InvalidTimestampError | TimestampOutsideValidityError] = []
    for signer in signers:
        try:
            _check_signature(token, signer.certificate)
            path = _check_authority(token, signer, trust)
        except (InvalidTimestampError, TimestampOutsideValidityError) as problem:
            problems.append(problem)
            continue
        problems.clear()  # an error holds this frame: see `verify.leaf`
        return VerifiedTimestamp(_PROOF, token.gen_time, signer.authority, path)
    raise next((item for item in problems if isinstance(item, TimestampOutsideValidityError)), problems[0])


def _check_imprint(token: "TimestampToken", evidence: Evidence) -> None:
    """The stamped bytes are the raw signature.

    Of attestations in the old formats Cosign stamps the inner signature (`attest`) or the envelope's bytes
    (`attest-blob`, and what its verifiers expect): either is taken.
    """
    algorithm = hash_name_of_oid(token.hash_oid, "timestamp imprint")
    candidates = [evidence.signature]
    if evidence.envelope_bytes is not None:
        candidates.append(evidence.envelope_bytes)
    if token.imprint not in [digest_of(algorithm, candidate) for candidate in candidates]:
        raise InvalidTimestampError("the timestamp stamps something else than this signature")


def _check_signature(token: "TimestampToken", certificate: Certificate) -> None:
    """The signed attributes hold the digest of the stamped information and name the signer's certificate."""
    digest_name = hash_name_of_oid(token.digest_oid, "timestamp digest")
    if digest_of(digest_name, token.e_content) != token.message_digest:
        raise InvalidTimestampError("the timestamp's signed digest is of other information")
    if token.ess_hash_oid is None:
        raise InvalidTimestampError("the timestamp does not sign which certificate it was made with")
    if _ess_hash(token.ess_hash_oid, certificate) != token.ess_certificate_hash:
        raise InvalidTimestampError("the timestamp was made with another certificate than the authority's")
    scheme = scheme_of_oid(token.signature_oid, "timestamp signature")
    key = certificate.public_key
    if not key.kind.startswith(scheme.family):
        raise InvalidTimestampError(f"the timestamp is signed with {scheme.family}, its authority's key is {key.kind}")
    hash_name = None if key.signs_messages else scheme.hash_name or digest_name
    try:
        key.verify(token.signature, token.signed_attrs_der, hash_name=hash_name)
    except InvalidSignatureError as exc:
        raise InvalidTimestampError("the timestamp's signature does not verify under its authority's key") from exc


def _ess_hash(oid: str, certificate: Certificate) -> bytes:
    """The reference to the certificate; the older form of it is SHA-1 by definition (RFC 2634), beside a full check."""
    if oid == _SHA1_OID:
        import hashlib  # the old form is rare

        return hashlib.sha1(certificate.der, usedforsecurity=False).digest()
    return certificate.digest(hash_name_of_oid(oid, "timestamp certificate reference"))


def _check_authority(token: "TimestampToken", signer: _Signer, trust: TrustRoot) -> tuple[Certificate, ...]:
    at = token.gen_time
    try:
        path = _find_path(token, signer, trust)
    except NotValidAtTimeError as exc:
        raise TimestampOutsideValidityError(f"the timestamp authority was not valid: {exc}") from exc
    except InvalidCertificatePathError as exc:
        raise InvalidTimestampError(f"the timestamp authority's certificate is not trusted: {exc}") from exc
    if not signer.authority.valid_for.covers(at):
        raise TimestampOutsideValidityError(
            f"the timestamp authority {signer.authority.uri} was not trusted at {at.isoformat()}"
        )
    return path


def _find_path(token: "TimestampToken", signer: _Signer, trust: TrustRoot) -> tuple[Certificate, ...]:
    """From the signer to the anchor; through what the token brings where the trust root's chain has a gap."""
    *above, anchor = signer.authority.certificates
    intermediates = [item for item in above if item != signer.certificate]
    try:
        return build_path(signer.certificate, intermediates, (anchor,), at=token.gen_time, eku=TIME_STAMPING)
    except InvalidCertificatePathError:
        brought = _brought_authorities(token, signer.authority, trust)
        if not brought:
            raise
        intermediates += brought
        return build_path(signer.certificate, intermediates, (anchor,), at=token.gen_time, eku=TIME_STAMPING)
