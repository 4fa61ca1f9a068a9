"""Whether a signed name is the name of the file in hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import ArtifactNameMismatchError
from pycosign.verify.distribution_name import check_distribution_name

WHEEL = "sample_project-4.0.0-py3-none-any.whl"
SDIST = "sample_project-4.0.0.tar.gz"


@pytest.mark.parametrize(
    ("signed", "file_name"),
    [
        (WHEEL, WHEEL),
        (SDIST, SDIST),
        ("Sample.Project-4.0.0-py3-none-any.whl", WHEEL),
        ("sample-project-4.0.0.tar.gz", SDIST),
        ("a-1.0-py2.py3-none-any.whl", "a-1.0-py3.py2-none-any.whl"),
        ("a-1.0-1build-py3-none-any.whl", "a-1.0-1build-py3-none-any.whl"),
        ("a-1.0.zip", "a-1.0.zip"),
    ],
)
def test_the_same_file_by_the_same_or_an_equal_name(signed: str, file_name: str) -> None:
    check_distribution_name(signed, file_name)


@pytest.mark.parametrize(
    ("signed", "file_name"),
    [
        (WHEEL, SDIST),
        (WHEEL, "sample_project-4.0.1-py3-none-any.whl"),
        (WHEEL, "sample_project-4.0.0-py2-none-any.whl"),
        (WHEEL, "sample_project-4.0.0-1-py3-none-any.whl"),
        (WHEEL, "sample_projects-4.0.0-py3-none-any.whl"),
        (WHEEL, "renamed.whl"),
        (WHEEL, ""),
        (SDIST, "sample_project-4.0.0.zip"),
        (SDIST, "sample_project-4.0.tar.gz"),
        (SDIST, "hello.txt"),
        ("hello.txt", "hello.txt"),
        ("a-1.0-py3-none.whl", "a-1.0-py3-none.whl"),
        ("a-1.0-x-py3-none-any.whl", "a-1.0-x-py3-none-any.whl"),
        ("../a-1.0.tar.gz", "a-1.0.tar.gz"),
        ("a-1.0.tar.gz\n", "a-1.0.tar.gz"),
        ("a-1.0.tar.gz", "a-1.0.tar.gz\0"),
        ("-1.0.tar.gz", "-1.0.tar.gz"),
        (".tar.gz", ".tar.gz"),
        ("", ""),
        (None, ""),
        (None, "a-1.0.tar.gz"),
    ],
)
def test_another_name_or_one_that_is_no_distributions_is_refused(signed: str | None, file_name: str) -> None:
    with pytest.raises(ArtifactNameMismatchError):
        check_distribution_name(signed, file_name)


@given(st.text(), st.text())
def test_nothing_else_escapes_and_two_names_without_a_common_form_are_never_the_same(signed: str, name: str) -> None:
    with pytest.raises(ArtifactNameMismatchError):
        check_distribution_name(signed, name + "!")
