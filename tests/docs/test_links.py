"""Documents name files that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE_PATH = re.compile(r"`((?:src/pycosign|tests|bench|docs)/[A-Za-z0-9_./-]+|[a-z_]+/[a-z0-9_/]+\.py)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    relative = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in relative if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_in_code_font_exists(page: Path) -> None:
    """`verify/pipeline.py` is read as src/pycosign/verify/pipeline.py."""
    named = CODE_PATH.findall(page.read_text())
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / "src/pycosign" / name).exists())] == []
