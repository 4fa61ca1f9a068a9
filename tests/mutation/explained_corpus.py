"""What explains a disagreement about a bundle of the corpus or a mutant of it."""

from tests.mutation import explained_cosign, explained_python
from tests.mutation.corpus_cause import CorpusDisagreement, CorpusExplanation

TABLE = (*explained_cosign.TABLE, *explained_python.TABLE)


def explanation_of(item: CorpusDisagreement) -> CorpusExplanation | None:
    """The first row that covers it."""
    return next((row for row in TABLE if row.covers(item)), None)
