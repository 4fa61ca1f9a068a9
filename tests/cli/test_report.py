"""`--report` and `--output json`: what the answer rests on, as data that fits its published schema, and for people."""

import io
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from pycosign.cli.context import Context
from pycosign.cli.image_report import report_image
from pycosign.cli.journal import Journal
from pycosign.cli.report import candidate
from pycosign.cli.report_text import age_words
from pycosign.errors import NoSignaturesError, UsageError
from pycosign.flows.verify_image import JudgedCandidate, JudgedImage
from pycosign.verify.pipeline import CHECKS
from pycosign.wire.reference import parse_reference
from tests.cli.json_schema import problems
from tests.cli.stage import EMAIL, OLD_STYLE, FaultyRegistry, Stage

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "report.schema.json").read_text())
REGISTRY = ("--allow-http-registry",)


def report_of(out: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(out)
    assert out.count("\n") == 1
    assert list(problems(report, SCHEMA, SCHEMA)) == []
    return report


def row_of(out: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(out)
    assert list(problems(row, SCHEMA["$defs"]["row"], SCHEMA)) == []
    return row


def verify(stage: Stage, bundle: Path, *words: object) -> tuple[object, ...]:
    return ("verify-blob", "--bundle", bundle, "--trusted-root", stage.trusted_root, *words, stage.artifact)


def test_a_verified_file_names_all_that_was_proved(stage: Stage) -> None:
    ran = stage.must(*verify(stage, stage.keyless_v1, *stage.who, "--report", "json"))
    assert ran.err.endswith("Verified OK\n")
    report = report_of(ran.out)
    assert (report["verdict"], report["code"], report["artifact"]) == ("verified", None, str(stage.artifact))
    assert report["trust"] == {"source": stage.trusted_root, "age_seconds": None, "instance": None}
    (found,) = report["candidates"]
    assert (found["source"], found["format"]) == (str(stage.keyless_v1), "bundle v0.3")
    assert (found["identity"], found["issuer"]) == (EMAIL, stage.sandbox.issuer)
    assert {time["source"] for time in found["times"]} == {"log"}
    assert found["log_entries"][0]["proved_by"] == ["promise", "inclusion"]
    assert len(found["sct_logs"]) == 1


def test_a_key_is_shown_and_no_identity(stage: Stage) -> None:
    words = verify(stage, stage.keyed, "--key", stage.public_key, "--report=json", "--insecure-ignore-tlog")
    (found,) = report_of(stage.must(*words).out)["candidates"]
    assert found["key"] == stage.public_key.read_text()
    assert (found["identity"], found["issuer"], found["waivers"]) == (None, None, ["tlog"])


def test_a_refusal_is_reported_and_ends_as_without_a_report(stage: Stage) -> None:
    words = verify(stage, stage.keyless_v2, "--certificate-identity", "x", "--certificate-oidc-issuer", "y")
    plain, ran = stage.run(*words), stage.run(*words, env={"PYCOSIGN_REPORT": "json"})
    assert (ran.status, ran.err) == (plain.status, plain.err)
    report = report_of(ran.out)
    assert (report["verdict"], report["code"]) == ("refused", "identity.mismatch")
    assert [found["code"] for found in report["candidates"]] == ["identity.mismatch"]


def test_trust_that_cannot_be_had_is_reported_as_unavailable(stage: Stage) -> None:
    words = ("verify-blob", "--bundle", stage.keyless_v2, *stage.who, "--report", "json", stage.artifact)
    away = {"TUF_MIRROR": "http://127.0.0.1:1", "TUF_ROOT": str(stage.folder / "no-cache")}
    ran = stage.run(*words, "--timeout", "5s", env=away)
    assert ran.status == 20
    report = report_of(ran.out)
    assert (report["verdict"], report["trust"]) == ("unavailable", None)


def test_trust_from_tuf_has_an_age(stage: Stage) -> None:
    words = ("verify-blob", "--bundle", stage.keyless_v2, *stage.who, "--report", "json", stage.artifact)
    report = report_of(stage.must(*words).out)
    assert report["trust"]["age_seconds"] >= 0
    assert report["trust"]["source"].startswith("http://")


@pytest.mark.parametrize("form", ["yaml", "JSON"])
@pytest.mark.parametrize("command", ["verify", "verify-blob"])
def test_another_form_is_a_usage_error_and_prints_nothing(stage: Stage, command: str, form: str) -> None:
    ran = stage.run(command, *stage.who, "--bundle" if command == "verify-blob" else "-a", "x=y", "--report", form, "z")
    assert (ran.status, ran.out) == (1, "")
    assert form in ran.err


def test_a_mistake_on_the_command_line_is_no_verdict(stage: Stage) -> None:
    ran = stage.run("verify-blob", "--bundle", stage.keyless_v2, *stage.who, "--report", "json", "nosuch")
    assert (ran.status, ran.out) == (1, "")


def test_rows_fit_the_schema(stage: Stage) -> None:
    good = stage.must(*verify(stage, stage.keyless_v2, *stage.who, "--output", "json"))
    assert row_of(good.out)["verdict"] == "verified"
    assert row_of(good.out)["trust"]["source"] == stage.trusted_root
    bad = stage.run(*verify(stage, stage.keyless_v2, "--key", stage.public_key, "--output", "json"))
    assert row_of(bad.out)["verdict"] == "refused"


def test_a_file_name_that_is_not_utf8_is_escaped_in_json(stage: Stage) -> None:
    name = os.fsencode(stage.folder) + b"/na\xffme"
    with open(name, "wb") as file:
        file.write(stage.artifact.read_bytes())
    words = ("verify-blob", "--bundle", stage.keyless_v2, *stage.who, os.fsdecode(name))
    for form in ("--output", "--report"):
        out = stage.must(*words, form, "json").out.encode("utf-8")  # would fail for a byte that is no UTF-8
        assert os.fsencode(json.loads(out)["artifact"]) == name


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (119, "just asked for"), (600, "10 minutes ago"), (7200, "2 hours ago"), (200_000, "2 days ago")],
)
def test_the_age_of_trust_is_told_in_the_unit_that_fits(seconds: int | None, words: str) -> None:
    assert age_words(seconds).endswith(words)


def test_people_read_the_same(stage: Stage) -> None:
    said = stage.must(*verify(stage, stage.keyless_v1, *stage.who, "--report", "text")).out
    for expected in (f"{stage.artifact}: verified", EMAIL, stage.sandbox.issuer, "the log ", "proved by promise"):
        assert expected in said
    refused = stage.run(*verify(stage, stage.keyless_v1, "--key", stage.public_key, "--report", "text"))
    assert "refused [key.mismatch]" in refused.out


def test_what_a_stranger_wrote_does_not_steer_the_terminal(stage: Stage) -> None:
    name = stage.folder / "turn\x1b[2Jed"
    shutil.copy(stage.artifact, name)
    words = verify(stage, stage.keyless_v2, *stage.who, "--report", "text")
    assert "\x1b" not in stage.must(*words[:-1], name).out


def test_an_image_has_a_report_of_every_signature(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('report', b'report')}"
    stage.must("sign", "--yes", *REGISTRY, image)
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--rekor-url", stage.sandbox.urls["rekor"], *REGISTRY, image)
    ran = stage.must("verify", *stage.who, "--report", "json", *REGISTRY, image)
    report = report_of(ran.out)
    assert report["verdict"] == "verified"
    assert report["digest"].startswith("sha256:")
    found = {candidate["verdict"]: candidate for candidate in report["candidates"]}
    assert found["verified"]["identity"] == EMAIL
    assert found["verified"]["predicate_type"] == "https://sigstore.dev/cosign/sign/v1"
    assert found["refused"]["code"] == "key.mismatch"
    assert found["verified"]["source"] != found["refused"]["source"]


def test_an_image_that_is_not_accepted_is_reported_with_cosigns_status(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('report-unsigned', b'unsigned')}"
    ran = stage.run("verify", *stage.who, "--report", "json", *REGISTRY, image)
    assert ran.status == 10
    report = report_of(ran.out)
    assert (report["verdict"], report["code"], report["candidates"]) == ("refused", "image.no-signatures", [])


def test_each_image_has_a_line_and_the_first_bad_one_ends_it(stage: Stage) -> None:
    good = f"{stage.sandbox.registry}/{stage.image('report-good', b'good')}"
    stage.must("sign", "--yes", *REGISTRY, good)
    ran = stage.run("verify", *stage.who, "--report", "json", *REGISTRY, good, good + "9", good)
    assert [report_of(line + "\n")["verdict"] for line in ran.out.splitlines()] == ["verified", "refused"]
    assert ran.status == 11


def test_a_registry_that_refuses_to_answer_is_reported_as_unavailable(stage: Stage) -> None:
    name = stage.image("report-denied", b"denied")
    registry = FaultyRegistry(stage.sandbox.registry)
    try:
        stage.must("sign", "--yes", *REGISTRY, f"{stage.sandbox.registry}/{name}")
        registry.at("/referrers/", 403)
        ran = stage.run("verify", *stage.who, "--report", "json", *REGISTRY, f"{registry.host}/{name}")
    finally:
        registry.close()
    assert ran.status == 20
    report = report_of(ran.out)
    assert report["verdict"] == "unavailable"
    assert [found["verdict"] for found in report["candidates"]] == ["unavailable"]
    assert report["digest"].startswith("sha256:")


def test_an_attestation_that_is_no_signature_is_listed_as_such() -> None:
    out, digest = io.TextIOWrapper(io.BytesIO(), "utf-8"), "sha256:" + "0" * 64
    judged = JudgedImage(parse_reference("app:1"), digest, (), (JudgedCandidate("bundle", digest, None),))
    with pytest.raises(NoSignaturesError):
        report_image("app:1", lambda: judged, "json", Journal(), Context({}, stdout=out))
    out.seek(0)
    (found,) = report_of(out.read())["candidates"]
    assert (found["source"], found["verdict"]) == (digest, "not-a-signature")


def test_a_schema_that_says_nothing_would_be_noticed(stage: Stage) -> None:
    report = report_of(stage.must(*verify(stage, stage.keyless_v2, *stage.who, "--report", "json")).out)
    assert list(problems({**report, "verdict": "maybe"}, SCHEMA, SCHEMA))
    assert list(problems({**report, "more": 1}, SCHEMA, SCHEMA))
    report["candidates"][0].pop("issuer")
    assert list(problems(report, SCHEMA, SCHEMA))


# ---- check by check --------------------------------------------------------------------------------------------------
def results(candidate: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["result"] for check in candidate["checks"]}


def details(candidate: dict[str, Any]) -> dict[str, str]:
    return {check["check"]: check["detail"] for check in candidate["checks"]}


def test_the_schema_knows_every_check() -> None:
    assert [*CHECKS, None] == SCHEMA["$defs"]["check"]["enum"]
    assert list(CHECKS) == SCHEMA["$defs"]["checks"]["items"]["properties"]["check"]["enum"]


def test_a_verified_file_passed_every_check_in_order(stage: Stage) -> None:
    report = report_of(stage.must(*verify(stage, stage.keyless_v2, *stage.who, "--report", "json")).out)
    (found,) = report["candidates"]
    assert results(found) == {**dict.fromkeys(CHECKS, "passed"), "revocation": "not-needed"}
    assert tuple(results(found)) == CHECKS
    said = details(found)
    assert stage.sandbox.urls["rekor_v2"] in said["log"]
    assert stage.sandbox.urls["tsa"] in said["timestamps"]
    assert EMAIL in said["identity"]
    assert "valid 20" in said["certificate"]
    assert said["content"] == f"it is of {found['digest']}"


def test_a_key_needs_no_certificate_and_a_waived_log_says_so(stage: Stage) -> None:
    words = verify(stage, stage.keyed, "--key", stage.public_key, "--report=json", "--insecure-ignore-tlog")
    (found,) = report_of(stage.must(*words).out)["candidates"]
    assert results(found) == {
        **dict.fromkeys(CHECKS, "passed"),
        "log": "waived",
        "revocation": "not-needed",
        **dict.fromkeys(("certificate", "certificate-log", "identity"), "not-needed"),
    }


def test_without_a_timestamp_and_a_period_there_is_no_need_of_one(stage: Stage) -> None:
    words = verify(stage, stage.legacy_keyed, "--key", stage.public_key, "--report=json")
    (found,) = report_of(stage.must(*words).out)["candidates"]
    assert results(found)["timestamps"] == "not-needed"
    assert results(found)["time"] == "passed"


def test_a_refusal_shows_what_held_before_it_and_what_was_not_reached(stage: Stage) -> None:
    words = verify(stage, stage.keyless_v2, "--certificate-identity", "x", "--certificate-oidc-issuer", "y")
    (found,) = report_of(stage.run(*words, "--report", "json").out)["candidates"]
    checks = {check["check"]: check for check in found["checks"]}
    assert checks["identity"] == {
        "check": "identity",
        "result": "refused",
        "code": "identity.mismatch",
        "detail": found["message"],
    }
    assert checks["content"]["result"] == "not-reached"
    assert checks["certificate-log"]["result"] == "passed"
    assert stage.sandbox.urls["rekor_v2"] in checks["log"]["detail"]


def test_evidence_that_cannot_be_read_reached_no_check(stage: Stage) -> None:
    broken = stage.file("broken.json", b"{}")
    (found,) = report_of(stage.run(*verify(stage, broken, *stage.who, "--report=json")).out)["candidates"]
    assert set(results(found).values()) == {"not-reached"}
    row = row_of(stage.run(*verify(stage, broken, *stage.who, "--output=json")).out)
    assert (row["verdict"], row["check"]) == ("refused", None)


def test_what_could_not_be_judged_with_what_is_given_is_not_called_refused() -> None:
    found = candidate("bundle", UsageError("a pure Ed25519 signature is over the file itself"))
    assert (found["verdict"], found["code"]) == ("unavailable", "usage")


def test_a_row_says_which_check_refused(stage: Stage) -> None:
    row = row_of(stage.run(*verify(stage, stage.keyless_v2, "--key", stage.public_key, "--output", "json")).out)
    assert row["check"] == "signer"


def test_people_see_every_check(stage: Stage) -> None:
    said = stage.run(*verify(stage, stage.keyless_v1, "--key", stage.public_key, "--report", "text")).out
    assert "signer:          refused [key.mismatch]: " in said
    assert "content:         not reached\n" in said


def test_the_page_explains_every_check() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "answers.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(CHECKS)


def test_a_log_that_cannot_be_asked_is_an_unavailable_check(stage: Stage) -> None:
    image = f"{stage.sandbox.registry}/{stage.image('report-log-away', b'log away')}"
    stage.must("sign", "--key", stage.key, *OLD_STYLE, "--tlog-upload=false", *REGISTRY, image)
    words = ("verify", "--key", stage.public_key, "--rekor-url", "http://127.0.0.1:1", "--timeout", "5s")
    ran = stage.run(*words, "--report", "json", *REGISTRY, image)
    assert ran.status == 20
    (found,) = report_of(ran.out)["candidates"]
    assert (found["verdict"], results(found)["signature"], results(found)["log"]) == (
        "unavailable",
        "passed",
        "unavailable",
    )


def test_a_bare_signature_is_no_attestation(stage: Stage) -> None:
    words = ("verify-blob-attestation", "--bundle", stage.keyed, "--key", stage.public_key, "--type", "custom")
    (found,) = report_of(stage.run(*words, "--report", "json", stage.artifact).out)["candidates"]
    assert results(found)["content"] == "refused"


# ---- files with several signatures -----------------------------------------------------------------------------------
def several(stage: Stage) -> Path:
    """Of this file; of another one; something else; by the key."""
    other = stage.file("other.txt", b"another file\n")
    of_other = stage.signed("of-other.json", artifact=other)
    lines = [json.dumps(json.loads(path.read_text())) for path in (of_other, stage.keyless_v2, stage.keyed)]
    return stage.file("several.jsonl", "\n".join([*lines, "{}"]).encode())


def test_every_signature_of_a_file_is_reported(stage: Stage) -> None:
    bundle = several(stage)
    ran = stage.must(*verify(stage, bundle, *stage.who, "--report", "json"))
    report = report_of(ran.out)
    assert report["verdict"] == "verified"
    assert [(found["source"], found["verdict"], found["code"]) for found in report["candidates"]] == [
        (f"{bundle}, line 1", "refused", "artifact.digest-mismatch"),
        (f"{bundle}, line 2", "verified", None),
        (f"{bundle}, line 3", "refused", "key.mismatch"),
        (f"{bundle}, line 4", "refused", "malformed"),
    ]
    said = stage.must(*verify(stage, bundle, *stage.who, "--report", "text")).out
    assert f"  2. {bundle}, line 2: verified\n" in said


def test_every_signature_of_a_file_is_reported_when_none_is_good(stage: Stage) -> None:
    words = verify(stage, several(stage), "--key", stage.other_public_key, "--report", "json")
    report = report_of(stage.run(*words).out)
    assert (report["verdict"], report["code"]) == ("refused", "bundle.none-accepted")
    assert len(report["candidates"]) == 4


def test_every_attestation_of_a_file_is_reported(stage: Stage) -> None:
    words = ("verify-blob-attestation", "--bundle", several(stage), *stage.who, "--type", "custom")
    report = report_of(stage.run(*words, "--report", "json", stage.artifact).out)
    assert {results(found)["content"] for found in report["candidates"]} == {"refused", "not-reached"}
