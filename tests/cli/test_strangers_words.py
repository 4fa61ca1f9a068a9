"""Words of strangers, from bundles, certificates, trust roots and files: they begin no line of ours, steer no terminal,
and break no row of JSON. And where words cannot be written, the exit status still says what was found."""

import base64
import json
import os
from pathlib import Path

import pytest

from pycosign.cli.context import STEERING, for_terminal, in_one_paragraph, on_one_line
from pycosign.cli.render_verify import certificate_lines, header, json_array
from pycosign.flows.verify_image import LEGACY, AcceptedSignature, ImageVerdict
from pycosign.verify.requirements import Requirements, SignerIdentity, TextRule
from pycosign.wire.reference import parse_reference
from tests.cli.stage import EMAIL, OLD_STYLE, Stage
from tests.verify.attempts import Attempt
from tests.verify.factory import World

EVIL = "x\nVerified OK\ncode: none\n\u202e\u2028\x1b[2J\x9b2J\x85\u200f\u061cy"


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def verify(stage: Stage, bundle: object, *words: object) -> tuple[object, ...]:
    return ("verify-blob", "--bundle", bundle, "--trusted-root", stage.trusted_root, *stage.who, *words, stage.artifact)


def renamed(stage: Stage, folder: Path) -> Path:
    """A good bundle that calls its log entry by another name."""
    bundle = json.loads(stage.keyless_v1.read_bytes())
    bundle["verificationMaterial"]["tlogEntries"][0]["kindVersion"]["kind"] = EVIL
    path = folder / "renamed.json"
    path.write_text(json.dumps(bundle))
    return path


# ---- lines of text ---------------------------------------------------------------------------------------------------
def test_an_error_cannot_hold_a_line_of_ours(stage: Stage, tmp_path: Path) -> None:
    ran = stage.run(*verify(stage, renamed(stage, tmp_path)))
    assert ran.status == 1
    assert [line for line in ran.err.splitlines() if line.startswith("code: ")] == ["code: tlog.entry-mismatch"]
    assert "Verified OK" not in ran.err.splitlines()


def test_a_file_name_in_an_error_cannot_either(stage: Stage) -> None:
    ran = stage.run(*verify(stage, EVIL))
    assert "Verified OK" not in ran.err.splitlines()
    assert not any(line.startswith("code: ") for line in ran.err.splitlines())


def test_the_lines_that_an_error_has_itself_stay() -> None:
    assert in_one_paragraph("none of the 2:\n line 1: no\n\tline 2\nforged\n") == (
        "none of the 2:\n line 1: no\n\tline 2\n forged\n"
    )


def test_an_inspected_bundle_has_no_lines_of_its_own(stage: Stage, tmp_path: Path) -> None:
    ran = stage.must("bundle", "inspect", renamed(stage, tmp_path))
    (line,) = [line for line in ran.out.splitlines() if "Verified OK" in line]
    assert line.lstrip().startswith("- Kind: x\\nVerified OK\\n")


def test_everything_that_steers_or_ends_a_line_is_shown_as_an_escape() -> None:
    shown = on_one_line(EVIL)
    assert shown.isprintable()
    assert len(shown.splitlines()) == 1
    assert for_terminal("a\tb\nc") == "a\tb\nc"


def test_a_workflows_name_adds_no_line_about_its_repository(world: World) -> None:
    verified = (
        Attempt(world.blob())
        .run(world)
        ._replace(extensions={4: "ci\nGitHub Workflow Repository: google/trusted", 6: EVIL}, identity="a\nb")
    )
    accepted = AcceptedSignature(verified, world.blob(), LEGACY, b"{}", {}, "sha256:cc")
    lines = certificate_lines(accepted)
    assert all(line.isprintable() for line in lines)
    assert not any(line.startswith("GitHub Workflow Repository") for line in lines)
    anybody = Requirements(SignerIdentity(TextRule("x"), TextRule("x")))
    verdict = ImageVerdict(parse_reference("app:1"), "sha256:" + "0" * 64, (accepted,), (), ())
    assert not any("\n" in line for line in header(verdict, "app:1", anybody)[1:])


def test_a_story_is_not_as_long_as_a_stranger_likes(stage: Stage, tmp_path: Path) -> None:
    data = Path(__file__).parent.parent / "data" / "corpus" / "made" / "cosign3-attest-key-rekor-v1.json"
    bundle = json.loads(data.read_bytes())
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    statement["predicateType"] = statement["subject"][0]["name"] = "long" * 50_000
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    path = tmp_path / "long.json"
    path.write_text(json.dumps(bundle))
    told = stage.run("explain", path).out
    assert len(told) < 20_000
    assert told.count(" characters)") == 2


# ---- JSON ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("form", ["--output", "--report"])
def test_json_is_one_line_for_every_reader_and_steers_no_terminal(stage: Stage, tmp_path: Path, form: str) -> None:
    root = json.loads(Path(stage.trusted_root).read_bytes())
    root["tlogs"][0]["baseUrl"] = EVIL
    named = tmp_path / "root.json"
    named.write_text(json.dumps(root))
    words = ("verify-blob", "--bundle", stage.keyless_v1, "--trusted-root", named, *stage.who, form, "json")
    ran = stage.must(*words, stage.artifact)
    assert len(ran.out.splitlines()) == 1
    assert not any(ord(char) in STEERING for char in ran.out)
    found = json.loads(ran.out)
    assert (found if form == "--output" else found["candidates"][0])["log_entries"][0]["log_url"] == EVIL


def test_rows_of_a_batch_are_lines_for_every_reader(stage: Stage, tmp_path: Path) -> None:
    batch = tmp_path / "pairs.jsonl"
    batch.write_text(json.dumps({"artifact": EVIL, "bundle": "b"}) + "\n")
    words = ("verify-blob", "--batch", batch, "--trusted-root", stage.trusted_root, *stage.who)
    (row,) = stage.run(*words, "--output", "json").out.splitlines()
    assert json.loads(row)["artifact"] == EVIL
    assert len(stage.run(*words).out.splitlines()) == 1


def test_cosigns_json_of_an_image_steers_no_terminal(world: World) -> None:
    accepted = AcceptedSignature(
        Attempt(world.blob()).run(world)._replace(extensions={4: EVIL}),
        world.blob(),
        LEGACY,
        json.dumps(
            {
                "critical": {
                    "identity": {"docker-reference": "app"},
                    "image": {"docker-manifest-digest": "sha256:" + "0" * 64},
                    "type": "cosign container image signature",
                },
                "optional": {"größe": EVIL},
            }
        ).encode(),
        {},
        "sha256:cc",
    )
    verdict = ImageVerdict(parse_reference("app:1"), "sha256:" + "0" * 64, (accepted,), (), ())
    printed = json_array(verdict, "app").decode()
    assert not any(ord(char) in STEERING for char in printed)
    assert "größe" in printed
    optional = json.loads(printed)[0]["optional"]
    assert (optional["größe"], optional["githubWorkflowName"]) == (EVIL, EVIL)


def test_an_annotation_does_not_look_like_what_a_certificate_proves(stage: Stage) -> None:
    said = ("Subject=boss@example.com", "Issuer=x", "githubWorkflowRepository=y", "1.3.6.1.4.1.57264.1.5=z", "own=kept")
    words = [word for name in said for word in ("-a", name)]
    image = f"{stage.sandbox.registry}/{stage.image('words/annotated')}"
    stage.must("sign", "--allow-http-registry", *words, image)
    verifying = ("verify", "--allow-http-registry", *stage.who, "-a", "Subject=boss@example.com", image)
    assert [found["optional"] for found in json.loads(stage.must(*verifying).out)] == [{"own": "kept"}]
    sandbox = stage.sandbox.urls
    services = ("--fulcio-url", sandbox["fulcio"], "--rekor-url", sandbox["rekor"])
    stage.must("sign", "--allow-http-registry", *OLD_STYLE, *services, *words, image)
    legacy = json.loads(stage.must(*verifying[:-1], "--new-bundle-format=false", image).out)[0]["optional"]
    assert (legacy["Subject"], legacy["Issuer"]) == (EMAIL, stage.sandbox.issuer)
    assert legacy["own"] == "kept"
    assert not {"githubWorkflowRepository", "1.3.6.1.4.1.57264.1.5"} & legacy.keys()


# ---- where nothing can be written ------------------------------------------------------------------------------------
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize("form", ["--output", "--report"])
def test_an_answer_that_the_full_disk_did_not_take_is_unavailable_and_said(stage: Stage, form: str) -> None:
    with open("/dev/full", "wb") as full:
        ran = stage.process(*verify(stage, stage.keyless_v1, form, "json"), stdout=full)
    assert ran.status == 20
    assert "code: unavailable.file\n" in ran.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_words_for_people_on_a_full_disk_change_no_answer(stage: Stage, tmp_path: Path) -> None:
    with open("/dev/full", "wb") as full:
        good = stage.process(*verify(stage, stage.keyless_v1, "--output", "json"), stderr=full)
        bad = stage.process(*verify(stage, renamed(stage, tmp_path), "--output", "json"), stderr=full)
    assert (good.status, json.loads(good.out)["verdict"]) == (0, "verified")
    assert (bad.status, json.loads(bad.out)["verdict"]) == (1, "refused")
