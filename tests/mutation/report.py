"""What both differential runs print of the disagreements: the rows of docs/differential.md, each with its cases."""

from collections import Counter
from collections.abc import Iterable


def table(causes: Iterable[tuple[str, bool, str]]) -> str:
    """One row for each cause that a case has: the peer, whether it accepts, and why; the most frequent ones first."""
    rows = sorted(Counter(causes).items(), key=lambda row: (row[0][0], row[0][1], -row[1]))
    lines = ["| peer | says | cases | why |", "| --- | --- | --- | --- |"]
    for (peer, accepts, why), number in rows:
        lines.append(f"| {peer} | {'accepts' if accepts else 'refuses'} | {number} | {why} |")
    return "\n".join(lines)
