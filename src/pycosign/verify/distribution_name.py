"""Names of Python distributions: whether a signed name means this file. Source: PEP 427, 491, 503, 625 and 740.

pypi-attestations compares what both names parse to. Here the version is compared as it is written: PyPI stores a file
under the name that was uploaded and signed, so another spelling of it is another file's.
"""

import re

from pycosign.errors import ArtifactNameMismatchError

__all__ = ["check_distribution_name"]

_SEPARATORS = re.compile(r"[-_.]+")
_BUILD = re.compile(r"[0-9][^-]*")
_PART = re.compile(r"[A-Za-z0-9_.+!]+", re.ASCII)

_Parsed = tuple[str, str, str, frozenset[str], frozenset[str], frozenset[str]]


def check_distribution_name(signed: str | None, file_name: str) -> None:
    """Compare the subject's name with the name of the file in hand.

    Raises: ArtifactNameMismatchError: the subject has no name, or one that is no distribution's, or another file's.
    """
    parsed = None if signed is None else _parse(signed)
    if signed is None or parsed is None:
        raise ArtifactNameMismatchError(f"the statement names {signed!a}, which is not the name of a distribution file")
    if signed != file_name and parsed != _parse(file_name):
        raise ArtifactNameMismatchError(f"the statement is about {signed[:200]!a}, not about {file_name[:200]!a}")


def _parse(name: str) -> _Parsed | None:
    """(project, version, build tag, Python, ABI and platform tags) of a wheel; of an sdist its suffix and no tags."""
    if name.endswith(".whl"):
        parts = name.removesuffix(".whl").split("-")
        if len(parts) not in (5, 6) or not all(_PART.fullmatch(part) for part in parts):
            return None
        build = parts[2] if len(parts) == 6 else ""
        if build and not _BUILD.fullmatch(build):
            return None
        python, abi, platform = (frozenset(part.split(".")) for part in parts[-3:])
        return _project(parts[0]), parts[1], build, python, abi, platform
    for suffix in (".tar.gz", ".zip"):
        if name.endswith(suffix):
            project, dash, version = name.removesuffix(suffix).rpartition("-")
            if not dash or not _PART.fullmatch(version) or not all(_PART.fullmatch(p) for p in project.split("-")):
                return None
            return _project(project), version, suffix, frozenset(), frozenset(), frozenset()
    return None


def _project(name: str) -> str:
    """PEP 503."""
    return _SEPARATORS.sub("-", name).lower()
