"""The TUF cache: its layout, checking it again on every use, refreshing it, living without network."""

import json
import os
import shutil
import threading
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pycosign.errors import MalformedError, SigningError, UnavailableError, UsageError
from pycosign.instances.embedded import PUBLIC_GOOD_MIRROR
from pycosign.instances.initialize import initialize
from pycosign.instances.trust import TrustSource, load_signing_config, load_trust
from pycosign.instances.tuf_cache import locate_cache, lock_cache, mirror_folder
from pycosign.instances.tuf_check import TufMetadataError
from pycosign.net.http import HttpClient
from tests.instances.conftest import Mirror
from tests.net.conftest import ScriptedServer, reply


def source(mirror: Mirror, environ: dict[str, str], *, online: bool = False, **changes: object) -> TrustSource:
    made = TrustSource(environ, mirror.now, http=mirror.online if online else None)
    return made._replace(**changes)  # type: ignore[arg-type]


def test_the_layout_is_cosigns(mirror: Mirror, environ: dict[str, str]) -> None:
    root = Path(environ["TUF_ROOT"])
    assert json.loads((root / "remote.json").read_bytes()) == {"mirror": mirror.url}
    names = {str(path.relative_to(mirror.folder(environ))) for path in mirror.folder(environ).rglob("*.json")}
    assert {"root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/trusted_root.json"} <= names
    assert not (mirror.folder(environ) / "root.json").is_symlink()
    assert "lastTimestamp" in json.loads(Path(f"{mirror.folder(environ)}.json").read_bytes())


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("https://tuf-repo-cdn.sigstore.dev", "tuf-repo-cdn.sigstore.dev"),
        ("http://127.0.0.1:8081", "127.0.0.1-8081"),
        ("https://Example.com:8443/a/b", "example.com-8443-a-b"),
    ],
)
def test_a_mirror_has_the_folder_name_that_sigstore_go_gives_it(url: str, folder: str) -> None:
    assert mirror_folder(url) == folder


def test_a_cache_that_cosign_filled_from_a_url_with_a_final_slash_is_used(
    mirror: Mirror, environ: dict[str, str]
) -> None:
    root = Path(environ["TUF_ROOT"])
    mirror.folder(environ).rename(f"{mirror.folder(environ)}-")  # as Cosign 3.1.2 names it
    (root / f"{mirror.folder(environ).name}.json").rename(root / f"{mirror.folder(environ).name}-.json")
    (root / "remote.json").write_text(json.dumps({"mirror": f"{mirror.url}/"}))
    for online, later in ((False, timedelta(0)), (True, timedelta(days=2))):
        loaded = load_trust(source(mirror, environ, online=online, now=mirror.now + later))
        assert loaded.root == mirror.sandbox.trust
    initialize(mirror=f"{mirror.url}/", root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)
    assert load_trust(source(mirror, environ)).root == mirror.sandbox.trust


def test_links_in_the_cache_lead_to_nothing_that_is_written_over(
    mirror: Mirror, environ: dict[str, str], tmp_path: Path
) -> None:
    """Who can write to the cache could hold it back, and not more."""
    root, other = Path(environ["TUF_ROOT"]), tmp_path / "other"
    other.write_bytes(b"precious")
    names = ["pycosign.lock", "remote.json", f"{mirror.folder(environ).name}.json"]
    folder = mirror.folder(environ)
    paths = [root / name for name in names] + [folder / "timestamp.json", folder / "targets" / "trusted_root.json"]
    for path in paths:
        path.unlink()
        path.symlink_to(other)
    pinned = {**environ, "TUF_MIRROR": mirror.url}
    load_trust(source(mirror, pinned, online=True, now=mirror.now + timedelta(days=2)))
    initialize(mirror=mirror.url, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)
    assert other.read_bytes() == b"precious"
    assert not any(path.is_symlink() for path in paths)
    assert load_trust(source(mirror, environ)).root == mirror.sandbox.trust


def test_trust_and_signing_config_are_read_offline(mirror: Mirror, environ: dict[str, str]) -> None:
    loaded = load_trust(source(mirror, environ))
    assert loaded.document.content == mirror.sandbox.read("trusted_root")
    assert loaded.document.source == mirror.url
    assert not loaded.document.warnings
    config, document = load_signing_config(source(mirror, environ))
    assert config == mirror.sandbox.signing_config
    assert document.source == mirror.url


def test_a_fresh_cache_is_not_refreshed(mirror: Mirror, environ: dict[str, str]) -> None:
    load_trust(source(mirror, environ, http=mirror.offline))


def test_a_day_old_cache_is_refreshed(mirror: Mirror, environ: dict[str, str]) -> None:
    date = Path(f"{mirror.folder(environ)}.json")
    date.write_text(json.dumps({"lastTimestamp": "2020-01-01T00:00:00.123456789+02:00"}))
    loaded = load_trust(source(mirror, environ, online=True))
    assert loaded.document.age == timedelta(0)
    assert "2020" not in date.read_text()


def test_the_age_is_reported_and_can_be_limited(mirror: Mirror, environ: dict[str, str]) -> None:
    later = mirror.now + timedelta(days=3)
    age = load_trust(source(mirror, environ, now=later)).document.age
    assert age is not None
    assert age >= timedelta(days=2)
    with pytest.raises(UnavailableError) as caught:
        load_trust(source(mirror, environ, now=later, max_age=timedelta(days=1)))
    assert caught.value.code == "tuf.too-old"


@pytest.mark.parametrize("written", ["2999-01-01T00:00:00Z", "yesterday", None])
def test_a_date_that_cannot_be_is_no_age(mirror: Mirror, environ: dict[str, str], written: str | None) -> None:
    """Nor are the files' own dates: those of a copy are new."""
    date = Path(f"{mirror.folder(environ)}.json")
    date.unlink() if written is None else date.write_text(json.dumps({"lastTimestamp": written}))
    assert load_trust(source(mirror, environ)).document.age is None
    with pytest.raises(UnavailableError, match="of unknown age") as caught:
        load_trust(source(mirror, environ, max_age=timedelta(days=1)))
    assert caught.value.code == "tuf.too-old"


def test_what_has_expired_is_at_least_as_old_as_that(mirror: Mirror, environ: dict[str, str]) -> None:
    """The date beside the cache is not signed, when the metadata ends is."""
    later = mirror.now + timedelta(days=5000)
    Path(f"{mirror.folder(environ)}.json").write_text(json.dumps({"lastTimestamp": later.isoformat()}))
    age = load_trust(source(mirror, environ, now=later)).document.age
    assert age is not None
    assert age > timedelta(days=1000)


def test_a_clock_that_was_set_back_a_little_leaves_the_age(mirror: Mirror, environ: dict[str, str]) -> None:
    asked = datetime.fromisoformat(json.loads(Path(f"{mirror.folder(environ)}.json").read_bytes())["lastTimestamp"])
    assert load_trust(source(mirror, environ, now=asked - timedelta(seconds=90))).document.age == timedelta(0)


def test_a_cache_that_is_older_than_allowed_is_refreshed(mirror: Mirror, environ: dict[str, str]) -> None:
    asked = datetime.fromisoformat(json.loads(Path(f"{mirror.folder(environ)}.json").read_bytes())["lastTimestamp"])
    later, limit = asked + timedelta(hours=2), timedelta(hours=1)
    assert load_trust(source(mirror, environ, now=later, http=mirror.offline)).document.age == timedelta(hours=2)
    nobody = {**environ, "TUF_MIRROR": "http://127.0.0.1:9"}
    shutil.copytree(mirror.folder(environ), Path(environ["TUF_ROOT"]) / "127.0.0.1-9")
    shutil.copy(f"{mirror.folder(environ)}.json", Path(environ["TUF_ROOT"]) / "127.0.0.1-9.json")
    with HttpClient() as client, pytest.raises(UnavailableError, match="Connection refused") as caught:
        load_trust(source(mirror, nobody, now=later, http=lambda: client, max_age=limit))
    assert caught.value.code == "tuf.too-old"
    assert load_trust(source(mirror, environ, now=later, online=True, max_age=limit)).document.age == timedelta(0)


def test_a_file_has_no_age_that_could_be_limited(mirror: Mirror, environ: dict[str, str]) -> None:
    path = mirror.sandbox.urls["trusted_root"]
    with pytest.raises(UsageError, match=f"{path} comes from files, which have no age"):
        load_trust(source(mirror, environ, max_age=timedelta(days=1)), path=path)


def test_expired_metadata_is_accepted_offline_with_a_warning(mirror: Mirror, environ: dict[str, str]) -> None:
    loaded = load_trust(source(mirror, environ, now=mirror.now + timedelta(days=5000)))
    assert any("expired" in warning for warning in loaded.document.warnings)


def test_a_login_page_in_place_of_the_repository_leaves_a_good_cache_in_use(
    mirror: Mirror, environ: dict[str, str]
) -> None:
    """What is no TUF metadata at all was not said by the repository: the network has somebody in between."""
    with closing(ScriptedServer()) as portal, HttpClient() as client:
        portal.answer = lambda handler: reply(handler, 200, b"<html>Log in to continue</html>")
        folder = Path(environ["TUF_ROOT"]) / f"127.0.0.1-{portal.port}"
        shutil.copytree(mirror.folder(environ), folder)
        shutil.copy(f"{mirror.folder(environ)}.json", f"{folder}.json")
        asked = {**environ, "TUF_MIRROR": portal.url}
        loaded = load_trust(source(mirror, asked, now=mirror.now + timedelta(days=2), http=lambda: client))
        assert any("answers with what is no TUF metadata" in warning for warning in loaded.document.warnings)
        with pytest.raises(UnavailableError) as caught:
            load_trust(source(mirror, asked, now=mirror.now + timedelta(days=5000), http=lambda: client))
        assert caught.value.code == "tuf.unavailable"


@pytest.mark.parametrize("content", [b"hello", b"{}", b"[]"])
def test_a_pinned_root_that_is_none_is_named(
    mirror: Mirror, environ: dict[str, str], tmp_path: Path, content: bytes
) -> None:
    pinned = tmp_path / "hello.txt"
    pinned.write_bytes(content)
    with pytest.raises(UsageError, match=r"pinned root .*hello\.txt"):
        load_trust(source(mirror, {**environ, "TUF_ROOT_JSON": str(pinned)}))


def test_a_mirror_that_does_not_answer_leaves_a_good_cache_in_use(mirror: Mirror, environ: dict[str, str]) -> None:
    def away() -> object:
        raise UnavailableError("away")

    later = mirror.now + timedelta(days=2)
    loaded = load_trust(source(mirror, environ, now=later, http=away))
    assert any("does not answer" in warning for warning in loaded.document.warnings)
    with pytest.raises(UnavailableError, match="away"):
        load_trust(source(mirror, environ, now=mirror.now + timedelta(days=5000), http=away))


@pytest.mark.parametrize(
    "name", ["root.json", "timestamp.json", "snapshot.json", "targets.json", "targets/trusted_root.json"]
)
def test_a_changed_file_is_noticed_offline_and_replaced_online(
    mirror: Mirror, environ: dict[str, str], name: str
) -> None:
    path = mirror.folder(environ) / name
    good = path.read_bytes()
    changed = good.replace(b'"version":1', b'"version":2') if b'"version":1' in good else good[:-2] + b" }"
    path.write_bytes(changed if changed != good else good + b" ")
    with pytest.raises(SigningError):
        load_trust(source(mirror, environ))
    if name == "root.json":
        return  # a private mirror's stored root is the anchor: without it nothing can be asked
    load_trust(source(mirror, environ, online=True))
    assert load_trust(source(mirror, environ)).document.content == mirror.sandbox.read("trusted_root")


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets"])
def test_a_changed_signature_is_noticed(mirror: Mirror, environ: dict[str, str], name: str) -> None:
    path = mirror.folder(environ) / f"{name}.json"
    document = json.loads(path.read_bytes())
    signature = bytearray.fromhex(document["signatures"][0]["sig"])
    signature[-1] ^= 1
    document["signatures"][0]["sig"] = signature.hex()
    path.write_text(json.dumps(document))
    with pytest.raises(TufMetadataError):
        load_trust(source(mirror, environ))


def test_metadata_of_other_keys_is_refused_under_an_anchor(
    mirror: Mirror, environ: dict[str, str], tmp_path: Path
) -> None:
    from pycosign.instances.embedded import embedded_file

    other = tmp_path / "other.json"
    other.write_bytes(embedded_file(PUBLIC_GOOD_MIRROR, "root.json") or b"")
    with pytest.raises(TufMetadataError):
        load_trust(source(mirror, environ | {"TUF_ROOT_JSON": str(other)}))
    mine = tmp_path / "mine.json"
    mine.write_bytes(mirror.root)
    load_trust(source(mirror, environ | {"TUF_ROOT_JSON": str(mine)}))


def test_variables_choose_directory_mirror_and_root(mirror: Mirror, tmp_path: Path) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(mirror.root)
    environ = {"HOME": str(tmp_path), "TUF_MIRROR": mirror.url, "TUF_ROOT_JSON": str(root)}
    assert locate_cache(environ).directory == str(tmp_path / ".sigstore" / "root")
    loaded = load_trust(source(mirror, environ, online=True))
    assert loaded.document.source == mirror.url
    assert not (tmp_path / ".sigstore" / "root" / "remote.json").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"mirror": null}', b'{"mirror": ""}', None])
def test_a_remembered_mirror_that_cannot_be_read_is_not_the_public_one(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        (tmp_path / "remote.json").symlink_to("/nowhere/remote.json")
    else:
        (tmp_path / "remote.json").write_bytes(content)
    with pytest.raises((UsageError, MalformedError), match=r"remote\.json"):
        locate_cache({"TUF_ROOT": str(tmp_path)})


def test_a_pinned_root_that_is_empty_is_not_no_pinned_root(
    mirror: Mirror, environ: dict[str, str], tmp_path: Path
) -> None:
    """It was cut off: trust must not come from the root that lies in the cache then."""
    (tmp_path / "pinned.json").write_bytes(b"")
    pinned = {**environ, "TUF_ROOT_JSON": str(tmp_path / "pinned.json"), "TUF_MIRROR": mirror.url}
    for later in (timedelta(0), timedelta(days=2)):  # as it is cached, and refreshed
        with pytest.raises(UsageError, match="is empty"):
            load_trust(source(mirror, pinned, online=True, now=mirror.now + later))


def test_without_a_cache_the_public_instance_is_built_in_when_offline(mirror: Mirror, tmp_path: Path) -> None:
    loaded = load_trust(source(mirror, {"HOME": str(tmp_path)}))
    assert loaded.document.source == "built in"
    assert loaded.document.warnings
    assert loaded.root.tlogs


def test_a_private_mirror_that_was_never_initialized_is_unavailable(mirror: Mirror, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "TUF_MIRROR": mirror.url}
    with pytest.raises(UnavailableError) as offline:
        load_trust(source(mirror, environ))
    assert offline.value.code == "tuf.not-cached"
    with pytest.raises(UnavailableError) as online:
        load_trust(source(mirror, environ, online=True))
    assert online.value.code == "tuf.no-root"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_home_works(mirror: Mirror, environ: dict[str, str]) -> None:
    for folder, _, _ in os.walk(environ["TUF_ROOT"]):
        os.chmod(folder, 0o500)
    load_trust(source(mirror, environ, online=True, now=mirror.now + timedelta(days=2)))


def test_a_home_that_cannot_be_written_to_still_gets_trust(mirror: Mirror, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    root = tmp_path / "root.json"
    root.write_bytes(mirror.root)
    environ = {"TUF_ROOT": str(blocked / "root"), "TUF_MIRROR": mirror.url, "TUF_ROOT_JSON": str(root)}
    assert load_trust(source(mirror, environ, online=True)).root.tlogs


def test_a_trusted_root_file_needs_no_cache(mirror: Mirror, tmp_path: Path) -> None:
    path = mirror.sandbox.urls["trusted_root"]
    loaded = load_trust(source(mirror, {"HOME": str(tmp_path)}, http=mirror.offline), path=path)
    assert (loaded.document.source, loaded.document.age) == (path, None)
    with pytest.raises(UsageError, match="no such file"):
        load_trust(source(mirror, {"HOME": str(tmp_path)}), path=str(tmp_path / "absent.json"))


def test_many_at_once_share_one_cache(mirror: Mirror, environ: dict[str, str]) -> None:
    failures: list[SigningError] = []

    def work() -> None:
        try:
            for _ in range(3):
                load_trust(source(mirror, environ, online=True, now=mirror.now + timedelta(days=2)))
        except SigningError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_file_that_another_process_is_about_to_complete_is_read_again(
    mirror: Mirror, environ: dict[str, str]
) -> None:
    """The new trust root lies there already, the metadata that lists it not yet."""
    target = mirror.folder(environ) / "targets" / "trusted_root.json"
    content = target.read_bytes()
    begun = threading.Event()

    def write() -> None:
        with lock_cache(locate_cache(environ)):
            target.write_bytes(content + b"\n")
            begun.set()
            time.sleep(0.1)
            target.write_bytes(content)

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    assert load_trust(source(mirror, environ)).document.content == content
    writer.join()


def test_the_first_use_is_locked_as_well(mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no directory yet in which a lock could be."""
    environ = {"TUF_ROOT": str(tmp_path / "new" / "root"), "TUF_MIRROR": mirror.url}
    monkeypatch.setattr("pycosign.instances.tuf_cache._LOCK_PATIENCE_SECONDS", 0.0)
    location = locate_cache(environ)
    with lock_cache(location), pytest.raises(UnavailableError, match="another command is at it"):
        initialize(mirror=mirror.url, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)
    initialize(mirror=mirror.url, root=mirror.root, environ=environ, http=mirror.http, now=mirror.now)


class Endless(HttpClient):
    """A mirror that never stops sending."""

    def request(self, method: str, url: str, **_: Any) -> NoReturn:
        raise MalformedError(f"{method} {url}", "answers with more than expected", code="net.response-too-large")


def test_a_mirror_that_sends_data_without_end_is_one_that_does_not_answer(
    mirror: Mirror, environ: dict[str, str]
) -> None:
    later = mirror.now + timedelta(days=2)
    loaded = load_trust(source(mirror, environ, http=Endless, now=later))
    assert any("more than expected" in warning for warning in loaded.document.warnings)
    shutil.rmtree(mirror.folder(environ) / "targets")
    with pytest.raises(UnavailableError, match="more than expected"):
        load_trust(source(mirror, environ, http=Endless, now=later))
