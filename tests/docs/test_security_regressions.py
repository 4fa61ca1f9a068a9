"""docs/security-regressions.md: every class has a test that refuses it, which exists and is run."""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security-regressions.md"
ADVISORY = re.compile(r"CVE-20\d\d-\d+|GHSA(?:-[a-z0-9]{4}){3}|TOB-[A-Z]+-\d+")
TEST = re.compile(r"`(tests/[a-z_/]+\.py::test_[^`]+)`")
WITHOUT_A_PART = "## Parts that pycosign does not have"
# What every list of this kind has had to learn; taking one away is a decision, not an accident.
CLASSES = ADVISORY.findall(
    """
CVE-2023-46737 CVE-2024-29902 CVE-2024-29903 GHSA-95pr-fxf5-86gv CVE-2023-33957 CVE-2023-33958 CVE-2023-25656
GHSA-cq38-jh5f-37mq CVE-2025-66564 GHSA-f83f-xpx7-ffpw CVE-2023-42815 CVE-2023-42816 CVE-2023-33199
GHSA-4c4x-jm2x-pf9j GHSA-273p-m2cw-6833 GHSA-59jp-pj84-45mr CVE-2022-23649 CVE-2022-36056 CVE-2026-22703
GHSA-whqx-f9j3-ch6m CVE-2022-35930 GHSA-w6c6-c85g-mmv6 GHSA-9vcr-p3rj-q5q6 GHSA-wqqc-jjcq-vfxm CVE-2026-39984
CVE-2023-47122 CVE-2022-47633 CVE-2023-47630 CVE-2025-29778 GHSA-hm8f-75xx-w2vr CVE-2024-56138 TOB-SIGSTORE-10
GHSA-fx35-mq7g-6g98 CVE-2026-24122 CVE-2022-35929 CVE-2026-24137 CVE-2026-24686
"""
)


def rows() -> list[list[str]]:
    """The cells of every class that some part of pycosign could have."""
    text = PAGE.read_text().partition(WITHOUT_A_PART)[0]
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| advis"))]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_class_says_what_it_is_and_what_is_done_and_names_a_test() -> None:
    for cells in rows():
        assert len(cells) == 4, cells
        assert all(cells), cells
        assert TEST.findall(cells[3]), cells[0]


def test_no_class_is_missing() -> None:
    named = {name for cells in rows() for name in ADVISORY.findall(cells[0])}
    assert sorted(set(CLASSES) - named) == []


def test_every_advisory_that_the_code_speaks_of_is_listed() -> None:
    spoken = {name for path in (ROOT / "src").rglob("*.py") for name in ADVISORY.findall(path.read_text())}
    assert sorted(spoken - set(ADVISORY.findall(PAGE.read_text()))) == []


def test_every_named_test_exists_and_is_run() -> None:
    wanted = sorted({name for cells in rows() for name in TEST.findall(cells[3])})
    files = sorted({name.partition("::")[0] for name in wanted})
    assert [name for name in files if not (ROOT / name).exists()] == []
    words = [sys.executable, "-m", "tests.docs.collected", *files]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    bare = {name.partition("[")[0] for name in found}
    assert [name for name in wanted if name not in (found if "[" in name else bare)] == []
    not_everywhere = {"skip", "skipif", "xfail", "peer"}
    run = {name for name, marks in found.items() if not not_everywhere & set(marks)}
    run |= {name.partition("[")[0] for name in run}  # of several, one that always runs is enough
    assert [name for name in wanted if name not in run] == []
