"""What both differential runs share: who differs, and what they print of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

_Case = TypeVar("_Case")
_Item = TypeVar("_Item")
Answers = Mapping[str, Sequence[str | None]]  # of each peer, case by case: "" accepted, else its words; None: not asked


class Cause(Protocol):
    """Why a peer says otherwise."""

    @property
    def peer(self) -> str: ...

    @property
    def accepts(self) -> bool: ...

    @property
    def why(self) -> str: ...


def differing(cases: Sequence[_Case], ours: Sequence[str], answers: Answers) -> Iterator[tuple[str, _Case, str, str]]:
    """Every case in which a peer says otherwise: the peer, the case, our code and its words, "" for accepted."""
    for peer, theirs in answers.items():
        for case, mine, other in zip(cases, ours, theirs, strict=True):
            if other is not None and bool(mine) != bool(other):
                yield peer, case, mine, other


def asked(answers: Answers) -> str:
    """How many cases each peer was asked."""
    return ", ".join(f"{peer} {sum(answer is not None for answer in theirs)}" for peer, theirs in answers.items())


def table(causes: Iterable[tuple[str, bool, str]]) -> str:
    """One row for each cause that a case has: the peer, whether it accepts, and why; the most frequent ones first."""
    rows = sorted(Counter(causes).items(), key=lambda row: (row[0][0], row[0][1], -row[1]))
    lines = ["| peer | says | cases | why |", "| --- | --- | --- | --- |"]
    for (peer, accepts, why), number in rows:
        lines.append(f"| {peer} | {'accepts' if accepts else 'refuses'} | {number} | {why} |")
    return "\n".join(lines)


def print_report(found: Sequence[_Item], cause_of: Callable[[_Item], Cause | None], wrong: Sequence[str]) -> int:
    """The table, what no row covers, and where pycosign itself is wrong. Returns the exit status."""
    causes = [cause_of(item) for item in found]
    unexplained = [item for item, cause in zip(found, causes, strict=True) if cause is None]
    print(table((cause.peer, cause.accepts, cause.why) for cause in causes if cause is not None))
    for item in unexplained:
        print(f"UNEXPLAINED {item}")
    for sentence in wrong:
        print(f"FINDING {sentence}")
    print(f"\n{len(found)} disagreements, {len(unexplained)} unexplained; {len(wrong)} findings")
    return 1 if unexplained or wrong else 0
