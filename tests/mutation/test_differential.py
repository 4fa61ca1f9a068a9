"""The corpus and mutants of it before the peers: `python -m tests.mutation.differential` takes thousands of them."""

from pathlib import Path

import pytest

from tests.corpus.load import corpus
from tests.interop.environment import Home
from tests.interop.peers import cache, find
from tests.mutation.corpus_cause import CorpusDisagreement
from tests.mutation.differential import cases, disagreements, for_cosign, for_python, has_rekor_v2, ours
from tests.mutation.explained import COSIGN, PYTHON
from tests.mutation.explained_corpus import TABLE, explanation_of
from tests.mutation.judges import ask_cosign, ask_sigstore_python
from tests.mutation.report import table


def test_the_cases_are_the_same_in_every_run_and_begin_with_the_bundles_as_published(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        made = list(cases(tmp_path / name, 2))
        assert [finding for _, findings in made for finding in findings] == []
        runs.append([(case.entry.name, case.change, case.path.read_bytes()) for case, _ in made])
    assert runs[0] == runs[1]
    assert sum(not change for _, change, _ in runs[0]) > 100
    assert len(runs[0]) > 300


def test_each_row_is_about_some_change_or_some_words() -> None:
    for row in TABLE:
        assert row.peer in (COSIGN, PYTHON)
        if row.accepts:  # then the peer has no words
            assert row.change != ".*"
            assert row.ours != ".*"
        else:
            assert row.words


@pytest.mark.parametrize(
    "item",
    [
        CorpusDisagreement(COSIGN, "conformance-happy-path-v0.3", False, "", "signature.invalid", ""),
        CorpusDisagreement(PYTHON, "conformance-happy-path-v0.3", False, "", "", "InvalidBundle: for some reason"),
        CorpusDisagreement(
            COSIGN,
            "conformance-happy-path-v0.3",
            False,
            "verificationMaterial.tlogEntries[].canonicalizedBody> [bit 9]",
            "tlog.entry-mismatch",
            "",
        ),
        CorpusDisagreement(
            PYTHON, "conformance-happy-path-v0.3", False, "messageSignature.signature> [bit 9]", "signature.invalid", ""
        ),
    ],
    ids=["as published", "no known words", "a body of Rekor v1", "a signature"],
)
def test_no_row_covers_what_would_be_a_fault(item: CorpusDisagreement) -> None:
    assert explanation_of(item) is None


def test_the_body_of_a_rekor_v2_entry_is_known_as_such() -> None:
    item = CorpusDisagreement(
        COSIGN,
        "conformance-rekor2-happy-path",
        has_rekor_v2(corpus()["conformance-rekor2-happy-path"]),
        "verificationMaterial.tlogEntries[].canonicalizedBody> [bit 9]",
        "tlog.entry-mismatch",
        "",
    )
    assert explanation_of(item) is not None
    assert not has_rekor_v2(corpus()["sigstore-js-bundleV03-intoto"])  # version 0.0.2 of another kind


def test_the_table_has_the_most_frequent_causes_first() -> None:
    causes = [("B", False, "rare"), ("B", False, "frequent"), ("B", False, "frequent"), ("A", True, "other")]
    assert table(causes).splitlines()[2:] == [
        "| A | accepts | 1 | other |",
        "| B | refuses | 2 | frequent |",
        "| B | refuses | 1 | rare |",
    ]


@pytest.mark.peer
@pytest.mark.skipif(find("cosign3-judge") is None, reason="cosign3-judge is not built: the whole run builds it")
def test_a_sample_of_the_corpus_has_no_unexplained_disagreement(tmp_path: Path) -> None:
    if not (cache() / "sigstore-python").exists():
        pytest.skip("sigstore-python is not installed: the whole run installs it")
    folder = tmp_path / "bundles"
    folder.mkdir()
    made = [case for case, _ in cases(folder, 2)]
    answers: dict[str, list[str | None]] = {
        COSIGN: list(ask_cosign(Home(tmp_path / "home"), [for_cosign(case) for case in made])),
        PYTHON: ask_sigstore_python([for_python(case) for case in made]),
    }
    found = list(disagreements(made, [ours(case) for case in made], answers))
    assert len(found) > 50
    assert [str(item) for item in found if explanation_of(item) is None] == []
