"""The fuzz targets: every parser has one, each reaches what it says, and a short run of each finds nothing."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pycosign
from pycosign.errors import MalformedError
from tests.fuzz.found import FOUND
from tests.fuzz.ledger import read_ledger
from tests.fuzz.mutate import mutate
from tests.fuzz.schedule import findings_of
from tests.fuzz.table import TABLE
from tests.fuzz.target import RoundTripError, Target, same_again
from tests.fuzz.watch import Watch
from tests.fuzz.with_hypothesis import inputs

_PARSER = re.compile(
    r"(parse|load|read|decode|split|inspect|evidence_from|request_from)_|\w+_from_fields$|parse$|admit"
)
# Functions that are called as parsers are and take nothing from outside as bytes or text, with the reason.
EXCEPTIONS = {
    "api.files.read_bundle": "opens a file and returns its bytes",
    "cli.created.read_part": "opens a file and returns its bytes",
    "cli.images.read_annotations": "values of a flag that `command-line` has read",
    "cli.explain_demand.read_demand": "opens files: their readers are targets",
    "cli.policy.load_policy": "opens files: their readers are targets",
    "cli.policy.read_policy": "opens files: their readers are targets",
    "cli.verifying.load_trust_for": "opens files: their readers are targets",
    "cli.verifying.read_requirements": "values of flags",
    "files.read_bounded": "opens a file and returns its bytes",
    "files.read_given_file": "opens a file and returns its bytes",
    "flows.verify_blob.read_bundle_file": "opens a file and returns its bytes",
    "instances.initialize.read_root": "opens a file or URL and returns its bytes",
    "instances.trust.load_document": "opens files: their readers are targets",
    "instances.trust.load_signing_config": "opens files: their readers are targets",
    "instances.trust.load_trust": "opens files: their readers are targets",
    "instances.tuf_cache.read_or_none": "opens a file and returns its bytes",
    "instances.tuf_journal.read_journal": "opens a file: `tuf-journal`",
    "keys.reference.read_key_file": "opens a file and returns its bytes",
    "keys.reference.read_key_reference": "opens a file, a variable or a URL and returns its bytes",
    "stack.keyring.load_key": "opens a file: `private-key`",
    "stack.keyring.load_or_create_keys": "opens files: `private-key`",
    "stack.tlog.evidence.read_der_verifier": "`certificate` and `public-key`, by way of `rekor-v2-request`",
    "stack.tlog.evidence.read_pem_verifier": "`certificate` and `public-key`, by way of `rekor-v1-request`",
    "verify.evidence.evidence_from_signature": "values that other readers made",
}


def _public_parsers() -> set[str]:
    found = set()
    for module_info in pkgutil.walk_packages(pycosign.__path__, "pycosign."):
        if module_info.name.endswith("__main__"):
            continue
        module = importlib.import_module(module_info.name)
        for name, value in vars(module).items():
            is_function = callable(value) and inspect.isfunction(inspect.unwrap(value))  # also under lru_cache
            if (
                is_function
                and value.__module__ == module_info.name
                and not name.startswith("_")
                and _PARSER.match(name)
            ):
                found.add(f"{module_info.name.removeprefix('pycosign.')}.{name}")
    return found


def test_every_public_parser_has_a_target_or_a_reason_why_not() -> None:
    covered = {
        f"{function.__module__.removeprefix('pycosign.')}.{function.__qualname__}"
        for target in TABLE.values()
        for function in target.covers
    }
    parsers = _public_parsers()
    assert sorted(parsers - covered - EXCEPTIONS.keys()) == [], "give it a target in tests/fuzz, or a reason above"
    assert sorted(EXCEPTIONS.keys() & covered) == [], "has a target: take the exception away"
    assert sorted(EXCEPTIONS.keys() - parsers) == [], "is no longer there: take the exception away"


@pytest.mark.parametrize("target", TABLE.values(), ids=lambda target: target.name)
def test_the_samples_of_a_target_reach_what_it_covers(target: Target) -> None:
    called: set[CodeType] = set()

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        called.add(frame.f_code)

    sys.setprofile(profile)
    try:
        for sample in target.seeds()[:40] + target.seeds()[-5:]:
            target.run(sample)
    finally:
        sys.setprofile(None)
    missed = [function.__qualname__ for function in target.covers if inspect.unwrap(function).__code__ not in called]
    assert missed == []


@pytest.mark.parametrize("target", TABLE.values(), ids=lambda target: target.name)
def test_a_changed_sample_is_read_or_refused(target: Target) -> None:
    @settings(max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def hold(data: bytes) -> None:
        target.run(data)

    hold()


@pytest.mark.parametrize(("name", "data"), [item[:2] for item in FOUND], ids=[item[2] for item in FOUND])
def test_what_fuzzing_found_is_an_answer_now(name: str, data: bytes) -> None:
    TABLE[name].run(data)


class _Numbers:
    """Choices out of a list, then always the first."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = iter(numbers)

    def below(self, bound: int) -> int:
        return next(self._numbers, 0) % bound


@given(st.sampled_from(sorted(TABLE)), st.lists(st.integers(0, 2**16), max_size=30))
@settings(deadline=None)
def test_any_choices_change_a_sample_into_bytes(name: str, numbers: list[int]) -> None:
    samples = TABLE[name].seeds()
    assert isinstance(mutate(samples[len(numbers) % len(samples)], samples, _Numbers(numbers)), bytes)


def _target(run: Callable[[bytes], None]) -> Target:
    return Target("sample", run, lambda: [b"{}"], ())


def test_whatever_escapes_from_a_target_is_kept_as_a_finding(tmp_path: Path) -> None:
    def run(data: bytes) -> None:
        data.index(0)

    watch = Watch(_target(run), "hypothesis", tmp_path, 60)
    watch.run(b"one")
    watch.run(b"two")
    [finding] = watch.findings
    assert finding.startswith("ValueError in test_targets.py")
    assert (tmp_path / "crashes").joinpath(finding.rpartition("/")[2]).read_bytes() == b"one"


def test_what_does_not_end_is_ended_and_kept_as_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(data: bytes) -> None:
        while data:
            pass

    monkeypatch.setattr("tests.fuzz.watch.HUNG_SECONDS", 0.2)
    watch = Watch(_target(run), "hypothesis", tmp_path, 60)
    watch.run(b"for ever")
    watch.run(b"")
    [finding] = watch.findings
    assert finding.startswith("HungError in test_targets.py")


def test_what_is_written_must_be_read_as_the_same() -> None:
    assert same_again(b"7", int, lambda number: str(number).encode()) == 7
    with pytest.raises(RoundTripError):
        same_again(b"7", int, lambda number: str(number + 1).encode())

    def refusing(data: bytes) -> bytes:
        if data == b"other":
            raise MalformedError("sample", "is refused")
        return data

    assert same_again(b"other", refusing, lambda data: data) is None
    with pytest.raises(RoundTripError):
        same_again(b"one", refusing, lambda data: b"other")


def test_a_run_that_ended_early_or_grew_is_a_finding() -> None:
    assert findings_of({"status": "done", "replay_growth_mb": 2}) == []
    assert findings_of({"status": "ended with status 77"}) == ["ended with status 77"]
    assert findings_of({"status": "done", "replay_growth_mb": 99, "replay": "grew"}) == ["replay: grew"]


@pytest.mark.timeout(400)  # it rewrites every module first
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed (group fuzz)")
def test_atheris_drives_a_target(tmp_path: Path) -> None:
    words = ["-m", "tests.fuzz", "atheris", "reference", "--minutes", "0.02", "--results", str(tmp_path)]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"[1-9][0-9]* executions, 0 findings", done.stdout)


def test_the_ledger_is_about_these_targets_and_holds_nothing_that_was_found() -> None:
    ledger = read_ledger()
    assert {target for target, _ in ledger} <= TABLE.keys()
    assert {engine for _, engine in ledger} <= {"hypothesis", "atheris"}
    assert [name for name, entry in ledger.items() if entry.findings] == []
