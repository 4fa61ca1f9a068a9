"""What signs: keys that are opened with a password, and tokens."""

from datetime import timedelta
from pathlib import Path

import pytest

import pycosign
from pycosign.errors import PasswordError
from pycosign.testing import Sandbox


@pytest.mark.parametrize("password", [b"s3cret", "s3cret", lambda: b"s3cret", lambda: "s3cret"])
def test_a_key_is_stored_encrypted_and_opened_with_its_password(password: pycosign.Password, tmp_path: Path) -> None:
    key = pycosign.PrivateKey.generate()
    path = tmp_path / "cosign.key"
    path.write_bytes(key.to_pem(password="s3cret"))
    opened = pycosign.PrivateKey.load(path, password=password)
    assert opened.public.to_pem() == key.public.to_pem()


def test_another_password_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cosign.key"
    path.write_bytes(pycosign.PrivateKey.generate().to_pem(password=b"right"))
    with pytest.raises(PasswordError):
        pycosign.PrivateKey.load(path, password=b"wrong")


def test_the_password_is_not_asked_for_when_there_is_no_key(tmp_path: Path) -> None:
    def ask() -> bytes:
        raise AssertionError("asked for a password")

    with pytest.raises(pycosign.UsageError):
        pycosign.PrivateKey.load(tmp_path / "nosuch", password=ask)


def test_a_reference_may_name_a_variable_and_a_path_object_never_does(monkeypatch: pytest.MonkeyPatch) -> None:
    key = pycosign.PrivateKey.generate()
    monkeypatch.setenv("MY_KEY", key.to_pem(password=b"").decode())
    monkeypatch.setenv("MY_PUB", key.public.to_pem().decode())
    assert pycosign.PrivateKey.load("env://MY_KEY", password=b"").public.to_pem() == key.public.to_pem()
    assert pycosign.Key.load("env://MY_PUB").to_pem() == key.public.to_pem()
    with pytest.raises(pycosign.UsageError):
        pycosign.Key.load(Path("env:/MY_PUB"))


def test_a_key_of_a_store_that_is_not_supported_is_a_usage_error() -> None:
    with pytest.raises(pycosign.UsageError) as caught:
        pycosign.Key.load("awskms:///alias/nosuch")
    assert caught.value.code == "usage.unsupported"


def test_a_token_says_whom_it_is_about_and_hides_itself(sandbox: Sandbox) -> None:
    text = sandbox.token("alice@example.com")
    token = pycosign.Token(f"{text}\n")
    assert (token.identity, token.issuer) == ("alice@example.com", sandbox.issuer)
    assert token.expires_at is not None
    assert abs(token.expires_at - sandbox.now - timedelta(hours=1)) < timedelta(minutes=1)
    assert text not in repr(token) + str(token)


def test_the_token_of_the_surroundings(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", sandbox.token("ci@example.com"))
    assert pycosign.Token.ambient().identity == "ci@example.com"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c"])
def test_what_is_no_token_is_malformed(text: str) -> None:
    with pytest.raises(pycosign.MalformedError):
        pycosign.Token(text)


def test_an_expired_token_is_refused_by_the_authority() -> None:
    with Sandbox() as sandbox:
        token = sandbox.sign_in()
        sandbox.advance(timedelta(hours=2))
        with pytest.raises(pycosign.RefusedError) as caught:
            pycosign.sign_file(b"x", signer=token, instance=sandbox.instance)
    assert caught.value.code == "service.rejected"


def test_a_service_that_does_not_answer_is_unavailable() -> None:
    with Sandbox() as sandbox:
        instance, key = sandbox.instance, pycosign.PrivateKey.generate()
        sandbox.stop()
        with pytest.raises(pycosign.UnavailableError):
            pycosign.sign_file(b"x", signer=key, instance=instance)


def test_only_keys_and_tokens_sign(sandbox: Sandbox) -> None:
    with pytest.raises(pycosign.UsageError):
        pycosign.sign_file(b"x", signer=sandbox.token(), instance=sandbox.instance)  # type: ignore[arg-type]
    with pytest.raises(pycosign.UsageError):
        pycosign.sign_file(b"x", signer=sandbox.sign_in(), instance=None)
    with pytest.raises(pycosign.UsageError):
        pycosign.sign_file(
            pycosign.Digest("sha256:" + 64 * "0"),  # type: ignore[arg-type]
            signer=sandbox.sign_in(),
            instance=sandbox.instance,
        )
