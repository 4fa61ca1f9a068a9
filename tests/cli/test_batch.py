"""`verify-blob --batch`: a row for each pair, in order, at once; one exit status; nothing left behind."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran
from tests.cli.json_schema import problems
from tests.cli.stage import EMAIL, Stage
from tests.cli.test_faults_interrupts import children_of, wait_until
from tests.cli.test_report import SCHEMA


def line(artifact: object, bundle: object) -> str:
    return json.dumps({"artifact": str(artifact), "bundle": str(bundle)}) + "\n"


def words(stage: Stage, *more: object, output: str = "json") -> tuple[object, ...]:
    return ("verify-blob", "--trusted-root", stage.trusted_root, *stage.who, "--output", output, *more)


def batch(stage: Stage, *lines: str, output: str = "json") -> Ran:
    return stage.run(*words(stage, "--batch", "-", output=output), stdin="".join(lines).encode())


def rows_of(out: str) -> list[dict[str, Any]]:
    rows = [json.loads(row) for row in out.splitlines()]
    for row in rows:
        assert list(problems(row, SCHEMA["$defs"]["batchRow"], SCHEMA)) == []
    return rows


@pytest.fixture(autouse=True)
def _made(stage: Stage) -> None:
    """The bundles exist before a test changes the working directory or the streams."""
    assert all((stage.keyless_v1, stage.keyless_v2, stage.keyed))


@pytest.fixture
def good(stage: Stage) -> str:
    return line(stage.artifact, stage.keyless_v2)


@pytest.fixture
def bad(stage: Stage) -> str:
    return line(stage.file("other.txt", b"other\n"), stage.keyless_v2)


def test_all_verified_ends_with_0(stage: Stage, good: str) -> None:
    ran = batch(stage, good, line(stage.artifact, stage.keyless_v1))
    assert ran.status == 0, ran.err
    rows = rows_of(ran.out)
    assert [row["verdict"] for row in rows] == ["verified"] * 2
    assert rows[0]["artifact"] == str(stage.artifact)
    assert {row["identity"] for row in rows} == {EMAIL}
    assert ran.err.splitlines()[-1] == "2 verified, 0 refused, 0 unavailable"


def test_every_row_has_the_trust_root_with_its_age(stage: Stage, good: str, bad: str) -> None:
    lines = (good, bad, "nonsense\n", line("nosuch", stage.keyless_v2))
    rows = rows_of(batch(stage, *lines).out)
    assert [row["verdict"] for row in rows] == ["verified", "refused", "refused", "unavailable"]
    given = {"source": stage.trusted_root, "age_seconds": None, "instance": None}
    assert [row["trust"] for row in rows] == [given] * 4
    assert {tuple(row)[:6] for row in rows} == {("schema", "line", "artifact", "bundle", "verdict", "code")}
    ran = stage.run("verify-blob", *stage.who, "--output", "json", "--batch", "-", stdin="".join(lines).encode())
    from_tuf = rows_of(ran.out)
    assert {row["trust"]["source"] for row in from_tuf} == {stage.sandbox.urls["tuf"]}
    assert len({row["trust"]["age_seconds"] for row in from_tuf}) == 1
    assert from_tuf[0]["trust"]["age_seconds"] >= 0


def test_a_line_does_not_take_away_the_lines_behind_it(stage: Stage, good: str) -> None:
    """/dev/stdin is the batch itself: what is read there is a row less."""
    process = stage.spawn(*words(stage, "--batch", "-"), env={"PYTHONPATH": os.environ.get("PYTHONPATH", "")})
    out, _ = process.communicate("".join([good, line("/dev/stdin", stage.keyless_v2), *[good] * 8]).encode(), 60)
    verdicts = [row["verdict"] for row in rows_of(out.decode())]
    assert verdicts == ["verified", "unavailable", *["verified"] * 8]


def test_one_that_is_unavailable_ends_with_20(stage: Stage, good: str) -> None:
    ran = batch(stage, good, line("nosuch", stage.keyless_v2), good)
    assert ran.status == 20
    assert [row["verdict"] for row in rows_of(ran.out)] == ["verified", "unavailable", "verified"]


def test_one_that_is_refused_ends_with_1_whatever_else_there_is(stage: Stage, good: str, bad: str) -> None:
    ran = batch(stage, good, bad, line("nosuch", stage.keyless_v2), line(stage.artifact, stage.keyed))
    assert ran.status == 1
    codes = [row["code"] for row in rows_of(ran.out)]
    assert codes == [None, "artifact.digest-mismatch", "artifact.unreadable", "key.mismatch"]


def test_a_line_that_cannot_be_read_has_a_row_and_the_rest_goes_on(stage: Stage, good: str) -> None:
    ran = batch(stage, good, "nonsense\n", good.strip())
    assert ran.status == 1
    rows = rows_of(ran.out)
    assert [row["code"] for row in rows] == [None, "batch.malformed-line", None]
    assert (rows[1]["line"], rows[1]["artifact"], rows[1]["bundle"]) == (2, None, None)


def test_paths_are_relative_to_the_working_directory_and_echoed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, good: str
) -> None:
    stage.file("good.jsonl", line("artifact.txt", "./keyless-v2.json").encode())
    monkeypatch.chdir(stage.folder)
    ran = stage.run(*words(stage, "--batch", "good.jsonl"))
    assert [(row["artifact"], row["bundle"]) for row in rows_of(ran.out)] == [("artifact.txt", "./keyless-v2.json")]


def test_no_line_is_no_refusal(stage: Stage) -> None:
    ran = batch(stage)
    assert (ran.status, ran.out) == (0, "")


def test_text_has_one_line_for_each_pair_whatever_is_in_the_names(stage: Stage, good: str) -> None:
    ran = batch(stage, good, line("no\x1b[2J\nsuch", stage.keyless_v2), "nonsense\n", output="text")
    verified, unavailable, malformed = ran.out.splitlines()
    assert verified == f"{stage.artifact}: verified"
    assert unavailable.startswith("no\\x1b[2J such: unavailable [artifact.unreadable] ")
    assert malformed.startswith("line 3: refused [batch.malformed-line] ")


@pytest.mark.parametrize("content", [b"{}", b"nothing", None])
def test_a_bad_trust_root_gives_no_rows_and_one_error(stage: Stage, good: str, content: bytes | None) -> None:
    root = stage.folder / "nosuch" if content is None else stage.file("bad-root.json", content)
    ran = stage.run(*words(stage, "--batch", "-", "--trusted-root", root), stdin=good.encode())
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("\nError: ") + ran.err.startswith("Error: ") == 1


@pytest.mark.parametrize(
    "more",
    [
        ("--bundle", "b.json"),
        ("artifact.txt",),
        ("--report", "json"),
        ("--certificate", "c.pem"),
        ("--signature", "s"),
        ("--max-workers", "0"),
        ("--key", "k"),
        ("--batch", "nosuch"),
    ],
)
def test_what_makes_no_sense_with_a_batch_is_a_usage_error(stage: Stage, good: str, more: tuple[str, ...]) -> None:
    ran = stage.run(*words(stage, "--batch", "-", *more), stdin=good.encode())
    assert (ran.status, ran.out) == (1, "")


def test_without_a_batch_one_file_is_needed(stage: Stage) -> None:
    ran = stage.run(*words(stage, "--bundle", stage.keyless_v2))
    assert ran.err.startswith("Error: accepts 1 arg(s), received 0\n")


class TestAsAProcess:
    """A process of its own may fork; `python -m pytest` with a stack inside may not."""

    def test_many_pairs_are_in_order(self, stage: Stage, good: str, bad: str) -> None:
        lines = [good, bad, "nonsense\n", good, line("nosuch", stage.keyless_v1)] * 30
        path = stage.file("many.jsonl", "".join(lines).encode())
        ran = stage.process(*words(stage, "--batch", path))
        assert ran.status == 1
        rows = rows_of(ran.out)
        assert [row["line"] for row in rows] == list(range(1, 151))
        assert [row["verdict"] for row in rows] == ["verified", "refused", "refused", "verified", "unavailable"] * 30

    def test_a_row_comes_before_the_next_line_is_written(self, stage: Stage, good: str) -> None:
        process = stage.spawn(*words(stage, "--batch", "-"))
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(1, 15):
            process.stdin.write(good.encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()

    @pytest.mark.skipif(not os.path.isdir("/proc"), reason="looks for children in /proc")
    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
    def test_an_interrupt_ends_it_and_its_processes(self, stage: Stage, good: str, stop: signal.Signals) -> None:
        process = stage.spawn(*words(stage, "--batch", "-"))
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(good.encode() * 20)
        process.stdin.flush()
        for _ in range(20):
            process.stdout.readline()
        children = children_of(process.pid)
        assert children or (os.cpu_count() or 1) == 1
        process.send_signal(stop)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert b"Traceback" not in err
        wait_until(lambda: not any(os.path.exists(f"/proc/{child}") for child in children))

    def test_who_stops_reading_ends_it(self, stage: Stage, good: str) -> None:
        path = stage.file("long.jsonl", good.encode() * 2000)
        process = stage.spawn(*words(stage, "--batch", path))
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        began = time.monotonic()
        assert process.wait(20) != 0
        assert time.monotonic() - began < 10
        for stream in (process.stdin, process.stderr):
            assert stream is not None
            stream.close()

    def test_a_small_batch_loads_no_pool_of_processes(self, stage: Stage, good: str, tmp_path: Path) -> None:
        path = tmp_path / "one.jsonl"
        path.write_text(good)
        ran = stage.process(*words(stage, "--batch", path), env={"PYTHONPROFILEIMPORTTIME": "1"})
        assert ran.status == 0
        loaded = {said.rpartition("|")[2].strip() for said in ran.err.splitlines() if said.startswith("import time:")}
        assert not loaded & {"multiprocessing", "concurrent.futures", "threading", "asyncio", "urllib3", "subprocess"}
        assert "pycosign.flows.verify_batch" in loaded
