"""`pycosign.verify_file` and `sign_file`: what they take, what they prove, and what they refuse, by code."""

import hashlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import pycosign
from pycosign.testing import Sandbox
from tests.recordings import recorded_file

ALICE = "alice@example.com"
HELLO = b"hello, library\n"
RECORDED = pycosign.Identity("test@example.com", issuer="http://127.0.0.1:8080")


@pytest.fixture(scope="module")
def bundle(sandbox: Sandbox) -> pycosign.Bundle:
    return pycosign.sign_file(HELLO, signer=sandbox.sign_in(ALICE), instance=sandbox.instance)


@pytest.fixture(scope="module")
def trust(sandbox: Sandbox) -> pycosign.Trust:
    return sandbox.instance.trust


@pytest.fixture(scope="module")
def verifier(sandbox: Sandbox, trust: pycosign.Trust) -> pycosign.Verifier:
    return pycosign.Verifier(signer=sandbox.identity(ALICE), trust=trust)


def recorded_trust() -> pycosign.Trust:
    return pycosign.Trust.from_json(recorded_file("file-trusted_root.json"))


def test_the_result_says_what_was_proved(sandbox: Sandbox, bundle: pycosign.Bundle, trust: pycosign.Trust) -> None:
    verified = pycosign.verify_file(HELLO, bundle=bundle, signer=sandbox.identity(ALICE), trust=trust)
    assert verified.identity == ALICE
    assert verified.issuer == sandbox.issuer
    assert [time.source for time in verified.times] == ["timestamp"]
    assert [entry.log_url for entry in verified.log_entries] == [sandbox.urls["rekor_v2"]]
    assert verified.digest == ("sha256", hashlib.sha256(HELLO).digest())
    assert verified.waivers == frozenset()
    assert verified.trust_source == sandbox.urls["trusted_root"]
    assert verified.trust_age is None


def _path(folder: Path) -> object:
    (folder / "hello").write_bytes(HELLO)
    return folder / "hello"


ARTIFACTS: dict[str, Callable[[Path], object]] = {
    "a path": _path,
    "a path as text": lambda folder: str(_path(folder)),
    "bytes": lambda folder: HELLO,
    "a bytearray": lambda folder: bytearray(HELLO),
    "a view": lambda folder: memoryview(HELLO),
    "an open file": lambda folder: io.BytesIO(HELLO),
    "a digest": lambda folder: pycosign.Digest(f"sha256:{hashlib.sha256(HELLO).hexdigest()}"),
}


@pytest.mark.parametrize("make", ARTIFACTS.values(), ids=ARTIFACTS.keys())
def test_every_form_of_an_artifact(
    make: Callable[[Path], object], tmp_path: Path, verifier: pycosign.Verifier, bundle: pycosign.Bundle
) -> None:
    assert verifier.verify_file(make(tmp_path), bundle=bundle).identity == ALICE  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["object", "bytes", "path", "text path"])
def test_every_form_of_a_bundle(
    form: str, tmp_path: Path, verifier: pycosign.Verifier, bundle: pycosign.Bundle
) -> None:
    path = tmp_path / "hello.sigstore.json"
    bundle.save(path)
    forms: dict[str, pycosign.BundleSource] = {
        "object": pycosign.Bundle.load(path),
        "bytes": bundle.to_json(),
        "path": path,
        "text path": str(path),
    }
    assert verifier.verify_file(HELLO, bundle=forms[form]).identity == ALICE


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"])
@pytest.mark.parametrize("log", ["v1", "v2", "none"])
def test_keys_of_every_kind_sign_and_are_verified(kind: str, log: str, sandbox: Sandbox) -> None:
    key = pycosign.PrivateKey.generate(kind)
    instance = {"v1": sandbox.instance_rekor_v1, "v2": sandbox.instance, "none": None}[log]
    bundle = pycosign.sign_file(io.BytesIO(HELLO), signer=key, instance=instance)
    if instance is None:
        verified = pycosign.verify_file(HELLO, bundle=bundle, signer=key.public, trust=None, waive=pycosign.Waiver.TLOG)
        assert verified.waivers == {pycosign.Waiver.TLOG}
    else:
        verified = pycosign.verify_file(HELLO, bundle=bundle, signer=key.public, trust=instance.trust)
        assert len(verified.log_entries) == 1
    assert verified.identity is None


def refusals(sandbox: Sandbox) -> "dict[str, tuple[str, pycosign.Signer]]":
    return {
        "another identity": ("identity.mismatch", sandbox.identity("mallory@example.com")),
        "another issuer": ("issuer.mismatch", pycosign.Identity(ALICE, issuer="https://evil.example.com")),
        "half of the name": ("identity.mismatch", pycosign.Identity(pycosign.Regexp("alice"), issuer=sandbox.issuer)),
        "half of the issuer": ("issuer.mismatch", pycosign.Identity(ALICE, issuer=pycosign.Regexp("http://127"))),
        "a key": ("key.mismatch", pycosign.PrivateKey.generate().public),
        "another claim": (
            "claim.mismatch",
            pycosign.Identity(ALICE, issuer=sandbox.issuer, claims={"source_repository_ref": "refs/heads/main"}),
        ),
    }


@pytest.mark.parametrize(
    "case",
    ["another identity", "another issuer", "half of the name", "half of the issuer", "a key", "another claim"],
)
def test_another_signer_is_refused_with_a_code(
    case: str, sandbox: Sandbox, bundle: pycosign.Bundle, trust: pycosign.Trust
) -> None:
    code, signer = refusals(sandbox)[case]
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(HELLO, bundle=bundle, signer=signer, trust=trust)
    assert caught.value.code == code


def test_a_regexp_matches_the_whole_text(sandbox: Sandbox, bundle: pycosign.Bundle, trust: pycosign.Trust) -> None:
    signer = pycosign.Identity(pycosign.Regexp(r"(alice|bob)@example\.com"), issuer=pycosign.Regexp("http://.*"))
    assert pycosign.verify_file(HELLO, bundle=bundle, signer=signer, trust=trust).identity == ALICE


@pytest.mark.parametrize("pattern", ["x)|(.*", "(", r"\Qa", "a{1001}"])
def test_a_regexp_that_would_escape_from_its_ends_is_refused(pattern: str) -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.Regexp(pattern)


@given(
    pattern=st.text(alphabet="ab|()[]*+?.^$\\\\QEzAim:{}1-\n", max_size=12),
    text=st.text(alphabet="abQE1\n", max_size=6),
)
@example(pattern=r"\Qa", text="a")
@example(pattern="(?i)a|b", text="B1")
@example(pattern="(?m)^a$", text="b\na")
def test_a_regexp_matches_what_a_full_match_matches(pattern: str, text: str) -> None:
    re2 = pytest.importorskip("re2")
    try:
        rule = pycosign.Regexp(pattern)._rule
    except pycosign.UsageError:
        return
    assert rule.accepts(text) == (re2.fullmatch(pattern, text) is not None)


def test_an_alternative_does_not_escape_from_the_ends() -> None:
    rule = pycosign.Regexp("a|b")._rule
    assert [text for text in ("a", "b", "ab", "xa", "bx", "a\n") if rule.accepts(text)] == ["a", "b"]


def test_an_edited_file_is_refused(verifier: pycosign.Verifier, bundle: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_file(HELLO + b"!", bundle=bundle)
    assert caught.value.code == "artifact.digest-mismatch"


def test_the_trust_of_another_instance_is_refused(sandbox: Sandbox, bundle: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.RefusedError):
        pycosign.verify_file(HELLO, bundle=bundle, signer=sandbox.identity(ALICE), trust=recorded_trust())


def test_a_demanded_timestamp_that_is_missing_is_refused(sandbox: Sandbox, trust: pycosign.Trust) -> None:
    key = pycosign.PrivateKey.generate()
    bundle = pycosign.sign_file(HELLO, signer=key, instance=sandbox.instance_rekor_v1)
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(HELLO, bundle=bundle, signer=key.public, trust=trust, min_timestamp_authorities=1)
    assert caught.value.code == "timestamp.missing"


def test_more_logs_than_hold_the_signature_are_refused(
    sandbox: Sandbox, bundle: pycosign.Bundle, trust: pycosign.Trust
) -> None:
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(HELLO, bundle=bundle, signer=sandbox.identity(ALICE), trust=trust, min_logs=2)
    assert caught.value.code.startswith("tlog.")


@pytest.mark.parametrize(("logs", "authorities"), [(0, 0), (-1, 0), (1, -1)])
def test_a_number_that_demands_nothing_is_a_usage_error(
    logs: int, authorities: int, sandbox: Sandbox, trust: pycosign.Trust
) -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=sandbox.identity(), trust=trust, min_logs=logs, min_timestamp_authorities=authorities)


def test_a_retired_key_does_not_vouch_for_what_is_signed_later(sandbox: Sandbox, trust: pycosign.Trust) -> None:
    key, day = pycosign.PrivateKey.generate(), timedelta(days=1)
    bundle, pem = pycosign.sign_file(HELLO, signer=key, instance=sandbox.instance), key.public.to_pem()
    active = pycosign.Key.from_pem(pem, valid_from=sandbox.now - day, valid_until=sandbox.now + day)
    assert pycosign.verify_file(HELLO, bundle=bundle, signer=active, trust=trust).key.pem() == pem
    retired = pycosign.Key.from_pem(pem, valid_until=sandbox.now - day)
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(HELLO, bundle=bundle, signer=retired, trust=trust)
    assert caught.value.code == "key.outside-window"
    with pytest.raises(pycosign.UsageError):
        pycosign.Key.from_pem(pem, valid_until=datetime(2030, 1, 1))
    with pytest.raises(pycosign.UsageError):
        pycosign.Key.from_pem(pem, valid_from=sandbox.now, valid_until=sandbox.now - day)


def test_claims_of_a_workflow_are_demanded_by_name(sandbox: Sandbox, trust: pycosign.Trust) -> None:
    token = pycosign.Token(sandbox.token("ci@example.com"))
    bundle = pycosign.sign_file(HELLO, signer=token, instance=sandbox.instance)
    good = pycosign.Identity("ci@example.com", issuer=sandbox.issuer, claims={"issuer": pycosign.Regexp("http://.*")})
    assert pycosign.verify_file(HELLO, bundle=bundle, signer=good, trust=trust).extensions[8] == sandbox.issuer
    with pytest.raises(pycosign.UsageError):
        pycosign.Identity("ci@example.com", issuer=sandbox.issuer, claims={"nosuch": "x"})


def test_what_is_in_no_log_is_refused_unless_that_is_waived(trust: pycosign.Trust) -> None:
    key = pycosign.PrivateKey.generate()
    bundle = pycosign.sign_file(HELLO, signer=key, instance=None)
    with pytest.raises(pycosign.RefusedError) as caught:
        pycosign.verify_file(HELLO, bundle=bundle, signer=key.public, trust=trust)
    assert caught.value.code == "tlog.missing"


def test_an_attestation_is_not_the_signature_of_a_file(sandbox: Sandbox, verifier: pycosign.Verifier) -> None:
    said = pycosign.attest_file(
        HELLO, predicate_type="custom", predicate="bad", signer=sandbox.sign_in(ALICE), instance=sandbox.instance
    )
    with pytest.raises(pycosign.RefusedError) as caught:
        verifier.verify_file(HELLO, bundle=said)
    assert caught.value.code == "predicate-type.mismatch"


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b"[" * 5000])
def test_what_is_no_bundle_is_malformed(content: bytes, verifier: pycosign.Verifier) -> None:
    with pytest.raises(pycosign.MalformedError):
        verifier.verify_file(HELLO, bundle=content)


def test_a_file_that_is_not_there_is_a_usage_error(
    tmp_path: Path, verifier: pycosign.Verifier, bundle: pycosign.Bundle
) -> None:
    with pytest.raises(pycosign.UsageError):
        verifier.verify_file(tmp_path / "nosuch", bundle=bundle)
    with pytest.raises(pycosign.UsageError):
        verifier.verify_file(HELLO, bundle=tmp_path / "nosuch")
    with pytest.raises(pycosign.UsageError):
        pycosign.Key.load(tmp_path / "nosuch")
    with pytest.raises(pycosign.UsageError):
        pycosign.Trust.from_file(tmp_path / "nosuch")


def test_what_no_file_system_can_have_is_a_usage_error(
    verifier: pycosign.Verifier, bundle: pycosign.Bundle, tmp_path: Path
) -> None:
    bad = f"{tmp_path}/a\0b"
    for call in (
        lambda: verifier.verify_file(bad, bundle=bundle),
        lambda: verifier.verify_file(HELLO, bundle=bad),
        lambda: bundle.save(bad),
        lambda: pycosign.Key.load(bad),
        lambda: pycosign.PrivateKey.load(bad, password=b""),
        lambda: pycosign.Trust.from_file(bad),
        lambda: pycosign.Policy.load(bad),
    ):
        with pytest.raises(pycosign.UsageError):
            call()


def test_only_what_is_verified_is_true(verifier: pycosign.Verifier, bundle: pycosign.Bundle) -> None:
    judged = list(verifier.judge_files([(HELLO, bundle), (b"forged", bundle), ("nosuch", bundle)]))
    assert [bool(item) for item in judged] == [True, False, False]
    assert [bool(item.verdict) for item in judged] == [True, False, False]


def test_text_is_never_taken_for_content(verifier: pycosign.Verifier, bundle: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.UsageError):
        verifier.verify_file(f"sha256:{hashlib.sha256(HELLO).hexdigest()}", bundle=bundle)
    with pytest.raises(pycosign.UsageError):
        verifier.verify_file(io.StringIO(HELLO.decode()), bundle=bundle)  # type: ignore[arg-type]
    with pytest.raises(pycosign.UsageError):
        verifier.verify_file(None, bundle=bundle)  # type: ignore[arg-type]


def test_a_demand_that_is_none_is_a_usage_error(trust: pycosign.Trust) -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.Identity("", issuer="https://accounts.example.com")
    with pytest.raises(pycosign.UsageError):
        pycosign.Identity(ALICE, issuer="")
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=ALICE, trust=trust)  # type: ignore[arg-type]
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=pycosign.Identity(ALICE, issuer=ALICE), trust="trusted_root.json")  # type: ignore[arg-type]
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=pycosign.Identity(ALICE, issuer=ALICE), trust=trust, waive="tlog")  # type: ignore[arg-type]
    with pytest.raises(pycosign.UsageError):
        pycosign.Verifier(signer=pycosign.Identity(ALICE, issuer=ALICE), trust=trust, waive=pycosign.Waiver.CLAIMS)


def test_an_identity_without_trust_is_a_usage_error(sandbox: Sandbox, bundle: pycosign.Bundle) -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.verify_file(HELLO, bundle=bundle, signer=sandbox.identity(ALICE), trust=None)


NAMES = ["bundle-cosign2-blob-legacy", "bundle-cosign3-blob-rekor-v1", "bundle-cosign3-blob-rekor-v2"]


@pytest.mark.usefixtures("no_sockets")
@pytest.mark.parametrize("name", NAMES)
def test_what_cosign_signed_is_verified_without_a_socket(name: str) -> None:
    verified = pycosign.verify_file(
        b"hello\n", bundle=recorded_file(f"{name}.json"), signer=RECORDED, trust=recorded_trust()
    )
    assert verified.identity == "test@example.com"


def test_the_same_verifier_serves_many_threads(verifier: pycosign.Verifier, bundle: pycosign.Bundle) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        contents = [HELLO if index % 2 else b"forged" for index in range(64)]
        judged = pool.map(lambda content: next(verifier.judge_files([(content, bundle)])).verdict, contents)
        assert list(judged) == [pycosign.Verdict.REFUSED, pycosign.Verdict.VERIFIED] * 32


def test_the_same_instance_serves_many_threads(sandbox: Sandbox, trust: pycosign.Trust) -> None:
    from concurrent.futures import ThreadPoolExecutor

    instance, key = sandbox.instance, pycosign.PrivateKey.generate()
    contents = [str(index).encode() for index in range(8)]
    with ThreadPoolExecutor(4) as pool:
        signed = list(pool.map(lambda content: pycosign.sign_file(content, signer=key, instance=instance), contents))
    verifier = pycosign.Verifier(signer=key.public, trust=trust)
    assert len(verifier.verify_files(zip(contents, signed, strict=True))) == 8


def test_many_files_each_get_their_answer(tmp_path: Path, verifier: pycosign.Verifier, bundle: pycosign.Bundle) -> None:
    pairs: list[tuple[pycosign.ArtifactSource, pycosign.BundleSource]] = [
        (HELLO, bundle),
        (b"forged", bundle),
        (tmp_path / "nosuch", bundle),
        (HELLO, b"{}"),
    ]
    judged = list(verifier.judge_files(pairs))
    assert [item.verdict.value for item in judged] == ["verified", "refused", "unavailable", "refused"]
    assert judged[0].require().identity == ALICE
    with pytest.raises(pycosign.RefusedError):
        judged[1].require()
    assert verifier.verify_files(pairs[:1] * 3)[2].identity == ALICE


def test_of_many_files_a_refusal_weighs_more_than_what_could_not_be_found_out(
    tmp_path: Path, verifier: pycosign.Verifier, bundle: pycosign.Bundle
) -> None:
    missing, forged = (tmp_path / "nosuch", bundle), (b"forged", bundle)
    with pytest.raises(pycosign.RefusedError) as refused:
        verifier.verify_files([(HELLO, bundle), missing, forged])
    assert refused.value.__notes__ == ["artifact: 6 bytes in memory"]
    with pytest.raises(pycosign.UsageError):
        verifier.verify_files([missing, (HELLO, bundle)])


def test_verifying_no_files_proves_nothing(verifier: pycosign.Verifier) -> None:
    assert verifier.verify_files([]) == ()
