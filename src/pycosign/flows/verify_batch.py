"""Verify many files in one go: one trust root, one demand, one row for each pair of a file and its bundle.

The rows come in the order of the lines, each as soon as it and those before it are decided, on all cores. A line is
data that somebody wrote: it names files and digests and nothing else, so no address in it is ever asked.
"""

import errno
import os
import stat
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import datetime
from typing import BinaryIO, NamedTuple

from pycosign import limits
from pycosign.codec.b64 import use_quick_decoder
from pycosign.codec.strict_json import load_json
from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.flows.blob_source import BlobSource, blob_from_digest, names_digest
from pycosign.flows.candidates import read_candidates, verify_candidates
from pycosign.flows.in_order import Line, LineReader, map_lines
from pycosign.flows.verify_blob import read_bundle_file, verify_blob
from pycosign.verify.evidence import Evidence
from pycosign.verify.requirements import Requirements
from pycosign.verify.result import Verdict, Verified
from pycosign.verify.trust import TrustRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pycosign.policy.decide import PolicyVerdict, VerificationPolicy

__all__ = ["BatchRow", "JudgedPair", "judge_line", "verify_batch"]

MALFORMED_LINE = "batch.malformed-line"
_VERDICTS = {verdict.value[0].encode(): verdict for verdict in Verdict}  # by their first letters


class JudgedPair(NamedTuple):
    """One line of a batch, judged. artifact, bundle: as the line has them; None where it cannot be read."""

    line: int  # from 1
    artifact: str | None
    bundle: str | None
    outcome: Verified | SigningError  # with a policy, of the first signer that counts
    by_policy: "PolicyVerdict | None" = None

    @property
    def verdict(self) -> Verdict:
        """A line or bundle that is malformed is refused; what could not be decided with what is there, unavailable."""
        if isinstance(self.outcome, Verified):
            return Verdict.VERIFIED
        undecided = isinstance(self.outcome, UnavailableError | UsageError)
        return Verdict.UNAVAILABLE if undecided else Verdict.REFUSED


class BatchRow(NamedTuple):
    """What is told of one line: `text` is what the caller's `render` made of it."""

    verdict: Verdict
    text: str


def verify_batch(
    batch: BinaryIO,
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    clock: Callable[[], datetime],
    render: Callable[[JudgedPair], str],
    predicate_type: str | None = None,
    workers: int = 1,
    policy: "VerificationPolicy | None" = None,
) -> Generator[BatchRow, None, None]:
    """Judge every line of a batch.

    Args:   batch: JSON lines {"artifact": PATH or "sha256:HEX", "bundle": PATH}; paths are relative to the working
            directory; an existing file wins over the reading as a digest; lines of white space are left out.
            clock: asked for each line, for a batch may stay open for days. render: runs where the pair is judged, which
            may be another process. predicate_type: each bundle must be
            an attestation of this type (a URI); None: a signature. workers: at most so many processes.
            policy: decides in place of the requirements, over every signature of a bundle file.
    Raises: UnavailableError: the batch itself cannot be read, or a process was lost. Never for a pair: that is a row.
    """

    def judge(line: Line) -> bytes:
        judged = judge_line(
            line, trust=trust, requirements=requirements, now=clock(), predicate_type=predicate_type, policy=policy
        )
        return judged.verdict.value[0].encode() + render(judged).encode("utf-8", "surrogatepass")

    use_quick_decoder()
    lines = LineReader(batch, max_bytes=limits.BATCH_LINE_BYTES)
    with closing(map_lines(judge, lines, workers=workers)) as answers:
        for answer in answers:
            yield BatchRow(_VERDICTS[answer[:1]], answer[1:].decode("utf-8", "surrogatepass"))


def judge_line(
    line: Line,
    *,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
    predicate_type: str | None = None,
    policy: "VerificationPolicy | None" = None,
) -> JudgedPair:
    """One line, from its bytes to the verdict, as in `verify_batch`. Every error of the pair is in the result."""
    artifact: str | None = None
    bundle: str | None = None
    outcome: Verified | SigningError
    try:
        members = _members(line)
        artifact, bundle = _text(members, "artifact"), _text(members, "bundle")
        demanded_artifact, demanded_bundle = _checked_pair(line, members)
        data = _read_bundle(demanded_bundle)
        source = _source(demanded_artifact, line)
        if policy is not None:
            by_policy = _verify_by_policy(source, data, policy, trust, now, is_attestation=predicate_type is not None)
            outcome = by_policy.error or by_policy.counted[0].verified
            return JudgedPair(line.number, artifact, bundle, outcome, by_policy)
        outcome = _verify(source, data, predicate_type, trust, requirements, now)
    except SigningError as exc:
        outcome = exc
    return JudgedPair(line.number, artifact, bundle, outcome)


def _verify_by_policy(
    source: BlobSource,
    bundle: bytes,
    policy: "VerificationPolicy",
    trust: TrustRoot | None,
    now: datetime,
    *,
    is_attestation: bool,
) -> "PolicyVerdict":
    from pycosign.flows.verify_by_policy import verify_file_by_policy

    evidences = [item.evidence for item in read_candidates(bundle, is_attestation=is_attestation)]
    return verify_file_by_policy(source, evidences, policy=policy, trust=trust, now=now).verdict


def _verify(
    source: BlobSource,
    data: bytes,
    predicate_type: str | None,
    trust: TrustRoot | None,
    requirements: Requirements,
    now: datetime,
) -> Verified:
    candidates = read_candidates(data, is_attestation=predicate_type is not None)
    evidence = candidates[0].evidence
    if len(candidates) > 1 or not isinstance(evidence, Evidence):
        return verify_candidates(
            source, candidates, trust=trust, requirements=requirements, now=now, predicate_type=predicate_type
        )
    if predicate_type is None:
        return verify_blob(source, evidence=evidence, trust=trust, requirements=requirements, now=now)
    from pycosign.flows.verify_blob_attestation import verify_blob_attestation

    return verify_blob_attestation(
        source, evidence=evidence, predicate_type=predicate_type, trust=trust, requirements=requirements, now=now
    )


def _members(line: Line) -> dict[str, object]:
    what = f"line {line.number} of the batch"
    if line.content is None:
        raise MalformedError(what, f"is longer than {limits.BATCH_LINE_BYTES} bytes", code=MALFORMED_LINE)
    try:
        value = load_json(line.content, what=what, max_bytes=limits.BATCH_LINE_BYTES)
    except MalformedError as exc:
        raise MalformedError(exc.what, exc.problem, code=MALFORMED_LINE) from exc
    if not isinstance(value, dict):
        raise MalformedError(what, "is not a JSON object", code=MALFORMED_LINE)
    return dict(value)


def _text(members: dict[str, object], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) else None


def _checked_pair(line: Line, members: dict[str, object]) -> tuple[str, str]:
    """An unknown member is refused: who wrote an identity there must not believe that it is demanded."""
    what = f"line {line.number} of the batch"
    for name in ("artifact", "bundle"):
        if name not in members:
            raise MalformedError(what, f"has no member {name!r}", code=MALFORMED_LINE)
        if not _is_path(members[name]):
            raise MalformedError(what, f"has a member {name!r} that is not a path", code=MALFORMED_LINE)
    unknown = sorted(members.keys() - {"artifact", "bundle"})
    if unknown:
        raise MalformedError(what, f"has the unknown member {unknown[0][:80]!a}", code=MALFORMED_LINE)
    return str(members["artifact"]), str(members["bundle"])


def _is_path(value: object) -> bool:
    try:
        return isinstance(value, str) and value != "" and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:  # a file system of another encoding cannot have it
        return False


def _read_bundle(path: str) -> bytes:
    try:
        _check_kind(path)
    except FileNotFoundError:
        pass  # told below
    except OSError as exc:
        raise UnavailableError(f"cannot read {path}: {exc.strerror or exc}", code="bundle.unreadable") from exc
    try:
        return read_bundle_file(path)
    except UsageError as exc:  # no such file: of one file a mistake on the command line, of many a row
        raise UnavailableError(str(exc), code="bundle.unreadable") from exc


def _source(text: str, line: Line) -> BlobSource:
    if names_digest(text):
        try:
            return blob_from_digest(text.lower())
        except UsageError as exc:
            raise MalformedError(
                f"line {line.number} of the batch",
                f"has an artifact that is neither a file nor a digest: {text[:140]!a}",
                code=MALFORMED_LINE,
            ) from exc
    return BlobSource(text, lambda: _open_file(text), file_name=os.path.basename(text))


def _open_file(path: str) -> BinaryIO:
    _check_kind(path)
    return open(path, "rb")


def _check_kind(path: str) -> None:
    """A pipe or a device that a line names may never end, or be standard input: the batch itself, whose other lines
    would be gone. Raises: OSError."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # of a directory, opening it says so
        raise OSError(errno.EINVAL, "it is not a regular file", path)
