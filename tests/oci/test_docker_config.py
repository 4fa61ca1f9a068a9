"""Docker's configuration and credential helpers."""

import json
import stat
from binascii import b2a_base64
from pathlib import Path

import pytest

from pycosign.errors import MalformedError, UnavailableError
from pycosign.oci.docker_config import ANONYMOUS, Credentials, ask_helper, fixed_credentials, load_docker_config


def auth(text: str) -> str:
    return b2a_base64(text.encode(), newline=False).decode()


def write(path: Path, config: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("entries", "repository", "expected"),
    [
        ({"reg.io": {"auth": auth("me:pw")}}, "reg.io/app", Credentials("me", "pw")),
        ({"reg.io": {"auth": auth("me:p:w")}}, "reg.io/app", Credentials("me", "p:w")),
        ({"reg.io": {"username": "me", "password": "pw"}}, "reg.io/app", Credentials("me", "pw")),
        ({"https://reg.io/v2/": {"auth": auth("me:pw")}}, "reg.io/app", Credentials("me", "pw")),
        ({"reg.io": {"auth": auth("me:pw")}}, "other.io/app", ANONYMOUS),
        ({"reg.io": {"auth": auth("me:pw")}}, "reg.io:5000/app", ANONYMOUS),
        (
            {"https://index.docker.io/v1/": {"auth": auth("me:pw")}},
            "index.docker.io/library/x",
            Credentials("me", "pw"),
        ),
        ({"reg.io": {"identitytoken": "t", "auth": auth("me:")}}, "reg.io/app", Credentials(identity_token="t")),
        ({"reg.io": {"registrytoken": "t"}}, "reg.io/app", Credentials(registry_token="t")),
        (
            {"reg.io": {"auth": auth("host:pw")}, "reg.io/team": {"auth": auth("team:pw")}},
            "reg.io/team/app",
            Credentials("team", "pw"),
        ),
        ({"reg.io": {}}, "reg.io/app", ANONYMOUS),
    ],
)
def test_entries_of_the_config_file_are_found(
    tmp_path: Path, entries: object, repository: str, expected: Credentials
) -> None:
    write(tmp_path / "config.json", {"auths": entries})
    assert load_docker_config({"DOCKER_CONFIG": str(tmp_path)})(repository) == expected


def test_files_are_looked_for_where_docker_and_podman_put_them(tmp_path: Path) -> None:
    environment = {
        "HOME": str(tmp_path),
        "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }
    assert load_docker_config(environment)("reg.io/app") == ANONYMOUS
    assert load_docker_config({})("reg.io/app") == ANONYMOUS
    for name, path in (
        ("xdg", tmp_path / "run/containers/auth.json"),
        ("podman", tmp_path / "auth.json"),
        ("home", tmp_path / ".docker/config.json"),
    ):
        write(path, {"auths": {"reg.io": {"auth": auth(f"{name}:pw")}}})
        assert load_docker_config(environment)("reg.io/app").username == name
    write(tmp_path / "elsewhere/config.json", {"auths": {"reg.io": {"auth": auth("chosen:pw")}}})
    environment["DOCKER_CONFIG"] = str(tmp_path / "elsewhere")
    assert load_docker_config(environment)("reg.io/app").username == "chosen"


@pytest.mark.parametrize(
    "content",
    ["[]", "{", '{"auths": []}', '{"auths": {"reg.io": {"auth": "%%%"}}}', '{"auths": {"reg.io": {"auth": "YQ=="}}}'],
)
def test_a_config_that_cannot_be_read_is_an_error_that_names_the_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(MalformedError, match=r"config\.json"):
        load_docker_config({"DOCKER_CONFIG": str(tmp_path)})("reg.io/app")


def test_the_variable_of_ci_jobs_comes_before_the_file(tmp_path: Path) -> None:
    """GitLab sets it; what it does not know is looked for in the file."""
    write(tmp_path / "config.json", {"auths": {"a.io": {"auth": auth("file:a")}, "b.io": {"auth": auth("file:b")}}})
    text = json.dumps({"auths": {"b.io": {"auth": auth("job:b")}, "c.io": {"auth": auth("job:c")}}})
    source = load_docker_config({"DOCKER_CONFIG": str(tmp_path), "DOCKER_AUTH_CONFIG": text})
    found = [source(f"{host}.io/app").username for host in "abcd"]
    assert found == ["file", "job", "job", ""]
    assert load_docker_config({"DOCKER_AUTH_CONFIG": text})("c.io/app") == Credentials("job", "c")
    for damaged in ("{", "[]"):
        with pytest.raises(MalformedError, match=r"^DOCKER_AUTH_CONFIG is not"):
            load_docker_config({"DOCKER_AUTH_CONFIG": damaged})


def test_an_empty_config_is_nobodys(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("")
    assert load_docker_config({"DOCKER_CONFIG": str(tmp_path)})("reg.io/app") == ANONYMOUS


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential helper "docker-credential-test" on the PATH; the test writes its body."""
    path = tmp_path / "bin" / "docker-credential-test"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")
    return path


def answer(helper: Path, body: str) -> None:
    helper.write_text(f"#!/bin/sh\n{body}\n")


def test_a_helper_is_given_the_server_and_answers_with_its_secret(helper: Path, tmp_path: Path) -> None:
    reply = '{"ServerURL":"%s","Username":"%s","Secret":"pw"}'
    answer(helper, f"""[ "$1" = get ] && read -r server; printf '{reply}' "$server" "$server" """)
    assert ask_helper("test", "reg.io") == Credentials("reg.io", "pw")
    write(tmp_path / "config.json", {"credsStore": "test", "auths": {"reg.io": {}}})
    assert load_docker_config({"DOCKER_CONFIG": str(tmp_path)})("reg.io/a/b") == Credentials("reg.io", "pw")
    write(tmp_path / "config.json", {"credHelpers": {"reg.io": "test"}})
    source = load_docker_config({"DOCKER_CONFIG": str(tmp_path)})
    assert source("reg.io/app") == Credentials("reg.io", "pw")
    assert source("other.io/app") == ANONYMOUS


def test_a_helper_may_answer_with_an_identity_token(helper: Path) -> None:
    answer(helper, 'echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"refresh\\"}"')
    assert ask_helper("test", "reg.io") == Credentials(identity_token="refresh")


def test_a_helper_that_knows_nothing_means_anonymous(helper: Path) -> None:
    answer(helper, 'echo "credentials not found in native keychain"; exit 1')
    assert ask_helper("test", "reg.io") == ANONYMOUS


@pytest.mark.parametrize("body", ["echo s3cr3tvalue; exit 1", "echo s3cr3tvalue", "echo '{}'", "echo '[]'", "true"])
def test_a_helper_that_fails_is_unavailable_and_what_it_printed_stays_untold(helper: Path, body: str) -> None:
    answer(helper, body)
    with pytest.raises(UnavailableError, match="docker-credential-test") as caught:
        ask_helper("test", "reg.io")
    assert caught.value.code == "registry.credential-helper"
    assert "s3cr3tvalue" not in str(caught.value)


@pytest.mark.parametrize("name", ["missing", "../evil", "a/b", "", "-x", "a b"])
def test_a_helper_that_is_not_there_or_no_name_is_unavailable(name: str) -> None:
    with pytest.raises(UnavailableError):
        ask_helper(name, "reg.io")


def test_given_credentials_count_only_when_complete() -> None:
    assert fixed_credentials("me", "pw", "token") == Credentials("me", "pw")
    assert fixed_credentials("me", "", "token") == Credentials(registry_token="token")
    assert fixed_credentials("me", "", "") is None
