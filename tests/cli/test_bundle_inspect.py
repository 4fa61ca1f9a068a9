"""`bundle inspect`: Cosign's tree over the whole corpus; our own words and data, which never sound like a verdict."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosign.errors import MalformedError
from pycosign.flows.bundle_tree import bundle_tree
from pycosign.flows.describe_bundle import describe_bundle
from pycosign.flows.service_names import ServiceNames
from pycosign.wire.loose_bundle import parse_loose_bundle
from tests.cli.conftest import Cli, run_cli
from tests.cli.stage import Stage

DATA = Path(__file__).parent.parent / "data"
FILES = sorted(
    path
    for folder in (DATA / "corpus", DATA / "wire", DATA / "field", DATA / "conformance")
    for path in folder.rglob("*")
    if path.is_file() and path.stat().st_size < 1 << 20 and b"dev.sigstore.bundle" in path.read_bytes()
)
NO_NAMES = {"TUF_MIRROR": "http://127.0.0.1:9", "TUF_ROOT": "/dev/null/tuf"}
# Cosign's reader of timestamps checks their certificate, and shows nothing of one that fails; here it is shown.
SHOWS_MORE = "rekor2-timestamp-outside-tsa-cert-validity_fail"
WORDS = re.compile(r"\bverified|\bvalid\b|\bgood\b|\btrusted\b|\bproved", re.IGNORECASE)


def test_there_is_a_corpus() -> None:
    assert len(FILES) > 40


@pytest.mark.peer
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_the_tree_is_cosigns(cosign3: Cli, path: Path) -> None:
    theirs = cosign3("bundle", "inspect", str(path), env=NO_NAMES)
    ours = run_cli("bundle", "inspect", str(path), env=NO_NAMES)
    if ours.status == 1 == theirs.status:
        assert ours.err.splitlines()[4].startswith("Error: unmarshaling bundle: ")
        return
    if SHOWS_MORE in str(path):
        assert [line for line in ours.out.splitlines() if line in theirs.out.splitlines()] == theirs.out.splitlines()
    else:
        assert (ours.status, ours.out) == (theirs.status, theirs.out)
    assert ours.err.splitlines()[:3] == theirs.err.splitlines()[:3]
    assert ours.err.splitlines()[3].startswith("Local TUF environment not initialized, some details will be omitted: ")


ODD = [
    {},
    {"mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.9"},
    {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {}},
    {"verificationMaterial": {"certificate": {}}},
    {"verificationMaterial": {"certificate": {"rawBytes": "AAAA"}}, "messageSignature": {}},
    {"verification_material": {"x509CertificateChain": {}}, "message_signature": {"messageDigest": {}}},
    {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"x509CertificateChain": {"certificates": []}},
    },
    {"verificationMaterial": {"publicKey": {}}, "messageSignature": {"messageDigest": {"algorithm": 2}}},
    {"verificationMaterial": {"publicKey": {"hint": "not base64!"}}, "messageSignature": {"signature": "-_-_"}},
    {
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {"publicKey": {"hint": "AAAA"}, "tlogEntries": [{}, {"logIndex": "7", "logId": {}}]},
    },
    {
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2",
        "verificationMaterial": {
            "tlogEntries": [
                {
                    "kindVersion": {},
                    "integratedTime": 1,
                    "inclusionPromise": {},
                    "inclusionProof": {"checkpoint": {"envelope": "x"}},
                    "canonicalizedBody": "AA==",
                }
            ],
            "timestampVerificationData": {"rfc3161Timestamps": [{}]},
        },
    },
    {
        "verificationMaterial": {"publicKey": {"hint": "AAAA"}, "timestampVerificationData": {}},
        "dsseEnvelope": {
            "payloadType": "application/vnd.in-toto+json",
            "payload": "e30=",
            "signatures": [{"sig": "AAAA", "keyid": "x"}, {"keyid": "AAAA"}],
        },
    },
    {"dsseEnvelope": {"payloadType": "application/vnd.in-toto+json", "payload": "W10", "signatures": [{}]}},
]


@pytest.mark.peer
@pytest.mark.parametrize("number", range(len(ODD)))
def test_what_is_missing_is_shown_as_cosign_does(cosign3: Cli, tmp_path: Path, number: int) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps(ODD[number]))
    theirs = cosign3("bundle", "inspect", str(path), env=NO_NAMES)
    ours = run_cli("bundle", "inspect", str(path), env=NO_NAMES)
    unreadable = re.compile(r"Error: parsing certificate: .*")
    assert (ours.status, unreadable.sub("Error", ours.out)) == (theirs.status, unreadable.sub("Error", theirs.out))


@pytest.mark.peer
def test_the_services_are_named_as_cosign_names_them(stage: Stage, cosign3: Cli) -> None:
    for bundle in (stage.keyless_v1, stage.keyless_v2, stage.keyed):
        theirs = cosign3("bundle", "inspect", str(bundle), env=stage.env)
        ours = stage.must("bundle", "inspect", bundle)
        assert ours.out == theirs.out
        assert ours.err.splitlines() == theirs.err.splitlines()
    assert f"Log URL: {stage.sandbox.urls['rekor_v2']}" in ours.out


@pytest.mark.peer
@pytest.mark.parametrize(
    "words", [("bundle", "inspect"), ("bundle", "inspect", "a", "b"), ("bundle", "inspect", "nosuch")], ids=" ".join
)
def test_cosign_complains_alike(cosign3: Cli, words: tuple[str, ...]) -> None:
    theirs, ours = cosign3(*words, env=NO_NAMES), run_cli(*words, env=NO_NAMES)
    complaint = [line for line in theirs.err.splitlines() if "Local TUF" not in line]
    said = [line for line in ours.err.splitlines() if "Local TUF" not in line and not line.startswith("hint: ")]
    assert (ours.status, said) == (theirs.status, complaint)


def test_our_own_words_and_data(stage: Stage) -> None:
    ran = stage.must("bundle", "inspect", "--output", "json", stage.keyless_v2)
    told = json.loads(ran.out)
    assert told["schema"] == 1
    assert told["notice"].startswith("nothing was checked")
    assert told["signer"]["identities"] == [{"kind": "email", "value": "signer@example.com"}]
    assert told["signer"]["issuer"] == told["signer"]["claims"]["issuer"] == stage.sandbox.issuer
    assert told["signer"]["certificate_timestamps"][0]["log_url"] == stage.sandbox.urls["ctlog"]
    (entry,) = told["log_entries"]
    assert (entry["log_url"], entry["has_promise"]) == (stage.sandbox.urls["rekor_v2"], False)
    assert entry["proof"]["checkpoint"]["origin"] == "127.0.0.1"
    assert told["timestamps"][0]["hash"] == "sha256"
    assert told["content"]["digest_algorithm"] == "SHA2_256"
    words = stage.must("bundle", "inspect", "--output", "text", stage.keyless_v1).out
    assert words.startswith("NOT CHECKED: ")
    assert "claims to be signer@example.com (email)" in words
    assert "  promise      there" in words
    assert "a key, with the hint" in stage.must("bundle", "inspect", "--output", "text", stage.keyed).out
    assert stage.run("bundle", "inspect", "--output", "xml", stage.keyed).status == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DATA)))
def test_no_word_sounds_like_a_verdict(path: Path) -> None:
    for output in ("text", "json"):
        ran = run_cli("bundle", "inspect", "--output", output, str(path), env=NO_NAMES)
        if ran.status == 0:
            said = ran.out.replace("valid_from", "").replace("valid_until", "")
            assert "nothing was checked" in said
            assert not WORDS.search(said)


def test_no_socket_is_opened(stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = stage.keyless_v2

    def refuse(*unused: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr("socket.socket.connect", refuse)
    assert stage.run("bundle", "inspect", bundle, env={"TUF_ROOT": str(tmp_path / "tuf")}).status == 0


def test_what_others_wrote_does_not_steer_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"mediaType": "\x1b[2J", "verificationMaterial": {"publicKey": {"hint": "\x1b[2J\n"}}}))
    for output in ("tree", "text", "json"):
        ran = run_cli("bundle", "inspect", "--output", output, str(path), env=NO_NAMES)
        assert (ran.status, "\x1b" in ran.out) == (0, False)


def test_a_bundle_of_the_old_kind_gets_a_hint() -> None:
    legacy = DATA / "wire" / "bundle-cosign2-blob-legacy.json"
    ran = run_cli("bundle", "inspect", str(legacy), env=NO_NAMES)
    assert (ran.status, "bundle create --bundle" in ran.err) == (1, True)


def test_a_file_of_several_bundles_gets_a_hint(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(stage.keyed.read_bytes().strip() + b"\n" + stage.keyless_v2.read_bytes())
    ran = run_cli("bundle", "inspect", str(path), env=NO_NAMES)
    assert (ran.status, "hint: a bundle stands alone in its file: `pycosign explain" in ran.err) == (1, True)


@given(st.data())
def test_whatever_is_in_a_bundle_it_is_shown_or_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(FILES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    try:
        bundle = parse_loose_bundle(bytes(raw))
    except MalformedError:
        return
    assert list(bundle_tree(bundle, ServiceNames()).lines())
    describe_bundle(bundle, ServiceNames())
