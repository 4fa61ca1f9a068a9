"""Writes the documents that are made from the code: `python -m docs.generate`, or `--check` to compare only.

docs/errors.md  every error code, from the classes and from the table of refined ones
docs/api.md     the library's public names, from their docstrings
"""

import importlib
import pkgutil
import sys
from pathlib import Path

import pycosign
from docs import api_page
from pycosign.error_codes import REFINED
from pycosign.errors import SigningError

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("refused", "malformed", "unavailable", "usage", "interrupted")


def _import_everything() -> None:
    for module in pkgutil.walk_packages(pycosign.__path__, "pycosign."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _classes(base: type[SigningError]) -> list[type[SigningError]]:
    return [base] + [found for child in base.__subclasses__() for found in _classes(child)]


def errors_page() -> str:
    """docs/errors.md."""
    _import_everything()
    rows: dict[str, tuple[str, int, str]] = {}
    for error in _classes(SigningError):
        if "code" in vars(error):
            summary = (error.__doc__ or "").strip().splitlines()[0]
            rows[error.code] = (error.family, error.exit_status, summary)
    statuses = {"unavailable": 20}
    for code, (family, meaning) in REFINED.items():
        rows.setdefault(code, (family, statuses.get(family, 1), meaning))
    lines = [
        "# Error codes",
        "",
        "Made by `make fix` from the code; `make check` compares. Reports, metrics and test vectors use the code,",
        "never the sentence. The family says what kind of answer it is: *refused* is a proven no, *unavailable* means",
        "that it could not be found out. On the command line a `code:` line follows the error, for images with the",
        "codes of every signature that was looked at.",
        "",
        "| code | family | exit status | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for code, (family, status, summary) in sorted(rows.items()):
        lines.append(f"| `{code}` | {family} | {status} | {summary} |")
    return "\n".join(lines) + "\n"


PAGES = {"docs/errors.md": errors_page, "docs/api.md": api_page.page}


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which are out of date."""
    stale = []
    for name, page in PAGES.items():
        path, text = ROOT / name, page()
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            path.write_text(text)
    if stale and "--check" in arguments:
        print(f"out of date: {', '.join(stale)}; `make fix` writes them")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
