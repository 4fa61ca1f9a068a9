"""A disagreement about a bundle of the corpus or a mutant of it, and what explains one."""

import re
from typing import NamedTuple


class CorpusDisagreement(NamedTuple):
    """One document of which a peer and pycosign say different things."""

    peer: str
    entry: str
    rekor_v2: bool  # the entry as published has a log entry of Rekor v2
    change: str  # "path [kind number]", "" for the bundle as published
    ours: str  # "" accepted, else the code
    theirs: str  # "" accepted, else its words

    def __str__(self) -> str:
        answers = f"{self.ours or 'accepted'} / {self.theirs[-160:] or 'accepted'}"
        return f"{self.peer}: {self.entry}: {self.change or 'as published'}: {answers}"


class CorpusExplanation(NamedTuple):
    """A cause. `entry`, `change` and `ours` are patterns for the whole text, `words` for a part of the peer's."""

    peer: str
    accepts: bool  # the peer accepts, and pycosign refuses
    why: str
    change: str = ".*"
    words: str = ""
    entry: str = ".*"
    ours: str = ".*"
    rekor_v2: bool = False  # for entries of Rekor v2 only

    def covers(self, item: CorpusDisagreement) -> bool:
        return (
            item.peer == self.peer
            and self.accepts == (not item.theirs)
            and self.rekor_v2 <= item.rekor_v2
            and re.fullmatch(self.entry, item.entry) is not None
            and re.fullmatch(self.change, item.change) is not None
            and re.fullmatch(self.ours, item.ours) is not None
            and re.search(self.words, item.theirs, re.DOTALL) is not None
        )
