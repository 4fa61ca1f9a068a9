"""Transparency log entries: promise (SET), inclusion proof and checkpoint, and that each speaks of this signature.

Every entry of a known log is checked in full: a bad one refuses the evidence, even if another one would do. Entries of
unknown logs do not count and are reported.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pycosign import limits
from pycosign.crypto.merkle import leaf_hash, root_from_inclusion_proof
from pycosign.errors import (
    CheckpointError,
    InvalidPromiseError,
    InvalidSignatureError,
    LogThresholdError,
    MalformedError,
    MissingEntryError,
    RootMismatchError,
    SigningError,
    UnknownLogError,
    UsageError,
)
from pycosign.record import Record
from pycosign.verify.binding import check_binding, is_rekor_v2
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.signature import SignedContent
from pycosign.verify.timestamps import VerifiedTimestamp
from pycosign.verify.trust import TrustedLog, TrustRoot
from pycosign.wire.checkpoint import Checkpoint, parse_signed_checkpoint, rekor_v1_tree_id
from pycosign.wire.log_entry import InclusionProof, LogEntry, set_payload
from pycosign.wire.note import Note, NoteSignature

if TYPE_CHECKING:
    from pycosign.verify.witness import Cosigned

__all__ = ["LoggedEntry", "ProvedEntries", "check_log"]

_PROOF: Final = object()
_MAX_TIME: Final = 253_402_300_799  # the last second that a datetime can hold


class LoggedEntry(Record):
    """One log entry that was proved.

    log_index: as the log's promise signs it; without a promise the position in the proven tree. log_id: 32 bytes, and
    log_url: as the trust root names the log. origin: the log's name in its checkpoint; None without one. kind: of the
    entry, "hashedrekord 0.0.1" ... integrated_at: None unless the log signed it. proved_by: "promise", "inclusion" or
    both. body: the entry itself, canonical JSON. witnesses: the trusted ones that cosigned the checkpoint.
    """

    log_index: int
    log_id: bytes
    log_url: str
    origin: str | None
    kind: str
    integrated_at: datetime | None
    proved_by: tuple[str, ...]
    body: bytes
    witnesses: "tuple[Cosigned, ...]" = ()


class ProvedEntries:
    """The log entries that count. Only this module makes one.

    waived: the caller turned the log off, so none was looked at.
    """

    __slots__ = ("entries", "ignored", "waived")

    def __init__(
        self, proof: object, entries: tuple[LoggedEntry, ...], ignored: tuple[str, ...], *, waived: bool
    ) -> None:
        if proof is not _PROOF:
            raise TypeError("only pycosign.verify.log makes a ProvedEntries")
        self.entries = entries
        self.ignored = ignored
        self.waived = waived


def check_log(
    evidence: Evidence,
    signed: SignedContent,
    stamps: tuple[VerifiedTimestamp, ...],
    trust: TrustRoot | None,
    requirements: Requirements,
) -> ProvedEntries:
    """Prove that at least one known log holds this signature, or as many as are demanded, unless Waiver.TLOG is set.

    Args:    stamps: the signed timestamps that verified; they judge the validity of a log that states no time itself.
    Returns: the entries that count, those that state a time first.
    Raises:  MissingEntryError, UnknownLogError (none counts, and why), LogThresholdError, EntryMismatchError,
             InvalidPromiseError, CheckpointError, RootMismatchError, MalformedError; UsageError: there is no trust
             root, or several logs are demanded of a check that is turned off.
    """
    if Waiver.TLOG in requirements.waivers:
        if requirements.min_logs > 1:
            raise UsageError("a number of logs is demanded, and the check of the log is turned off")
        return ProvedEntries(_PROOF, (), (), waived=True)
    if trust is None:
        raise UsageError("a trust root is needed to check the transparency log")
    _refuse_excess(evidence.entries)
    if not evidence.entries:
        raise MissingEntryError(f"the {evidence.source} holds no transparency log entry")
    proved: list[LoggedEntry] = []
    holders: list[TrustedLog] = []
    ignored: list[str] = []
    promised: list[datetime] = []
    for entry in sorted(evidence.entries, key=_states_no_time):  # those that state one judge the others
        logs = _logs_of(entry, stamps, promised, trust, requirements.min_timestamp_authorities)
        if isinstance(logs, str):
            ignored.append(logs)
            continue
        log, proof, uncounted = _check_under_any(entry, evidence, signed, logs, trust)
        proved.append(proof)
        ignored += uncounted
        holders.append(log)
        if proof.integrated_at is not None:
            promised.append(proof.integrated_at)
    if not proved:
        raise UnknownLogError(f"no log entry of the {evidence.source} counts: {'; '.join(ignored)}")
    if requirements.min_logs > 1:
        _check_threshold(holders, ignored, trust, requirements.min_logs)
    return ProvedEntries(_PROOF, tuple(proved), tuple(ignored), waived=False)


def _check_threshold(holders: list[TrustedLog], ignored: list[str], trust: TrustRoot, demanded: int) -> None:
    from pycosign.verify.distinct import distinct_logs  # few demands need it

    count = distinct_logs(holders, (log for logs in trust.logs.values() for log in logs))
    if count < demanded:
        names = ", ".join(sorted({_name(log) for log in holders}))
        raise LogThresholdError("; ".join((f"{count} distinct log(s) of {demanded} demanded: {names}", *ignored)))


def _refuse_excess(entries: tuple[LogEntry, ...]) -> None:
    if len(entries) > limits.LOG_ENTRIES:
        raise MalformedError("log entries", f"are {len(entries)}, more than {limits.LOG_ENTRIES}")
    if len(entries) > 1 and len({(entry.log_id, entry.log_index) for entry in entries}) != len(entries):
        raise MalformedError("log entries", "hold the same entry twice")


def _states_no_time(entry: LogEntry) -> bool:
    return entry.promise is None or entry.integrated_at is None


def _logs_of(
    entry: LogEntry,
    stamps: tuple[VerifiedTimestamp, ...],
    promised: list[datetime],
    trust: TrustRoot,
    demanded: int,
) -> tuple[TrustedLog, ...] | str:
    """The trusted log of an entry, as often as the trust root lists it with its id; or why it does not count.

    The log's validity is judged by the time that it signed itself (v1), else by the signed timestamps, else by the
    times that other logs signed: a log that is retired must not vouch for later signatures. Without any of them there
    is nothing to judge by.
    """
    logs = trust.logs.get(entry.log_id, ())
    if not logs:
        return f"the log {entry.log_id.hex()} is not in the trust root"
    moments: list[datetime]
    if entry.promise is not None and entry.integrated_at is not None:
        moments = [_moment(entry.integrated_at)]
        good = tuple(log for log in logs if log.valid_for.covers(moments[0]))
    elif stamps:
        moments = [stamp.at for stamp in stamps]
        good = tuple(log for log in logs if _was_trusted(log, stamps, trust, demanded))
    elif promised:
        moments = promised
        good = tuple(log for log in logs if any(log.valid_for.covers(at) for at in promised))
    else:
        return logs
    if good:
        return good
    at = ", ".join(moment.isoformat() for moment in moments)
    return f"the log {logs[0].base_url or entry.log_id.hex()} was not trusted at {at}"


def _was_trusted(log: TrustedLog, stamps: tuple[VerifiedTimestamp, ...], trust: TrustRoot, demanded: int) -> bool:
    """Whether a timestamp lies inside the log's validity: as many of them as are demanded, if others lie outside.

    An old signature may be stamped again. But where one authority is not believed, it does not bring back a log.
    """
    inside = [stamp for stamp in stamps if log.valid_for.covers(stamp.at)]
    if demanded < 2 or len(inside) in (0, len(stamps)):
        return bool(inside)
    from pycosign.verify.distinct import distinct_authorities  # few demands need it

    signed = ((stamp.trusted, stamp.path) for stamp in inside)
    return distinct_authorities(signed, trust.timestamp_authorities) >= demanded


def _check_under_any(
    entry: LogEntry, evidence: Evidence, signed: SignedContent, logs: tuple[TrustedLog, ...], trust: TrustRoot
) -> tuple[TrustedLog, LoggedEntry, tuple[str, ...]]:
    """What `_check_entry` gives, under the first of the log's listings that fits: their order decides nothing.

    Raises: as `_check_entry`, of the last of them.
    """
    *others, last = logs
    for log in others:
        try:
            proof, uncounted = _check_entry(entry, evidence, signed, log, trust)
        except SigningError:
            continue
        return log, proof, uncounted
    proof, uncounted = _check_entry(entry, evidence, signed, last, trust)
    return last, proof, uncounted


def _check_entry(
    entry: LogEntry, evidence: Evidence, signed: SignedContent, log: TrustedLog, trust: TrustRoot
) -> tuple[LoggedEntry, tuple[str, ...]]:
    """The proved entry, and which signatures on its checkpoint do not count."""
    body = check_binding(entry, evidence, signed)
    is_v2 = is_rekor_v2(body)
    proved_by: list[str] = []
    if entry.promise is not None:
        _check_promise(entry, entry.promise, log)
        proved_by.append("promise")
    head = None
    if entry.proof is not None:
        head = _check_inclusion(entry, entry.proof, log, trust, is_v2=is_v2)
        if head is not None:
            proved_by.append("inclusion")
    if not proved_by or ((evidence.proof_required or is_v2) and "inclusion" not in proved_by):
        raise MissingEntryError(f"the log entry {entry.log_index} carries no proof that the log holds it")
    promised = "promise" in proved_by
    logged = LoggedEntry(
        log_index=entry.log_index if promised or entry.proof is None else entry.proof.log_index,
        log_id=entry.log_id,
        log_url=log.base_url,
        origin=None if head is None else head.origin,
        kind=f"{body.kind} {body.version}",
        integrated_at=_moment(entry.integrated_at) if promised and entry.integrated_at is not None else None,
        proved_by=tuple(proved_by),
        body=entry.body,
        witnesses=() if head is None else head.witnesses,
    )
    return logged, () if head is None else head.ignored


def _moment(seconds: int) -> datetime:
    if not 0 <= seconds <= _MAX_TIME:
        raise MalformedError("log entry integratedTime", f"is not a time: {seconds}")
    return datetime.fromtimestamp(seconds, UTC)


def _check_promise(entry: LogEntry, promise: bytes, log: TrustedLog) -> None:
    try:
        log.check(promise, set_payload(entry))
    except InvalidSignatureError as exc:
        raise InvalidPromiseError(
            f"the log's promise for entry {entry.log_index} does not verify under the key of {_name(log)}"
        ) from exc


def _check_inclusion(
    entry: LogEntry, proof: InclusionProof, log: TrustedLog, trust: TrustRoot, *, is_v2: bool
) -> "_SignedHead | None":
    """Prove that the tree of the signed checkpoint holds the body. Returns None without checkpoint.

    Without one (allowed in bundles of version 0.1, beside a promise) the proof must still lead to its own root.
    """
    root = root_from_inclusion_proof(leaf_hash(entry.body), proof.log_index, proof.size, proof.hashes)
    if root != proof.root:
        raise RootMismatchError(
            f"the inclusion proof of entry {entry.log_index} leads to root {root.hex()}, but says {proof.root.hex()}"
        )
    if not proof.checkpoint:
        return None
    if is_v2 and entry.log_index != proof.log_index:
        raise RootMismatchError(
            f"the log entry is number {entry.log_index}, but its inclusion proof is for {proof.log_index}"
        )
    checkpoint, head = _check_checkpoint(proof.checkpoint, log, trust, is_v2=is_v2)
    if (checkpoint.size, checkpoint.root) != (proof.size, proof.root):
        raise RootMismatchError(
            f"the inclusion proof of entry {entry.log_index} is for root {root.hex()} of {proof.size} entries, "
            f"but the checkpoint signs {checkpoint.root.hex()} of {checkpoint.size}"
        )
    return head


class _SignedHead(Record):
    """Who signed a checkpoint. origin: the log, as it names itself; ignored: why other lines do not count."""

    origin: str
    witnesses: "tuple[Cosigned, ...]" = ()
    ignored: tuple[str, ...] = ()


def _check_checkpoint(text: str, log: TrustedLog, trust: TrustRoot, *, is_v2: bool) -> tuple[Checkpoint, _SignedHead]:
    """The checkpoint, signed by the log under its own name; and by witnesses, whose lines count if they are trusted."""
    note, checkpoint = parse_signed_checkpoint(text)
    lines = [line for line in note.signatures if line.key_hint == log.key_hint]
    for line in lines:
        if _is_name_of(line.name, checkpoint.origin, log, is_v2=is_v2) and _holds(line, note, log):
            if len(note.signatures) == 1:
                return checkpoint, _SignedHead(checkpoint.origin)
            from pycosign.verify.witness import check_cosignatures

            others = [other for other in note.signatures if other is not line]
            return checkpoint, _SignedHead(checkpoint.origin, *check_cosignatures(note, others, trust.witnesses))
    raise CheckpointError(
        f"the checkpoint of {checkpoint.origin[:200]!r} is not signed by the key of {_name(log)}"
        + ("" if lines else ": no line has its key hint")
    )


def _is_name_of(name: str, origin: str, log: TrustedLog, *, is_v2: bool) -> bool:
    """v2: origin and key are named by the host of the log's URL, without port. v1: the origin is "NAME - TREEID"."""
    if is_v2:
        return name == origin and (not log.host or name == log.host)
    return rekor_v1_tree_id(origin) is not None and origin.rpartition(" - ")[0] == name


def _holds(line: NoteSignature, note: Note, log: TrustedLog) -> bool:
    try:
        log.check(line.signature, note.text.encode())
    except InvalidSignatureError:
        return False
    return True


def _name(log: TrustedLog) -> str:
    return log.base_url or f"the log {log.log_id.hex()}"
