"""The proof that a certificate log knows the certificate: inside it, or beside it. Source: RFC 6962, 3."""

from datetime import UTC, datetime
from typing import Final

from pycosign.crypto.extensions import SCT_LIST
from pycosign.errors import InvalidSctError, InvalidSignatureError, SigningError, UsageError
from pycosign.record import Record
from pycosign.verify.evidence import Evidence
from pycosign.verify.leaf import VerifiedLeaf
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.trust import TrustedLog, TrustRoot
from pycosign.wire.sct import CertificateEntry, Sct, parse_sct_list, sct_signed_bytes

__all__ = ["CheckedScts", "check_scts"]

_MAX_MS: Final = 253_402_300_799_999  # the last millisecond that a datetime can hold


class CheckedScts(Record):
    """logs: the URLs of those that count; ignored: why the proofs of others do not."""

    logs: tuple[str, ...]
    ignored: tuple[str, ...]


def check_scts(
    leaf: VerifiedLeaf, evidence: Evidence, trust: TrustRoot | None, requirements: Requirements
) -> CheckedScts:
    """Prove that at least one certificate log of the trust root promised to hold the certificate.

    Returns: the logs that count; none under Waiver.SCT, where no proof is looked at.
    Raises:  InvalidSctError: none counts, or one of a known log does not verify. MalformedError: the list.
    """
    if Waiver.SCT in requirements.waivers:
        return CheckedScts((), ())
    if trust is None:
        raise UsageError("a trust root is needed to check a certificate's log proof")
    promises = _promises(leaf, evidence)
    if not promises:
        raise InvalidSctError("the certificate carries no proof that a certificate log knows it")
    counted: list[str] = []
    ignored: list[str] = []
    for sct, entry in promises:
        problem = _problem_of(sct, entry, trust, counted)
        if problem is not None:
            ignored.append(problem)
    if not counted:
        raise InvalidSctError(f"no certificate log proof counts: {'; '.join(ignored)}")
    return CheckedScts(tuple(counted), tuple(ignored))


def _promises(leaf: VerifiedLeaf, evidence: Evidence) -> list[tuple[Sct, CertificateEntry]]:
    """Every SCT with what its log must have signed.

    For one inside: the certificate without the list, under the key of the authority that issued it. For one beside: the
    certificate itself.
    """
    found: list[tuple[Sct, CertificateEntry]] = []
    encoded = leaf.certificate.sct_list_der
    if encoded is not None:
        entry = CertificateEntry(leaf.issuer.key_hash, leaf.certificate.tbs_without(SCT_LIST))
        found += [(sct, entry) for sct in parse_sct_list(encoded)]
    if evidence.detached_sct is not None:
        found.append((evidence.detached_sct, CertificateEntry(None, leaf.certificate.der)))
    return found


def _problem_of(sct: Sct, entry: CertificateEntry, trust: TrustRoot, counted: list[str]) -> str | None:
    """Append the log's URL if the SCT counts, else say why it does not."""
    logs = trust.ct_logs.get(sct.log_id, ())
    if not logs:
        return f"the certificate log {sct.log_id.hex()} is not in the trust root"
    if sct.timestamp_ms > _MAX_MS:
        raise InvalidSctError("the certificate log's time is out of range")
    at = datetime.fromtimestamp(sct.timestamp_ms / 1000, UTC)
    good = [log for log in logs if log.valid_for.covers(at)]
    if not good:
        return f"the certificate log {logs[0].base_url} was not trusted at {at.isoformat()}"
    *others, last = good  # one log, as often as the trust root lists it: their order decides nothing
    for log in others:
        try:
            _check_promise(sct, entry, log)
        except SigningError:
            continue
        counted.append(log.base_url)
        return None
    _check_promise(sct, entry, last)
    counted.append(last.base_url)
    return None


def _check_promise(sct: Sct, entry: CertificateEntry, log: TrustedLog) -> None:
    key = log.key
    if key.kind.partition("-")[0] != sct.sig_alg:
        raise InvalidSctError(f"the proof of {log.base_url} is made with {sct.sig_alg}, its key is {key.kind}")
    signed = sct_signed_bytes(sct.timestamp_ms, entry, sct.extensions)
    try:
        key.verify(sct.signature, signed, hash_name=sct.hash_alg)
    except InvalidSignatureError as exc:
        raise InvalidSctError(f"the proof of the certificate log {log.base_url} does not verify") from exc
