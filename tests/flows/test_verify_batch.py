"""One line of a batch: what it may say, and which of the three answers it gets."""

import io
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pycosign.flows.attest_blob import attest_statement
from pycosign.flows.in_order import Line
from pycosign.flows.sign_blob import sign_blob
from pycosign.flows.verify_batch import JudgedPair, judge_line, verify_batch
from pycosign.limits import BATCH_LINE_BYTES
from pycosign.verify.requirements import Requirements, Waiver
from pycosign.verify.result import Verdict
from pycosign.verify.revocation_list import RevocationList
from tests.cli.conftest import run_cli
from tests.flows.tools import NO_SERVICES, Workshop, key_requirements, new_key

CONTENT = b"hello\n"
DIGEST = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
KEY = new_key()
WANTED = key_requirements(KEY.public_key, Waiver.TLOG)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workshop: Workshop) -> Iterator[Path]:
    """The working directory, with a file and its bundle."""
    monkeypatch.chdir(tmp_path)
    context = workshop.keyed(KEY, NO_SERVICES, http=None, trust=None)
    (tmp_path / "hello").write_bytes(CONTENT)
    (tmp_path / "hello.json").write_bytes(sign_blob(io.BytesIO(CONTENT), context=context).bundle)
    (tmp_path / "legacy.json").write_bytes(sign_blob(io.BytesIO(CONTENT), context=context, legacy=True).bundle)
    return tmp_path  # type: ignore[return-value]


STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "hello", "digest": {"sha256": DIGEST}}],
        "predicateType": "https://example.com/review/v1",
        "predicate": {},
    }
)


def judged(workshop: Workshop, content: bytes | str | None, requirements: Requirements = WANTED) -> JudgedPair:
    raw = content.encode() if isinstance(content, str) else content
    return judge_line(Line(7, raw), trust=None, requirements=requirements, now=workshop.now)


def code_of(pair: JudgedPair) -> str:
    return str(getattr(pair.outcome, "code", "verified"))


def pair(artifact: object, bundle: object = "hello.json") -> str:
    return json.dumps({"artifact": artifact, "bundle": bundle})


@pytest.mark.parametrize(
    ("artifact", "bundle"),
    [
        ("hello", "hello.json"),
        ("./hello", "legacy.json"),
        (f"sha256:{DIGEST}", "hello.json"),
        (f"sha256:{DIGEST.upper()}", "hello.json"),
    ],
)
def test_a_file_or_digest_that_fits_is_verified(workshop: Workshop, here: Path, artifact: str, bundle: str) -> None:
    found = judged(workshop, pair(artifact, bundle))
    assert (found.verdict, found.artifact, found.bundle, found.line) == (Verdict.VERIFIED, artifact, bundle, 7)


def test_an_existing_file_wins_over_the_digest_reading(workshop: Workshop, here: Path) -> None:
    (here / f"sha256:{DIGEST}").write_bytes(b"something else")
    assert code_of(judged(workshop, pair(f"sha256:{DIGEST}"))) == "artifact.digest-mismatch"


@pytest.mark.parametrize(
    ("artifact", "bundle", "code"),
    [
        ("nosuch", "hello.json", "artifact.unreadable"),
        (".", "hello.json", "artifact.unreadable"),
        ("x" * 5000, "hello.json", "artifact.unreadable"),
        ("http://127.0.0.1:1/hello", "hello.json", "artifact.unreadable"),
        ("env://HOME", "hello.json", "artifact.unreadable"),
        ("-", "hello.json", "artifact.unreadable"),
        ("hello", "nosuch", "bundle.unreadable"),
        ("hello", ".", "bundle.unreadable"),
        ("hello", "http://127.0.0.1:1/bundle", "bundle.unreadable"),
    ],
)
def test_what_cannot_be_read_is_unavailable_and_nobody_is_asked(
    workshop: Workshop, here: Path, artifact: str, bundle: str, code: str
) -> None:
    found = judged(workshop, pair(artifact, bundle))
    assert (found.verdict, code_of(found)) == (Verdict.UNAVAILABLE, code)
    assert (found.artifact, found.bundle) == (artifact, bundle)


def test_another_file_or_a_broken_bundle_is_refused(workshop: Workshop, here: Path) -> None:
    (here / "other").write_bytes(b"other")
    (here / "broken.json").write_bytes((here / "hello.json").read_bytes()[:-10])
    assert code_of(judged(workshop, pair("other"))) == "artifact.digest-mismatch"
    broken = judged(workshop, pair("hello", "broken.json"))
    assert (broken.verdict, code_of(broken)) == (Verdict.REFUSED, "malformed")


def test_a_digest_is_not_enough_for_a_pure_ed25519_signature(workshop: Workshop, here: Path) -> None:
    signer = new_key("ed25519")
    context = workshop.keyed(signer, NO_SERVICES, http=None, trust=None)
    (here / "pure.json").write_bytes(sign_blob(io.BytesIO(CONTENT), context=context, legacy=True).bundle)
    wanted = key_requirements(signer.public_key, Waiver.TLOG)
    assert judged(workshop, pair("hello", "pure.json"), wanted).verdict is Verdict.VERIFIED
    assert judged(workshop, pair(f"sha256:{DIGEST}", "pure.json"), wanted).verdict is Verdict.UNAVAILABLE


@pytest.mark.parametrize(
    "line",
    [
        "nothing",
        "{}",
        "[]",
        "null",
        '"hello"',
        pair(""),
        pair(1),
        pair(None),
        pair(["hello"]),
        pair("hello", ""),
        pair("a\0b"),
        '{"artifact": "hello"}',
        '{"bundle": "hello.json"}',
        pair("hello") + pair("hello"),
        '{"artifact": "hello", "bundle": "hello.json", "identity": "somebody"}',
        '{"artifact": "hello", "artifact": "hello", "bundle": "hello.json"}',
        '{"artifact": "\\ud800", "bundle": "hello.json"}',
        b'{"artifact": "\xff", "bundle": "hello.json"}',
        pair("sha256:12"),
        pair("sha512:" + DIGEST),
        None,
        pair("x" * BATCH_LINE_BYTES),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_under_its_own_code(
    workshop: Workshop, here: Path, line: str | bytes | None
) -> None:
    found = judged(workshop, line)
    assert (found.verdict, code_of(found)) == (Verdict.REFUSED, "batch.malformed-line")
    assert "line 7" in str(found.outcome)


def test_what_can_be_read_of_a_malformed_line_is_echoed(workshop: Workshop) -> None:
    found = judged(workshop, '{"artifact": "hello", "bundle": 1}')
    assert (found.artifact, found.bundle) == ("hello", None)


def test_every_line_has_a_row_in_order(workshop: Workshop, here: Path) -> None:
    lines = [pair("hello"), "", "nothing", pair("nosuch"), "  ", pair("hello")] * 5
    rows = verify_batch(
        io.BytesIO("\n".join(lines).encode()),
        trust=None,
        requirements=WANTED,
        clock=lambda: workshop.now,
        render=lambda found: f"{found.line}",
        workers=4,
    )
    wanted = [Verdict.VERIFIED, Verdict.REFUSED, Verdict.UNAVAILABLE, Verdict.VERIFIED] * 5
    numbers = [str(number) for number, line in enumerate(lines, 1) if line.strip()]
    assert [(row.text, row.verdict) for row in rows] == list(zip(numbers, wanted, strict=True))


def test_each_line_is_judged_at_its_own_moment(workshop: Workshop, here: Path) -> None:
    """A batch may stay open for days: what expires meanwhile has expired."""
    expired = RevocationList("list", workshop.now, workshop.now + timedelta(minutes=1))
    moments = iter(workshop.now + timedelta(hours=hours) for hours in range(9))
    rows = verify_batch(
        io.BytesIO(f"{pair('hello')}\n{pair('hello')}\n".encode()),
        trust=None,
        requirements=WANTED._replace(revocations=(expired,)),
        clock=lambda: next(moments),
        render=code_of,
    )
    assert [row.text for row in rows] == ["verified", "revocation.expired"]


@pytest.mark.parametrize("artifact", ["hello", f"sha256:{DIGEST}"])
def test_an_attestation_is_judged_by_its_type(workshop: Workshop, here: Path, artifact: str) -> None:
    context = workshop.keyed(KEY, NO_SERVICES, http=None, trust=None)
    (here / "review.json").write_bytes(attest_statement(STATEMENT.encode(), context=context))

    def code(bundle: str, predicate_type: str) -> str:
        line = Line(1, pair(artifact, bundle).encode())
        wanted = f"https://example.com/{predicate_type}"
        return code_of(judge_line(line, trust=None, requirements=WANTED, now=workshop.now, predicate_type=wanted))

    assert code("review.json", "review/v1") == "verified"
    assert code("review.json", "other/v1") == "predicate-type.mismatch"
    assert code("hello.json", "review/v1") == "predicate-type.mismatch"
    assert code("legacy.json", "review/v1") == "malformed"


def test_attestations_in_one_command(workshop: Workshop, here: Path) -> None:
    context = workshop.keyed(KEY, NO_SERVICES, http=None, trust=None)
    (here / "review.json").write_bytes(attest_statement(STATEMENT.encode(), context=context))
    (here / "key.pub").write_bytes(KEY.public_key.pem())
    lines = "".join(f"{line}\n" for line in (pair("hello", "review.json"), pair("hello")))
    words = ("verify-blob-attestation", "--key", "key.pub", "--insecure-ignore-tlog", "--output", "json")
    typed = (*words, "--type", "https://example.com/review/v1")
    ran = run_cli(*typed, "--batch", "-", stdin=lines.encode())
    assert ran.status == 1
    rows = [json.loads(row) for row in ran.out.splitlines()]
    assert [row["code"] for row in rows] == [None, "predicate-type.mismatch"]
    assert rows[0]["predicate_type"] == "https://example.com/review/v1"
    assert run_cli(*typed, "--batch", "-", "--digest", DIGEST, stdin=lines.encode()).out == ""
    report = json.loads(run_cli(*typed, "--report=json", "--bundle", "review.json", "hello").out)
    assert (report["verdict"], report["trust"], len(report["candidates"])) == ("verified", None, 1)


@pytest.mark.parametrize(
    ("artifact", "bundle"), [("pipe", "hello.json"), ("hello", "pipe"), ("/dev/zero", "hello.json")]
)
def test_what_never_ends_or_is_the_batch_itself_is_not_opened(
    workshop: Workshop, here: Path, artifact: str, bundle: str
) -> None:
    os.mkfifo(here / "pipe")
    found = judged(workshop, pair(artifact, bundle))
    code = "artifact.unreadable" if bundle == "hello.json" else "bundle.unreadable"
    assert (found.verdict, code_of(found)) == (Verdict.UNAVAILABLE, code)
    assert "not a regular file" in str(found.outcome)
