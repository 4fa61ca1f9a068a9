"""Verify mutants, and say which were accepted without a reason, which raised something else, which took too long."""

import bisect
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from pycosign.errors import SigningError, UsageError
from pycosign.verify.evidence import Evidence
from pycosign.verify.result import Verified
from tests.corpus.load import Entry, corpus
from tests.mutation.document import MEMBER_FORMS, Donors, Family, families, values_by_path
from tests.mutation.irrelevant import Likeness, row_of

SLOW_SECONDS: Final = 1.0  # of processor time, for one mutant


class Finding(NamedTuple):
    """Something that must not be."""

    entry: str
    path: str
    kind: str
    number: int
    problem: str

    def __str__(self) -> str:
        return f"{self.entry}: {self.path} [{self.kind} {self.number}]: {self.problem}"


class Outcome(NamedTuple):
    """What became of the mutants of one entry."""

    verified: Counter[str]  # kind -> mutants that were put before the verifier
    explained: Counter[str]  # reason -> mutants accepted for it
    findings: list[Finding]


@cache
def donors(form: str) -> Donors:
    """What the entries of a form have at each path, without repetitions."""
    found: dict[str, dict[str, None]] = {}
    for entry in corpus().values():
        if entry.form == form:
            for path, text in values_by_path(entry.document()).items():
                found.setdefault(path, {})[text] = None
    return {path: list(texts) for path, texts in found.items()}


class Examiner:
    """Judges the mutants of one entry."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.document = entry.document()
        self.evidence = entry.evidence(self.document)
        self.verified = entry.verify(self.document)
        self.families = families(self.document, donors(entry.form))
        self.outcome = Outcome(Counter(), Counter(), [])

    def examine(self, family: Family, number: int) -> None:
        """Verify one mutant and take down what must not be."""
        text = family.make(number)
        if text is None:
            return
        try:
            document = text.encode()
        except UnicodeEncodeError:
            return
        if document == self.document:
            return
        self.outcome.verified[family.kind] += 1
        start = time.process_time()
        try:
            evidence = self.entry.evidence(document)
            verified = self.entry.verify_evidence(evidence)
        except UsageError as refusal:
            self._find(family, number, f"refused as the caller's mistake: {refusal}")
        except SigningError:
            pass
        except Exception as escaped:  # noqa: BLE001 - whatever it is, it is reported
            self._find(family, number, f"raised {type(escaped).__name__}: {escaped}")
        else:
            self._accepted(family, number, self._likeness(evidence, verified))
        if time.process_time() - start > SLOW_SECONDS:
            self._find(family, number, f"took {time.process_time() - start:.1f} s")

    def _likeness(self, evidence: Evidence, verified: Verified) -> Likeness:
        """How much of the original an accepted mutant still is."""
        if evidence == self.evidence:
            return Likeness.EVIDENCE
        if self._who_and_what(verified) != self._who_and_what(self.verified):
            return Likeness.OTHER
        if verified.signature != self.verified.signature:
            return Likeness.RESIGNED
        now, before = _when(verified), _when(self.verified)
        if now == before:
            return Likeness.PROOF
        return Likeness.LESS if now < before else Likeness.SIGNER

    def _who_and_what(self, verified: Verified) -> tuple[object, ...]:
        """Everything proved but signature, moments and log entries; by any digest of the artifact."""
        digest = verified.digest
        return (
            verified.key.spki_der,
            verified.certificate and verified.certificate.der,
            verified.identity,
            verified.issuer,
            digest is not None and self.entry.artifact.digests[digest[0]] == digest[1],
            verified.payload,
            verified.statement,
            verified.annotations,
            verified.waivers,
        )

    def _accepted(self, family: Family, number: int, likeness: Likeness) -> None:
        row = row_of(self.entry.name, family, number, likeness)
        if row is None:
            self._find(family, number, f"accepted, likeness {likeness.name}")
        else:
            self.outcome.explained[row.reason] += 1

    def _find(self, family: Family, number: int, problem: str) -> None:
        kind = family.kind if family.kind != "member" else MEMBER_FORMS[number]
        self.outcome.findings.append(Finding(self.entry.name, family.path, kind, number, problem))


def _when(verified: Verified) -> frozenset[object]:
    """The moments, and each way in which each log entry was proved."""
    times = {(time.at, time.source, time.authority) for time in verified.times}
    ways = {(entry.log_id, entry.body, way) for entry in verified.log_entries for way in entry.proved_by}
    return frozenset(times | ways)


def examine_all(name: str) -> Outcome:
    """Every mutant of one entry."""
    examiner = Examiner(corpus()[name])
    for family in examiner.families:
        for number in range(family.size):
            examiner.examine(family, number)
    return examiner.outcome


def examine_sample(name: str, count: int, seed: int = 1) -> Outcome:
    """Some mutants of one entry, always the same: half of them spread over families, half over all mutants."""
    examiner = Examiner(corpus()[name])
    chance = random.Random(f"{seed} {name}")
    for family, number in sample_of(examiner.families, count, chance):
        examiner.examine(family, number)
    return examiner.outcome


def sample_of(all_families: list[Family], count: int, chance: random.Random) -> Iterator[tuple[Family, int]]:
    """Some mutants: half of them spread over families, half over all mutants."""
    some = [family for family in all_families if family.size]
    for _ in range(count // 2):
        family = chance.choice(some)
        yield family, chance.randrange(family.size)
    ends = list(itertools.accumulate(family.size for family in some))
    for _ in range(count - count // 2):
        at = chance.randrange(ends[-1])
        position = bisect.bisect_right(ends, at)
        yield some[position], at - (ends[position - 1] if position else 0)


def total(outcomes: Iterable[Outcome]) -> Outcome:
    """Several outcomes as one."""
    verified: Counter[str] = Counter()
    explained: Counter[str] = Counter()
    findings: list[Finding] = []
    for outcome in outcomes:
        verified += outcome.verified
        explained += outcome.explained
        findings += outcome.findings
    return Outcome(verified, explained, findings)
