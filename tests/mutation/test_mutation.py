"""A sample of the mutants, always the same; `python -m tests.mutation --all` runs them all.

The sample is half spread over fields, half over all mutants. What it finds, the whole run finds.
"""

import pytest

from pycosign.crypto.keys import PublicKey
from tests.corpus.load import corpus
from tests.mutation.engine import Examiner, examine_sample
from tests.mutation.irrelevant import TABLE, Likeness
from tests.mutation.memory import remembering

SAMPLE = 60  # of each entry


@pytest.mark.parametrize("name", corpus())
def test_no_mutant_is_accepted_without_a_reason(name: str) -> None:
    with remembering():
        outcome = examine_sample(name, SAMPLE)
    assert outcome.verified.total() > SAMPLE // 2
    assert [str(finding) for finding in outcome.findings] == []


@pytest.mark.parametrize(
    ("name", "check"), [("made-image-keyless-tsa-sig", "verify"), ("made-cosign3-key-k-no-log", "verify_digest")]
)
def test_a_verifier_that_checks_no_signature_is_found_out(
    monkeypatch: pytest.MonkeyPatch, name: str, check: str
) -> None:
    """Every mutant is really judged: with the check gone, some of the same mutants are findings."""
    monkeypatch.setattr(PublicKey, check, lambda self, *arguments, **named: None)
    with remembering():
        findings = examine_sample(name, SAMPLE * 10).findings
    assert [finding for finding in findings if "accepted" in finding.problem]


@pytest.mark.parametrize("name", ["recorded-cosign3-blob-rekor-v2", "made-image-keyless-tsa-sig"])
def test_the_memory_changes_no_answer(name: str) -> None:
    plain = examine_sample(name, SAMPLE, seed=2)
    with remembering():
        remembered = examine_sample(name, SAMPLE, seed=2)
    assert plain == remembered


def test_the_memory_ends_with_its_block() -> None:
    original = PublicKey.verify
    with remembering():
        assert PublicKey.verify is not original
    assert PublicKey.verify is original


def test_no_row_allows_another_signer_or_artifact() -> None:
    assert all(row.at_least > Likeness.OTHER for row in TABLE)


def test_there_are_millions_of_mutants() -> None:
    names = list(corpus())[::10]
    assert sum(family.size for name in names for family in Examiner(corpus()[name]).families) > 300_000
